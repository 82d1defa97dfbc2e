"""What a phone shows of a section at once, and what behind a fold; on a wide screen and in print all is open.

The first sentence, the first picture, whatever only people can write and the judgements, whose links lead to what
they stand on, stay in sight; more sentences and the tables are one touch away.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from netra_analysis.finding import counted
from netra_analysis.report.nodes import Node

NEVER: Final = ("summary",)  # the section that is the first screen
_ALWAYS: Final = ("verdicts", "prompt", "written", "error")
_NOUNS: Final = {"claims": "sentence", "table": "table", "chart": "chart", "card": "note"}


def folded(sections: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sections with `parts`: runs of nodes, each with what its fold says; an empty text is no fold."""
    return [{**section, "parts": _parts(section)} for section in sections]


def _parts(section: dict[str, Any]) -> list[dict[str, Any]]:
    if section["anchor"] in NEVER:
        return [{"says": "", "nodes": section["nodes"]}]
    parts: list[dict[str, Any]] = []
    for node, open_ in _in_sight(section["nodes"]):
        if not parts or bool(parts[-1]["says"]) is open_:
            parts.append({"says": "" if open_ else "…", "nodes": []})
        parts[-1]["nodes"].append(node)
    return [{**part, "says": _says(part["nodes"])} if part["says"] else part for part in parts]


def _in_sight(nodes: Iterable[Node]) -> Iterator[tuple[Node, bool]]:
    """Each node, and whether a phone shows it at once; of the first sentences the first one."""
    first = True
    for node in nodes:
        if _judges(node):
            yield node, True
        elif first and node["kind"] == "claims" and len(node["claims"]) > 1:
            yield {**node, "claims": node["claims"][:1]}, True
            yield {**node, "lead": "", "claims": node["claims"][1:]}, False
        else:
            yield node, first or node["kind"] in _ALWAYS or bool(node.get("by_people"))
        first = False


def _judges(node: Node) -> bool:
    """Whether each of its sentences rests on others: a fold about them would put their rows a third touch away."""
    return (
        node["kind"] == "claims"
        and bool(node["claims"])
        and all(c.get("support") or c.get("counter") for c in node["claims"])
    )


def _says(nodes: list[Node]) -> str:
    """What is behind a fold: the title of a single table or chart, else how much of what."""
    if len(nodes) == 1 and nodes[0].get("title"):
        return str(nodes[0]["title"])
    many = {kind: sum(_weight(node) for node in nodes if node["kind"] == kind) for kind in _NOUNS}
    said = [counted(many[kind], noun) for kind, noun in _NOUNS.items() if many[kind]]
    return ", ".join(said) or "more"


def _weight(node: Node) -> int:
    return len(node["claims"]) if node["kind"] == "claims" else 1
