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
    """Each text of a query once, and for each set of parameters that it is asked with, who asks it."""
    texts: dict[str, dict[str, dict[str, Any]]] = {}
    uses = [(claim["id"], claim.get("recompute")) for claim in claims]
    uses += [(node["title"], node.get("query")) for s in sections for node in s["nodes"] if node["kind"] == "table"]
    for user, query in uses:
        if not query:
            continue
        params, plain = query.get("params", {}), " ".join(query["sql"].split())
        mark = digest({"sql": plain, "params": params})
        one = {"fingerprint": mark, "params": params, "sql": query["sql"], "users": []}
        texts.setdefault(plain, {}).setdefault(mark, one)["users"].append(user)
    return [_text(list(uses.values()), anchors) for uses in texts.values()]


def _text(uses: list[dict[str, Any]], anchors: Anchors) -> dict[str, Any]:
    users = [user for use in uses for user in use["users"]]
    anchor = anchors.place(f"q-{uses[0]['fingerprint'][7:15]}", "query")
    return {"sql": uses[0]["sql"], "uses": uses, "users": users, "many": len(uses), "anchor": anchor}
