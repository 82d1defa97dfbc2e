"""Did memory come near its limit, or pass it?

Two witnesses: the platform's own line when it kills ("Memory limit of … exceeded with … used"), exact but
only at the end; and the utilisation metric, once a minute over all instances, which can miss the last
seconds. Without the metric and without such a line nothing is known: no kill line does not mean low memory.
"""

from typing import Any

import pandas as pd
import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.query import Bound, Query
from netra_analysis.reconstruct.frames import frame, moment, table
from netra_analysis.schema import FLOAT, TEXT, TIME
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

NAME = "memory"
NEAR = 0.90  # share of the limit from which memory counts as near it
KILL_LINE = "kill line"
METRIC = "container/memory/utilizations"
_PREFERENCE = ("max", "p99", "p95", "value", "mean")
PROOF = pa.schema(
    [
        ("time", TIME), ("witness", TEXT), ("revision", TEXT), ("instance", TEXT),
        ("used_mib", FLOAT), ("limit_mib", FLOAT), ("ratio", FLOAT),
    ]
)  # fmt: skip


def detect(tables: Tables, settings: Settings) -> Finding:
    """Every observation of memory in the window, by both witnesses."""
    rows = observations(tables, settings, settings.window)
    lines = [row for row in rows if row["witness"] == KILL_LINE]
    points = [row for row in rows if row["witness"] != KILL_LINE]
    proof = table(rows, PROOF)
    if not rows:
        return Finding(NAME, Verdict.NO_DATA, proof, (_no_data(settings),), missing=("metrics.memory",))
    high = [row for row in rows if row["witness"] == KILL_LINE or row["ratio"] >= NEAR]
    if high:  # a kill is a kill, whatever figure its line names
        peak, first = max(row["ratio"] for row in high), high[0]["time"]
        said = _fired(settings, lines=bool(lines), metric=bool(points))
        return Finding(NAME, Verdict.FIRED, proof, said, strength=min(1.0, peak), time=first)
    return Finding(NAME, Verdict.CLEAR, proof, (_clear(settings),))


def observations(tables: Tables, settings: Settings, window: TimeWindow | None = None) -> list[dict[str, Any]]:
    """What both witnesses say of memory in `window`, or in all of the data: rows of `PROOF`, in order."""
    lines = _lines(frame(tables.lifecycle, window))
    limit = settings.limits.memory_mib or _limit(lines)
    points = _points(frame(tables.metrics, window), limit)
    return sorted([*lines, *points], key=lambda row: (row["time"], row["witness"], row["instance"]))


def _lines(events: pd.DataFrame) -> list[dict[str, Any]]:
    rows = events[(events["event"] == "memory_limit") & events["used_mib"].notna() & events["limit_mib"].notna()]
    return [
        {
            "time": moment(row.time),
            "witness": KILL_LINE,
            "revision": row.revision,
            "instance": row.instance,
            "used_mib": row.used_mib,
            "limit_mib": row.limit_mib,
            "ratio": row.used_mib / row.limit_mib if row.limit_mib else 1.0,
        }
        for row in rows.itertuples()
    ]


def _limit(lines: list[dict[str, Any]]) -> float | None:
    return max((row["limit_mib"] for row in lines), default=None)


def _points(metrics: pd.DataFrame, limit: float | None) -> list[dict[str, Any]]:
    """The highest statistic that the metric offers, one row a point."""
    own = metrics[metrics["metric"].str.endswith(METRIC)]
    if own.empty:
        return []
    statistic = next((name for name in _PREFERENCE if (own["statistic"] == name).any()), None)
    return [
        {
            "time": moment(row.time),
            "witness": f"metric {statistic}",
            "revision": row.revision,
            "instance": "",
            "used_mib": row.value * limit if limit else None,
            "limit_mib": limit,
            "ratio": row.value,
        }
        for row in own[own["statistic"] == statistic].itertuples()
    ]


