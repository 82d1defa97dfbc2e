"""Stalls: an instance that answers nobody and says nothing for seconds, and then lets everybody go at once.

A process whose one thread is kept busy shows this from outside, whatever it logs: requests of different routes
start one after the other, none ends, no line is written, and then they all end together, answered or killed.
A dependency that is away does not look so: each request waits its own time, and routes that do not need it are
served meanwhile. A queue for a place does not either: those who have a place go on ending.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from netra_analysis.reconstruct.frames import evened, frame, moment, table
from netra_analysis.schema import INT, TEXT, TIME
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

TOGETHER_S, SILENT_S, WAITED_S = 2.0, 5.0, 3.0
WAKING_S = 1.0  # from the first sign of life to the first answer
CUT = 504  # the platform's own answer at the time-out is no sign of life
LEAST = 3  # requests that were let go together
UNUSUAL = 5.0  # times what the route takes elsewhere
QUICK_S = 0.1  # a route that takes less needs nothing but the process itself
ALONE_S, LEAST_ALONE = 0.01, 2  # a route that takes less cannot have asked anybody; requests of such that waited
APART = 2.0  # times as far apart as they ended, requests that were let go together had begun
STALLS = pa.schema(
    [
        ("time", TIME), ("end_time", TIME), ("instance", TEXT), ("revision", TEXT),
        ("requests", INT), ("routes", INT), ("failed", INT), ("ids", TEXT),
    ]
)  # fmt: skip
Seconds = Mapping[str, list[float]]


def stalls(tables: Tables, window: TimeWindow, handler_s: Mapping[str, float]) -> pa.Table:
    """One row a stall that ended in `window`. `handler_s`: a request's id to what its handler took, where known."""
    requests = frame(tables.requests, window, "end_time")
    plain = requests[(requests["status"] != 101).fillna(value=True) & (requests["instance"] != "")]
    usual = {route: own["latency_s"].median() for route, own in evened(plain).groupby("route")}
    spoken = _spoken(tables, plain)
    lines, started = tables.app_logs.num_rows > 0, frame(tables.lifecycle)
    born = started[started["event"].isin(["start", "probe_ok"])].groupby("instance")["time"].apply(list).to_dict()
    found: list[dict[str, Any]] = []
    for name, own in plain.sort_values(["end_time", "id"]).groupby("instance", sort=True):
        for group in _groups(own):
            stall = _stall(group, spoken.get(str(name), []), usual, handler_s, lines=lines)
            if stall and not _cold(stall, born.get(name, [])):
                found.append(stall)
    return table(sorted(found, key=lambda row: (row["time"], row["instance"])), STALLS)


def _spoken(tables: Tables, requests: pd.DataFrame) -> dict[str, list[float]]:
    """Every sign of life of each instance, in seconds: an answer of its own, or a line."""
    logs = frame(tables.app_logs)[["instance", "time"]]
    ends = requests[(requests["status"] != CUT).fillna(value=True)]
    ends = ends[["instance", "end_time"]].rename(columns={"end_time": "time"})
    both = pd.concat([logs, ends])
    return {str(name): sorted(_seconds(times)) for name, times in both.groupby("instance")["time"]}


def _seconds(times: pd.Series) -> list[float]:
    return [micros / 1e6 for micros in times.astype("datetime64[us, UTC]").astype("int64").tolist()]


def _groups(own: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Requests of one instance that ended together."""
    fresh = (own["end_time"].diff() > timedelta(seconds=TOGETHER_S / 2)).to_numpy(dtype=bool)
    for begin, end in pairwise([0, *np.flatnonzero(fresh), len(own)]):
        if end - begin >= LEAST:
            yield own.iloc[begin:end]


def _stall(
    group: pd.DataFrame,
    spoken: Sequence[float],
    usual: Mapping[str, float],
    handler_s: Mapping[str, float],
    *,
    lines: bool,
) -> dict[str, Any] | None:
    let_go = group["end_time"].iloc[0]
    end = let_go.timestamp()
    at = bisect_left(spoken, end - WAKING_S)  # whoever comes round writes before he answers
    last, wakes = spoken[at - 1] if at else None, spoken[at] if at < len(spoken) else end
    if last is None or min(wakes, end) - last < SILENT_S:
        return None
    waited = group[group["time"] <= let_go - timedelta(seconds=WAITED_S)]
    waited = waited[[row.latency_s >= UNUSUAL * max(usual.get(row.route, 0.0), 0.001) for row in waited.itertuples()]]
    if len(waited) < LEAST or waited["route"].nunique() < 2 or not _let_go(waited):
        return None
    if not _of_the_process(waited, last, usual, handler_s, lines=lines):
        return None
    return {
        "time": moment(pd.Timestamp(last, unit="s", tz="UTC").floor("us")),
        "end_time": moment(let_go),
        "instance": waited["instance"].iloc[0],
        "revision": waited["revision"].iloc[0],
        "requests": len(waited),
        "routes": int(waited["route"].nunique()),
        "failed": int(waited["failed"].sum()),
        "ids": ",".join(waited["id"]),
    }


def _let_go(waited: pd.DataFrame) -> bool:
    """Whether they ended closer together than they began: who is cut at a time-out of his own ends as he began."""
    began, ended = (float((own.max() - own.min()).total_seconds()) for own in (waited["time"], waited["end_time"]))
    return began >= APART * ended


def _of_the_process(
    waited: pd.DataFrame, last: float, usual: Mapping[str, float], handler_s: Mapping[str, float], *, lines: bool
) -> bool:
    """Whether the process itself stood still: handlers were quick, or a route waited that needs nothing else.

    Where the application writes no lines at all its silence shows nothing, and a dependency that comes back lets its
    callers go together, too: then more than one request has to have waited that cannot have asked for anything.
    """
    came = waited[waited["time"].map(pd.Timestamp.timestamp) > last]
    shares = [handler_s[row.id] / row.latency_s for row in came.itertuples() if row.id in handler_s]
    if shares:
        return len([share for share in shares if share < 0.2]) * 2 > len(shares)
    if not lines:
        return sum(usual.get(route, 1.0) <= ALONE_S for route in waited["route"]) >= LEAST_ALONE
    return any(usual.get(route, 1.0) <= QUICK_S for route in waited["route"])


def _cold(stall: Mapping[str, Any], born: Sequence[Any]) -> bool:
    """Whether the instance was still starting: then everybody waits for that."""
    times = sorted(pd.Timestamp(time) for time in born)
    first, last = pd.Timestamp(stall["time"]), pd.Timestamp(stall["end_time"])
    return bisect_right(times, last) > bisect_left(times, first)
