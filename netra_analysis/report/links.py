"""Ways inside a page: a tile leads to its claim, a claim to what speaks for and against it, where the page has them."""

from collections.abc import Iterable, Sequence
from typing import Any

from netra_analysis.report.nodes import Node


def said(sections: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Where each claim stands on the page: id to anchor, the first saying of it."""
    claims = [c for s in sections for node in s["nodes"] if node["kind"] == "claims" for c in node["claims"]]
    return {claim["id"]: claim["anchor"] for claim in reversed(claims)}


def linked(sections: Sequence[dict[str, Any]], more: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The sections with their ways filled in; `more` are claims that stand elsewhere on the page."""
    places = {str(claim["id"]): claim["anchor"] for claim in more} | said(sections)
    return [{**s, "nodes": [_node(node, places) for node in s["nodes"]]} for s in sections]


def _node(node: Node, places: dict[str, str]) -> Node:
    match node["kind"]:
        case "pins":
            return {**node, "items": [{**pin, "anchor": places.get(pin["id"], "")} for pin in node["items"]]}
        case "tiles":
            return {**node, "tiles": [{**tile, "anchor": places.get(tile["id"], "")} for tile in node["tiles"]]}
        case "claims":
            return {**node, "claims": [with_ways(claim, places) for claim in node["claims"]]}
        case "table" if any(column["kind"] == "claim" for column in node["columns"]):
            return {**node, "places": places}
        case _:
            return node


def with_ways(claim: dict[str, Any], places: dict[str, str]) -> dict[str, Any]:
    """`claim` with its ways to the claims that speak for it and against it."""
    return {**claim, "in_favour": _ways(claim.get("support"), places), "against": _ways(claim.get("counter"), places)}


def _ways(names: Any, places: dict[str, str]) -> list[dict[str, str]]:
    return [{"id": str(name), "anchor": places.get(str(name), "")} for name in names or ()]
