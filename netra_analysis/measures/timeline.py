"""What happened, in order: facts of every stream on one list, from before the impact to its end.

Only facts: changes of the service, deaths, the first of each new failure, the first and last of each burst of
failed requests, limits reached. Which of them caused which is not said here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict, duration_text, instance_text
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import table
from netra_analysis.schema import FLOAT, TEXT, TIME
from netra_analysis.tables import Tables

NAME = "timeline"
MOST_OF_A_KIND = 12  # of new failures, and of lone deaths: more are in their own tables
PROOF = pa.schema(
    [("time", TIME), ("since_onset_s", FLOAT), ("lane", TEXT), ("event", TEXT), ("place", TEXT), ("claim", TEXT)]
)
Event = tuple[datetime, str, str, str, str]  # time, lane, event, place, the claim that stands for it
_DEATHS = {"oom": "killed over its memory limit", "startup": "died while starting", "exit": "exited by itself"}


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """One row an event, in order of time; `since_onset_s` counts from the first impact."""
    events = sorted({*_changes(tables), *_deaths(findings), *_failures(findings), *_limits(findings)})
    onset = _onset(findings)
    rows = [
        {
            "time": time,
            "since_onset_s": (time - onset).total_seconds() if onset else None,
            "lane": lane,
            "event": event,
            "place": place,
            "claim": claim,
        }
        for time, lane, event, place, claim in events
    ]
    proof = table(rows, PROOF)
    if not rows:
        looked = any(findings[name].verdict is Verdict.CLEAR for name in ("failed_requests", "crashes"))
        verdict = Verdict.CLEAR if looked else Verdict.NO_DATA
        return Finding(NAME, verdict, proof, (_nothing(looked=looked),), missing=() if looked else ("requests",))
    return Finding(NAME, Verdict.FIRED, proof, (_said(rows, onset),), time=onset)


def _onset(findings: Mapping[str, Finding]) -> datetime | None:
    fired = (findings[name] for name in ("failed_requests", "crashes"))
    return min((one.time for one in fired if one.verdict is Verdict.FIRED and one.time), default=None)


def _changes(tables: Tables) -> Iterator[Event]:
    words = {"requested": "change of the service requested", "ready": "ready", "failed": "failed to become ready"}
    for row in tables.deploys.to_pylist():
        event = words.get(row["kind"], "first seen")
        if row["kind"] == "first_seen":
            event = "revision first seen in the data"
        elif row["kind"] != "requested":
            event = f"revision {event}"
        yield row["time"], "change", event, row["revision"], ""


def _deaths(findings: Mapping[str, Finding]) -> Iterator[Event]:
    rows = findings["crashes"].proof.to_pylist()
    lone = [row for row in rows if row["loop"] is None][:MOST_OF_A_KIND]
    for row in lone:
        victims = f", {row['victims']} requests with it" if row["victims"] else ""
        lived = f" after {duration_text(row['lived_s'])}" if row["lived_s"] else ""
        yield (
            row["start_time"],
            "platform",
            f"instance {_died(row)}{lived}{victims}",
            instance_text(row["instance"]),
            "CR1",
        )
    loops: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["loop"] is not None:
            loops.setdefault(row["loop"], []).append(row)
    for loop in loops.values():
        begin, end = loop[0], loop[-1]
        yield begin["start_time"], "platform", f"restart loop begins: {_died(begin)}", begin["revision"], "CR1"
        yield end["start_time"], "platform", f"last of its {len(loop)} deaths in the data", end["revision"], "CR1"


def _died(row: Mapping[str, Any]) -> str:
    words = _DEATHS.get(row["kind"], f"ended by {row['exit'] or row['kind']}")
    return f"{words} ({row['exit']})" if row["kind"] == "exit" and row["exit"] else words


def _failures(findings: Mapping[str, Finding]) -> Iterator[Event]:
    rows = findings["failed_requests"].proof.to_pylist()
    bursts: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        bursts.setdefault(row["burst"], []).append(row)
    for number, burst in enumerate(bursts.values()):
        ends = sorted(row["end_time"] for row in burst)
        first = "first failed request" if number == 0 else "requests fail again"
        more = f", {len(burst)} until {ends[-1]:%H:%M:%S}" if len(burst) > 1 else ""
        yield ends[0], "requests", f"{first}{more}", "", "FR1"
        if number == len(bursts) - 1:
            yield ends[-1], "requests", "last failed request in the data", "", "FR1"
    fresh = [row for row in findings["errors"].proof.to_pylist() if row["state"] == "new" and row["count"]]
    for row in sorted(fresh, key=lambda row: row["first"])[:MOST_OF_A_KIND]:
        if row["kind"] == "exception":
            yield row["first"], "application", f"first {row['title']}, {row['count']} in all", "", "ER1"


def _limits(findings: Mapping[str, Finding]) -> Iterator[Event]:
    pool, memory = findings["pool"], findings["memory"]
    if pool.verdict is Verdict.FIRED and pool.time:
        yield pool.time, "application", "connection pool at its cap, or a wait for it timed out", "", "PO1"
    if memory.verdict is Verdict.FIRED and memory.time:
        yield memory.time, "platform", "memory near its limit for the first time in the window", "", "ME1"


_SQL = """
SELECT COUNT(*) AS n, MIN(time) AS first, MAX(time) AS last, COUNTIF(since_onset_s < @zero) AS before,
  MAX(IF(since_onset_s < @zero, since_onset_s, NULL)) AS nearest,
  MAX_BY(event, IF(since_onset_s < @zero, time, NULL)) AS event
FROM finding_timeline
"""
_ROWS_SQL = "SELECT * FROM finding_timeline ORDER BY time, lane, event"
_METHOD = "deploys, deaths, bursts of failed requests, new failures and limits reached, put in order of time"


def _said(rows: Sequence[Mapping[str, Any]], onset: datetime | None) -> Statement:
    if onset and all(row["time"] >= onset for row in rows):
        text = "{n} events are known, and none before the first impact: what led to it lies before these data."
    elif onset:
        text = "{n} events are known, {before} of them before the first impact; the last before it: {event:text}."
    else:
        text = "{n} events are known from {first:time} to {last:time}, and no impact among them."
    return Statement(
        "TL1",
        text,
        Query(_SQL, {"zero": 0.0}),
        value="n",
        unit="events",
        method=_METHOD,
        evidence=Query(_ROWS_SQL),
    )


def _nothing(*, looked: bool) -> Statement:
    text = "{n} events: nothing changed, died, failed or came to its limit in what was read."
    blind = "{n} events are known: the data hold no stream that would tell of a change, a death or a failed request."
    return Statement(
        "TL1",
        text if looked else blind,
        Query("SELECT COUNT(*) AS n FROM finding_timeline"),
        value="n",
        unit="events",
        method=_METHOD,
        standing=Standing.CONFIRMED if looked else Standing.UNTESTABLE,
    )
