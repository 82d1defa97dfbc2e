"""Nodes put under the sections they belong to, with anchors that are unique on the page."""

from collections.abc import Iterable
from typing import Any, Final

from netra_analysis.report import markdown
from netra_analysis.report.blocks import State
from netra_analysis.report.nodes import Node, cell_nodes, spec_json
from netra_analysis.report.text import slug

_OURS: Final = ("top", "main", "contents", "appendix", "queries", "all-claims", "coverage", "words")


_SPECS: Final = {"json": "spec", "narrow_json": "narrow_spec"}


class Anchors:
    """Hands out each anchor once, and remembers where a claim's own place is."""

    def __init__(self) -> None:
        self._taken = set(_OURS)
        self._named: dict[str, int] = {}

    def place(self, wanted: str, otherwise: str) -> str:
        name = base = slug(wanted, otherwise)
        number = 2
        while name in self._taken:
            name, number = f"{base}-{number}", number + 1
        self._taken.add(name)
        return name

    def label(self, title: str) -> str:
        """What a screen reader calls a region: its title, numbered from the second of that title on."""
        self._named[title] = self._named.get(title, 0) + 1
        return title if self._named[title] == 1 else f"{title}, {self._named[title]}"


def section(anchor: str, title: str, state: str = "ok", reason: str = "") -> dict[str, Any]:
    return {"anchor": anchor, "title": title, "state": state, "reason": reason, "nodes": []}


def outline(nb: dict[str, Any], anchors: Anchors, *, cells: bool) -> list[dict[str, Any]]:
    """The notebook as sections. Without `cells` only what was emitted is shown, under the headings it has."""
    sections = [section("", "")]
    for cell in nb.get("cells", []):
        nodes = list(cell_nodes(cell)) if cells else [n for node in cell_nodes(cell) for n in _emitted(node)]
        opening = next((n for n in nodes if n["kind"] == "section"), None)
        if opening is not None and nodes[0]["kind"] == "code":  # the source stands under the heading it made
            nodes = [opening, *(n for n in nodes if n is not opening)]
        for node in nodes:
            _add(sections, node, anchors)
    return [_captioned(s) for s in sections if s["nodes"] or s["title"]]


def _captioned(section: dict[str, Any]) -> dict[str, Any]:
    """A picture's caption says nothing that a sentence of its section says already; its description still does."""
    said = {claim.get("text") for node in section["nodes"] if node["kind"] == "claims" for claim in node["claims"]}
    nodes = [
        {**n, "caption": "" if n["alt"] in said else n["alt"]} if n["kind"] == "chart" else n for n in section["nodes"]
    ]
    return {**section, "nodes": nodes}


def _emitted(node: Node) -> list[Node]:
    """What a page without cells keeps of a node: no source, and of the words between cells the headings."""
    if node["kind"] != "markdown":
        return [node] if node["kind"] != "code" else []
    title, _ = markdown.split_title(node["source"], "## ")
    return [{**node, "source": f"## {title}"}] if title else []


def _add(sections: list[dict[str, Any]], node: Node, anchors: Anchors) -> None:
    if node["kind"] == "section":
        state = node["state"] if node.get("state") in set(State) else State.FAILED.value
        anchor = anchors.place(str(node["id"]), f"section-{len(sections)}")
        fresh = section(anchor, node["title"], state, node.get("reason", ""))
        before = sections[-1]["nodes"]
        opening = len(sections) == 1 and len(before) == 1  # the page's own introduction stays on top
        if before and before[-1]["kind"] == "markdown" and not opening:  # words just before a heading introduce it
            fresh["nodes"].append(before.pop())
        sections.append(fresh)
        return
    if node["kind"] == "markdown":
        title, rest = markdown.split_title(node["source"], "## ")
        if title:
            sections.append(section(anchors.place(title, f"section-{len(sections)}"), title))
            node = {**node, "source": rest}
            if not rest.strip():
                return
    if node["kind"] == "error":
        sections[-1].update(state=State.FAILED.value, reason=sections[-1]["reason"] or "a cell of this section failed")
    sections[-1]["nodes"].append(_ready(node, anchors))


def _ready(node: Node, anchors: Anchors) -> Node:
    """A node with what its template needs: anchors, rendered markdown, an escaped spec."""
    match node["kind"]:
        case "claims":
            return {**node, "claims": anchored(node["claims"], anchors)}
        case "markdown":
            return {**node, "html": markdown.html(node["source"])}
        case "chart":
            made = {name: spec_json(node[spec]) if node[spec] else "" for name, spec in _SPECS.items()}
            return {**node, **made, "label": anchors.label(str(node["title"]))}
        case "table":
            return {**node, "label": anchors.label(str(node["title"]))}
        case "prompt":
            return {**node, "anchor": anchors.place(str(node["id"]), "prompt")}
        case _:
            return node


def anchored(claims: Iterable[dict[str, Any]], anchors: Anchors) -> list[dict[str, Any]]:
    """Claims with their anchors: `#CR1` for the claim CR1 where it is first said."""
    return [
        {**claim, "anchor": anchors.place(name, "claim"), "label": anchors.label(f"Rows behind {name}")}
        for claim in claims
        for name in (str(claim["id"]),)
    ]


def failing(sections: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [s for s in sections if s["state"] == State.FAILED.value]
