"""Requests joined to the application's own line about them.

The platform logs a request at the edge; the application logs it when its handler is done. A shared trace
joins them for certain, but few applications set one. Without it they meet by instance, method, path, status
and time: the application's line comes with the end of the request (start + latency), some milliseconds late.

What the edge saw longer than the handler took was spent waiting: for a blocked event loop, a queue, or the
network. A 5xx without such a line is evidence of its own: nothing ran after the handler.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from netra_analysis.logtext.access import (
    CALLED_JSON,
    FAILED_JSON,
    TIMED_JSON,
    Access,
    called_by_payload,
    told_by_line,
    told_by_payload,
)
from netra_analysis.reconstruct.frames import frame, table
from netra_analysis.reconstruct.once import once
from netra_analysis.reconstruct.payloads import payloads
from netra_analysis.schema import FLOAT, INT, TEXT, TIME
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

EARLY, LATE = timedelta(milliseconds=50), timedelta(seconds=1)  # of the application's line against the request's end
HANDLED = pa.schema(
    [
        ("time", TIME), ("end_time", TIME), ("id", TEXT), ("instance", TEXT), ("method", TEXT), ("route", TEXT),
        ("status", INT), ("latency_s", FLOAT), ("app_entry", TEXT), ("handler_s", FLOAT), ("gap_s", FLOAT),
        ("offset_s", FLOAT), ("weight", INT),
    ]
)  # fmt: skip
_Key = tuple[str, str, str, int]


def handled(tables: Tables, window: TimeWindow) -> pa.Table:
    """One row a request that ended in `window`, with the application's line about it where there is one.

    `handler_s` is the handler's own duration, `gap_s` what the edge saw beyond it, `offset_s` how long after
    the request's end the line was written. No line is used twice.
    """
    requests = frame(tables.requests, window, "end_time").sort_values(["end_time", "id"])
    lines, traced = _said(tables), _traced(tables)
    return table([_row(request, lines, traced) for request in requests.to_dict("records")], HANDLED)


def _traced(tables: Tables) -> dict[str, tuple[datetime, str, float | None]]:
    """Trace to the last line that carries it."""
    logs, structured = frame(tables.app_logs), _structured(tables)
    own = logs[logs["trace"].notna()]
    found = {}
    for trace, moment, name, message in zip(own["trace"], own["time"], own["id"], own["message"], strict=True):
        read = structured.get(name) or told_by_line(message)
        found[trace] = (moment.to_pydatetime(), name, read.seconds if read else None)
    return found


def _structured(tables: Tables) -> dict[str, Access]:
    """Entry to the request that its JSON payload tells of, with the time that it took."""
    told = _told(tables, TIMED_JSON)
    return {name: read for name, read in told.items() if read.seconds is not None}


@once
def answered_badly(tables: Tables) -> frozenset[str]:
    """The entries whose JSON payload tells of a request that was answered with a 5xx."""
    return frozenset(name for name, read in _told(tables, FAILED_JSON).items() if read.status >= 500)


@once
def called(tables: Tables) -> dict[str, tuple[str, int]]:
    """The entries whose JSON payload tells of a call to another host: its path and its status."""
    return {name: read for name, payload in payloads(tables, CALLED_JSON) if (read := called_by_payload(payload))}


def _told(tables: Tables, pattern: str) -> dict[str, Access]:
    return {name: read for name, payload in payloads(tables, pattern) if (read := told_by_payload(payload))}


def _said(tables: Tables) -> dict[_Key, list[tuple[datetime, str, float | None]]]:
    """Every line about a request: (instance, method, path, status) to (time, entry, duration), in time order.

    A server may speak twice, once with the duration and once in its access log; the richer line comes first.
    """
    logs, structured = frame(tables.app_logs), _structured(tables)
    found: dict[_Key, list[tuple[datetime, str, float | None]]] = defaultdict(list)
    for moment, name, instance, message in zip(
        logs["time"], logs["id"], logs["instance"], logs["message"], strict=True
    ):
        read = structured.get(name) or told_by_line(message)
        if read:
            found[instance, read.method, read.path, read.status].append((moment.to_pydatetime(), name, read.seconds))
    return {key: _richest(lines) for key, lines in found.items()}


def _richest(
    lines: list[tuple[datetime, str, float | None]],
) -> list[tuple[datetime, str, float | None]]:
    """In time order; lines without a duration only where no line of the key has one."""
    timed = [line for line in lines if line[2] is not None]
    return sorted(timed or lines)


def _row(
    request: dict[Any, Any],
    lines: dict[_Key, list[tuple[datetime, str, float | None]]],
    traced: dict[str, tuple[datetime, str, float | None]],
) -> dict[str, Any]:
    end = request["end_time"].to_pydatetime()
    line = next((found for key in _keys(request) if (found := _take(lines.get(key), end))), None)
    if line is None and isinstance(request["trace"], str):
        line = traced.get(request["trace"])
    latency = None if request["latency_s"] != request["latency_s"] else request["latency_s"]
    row = {name: request[name] for name in ("time", "end_time", "id", "instance", "method", "route", "weight")}
    row |= {"status": None if pd.isna(request["status"]) else int(request["status"]), "latency_s": latency}
    if line is None:
        return row
    moment, name, seconds = line
    gap = None if seconds is None or latency is None else latency - seconds
    return row | {
        "app_entry": name,
        "handler_s": seconds,
        "gap_s": gap,
        "offset_s": (moment - end).total_seconds(),
    }


def _keys(request: dict[Any, Any]) -> Iterable[_Key]:
    """By instance where both know it; a WebSocket's refusal is a GET at the edge."""
    if pd.isna(request["status"]):
        return ()
    rest = (request["method"], request["path"], int(request["status"]))
    return [(request["instance"], *rest)] if request["instance"] else []


def _take(
    lines: list[tuple[datetime, str, float | None]] | None, end: datetime
) -> tuple[datetime, str, float | None] | None:
    """The first unused line near `end`; it is used then."""
    if not lines:
        return None
    first = bisect_left(lines, end - EARLY, key=lambda line: line[0])
    if first < len(lines) and lines[first][0] <= end + LATE:
        return lines.pop(first)
    return None
