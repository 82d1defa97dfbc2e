"""Do more requests fail while memory or the pool is fuller?

For each band of the level, the share of real requests that failed in the minutes that it was in. Where the pool's
metric names its instance, the same is asked of each instance: did requests fail on *this* instance while *its*
pool was full, and how did the others fare in the same minutes? A relation in the one and none in the other means
that something else moved both.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from netra_analysis.detectors import pool
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.measures.minutes import Floats, Minutes, minutes
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, real_traffic, table
from netra_analysis.schema import FLOAT, INT, TEXT
from netra_analysis.statistics.dose import Band, dose_response
from netra_analysis.tables import Tables

NAME = "dose_response"
MEMORY_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 1.0, float("inf"))  # share of the limit
POOL_EDGES = (0.0, 0.5, 0.8, 1.0, float("inf"))  # share of the cap
FULL, FREE = "its pool at the cap", "its pool below the cap, in the same minutes"
PROOF = pa.schema(
    [
        ("scope", TEXT), ("level", TEXT), ("band", TEXT), ("low", FLOAT), ("high", FLOAT), ("minutes", INT),
        ("failed", INT), ("total", INT), ("share", FLOAT), ("share_low", FLOAT), ("share_high", FLOAT),
    ]
)  # fmt: skip


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """One row a band of memory and of the pool over the service, and two rows for the pools of single instances."""
    known = minutes(tables, settings, findings)
    _, cap = pool.observations(tables, settings, None)
    rows = [
        *_bands(known, "memory", 1.0, MEMORY_EDGES),
        *(_bands(known, "pool, in use", cap, POOL_EDGES) if cap else ()),
        *_by_instance(tables, settings),
    ]
    proof = table(rows, PROOF)
    bands = Counter((row["scope"], row["level"]) for row in rows if row["total"])
    said = tuple(_said(key, compared=bands[key] > 1) for key in _WORDS if bands[key])
    if not said:
        return Finding(NAME, Verdict.NO_DATA, proof, (_NO_DATA,), missing=_missing(known))
    fired = any(_apart(proof, *key) for key in bands)
    return Finding(NAME, Verdict.FIRED if fired else Verdict.CLEAR, proof, said)


def _missing(known: Minutes) -> tuple[str, ...]:
    return ("requests",) if not known.known else ("metrics.memory", "metrics.pool")


def _bands(known: Minutes, name: str, full: float, edges: Sequence[float]) -> list[dict[str, Any]]:
    """Failing shares by band of one series, given in shares of `full`."""
    series = next((one for one in known.series if one.name == name), None)
    if series is None:
        return []
    level = series.values / full
    counted = ~np.isnan(known.total) & ~np.isnan(known.failed)
    found = dose_response(known.failed, known.total, level, edges)
    return [_row("service", name, band, _minutes_in(level, counted, band)) for band in found]


def _minutes_in(level: Floats, counted: Any, band: Band) -> int:
    return int((counted & (level >= band.low) & (level < band.high)).sum())


def _row(scope: str, level: str, band: Band, count: int, words: str = "") -> dict[str, Any]:
    if not words:
        top = " and more" if np.isinf(band.high) else f" to {100 * band.high:.0f} %"
        words = f"{100 * band.low:.0f} %{top}"
    return {
        "scope": scope,
        "level": level,
        "band": words,
        "low": band.low,
        "high": None if np.isinf(band.high) else band.high,
        "minutes": count,
        "failed": band.failed,
        "total": band.total,
        "share": None if not band.total else band.share.estimate,
        "share_low": band.share.low,
        "share_high": band.share.high,
    }


def _by_instance(tables: Tables, settings: Settings) -> list[dict[str, Any]]:
    """Requests of single instances by whether their own pool was full, in minutes in which some pool was."""
    levels = _pools(tables, settings)
    if levels.empty:
        return []
    cells = _served(tables).merge(levels, on=["instance", "minute"])
    at_cap = cells[cells["full"]]
    beside = cells[~cells["full"] & cells["minute"].isin(at_cap["minute"])]
    rows = []
    for part, words, full in ((at_cap, FULL, 1.0), (beside, FREE, 0.0)):
        (band,) = dose_response([part["failed"].sum()], [part["total"].sum()], [full], (full, full + 1))
        rows.append(_row("instance", "pool, in use", band, len(part), words))
    return rows if len(at_cap) else []


def _pools(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Instance, minute, and whether its pool was at its cap; empty where the metric names no instance."""
    rows, cap = pool.observations(tables, settings, None)
    found = [
        {
            "instance": instance,
            "minute": pd.Timestamp(row["time"]).ceil("min") - pd.Timedelta(minutes=1),
            "full": row["value"] >= cap,
        }
        for row in rows
        if cap and row["witness"] == "in use" and (instance := json.loads(row["id"]).get("instance_id"))
    ]
    if not found:
        return pd.DataFrame(columns=["instance", "minute", "full"])
    return pd.DataFrame(found).groupby(["instance", "minute"], as_index=False)["full"].max()


