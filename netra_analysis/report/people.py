"""What people wrote, put where the postmortem asks for it: escaped like everything else, never without its label."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from netra_analysis.notes import SUFFIX, Action, Event, Notes, Pin
from netra_analysis.report import markdown
from netra_analysis.report.nodes import Node
from netra_analysis.window import stamp

_KIND = {"time": "time", "since": "duration", "shown by": "claim"}


def written(
    sections: Sequence[dict[str, Any]], notes: Notes, incident: str, evidence: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The sections with each prompt answered where people answered it; else it says where to write the answer."""
    file, onset = f"{incident}{SUFFIX}", evidence.get("onset")
    made = [{**s, "nodes": [_answered(node, notes, file, onset) for node in s["nodes"]]} for s in sections]
    said = {str(claim["id"]): str(claim["text"]) for claim in evidence.get("claims", [])}
    return [_with_words(s, notes, said) if s["anchor"] == "summary" else s for s in made]


def _with_words(section: dict[str, Any], notes: Notes, said: Mapping[str, str]) -> dict[str, Any]:
    more = [_text("In our words", notes.summary, "words")] if notes.summary else []
    if notes.pins:
        more.append({"kind": "pins", "items": [_pin(pin, said.get(pin.claim)) for pin in notes.pins]})
    return {**section, "nodes": [*section["nodes"], *more]}


def _pin(pin: Pin, now: str | None) -> dict[str, str]:
    """A remark with its claim's sentence as it is now, and as it was when it was pinned where that differs."""
    then = pin.said if now is None or pin.said not in ("", now) else ""
    gone = "" if now is not None else "This report says no such thing any more."
    return {"id": pin.claim, "note": pin.note, "by": pin.by, "text": now or gone, "then": then}


def _answered(node: Node, notes: Notes, file: str, onset: str | None) -> Node:
    match (node["kind"], node.get("id")):
        case ("prompt", "response") if notes.response:
            return _text(node["title"], notes.response, node["anchor"])
        case ("prompt", "lessons") if notes.lessons:
            return _text(node["title"], notes.lessons, node["anchor"])
        case ("prompt", "timeline") if notes.timeline:
            return _table(node, ["time", "since", "event"], [_event(one, onset) for one in _ordered(notes.timeline)])
        case ("prompt", "actions") if notes.actions:
            heads = ["what", "kind", "owner", "due", "shown by"]
            return _table(node, heads, [_action(one) for one in notes.actions])
        case ("prompt", "detection") if notes.detected or notes.mitigated:
            return _table(node, ["event", "time", "since"], _found(notes, onset))
        case ("prompt", "detection"):
            return {**node, "where": f"detected, mitigated: in {file}, beside the folder of this report"}
        case ("prompt", "response" | "lessons" | "timeline" | "actions" as key):
            return {**node, "where": f"{key}: in {file}, beside the folder of this report"}
        case _:
            return node


def _text(title: str, source: str, anchor: str) -> Node:
    return {"kind": "written", "title": title, "html": markdown.html(source, top=4), "anchor": anchor}


def _ordered(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda one: one.time)


def _event(one: Event, onset: str | None) -> list[Any]:
    since = (one.time - datetime.fromisoformat(onset)).total_seconds() if onset else None
    return [stamp(one.time), since, one.event]


def _found(notes: Notes, onset: str | None) -> list[list[Any]]:
    """When people noticed it and when they had it in hand, as far as they said."""
    named = (("detected", notes.detected), ("mitigated", notes.mitigated))
    rows = [_event(Event(time=stamp(time), event=name), onset) for name, time in named if time]  # type: ignore[arg-type]
    return [[event, time, since] for time, since, event in rows]


def _action(one: Action) -> list[Any]:
    return [one.what, one.kind, one.owner, one.due, one.shown_by]


def _table(node: Node, heads: list[str], rows: list[list[Any]]) -> Node:
    labels = {"since": "from the impact"}
    columns = [{"label": labels.get(h, h), "name": h, "unit": "", "kind": _KIND.get(h, "text")} for h in heads]
    return {
        "kind": "table",
        "title": node["title"],
        "by_people": True,
        "anchor": node["anchor"],
        "columns": columns,
        "rows": rows,
        "total": len(rows),
        "note": "",
        "query": None,
    }
