"""Was the database connection pool at its cap: all in use, requests waiting, waits timed out?

Two witnesses: pool metrics (custom or log-based, found by name), and the pool's own words in the log
("QueuePool limit of size … reached"; of a pool without words, the frame in which the wait ended). The database
server's refusals ("too many clients") are another mechanism and are counted apart. Without a pool metric the
pool's level is not known, whatever the log says.
"""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import re2

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.logtext.trouble import QUEUE_POOL, TIMED_OUT
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, moment, table
from netra_analysis.reconstruct.once import once
from netra_analysis.schema import FLOAT, TEXT, TIME
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

NAME = "pool"
WITNESSES = ("in use", "waiting", "time-out")
_POOL = r"(?i)(?:pool|hikari|dbcp|c3p0|prisma)[^ ]*"
IN_USE = re2.compile(
    _POOL + r"(?:in_?use|checked_?out|used|active|busy|acquired|borrowed|leased)(?:[_./]?conn(?:ection)?s)?$"
)
SIZE = re2.compile(_POOL + r"(?:/|_|\.)(?:size|max|capacity|limit|total|max_?(?:size|open|conn\w*))$")
WAITING = re2.compile(
    _POOL + r"(?:waiting|waiters|pending|queue(?:d|_length)?)(?:[_./]?(?:requests|threads|conn(?:ection)?s))?$"
)
_SIZES = re2.compile(f"(?i){QUEUE_POOL}")
CONNECTING = "connect_utils.py"  # asyncpg opened a new connection meanwhile: what was late is the server
PROOF = pa.schema(
    [("time", TIME), ("witness", TEXT), ("instance", TEXT), ("value", FLOAT), ("cap", FLOAT), ("id", TEXT)]
)


def detect(tables: Tables, settings: Settings) -> Finding:
    """Every observation of the pool in the window: its level by metric, its time-outs by log."""
    rows, cap = observations(tables, settings, settings.window)
    levels, waits, timeouts = ([row for row in rows if row["witness"] == name] for name in WITNESSES)
    proof = table(rows, PROOF)
    full = [row for row in levels if cap and row["value"] >= cap]
    if timeouts or full:
        first = min(row["time"] for row in [*timeouts, *full])
        said = _fired(settings, levels=bool(levels and cap), timeouts=bool(timeouts), waits=bool(waits))
        return Finding(NAME, Verdict.FIRED, proof, said, strength=1.0, time=first)
    if levels and cap:
        return Finding(NAME, Verdict.CLEAR, proof, (_clear(),))
    return Finding(NAME, Verdict.NO_DATA, proof, (_no_data(settings),), missing=("metrics.pool",))


@once
def observations(
    tables: Tables, settings: Settings, window: TimeWindow | None
) -> tuple[list[dict[str, Any]], float | None]:
    """What both witnesses say of the pool in `window`, or in all of the data, as rows of `PROOF`; and its cap."""
    metrics = frame(tables.metrics, window)
    messages = tables.app_logs["message"]
    spoken = pc.match_substring_regex(messages, TIMED_OUT.pattern)  # the same engine, all at once
    waited = pc.and_not(spoken, pc.match_substring(messages, CONNECTING))
    timeouts = _timeouts(frame(tables.app_logs.filter(waited), window))
    cap = _cap(metrics, timeouts, settings.limits.pool_size)
    levels = _gauge(metrics, IN_USE, "in use", cap)
    waits = _gauge(metrics, WAITING, "waiting", cap)
    return sorted([*levels, *waits, *timeouts], key=lambda row: (row["time"], row["witness"], row["id"])), cap


def _timeouts(logs: pd.DataFrame) -> list[dict[str, Any]]:
    """`logs` as rows, each a wait for a connection that timed out; the lines of one traceback are one."""
    rows: list[dict[str, Any]] = []
    for line in logs.itertuples():
        said = _SIZES.search(line.message)
        sizes = [int(part) for part in said.groups()] if said else []
        row = {
            "time": moment(line.time),
            "witness": "time-out",
            "instance": line.instance,
            "value": None,
            "cap": float(sum(sizes)) if sizes else None,
            "id": line.id,
        }
        last = next((r for r in reversed(rows) if r["instance"] == line.instance), None)
        if last is None or (row["time"] - last["time"]).total_seconds() > 0.05:
            rows.append(row)
    return rows


def _cap(metrics: pd.DataFrame, timeouts: list[dict[str, Any]], given: int | None) -> float | None:
    """Size plus overflow: as given, else as the pool's own words say, else as its size metric says."""
    if given:
        return float(given)
    said = [row["cap"] for row in timeouts if row["cap"]]
    if said:
        return float(max(said))
    sizes = _named(metrics, SIZE)["value"]
    return float(sizes.max()) if len(sizes) else None


