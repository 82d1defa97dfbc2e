"""The postmortem's appendix and tiles: every claim with its evidence, every query once."""

from collections.abc import Iterable
from typing import Any, Final

from netra_analysis.finding import number_text
from netra_analysis.query import digest
from netra_analysis.report.outline import Anchors

_MOST_TILES: Final = 6
_TILED: Final = ("impact", "summary")
_HOLD: Final = ("confirmed", "supported")


def appendix(
    sections: list[dict[str, Any]],
    emitted: Iterable[dict[str, Any]],
    evidence: dict[str, Any],
    anchors: Anchors,
) -> dict[str, Any]:
    """All claims (said above or only in the evidence) by id, and all queries they and the tables rest on."""
    said = {claim["id"]: claim for claim in _said(sections)}
    known = {str(c["id"]): c for c in [*evidence.get("claims", []), *emitted] if isinstance(c, dict) and "id" in c}
    claims = [
        {**claim, "anchor": said[name]["anchor"], "here": False}
        if name in said
        else {**claim, "anchor": anchors.place(name, "claim"), "here": True}
        for name, claim in sorted(known.items())
    ]
    return {"claims": claims, "queries": _queries(claims, sections, anchors)}


def _said(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Claims in the order in which the page says them, the first saying first."""
    found = [c for s in sections for node in s["nodes"] if node["kind"] == "claims" for c in node["claims"]]
    return found[::-1]  # so that the first one wins in a dict


def _queries(claims: list[dict[str, Any]], sections: list[dict[str, Any]], anchors: Anchors) -> list[dict[str, Any]]:
    """Each query once, with who uses it."""
    users: dict[str, dict[str, Any]] = {}
    uses = [(claim["id"], claim.get("recompute")) for claim in claims]
    uses += [(node["title"], node.get("query")) for s in sections for node in s["nodes"] if node["kind"] == "table"]
    for user, query in uses:
        if not query:
            continue
        mark = digest({"sql": " ".join(query["sql"].split()), "params": query.get("params", {})})
        entry = users.setdefault(mark, {"fingerprint": mark, "users": [], **query})
        entry["users"].append(user)
    return [{**q, "anchor": anchors.place(f"q-{q['fingerprint'][7:15]}", "query")} for q in users.values()]


def tiles(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first numbers of the impact (else the summary): each a claim's value, linked to its claim."""
    by_anchor = {s["anchor"]: s for s in sections}
    for name in _TILED:
        nodes = by_anchor.get(name, {"nodes": []})["nodes"]
        claims = [c for node in nodes if node["kind"] == "claims" for c in node["claims"]]
        numbers = [c for c in claims if _is_number(c.get("value")) and c.get("verdict") in _HOLD]
        if numbers:
            return [{**c, "shown": number_text(c["value"])} for c in numbers[:_MOST_TILES]]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
