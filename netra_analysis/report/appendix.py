"""The postmortem's appendix: every claim, the rows of those that are said nowhere else, every query once."""

from collections.abc import Iterable
from typing import Any

from netra_analysis.query import digest
from netra_analysis.report.links import said, with_ways
from netra_analysis.report.outline import Anchors


def appendix(
    sections: list[dict[str, Any]],
    emitted: Iterable[dict[str, Any]],
    evidence: dict[str, Any],
    anchors: Anchors,
) -> dict[str, Any]:
    """All claims (said above or only in the evidence) by id, and all queries they and the tables rest on."""
    places = said(sections)
    known = {str(c["id"]): c for c in [*evidence.get("claims", []), *emitted] if isinstance(c, dict) and "id" in c}
    claims = [
        {**claim, "anchor": places[name], "here": False}
        if name in places
        else {**claim, "anchor": anchors.place(name, "claim"), "here": True}
        for name, claim in sorted(known.items())
    ]
    where = {str(claim["id"]): claim["anchor"] for claim in claims}
    only_here = [
        with_ways({**claim, "label": anchors.label(f"Rows behind {claim['id']}")}, where)
        for claim in claims
        if claim["here"]
    ]
    return {"claims": claims, "only_here": only_here, "queries": _queries(claims, sections, anchors)}


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
