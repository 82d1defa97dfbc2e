"""Failures as the application told them: tracebacks stitched from their entries, each failure once.

One failure speaks several times: a logger repeats it, a wrapper raises it again under its own name, a
middleware quotes it. Tellings of one instance within a quarter of a second, of which one holds the other's
message, are one failure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from netra_analysis.logtext.fingerprint import CUT_TITLE, Fingerprint, behind, fingerprint_of
from netra_analysis.logtext.raised import RaisedException
from netra_analysis.logtext.stitch import LogLine, Stitched, stitch
from netra_analysis.logtext.traceback import find_exceptions

ONE_FAILURE = timedelta(milliseconds=250)
LEAST_MESSAGE = 12  # characters that a message needs before finding it again means anything
LOUD = ("WARNING", "ERROR", "CRITICAL")


@dataclass(slots=True)
class _Failure:
    """One failure with all its tellings so far; `first` decides its fingerprint."""

    first: Stitched
    cause: RaisedException | None
    mark: Fingerprint
    tellings: int = 1
    ids: list[str] = field(default_factory=list)


def failures(
    lines: Sequence[LogLine], messages: Mapping[str, str], revisions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One row a failure, as `schema.EXCEPTIONS` states it.

    `messages` gives each entry's text without its head (time, level, logger), `revisions` its revision.
    """
    told = sorted(_tellings(lines, messages), key=lambda one: (one.time, one.instance, one.stream, one.ids))
    found: list[_Failure] = []
    open_: dict[str, list[_Failure]] = {}
    for telling in told:
        near = [f for f in open_.get(telling.instance, ()) if telling.time - f.first.time <= ONE_FAILURE]
        same = next((f for f in near if _same(f, telling)), None)
        if same:
            same.tellings += 1
            same.ids += telling.ids
            _prefer_whole(same, telling)
            continue
        mark = fingerprint_of(telling.exceptions)
        if mark:
            made = _Failure(telling, behind(telling.exceptions), mark, ids=list(telling.ids))
            found.append(made)
            near.append(made)
        open_[telling.instance] = near
    return [_row(one, revisions) for one in found]


def _tellings(lines: Sequence[LogLine], messages: Mapping[str, str]) -> list[Stitched]:
    """Tracebacks, and loud lines: errors that name an exception start a failure, the others may repeat one."""
    groups = stitch(lines)
    taken = {name for group in groups for name in group.ids}
    loud = [line for line in lines if line.level in LOUD and line.id not in taken]
    return groups + [
        Stitched((line.id,), line.text, _named(line, messages), True, line.instance, line.stream, line.time)
        for line in loud
    ]


def _named(line: LogLine, messages: Mapping[str, str]) -> tuple[RaisedException, ...]:
    """The exception that a line names by itself. A warning names what was handled, and starts no failure."""
    return () if line.level == "WARNING" else find_exceptions(messages[line.id])


def _same(failure: _Failure, telling: Stitched) -> bool:
    """Whether one holds the other's message, or both are the same traceback cut."""
    said = failure.cause.message.strip()[:200] if failure.cause else ""
    other = behind(telling.exceptions) if telling.exceptions else None
    again = other.message.strip()[:200] if other else ""
    if len(said) >= LEAST_MESSAGE and (said in telling.text or said in again):
        return True
    if len(again) >= LEAST_MESSAGE and again in failure.first.text:
        return True
    if not other or not failure.cause:
        return False
    return failure.cause.truncated or (other.type == failure.cause.type and again == said)


def _prefer_whole(failure: _Failure, telling: Stitched) -> None:
    """A telling that shows own frames says more than one that was cut or has none."""
    mark = fingerprint_of(telling.exceptions)
    if (
        mark
        and mark.title != CUT_TITLE
        and (failure.mark.title == CUT_TITLE or (mark.place and not failure.mark.place))
    ):
        failure.mark, failure.cause = mark, behind(telling.exceptions)


def _row(failure: _Failure, revisions: Mapping[str, str]) -> dict[str, Any]:
    first, cause, mark = failure.first, failure.cause, failure.mark
    own = [frame for frame in cause.frames if frame.own] if cause else []
    frames = [{"file": f.file, "line": f.line, "function": f.function, "code": f.code} for f in own]
    return {
        "time": first.time,
        "id": first.ids[0],
        "revision": revisions.get(first.ids[0], ""),
        "instance": first.instance,
        "stream": first.stream,
        "type": cause.type if cause else None,
        "message": cause.message if cause else "",
        "chain": json.dumps([one.type for one in first.exceptions if one.type]),
        "frames": json.dumps(frames, ensure_ascii=False),
        "function": mark.function,
        "place": mark.place,
        "complete": first.complete or not (cause and cause.truncated),
        "fingerprint": mark.fine,
        "coarse": mark.coarse,
        "title": mark.title,
        "why": mark.why,
        "tellings": failure.tellings,
        "entries": json.dumps(list(dict.fromkeys(failure.ids))),
    }


def failure_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Entry id to the id of the failure that it tells of."""
    return {name: row["id"] for row in rows for name in json.loads(row["entries"])}