def _served(tables: Tables) -> pd.DataFrame:
    """Real requests of each instance and minute, and how many of them failed."""
    requests = frame(tables.requests)
    real = real_traffic(requests[requests["instance"] != ""])
    bad, minute = real["failed"].astype(int), real["end_time"].dt.floor("min")
    made = pd.DataFrame({"instance": real["instance"], "minute": minute, "failed": bad, "total": real["weight"]})
    return made.groupby(["instance", "minute"], as_index=False)[["failed", "total"]].sum()


def _apart(proof: pa.Table, scope: str, level: str) -> bool:
    """Whether the fullest band fails more than the emptiest, beyond both intervals."""
    rows = [r for r in proof.to_pylist() if (r["scope"], r["level"]) == (scope, level) and r["total"]]
    top, bottom = max(rows, key=lambda row: row["low"]), min(rows, key=lambda row: row["low"])
    return bool(top["share_low"] > bottom["share_high"])


_SQL = """
SELECT MAX_BY(band, low) AS top, MAX_BY(failed, low) AS top_failed, MAX_BY(total, low) AS top_total,
  MAX_BY(share, low) AS top_share, MAX_BY(share_low, low) AS top_low, MAX_BY(share_high, low) AS top_high,
  MIN_BY(band, low) AS bottom, MIN_BY(failed, low) AS bottom_failed, MIN_BY(total, low) AS bottom_total,
  MIN_BY(share, low) AS bottom_share, MIN_BY(share_low, low) AS bottom_low, MIN_BY(share_high, low) AS bottom_high
FROM finding_dose_response
WHERE scope = @scope AND level = @level AND total > 0
"""
_ROWS_SQL = "SELECT * FROM finding_dose_response WHERE scope = @scope AND level = @level ORDER BY low"
_METHOD = (
    "real requests by the level in the minute that they ended, Wilson intervals; requests of one outage are not "
    "independent, so the intervals are least widths"
)


_TOP = "{top_failed} of {top_total} requests failed ({top_share:pct}, {top_low:pct} to {top_high:pct})"
_BOTTOM = "{bottom_failed} of {bottom_total} ({bottom_share:pct}, {bottom_low:pct} to {bottom_high:pct})"
_WORDS = {  # scope and level → id, how the fullest band is told, how the emptiest is, what is said of one band alone
    ("service", "memory"): (
        "DR-memory",
        f"While memory lay at {{top:text}} of its limit, {_TOP}",
        f"{_BOTTOM} while it lay at {{bottom:text}}",
        "it lay nowhere else while requests came, so nothing can be compared",
    ),
    ("service", "pool, in use"): (
        "DR-pool",
        f"While the fullest pool lay at {{top:text}} of its cap, {_TOP}",
        f"{_BOTTOM} while it lay at {{bottom:text}}",
        "it lay nowhere else while requests came, so nothing can be compared",
    ),
    ("instance", "pool, in use"): (
        "DR-instance",
        f"On single instances, with {{top:text}}, {_TOP}",
        f"{_BOTTOM} on instances with {{bottom:text}}",
        "no instance with a free pool served a request in the same minutes, so nothing can be compared",
    ),
}


def _said(key: tuple[str, str], *, compared: bool) -> Statement:
    name, top, bottom, alone = _WORDS[key]
    bound = {"scope": key[0], "level": key[1]}
    return Statement(
        name,
        f"{top}; {bottom if compared else alone}.",
        Query(_SQL, bound),
        value="top_share",
        unit="share of requests",
        method=_METHOD,
        standing=Standing.CONFIRMED if compared else Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL, bound),
        low="top_low",
        high="top_high",
    )


_NO_DATA = Statement(
    "DR1",
    "Whether more requests fail at a higher level cannot be judged: {bands} bands of memory or pool hold a request "
    "whose fate is known.",
    Query("SELECT COUNTIF(total > @none) AS bands FROM finding_dose_response", {"none": 0}),
    value="bands",
    unit="bands",
    method=_METHOD,
    standing=Standing.UNTESTABLE,
)
