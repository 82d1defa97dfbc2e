"""Was the event loop blocked: time at the edge far above the time in the handler?

A handler that took 31 ms of a request that took 26 s was not slow: it was not let run. The same gap while an
instance is still starting is a cold start, and is left out; so is the wait for a place in an instance that goes
on answering others. Needs the application's own durations.
"""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import count, frame, moment, where
from netra_analysis.reconstruct.handled import HANDLED, handled
from netra_analysis.tables import Tables

NAME = "event_loop"
LONG_GAP_S = 1.0
TOGETHER = timedelta(seconds=60)
LEAST = 3  # requests of one instance within a minute
LEAST_JOINED = 20
PROOF = HANDLED.append(pa.field("cold", pa.bool_())).append(pa.field("blocked", pa.bool_()))


def detect(tables: Tables, settings: Settings) -> Finding:
    """Every request of the window with the application's line about it, and which of them were held up."""
    lines = handled(tables, settings.window)
    joined = frame(lines)
    joined["cold"] = _cold(joined, frame(tables.lifecycle))
    held = joined[(joined["gap_s"] >= LONG_GAP_S) & ~joined["cold"]]
    held = held[where(held, _not_queued(held, joined, settings.limits.concurrency))]
    blocked = {name for _, rows in held.groupby("instance") for name in _together(rows)}
    joined["blocked"] = joined["id"].isin(blocked)
    proof = lines.append_column(PROOF.field("cold"), pa.array(joined["cold"], pa.bool_()))
    proof = proof.append_column(PROOF.field("blocked"), pa.array(joined["blocked"], pa.bool_()))
    timed = int(joined["handler_s"].notna().sum())
    thinned = count(joined) > len(joined)
    if blocked:
        first = joined[joined["blocked"]]["time"].min()
        return Finding(NAME, Verdict.FIRED, proof, _said(fired=True, thinned=thinned), strength=1.0, time=moment(first))
    if timed >= LEAST_JOINED:
        return Finding(NAME, Verdict.CLEAR, proof, _said(fired=False, thinned=thinned))
    return Finding(NAME, Verdict.NO_DATA, proof, (_NO_DATA,), missing=("durations in application lines",))


def _cold(joined: pd.DataFrame, lives: pd.DataFrame) -> pd.Series:
    """Whether the request's instance was still starting while it waited."""
    ready = lives[lives["event"].isin(["start", "probe_ok"])].groupby("instance")["time"].max().to_dict()
    at = pd.to_datetime(joined["instance"].map(ready), utc=True)
    return ((joined["time"] <= at) & (at <= joined["end_time"])).astype(bool)


def _not_queued(held: pd.DataFrame, joined: pd.DataFrame, places: int | None) -> list[bool]:
    """Whether each request waited for the process and not for a place in it.

    Who waits for a place waits while others run and end. A blocked process ends nobody: during most of the wait
    nothing of the instance ended. With the number of places known, more requests than places is a queue.
    """
    by_instance = dict(iter(joined.groupby("instance")))
    return [_stood_still(row, by_instance[row.instance], places) for row in held.itertuples()]


def _stood_still(row: Any, own: pd.DataFrame, places: int | None) -> bool:
    inside = own[(own["end_time"] > row.time) & (own["end_time"] < row.end_time)]["end_time"]
    marks = [row.time, *sorted(inside), row.end_time]
    silent = max((later - before).total_seconds() for before, later in pairwise(marks))
    if silent < max(LONG_GAP_S, row.gap_s / 2):
        return False
    at_once = own[(own["time"] <= row.time) & (own["end_time"] > row.time) & (own["status"] != 101).fillna(value=True)]
    if places is not None:
        return count(at_once) <= places
    return int((at_once["handler_s"] >= 0.5 * at_once["latency_s"]).sum()) < 2  # else work went on beside it


def _together(rows: pd.DataFrame) -> list[str]:
    """Requests of one instance that were held up within a minute of enough others."""
    times = rows["end_time"].tolist()
    near = [sum(abs(other - time) <= TOGETHER for other in times) for time in times]
    return [name for name, count in zip(rows["id"], near, strict=True) if count >= LEAST]


_ALL_SQL = """
SELECT COUNT(*) AS total, COUNTIF(app_entry IS NOT NULL) AS joined,
  SAFE_DIVIDE(COUNTIF(app_entry IS NOT NULL), COUNT(*)) AS share,
  COUNTIF(handler_s IS NOT NULL) AS timed,
  APPROX_QUANTILES(gap_s, 100)[OFFSET(50)] AS median_gap, APPROX_QUANTILES(gap_s, 100)[OFFSET(99)] AS p99_gap,
  MAX(IF(cold, NULL, gap_s)) AS longest
FROM finding_event_loop
"""
_BLOCKED_SQL = """
SELECT COUNT(*) AS n, MAX(gap_s) AS gap, MAX_BY(handler_s, gap_s) AS handler, MAX_BY(latency_s, gap_s) AS latency,
  MIN(time) AS first, MAX(end_time) AS last
FROM finding_event_loop
WHERE blocked
"""
_ROWS_SQL = "SELECT * FROM finding_event_loop WHERE app_entry IS NOT NULL ORDER BY gap_s DESC, id"
_BLOCKED_ROWS_SQL = "SELECT * FROM finding_event_loop WHERE blocked ORDER BY time, id"
_METHOD = "request log joined to the application's line by instance, method, path, status and the time of its end"
_JOINED = Statement(
    "EL-joined",
    "{joined} of {total} requests ({share:pct}) have a line of the application's own, {timed} with its duration; "
    "half waited {median_gap:dur} or less outside their handler, p99 {p99_gap:dur}.",
    Query(_ALL_SQL),
    value="share",
    unit="share of requests",
    method=_METHOD,
    evidence=Query(_ROWS_SQL),
)
# Of thinned data only single requests have their line beside them: a share of those is none of all.
_KEPT = replace(
    _JOINED,
    template="Requests and lines were thinned: beside {joined} of the {total} requests that were kept stands a line of "
    "the application's own, {timed} with its duration; half waited {median_gap:dur} or less outside their handler.",
    value="joined",
    unit="requests",
)
_NO_DATA = Statement(
    "EL1",
    "Whether the event loop was blocked cannot be told: of {total} requests {timed} have the application's own "
    "duration to compare with.",
    Query(_ALL_SQL),
    value="timed",
    unit="requests",
    method=_METHOD,
    standing=Standing.UNTESTABLE,
)


def _said(*, fired: bool, thinned: bool) -> tuple[Statement, ...]:
    if fired:
        first = Statement(
            "EL1",
            "{n} requests between {first:time} and {last:time} were held up before or after their handler ran: "
            "at the worst {latency:dur} at the edge, {handler:dur} in the handler.",
            Query(_BLOCKED_SQL),
            value="n",
            unit="requests",
            method=f"{_METHOD}; several of one instance together, none of them waiting for its start",
            evidence=Query(_BLOCKED_ROWS_SQL),
            at="first",
        )
    else:
        first = Statement(
            "EL1",
            "No sign of a blocked event loop: apart from cold starts the longest wait outside a handler was "
            "{longest:dur}, over {timed} requests.",
            Query(_ALL_SQL),
            value="longest",
            unit="s",
            method=_METHOD,
            evidence=Query(_ROWS_SQL),
        )
    return (first, _KEPT if thinned else _JOINED)
