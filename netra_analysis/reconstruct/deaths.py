"""Which lines are a death: one instance, close in time, and not an orderly end or a probe that healed.

The platform writes several lines about one death (limit, signal, probe), and lines that look like one and are
none: a readiness probe never kills, a failed probe of an instance that serves on has not killed either, a
signal after a shutdown belongs to it. A kill over memory is sometimes told on the request alone.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pandas as pd

from netra_analysis.logtext.platform import read_request_failure
from netra_analysis.reconstruct.frames import frame, where
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

SAME_DEATH = timedelta(seconds=30)  # one death speaks in several lines: limit, signal, probe
SAME_WRITE = timedelta(seconds=2)  # without an instance's name only lines this close can be one death's
TEARDOWN = timedelta(seconds=30)  # a signal this soon after a shutdown belongs to it
_DEADLY = ("exit", "signal", "memory_limit", "probe_failed", "exec_failed")
_COLUMNS = ["time", "id", "revision", "instance", "event", "reason", "code", "limit_mib", "used_mib", "text"]


def deaths(tables: Tables, window: TimeWindow) -> Iterator[pd.DataFrame]:
    """The lines of each death in `window`, a frame each, with the columns of `lifecycle`."""
    lives, requests = frame(tables.lifecycle), frame(tables.requests)
    events = lives[(lives["time"] >= window.start) & (lives["time"] < window.end)]
    lines = events[events["event"].isin(_DEADLY)]
    lines = lines[where(lines, [_deadly(row, lives, requests) for row in lines.itertuples()])]
    told = _told_by_requests(requests, lines, window)
    every = pd.concat([lines, told]) if len(told) else lines
    for (_, instance), own in every.sort_values(["time", "id"]).groupby(["revision", "instance"], sort=True):
        yield from _each(own, lives[lives["instance"] == instance] if instance else lives.iloc[0:0])


def _deadly(row: Any, lives: pd.DataFrame, requests: pd.DataFrame) -> bool:
    if row.event in ("exit", "signal"):
        return not _orderly(row, lives)
    if row.event == "probe_failed":
        return _probe_killed(row, lives, requests)
    return True


def _orderly(row: Any, lives: pd.DataFrame) -> bool:
    if pd.notna(row.code) and row.code == (0 if row.event == "exit" else 15):
        return True
    if not row.instance:
        return False
    own = lives[(lives["instance"] == row.instance) & (lives["event"] == "shutdown")]
    return bool(((own["time"] <= row.time) & (own["time"] >= row.time - TEARDOWN)).any())


def _probe_killed(row: Any, lives: pd.DataFrame, requests: pd.DataFrame) -> bool:
    """Whether a failed probe ended its instance: it says so, or the instance gave no sign of life after it."""
    reason = row.reason if isinstance(row.reason, str) else ""
    if reason.startswith("READINESS"):
        return False
    if not row.instance:
        return "has been shut down" in row.text or "was not started" in row.text
    later = lives[(lives["instance"] == row.instance) & (lives["time"] > row.time) & (lives["event"] == "probe_ok")]
    served = requests[
        (requests["instance"] == row.instance)
        & (requests["end_time"] > row.time + timedelta(seconds=1))
        & (requests["time"] > row.time)
    ]
    return later.empty and not (served["status"] < 600).fillna(value=False).any()


def _told_by_requests(requests: pd.DataFrame, lines: pd.DataFrame, window: TimeWindow) -> pd.DataFrame:
    """A kill over memory that only the requests tell of, one line for each instance and moment."""
    inside = requests[(requests["end_time"] >= window.start) & (requests["end_time"] < window.end)]
    texts = [text if isinstance(text, str) else "" for text in inside["platform_text"]]
    killed = inside[where(inside, [read_request_failure(text) == "memory_exceeded" for text in texts])]
    known = {(row.instance, row.time) for row in lines.itertuples()}
    rows = [
        {
            "time": row.end_time,
            "id": row.id,
            "revision": row.revision,
            "instance": row.instance,
            "event": "memory_limit",
            "reason": None,
            "code": None,
            "limit_mib": None,
            "used_mib": None,
            "text": row.platform_text,
        }
        for row in killed.itertuples()
        if not any(name == row.instance and abs(time - row.end_time) <= 2 * SAME_DEATH for name, time in known)
    ]
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"time": lines["time"].dtype}) if rows else lines.iloc[0:0]


def _each(own: pd.DataFrame, life: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """The lines of one instance (or of none by name) cut into deaths."""
    named = bool(own["instance"].iloc[0])
    groups: list[int] = []
    seen: list[Any] = []
    for row in own.itertuples():
        if seen and _another(row, seen, life, named=named):
            seen = []
            groups.append(groups[-1] + 1)
        else:
            groups.append(groups[-1] if groups else 0)
        seen.append(row)
    for _, lines in own.groupby(pd.Series(groups, index=own.index), sort=True):
        yield lines


def _another(row: Any, seen: list[Any], life: pd.DataFrame, *, named: bool) -> bool:
    """Whether `row` tells of another death than the lines before it."""
    last = seen[-1]
    if row.time - last.time > (SAME_DEATH if named else SAME_WRITE):
        return True
    if any(one.event == "exit" for one in seen) and row.event in ("exit", "memory_limit"):
        return True
    if not named and any(one.event == row.event for one in seen):
        return True
    reborn = life[life["event"].isin(["start", "probe_ok"]) & (life["time"] > last.time) & (life["time"] <= row.time)]
    return len(reborn) > 0