_NO_DATA_SQL = """
SELECT
  (SELECT COUNT(*) FROM metrics WHERE ENDS_WITH(metric, 'container/memory/utilizations')) AS points,
  (SELECT COUNT(*) FROM lifecycle WHERE event = 'memory_limit' AND time >= @start AND time < @end) AS kills
"""
_ALL_SQL = """
SELECT COUNT(*) AS n, MAX(ratio) AS peak, MAX_BY(time, ratio) AS peak_time,
  COUNTIF(ratio >= @near) AS near_n, MIN(IF(ratio >= @near, time, NULL)) AS first
FROM finding_memory
WHERE witness != 'kill line'
"""
_KILL_SQL = """
SELECT COUNT(*) AS n, MAX(used_mib) AS used, MAX(limit_mib) AS limit_mib, MIN(time) AS first, MAX(time) AS last
FROM finding_memory
WHERE witness = 'kill line'
"""
_RISE_SQL = """
SELECT COUNT(*) AS n, APPROX_QUANTILES(ratio, 100)[OFFSET(50)] AS median, MIN(ratio) AS least
FROM finding_memory
WHERE witness != 'kill line'
"""
# For each kill the last point of the metric before it: what came after that, no point can have seen.
UNSEEN_SQL = """
SELECT k.time, k.instance, k.used_mib, k.limit_mib, k.ratio AS killed_at, MAX(m.time) AS last_point,
  MAX_BY(m.ratio, m.time) AS last_seen, TIMESTAMP_DIFF(k.time, MAX(m.time), MICROSECOND) / 1000000.0 AS unseen_s
FROM finding_memory AS k
JOIN finding_memory AS m ON m.witness != 'kill line' AND m.revision = k.revision AND m.time <= k.time
WHERE k.witness = 'kill line'
GROUP BY k.time, k.instance, k.used_mib, k.limit_mib, k.ratio
ORDER BY k.time, k.instance
"""
_UNSEEN_ALL_SQL = f"""
SELECT COUNT(*) AS n, MAX(unseen_s) AS longest, MIN(last_seen) AS least, MAX(last_seen) AS most,
  COUNTIF(last_seen < @near) AS low
FROM ({UNSEEN_SQL.strip().rpartition("ORDER BY")[0].strip()})
"""  # noqa: S608 (constants)
_METRIC_ROWS_SQL = "SELECT * FROM finding_memory WHERE witness != 'kill line' ORDER BY ratio DESC, time"
_KILL_ROWS_SQL = "SELECT * FROM finding_memory WHERE witness = 'kill line' ORDER BY time"
_METRIC_METHOD = "the highest statistic of the utilisation metric, one point a minute; it can miss what lies between"


def _bound(**more: Bound) -> dict[str, Bound]:
    return {"near": NEAR, **more}


def _no_data(settings: Settings) -> Statement:
    return Statement(
        "ME1",
        "Memory cannot be judged: the data hold {points} points of the memory metric and {kills} kill lines, "
        "and the absence of a kill line does not show that memory was low.",
        Query(_NO_DATA_SQL, settings.bound()),
        value="points",
        unit="points",
        method="count of metric points and of lines that name a passed memory limit",
        standing=Standing.UNTESTABLE,
    )


def _clear(settings: Settings) -> Statement:
    return Statement(
        "ME1",
        "Memory stayed below {near:pct} of its limit in all {n} points of the metric; the highest was {peak:pct}.",
        Query(f"SELECT n, peak, @near AS near FROM ({_ALL_SQL.strip()})", _bound()),  # noqa: S608 (a constant)
        value="peak",
        unit="share of the limit",
        method=_METRIC_METHOD,
        evidence=Query(_METRIC_ROWS_SQL),
    )


def _fired(settings: Settings, *, lines: bool, metric: bool) -> tuple[Statement, ...]:
    said = []
    if lines:
        said.append(
            Statement(
                "ME-kills",
                "The platform killed {n:# instance} over the memory limit: {used} MiB of {limit_mib} MiB at the most, "
                "first at {first:time}, last at {last:time}.",
                Query(_KILL_SQL),
                value="used",
                unit="MiB",
                method="the exact figure in the platform's own line",
                evidence=Query(_KILL_ROWS_SQL),
                at="first",
            )
        )
    if metric:
        said.append(
            Statement(
                "ME1",
                "By the metric memory reached {peak:pct} of its limit at {peak_time:time}, "
                "and {near_n} of {n} points lie at or above {near:pct}.",
                Query(
                    f"SELECT n, peak, peak_time, near_n, first, @near AS near FROM ({_ALL_SQL.strip()})",  # noqa: S608
                    _bound(),
                ),
                value="peak",
                unit="share of the limit",
                method=_METRIC_METHOD,
                evidence=Query(_METRIC_ROWS_SQL),
                at="first",
            )
        )
        said.append(
            Statement(
                "ME-median",
                "Half of its {n} points lie below {median:pct}, the lowest is {least:pct}.",
                Query(_RISE_SQL),
                value="median",
                unit="share of the limit",
                method=_METRIC_METHOD,
                evidence=Query(_METRIC_ROWS_SQL),
            )
        )
    if metric and lines:
        said.append(_unseen())
    return tuple(said)


def _unseen() -> Statement:
    return Statement(
        "ME-unseen",
        "Before {n:# kill} the last point of the metric lay up to {longest:dur} back and showed {least:pct} to "
        "{most:pct} of the limit; what came after it no point can have seen.",
        Query(_UNSEEN_ALL_SQL, _bound()),
        value="longest",
        unit="s",
        method="each kill line beside the last earlier point of the same revision",
        evidence=Query(UNSEEN_SQL),
    )
