"""Pages: one executed notebook, the postmortem, the list of incidents. Values in, one HTML text out.

A page is INCOMPLETE until its caller, having verified it, says otherwise; and a notebook that did not
reach its end, or holds a failed cell, cannot be called complete at all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from netra_analysis.notes import Notes
from netra_analysis.report import cells, markdown, nodes, runtime
from netra_analysis.report.appendix import appendix
from netra_analysis.report.folds import folded
from netra_analysis.report.links import linked
from netra_analysis.report.outline import Anchors, failing, outline
from netra_analysis.report.people import written
from netra_analysis.report.templating import render
from netra_analysis.report.trend import trend, when
from netra_analysis.window import TimeWindow, stamp


@dataclass(frozen=True, slots=True)
class PageState:
    """Whether a page may be believed. INCOMPLETE is the default everywhere."""

    INCOMPLETE: ClassVar["PageState"]
    COMPLETE: ClassVar["PageState"]

    word: str = "INCOMPLETE"
    reason: str = ""

    @property
    def heading(self) -> str:
        """What the title and the first line begin with; a page that is not complete always says so in this word."""
        return "INCOMPLETE, FAILED" if self.word == "FAILED" else self.word

    @classmethod
    def FAILED(cls, reason: str) -> "PageState":  # noqa: N802  (it reads as its two siblings do)
        return cls("FAILED", reason)


PageState.INCOMPLETE = PageState("INCOMPLETE", "this report was not finished and verified")
PageState.COMPLETE = PageState("COMPLETE")


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What the strip on top of each page says."""

    incident: str
    title: str
    service: str
    window: TimeWindow
    generated_at: datetime
    region: str = ""
    revisions: tuple[str, ...] = ()
    synthetic: bool = False
    data_until: datetime | None = None
    settled_until: datetime | None = None
    expires: datetime | None = None
    capsule_hash: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    claims_count: Mapping[str, int] = field(default_factory=dict)
    bytes_scanned: int | None = None
    local_zone: str | None = None
    note: str = ""  # a sentence under the title, where the page is less than a whole report
    unread: float = 0.0  # the share of what the source gave that could not be read, where it is too large
    static: bool = False  # still pictures only, and no script at all


def render_notebook(
    nb: dict[str, Any], meta: PageMeta, state: PageState = PageState.INCOMPLETE, *, static: bool = False
) -> str:
    """One self-contained page for one executed notebook (nbformat v4), its source folded away."""
    nb, title = _titled(nb)
    sections = linked(outline(nb, Anchors(), cells=True))
    meta = replace(meta, title=title or meta.title)
    return _page("notebook.html.j2", meta, _honest(state, nb, sections), sections, static=static)


def render_postmortem(
    nb: dict[str, Any],
    meta: PageMeta,
    evidence: dict[str, Any],
    state: PageState = PageState.INCOMPLETE,
    people: Notes | None = None,
    *,
    static: bool = False,
) -> str:
    """The postmortem: what its notebook emitted, in order, what people wrote, and an appendix of claims and queries."""
    anchors, people = Anchors(), people or Notes()
    sections = outline(nb, anchors, cells=False)
    if meta.note:
        sections = _without_ways(sections)
    sections = written(sections, people, meta.incident, evidence)
    last = appendix(sections, nodes.claims_in(nb), evidence, anchors)
    sections = folded(linked(sections, last["claims"]))
    extra = {"evidence": evidence, "appendix": last, "people": people, "sure": _sure(evidence)}
    return _page("postmortem.html.j2", meta, _honest(state, nb, sections), sections, static=static, **extra)


def _without_ways(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A page that is less than a whole report names no notebooks to read next: they were not run."""
    left = [{**s, "nodes": [node for node in s["nodes"] if node["kind"] != "next"]} for s in sections]
    return [after for before, after in zip(sections, left, strict=True) if after["nodes"] or not before["nodes"]]


def _sure(evidence: dict[str, Any]) -> str:
    """How the cause that is the verdict stands against the data; empty where the verdict names none."""
    ranked = {str(one["id"]): str(one["status"]) for one in evidence.get("hypotheses", [])}
    return ranked.get(str(evidence.get("verdict")), "")


def render_index(rows: Sequence[Mapping[str, Any]]) -> str:
    """All incidents. A row holds `incident` and, as far as known, `title`, `service`, `state`, `verdict`, `start`,
    `end`, `failed_requests`, `synthetic`, `reason`, `link` (relative to the index; default: its postmortem), and
    `runs`: every run of it that is remembered, oldest first (see `trend`)."""
    listed = [
        {
            **row,
            "link": _link(row),
            "anchor": f"runs-{row['incident']}",
            "trend": trend(row.get("runs", ())),
            "ended": when(row.get("finished")),
        }
        for row in rows
    ]
    return render("index.html.j2", rows=listed, style=runtime.style(), policy=runtime.policy(scripted=False))


def _link(row: Mapping[str, Any]) -> str:
    """A relative address below the index's folder; anything else is no link."""
    link = str(row.get("link") or f"{row['incident']}/postmortem.html")
    tame = all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", part) for part in link.split("/"))
    return link if tame else ""


def _titled(nb: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The notebook without its H1, and that H1: the page has one already, and this is it."""
    listed = list(nb.get("cells", []))
    for i, cell in enumerate(listed):
        if cell.get("cell_type") == "markdown":
            title, rest = markdown.split_title(nodes.joined(cell.get("source", "")))
            if title:
                listed[i] = {**cell, "source": rest}
                return {**nb, "cells": listed}, title
    return nb, ""


def _honest(state: PageState, nb: dict[str, Any], sections: list[dict[str, Any]]) -> PageState:
    """COMPLETE only where the notebook reached its end and no cell failed."""
    if state.word != "COMPLETE":
        return state
    if any(node["kind"] == "error" for s in sections for node in s["nodes"]):
        return PageState.FAILED("a cell failed; what was produced is kept below")
    return state if nodes.ended(nb) else PageState("INCOMPLETE", "the notebook did not run to its end")


def _page(
    template: str, meta: PageMeta, state: PageState, sections: list[dict[str, Any]], *, static: bool, **extra: Any
) -> str:
    static = static or meta.static
    return render(
        template,
        meta=meta,
        state=state,
        window=_window(meta),
        data_until=cells.moment_text(meta.data_until) if meta.data_until else "",
        settled=cells.moment_text(meta.settled_until) if unsettled(meta) and meta.settled_until else "",
        expires=cells.moment_text(meta.expires) if meta.expires else "",
        generated=cells.moment_text(meta.generated_at),
        sections=sections,
        failing=failing(sections),
        scripted=not static,
        style=runtime.style(),
        script="" if static else runtime.script(),
        policy=runtime.policy(scripted=not static),
        **extra,
    )


def unsettled(meta: PageMeta) -> bool:
    """Whether some of the window may still be missing."""
    return meta.settled_until is not None and meta.settled_until < meta.window.end


def _window(meta: PageMeta) -> dict[str, str]:
    """The window as people say it, in UTC and, where a zone is given, in that zone."""
    first, last = cells.moment_text(meta.window.start), cells.moment_text(meta.window.end)
    utc = f"{first} – {last[11:] if first[:10] == last[:10] else last}"
    said = {"utc": utc, "start": stamp(meta.window.start), "end": stamp(meta.window.end)}
    if not meta.local_zone:
        return {**said, "local": ""}
    zone = ZoneInfo(meta.local_zone)
    start, end = (moment.astimezone(zone) for moment in (meta.window.start, meta.window.end))
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return {**said, "local": f"{start:%Y-%m-%d %H:%M} – {until} {meta.local_zone}"}