def _named(metrics: pd.DataFrame, pattern: Any) -> pd.DataFrame:
    return metrics[metrics["metric"].isin([name for name in metrics["metric"].unique() if pattern.search(name)])]


def _gauge(metrics: pd.DataFrame, pattern: Any, witness: str, cap: float | None) -> list[dict[str, Any]]:
    own = _named(metrics, pattern)
    own = own[own["statistic"].isin(["value", "max"])]
    return [
        {
            "time": moment(row.time),
            "witness": witness,
            "instance": "",
            "value": row.value,
            "cap": cap,
            "id": row.labels,
        }
        for row in own.itertuples()
    ]


_LEVEL_SQL = """
SELECT COUNT(*) AS n, MAX(value) AS peak, MAX(cap) AS cap, COUNTIF(value >= cap) AS full_n,
  MIN(IF(value >= cap, time, NULL)) AS first, MAX(IF(value >= cap, time, NULL)) AS last
FROM finding_pool
WHERE witness = 'in use'
"""
_TIMEOUT_SQL = """
SELECT COUNT(*) AS n, MIN(time) AS first, MAX(time) AS last
FROM finding_pool
WHERE witness = 'time-out'
"""
_WAIT_SQL = """
SELECT COUNT(*) AS n, COUNTIF(value > 0) AS waiting_n, MAX(value) AS peak
FROM finding_pool
WHERE witness = 'waiting'
"""
_NO_DATA_SQL = """
SELECT
  (SELECT COUNT(*) FROM finding_pool WHERE witness = 'in use' AND cap IS NOT NULL) AS points,
  (SELECT COALESCE(SUM(weight), 0) FROM app_logs WHERE time >= @start AND time < @end) AS lines
"""
_LEVEL_ROWS_SQL = "SELECT * FROM finding_pool WHERE witness = 'in use' ORDER BY value DESC, time, id"
_WAIT_ROWS_SQL = "SELECT * FROM finding_pool WHERE witness = 'waiting' ORDER BY value DESC, time, id"
_TIMEOUT_ROWS_SQL = """
SELECT l.time, l.instance, l.level, l.message, l.id
FROM app_logs AS l
JOIN finding_pool AS p ON l.id = p.id AND l.time = p.time
WHERE p.witness = 'time-out'
ORDER BY l.time, l.id
"""


def _no_data(settings: Settings) -> Statement:
    return Statement(
        "PO1",
        "The pool's level cannot be judged: the data hold {points} points of a pool metric with a known cap; "
        "none of the {lines} lines of the application speaks of a wait that timed out.",
        Query(_NO_DATA_SQL, settings.bound()),
        value="points",
        unit="points",
        method="metrics found by name; the pool's own words in the log",
        standing=Standing.UNTESTABLE,
    )


def _clear() -> Statement:
    return Statement(
        "PO1",
        "The pool was never at its cap of {cap}: at the most {peak} connections were in use in {n} points.",
        Query(_LEVEL_SQL),
        value="peak",
        unit="connections",
        method="pool metric, one point a minute; it can miss what lies between",
        evidence=Query(_LEVEL_ROWS_SQL),
    )


def _fired(settings: Settings, *, levels: bool, timeouts: bool, waits: bool) -> tuple[Statement, ...]:
    said = []
    if levels:
        said.append(
            Statement(
                "PO1",
                "At the most {peak} of {cap} connections were in use; {full_n} of {n} points are at the cap.",
                Query(_LEVEL_SQL),
                value="peak",
                unit="connections",
                method="pool metric, one point a minute; it can miss what lies between",
                evidence=Query(_LEVEL_ROWS_SQL),
                at="first",
            )
        )
    if waits:
        said.append(
            Statement(
                "PO-waits",
                "Its gauge showed waiting requests in {waiting_n} of {n:# point}, {peak} at once at the most; "
                "read once a minute, it misses shorter waits.",
                Query(_WAIT_SQL),
                value="waiting_n",
                unit="points",
                method="pool metric, one point a minute",
                evidence=Query(_WAIT_ROWS_SQL),
            )
        )
    if timeouts:
        said.append(
            Statement(
                "PO-timeouts",
                "{n:# wait} for a connection timed out, the first at {first:time}, the last at {last:time}.",
                Query(_TIMEOUT_SQL),
                value="n",
                unit="time-outs",
                method="the pool's own words in the application log, repeats of one traceback folded",
                evidence=Query(_TIMEOUT_ROWS_SQL),
                at="first",
            )
        )
    return tuple(said)
