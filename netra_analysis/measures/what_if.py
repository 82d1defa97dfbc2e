"""What if the pool were larger, or the memory limit twice as high?

Load: Little's law, the requests of the busiest minute times the time that each holds a connection, against the
connections that can be open. Leaks: how fast memory and connections in use grew in each life that is long enough,
and when that line meets the limit, and twice the limit. FIRED: the load exceeds what can be open, or a line meets
its limit within a week. Sizes come from the parameters or from the data; where neither has one, nothing is judged.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from netra_analysis.detectors import event_loop
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict
from netra_analysis.measures import what_if_claims
from netra_analysis.measures.lives import Life, lives, memory_points, pool_points, track
from netra_analysis.measures.minutes import counted
from netra_analysis.measures.rules import pool_cap
from netra_analysis.reconstruct.frames import count, evened, frame, real_traffic, table
from netra_analysis.schema import FLOAT, INT, TEXT, TIME
from netra_analysis.statistics import whatif
from netra_analysis.statistics.intervals import Interval, mean, poisson_rate
from netra_analysis.statistics.whatif import LeakOutlook
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

NAME = "what_if"
HORIZON_H = 168.0  # a line that meets its limit later than in a week is no forecast
MOST_LIVES = 6  # of which sentences speak, the longest
PROOF = pa.schema(
    [
        ("part", TEXT), ("life", INT), ("revision", TEXT), ("instance", TEXT), ("start", TIME), ("end", TIME),
        ("state", TEXT), ("quantity", TEXT), ("estimate", FLOAT), ("low", FLOAT), ("high", FLOAT), ("unit", TEXT),
        ("source", TEXT),
    ]
)  # fmt: skip


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """Every quantity with its interval, one row each, and what follows from them."""
    cap = pool_cap(settings, findings)
    load, over = _load(tables, settings, findings, cap)
    record = counted(tables, settings)
    span = TimeWindow(record.start, record.time(len(record.total)))
    found = [life for life in lives(tables, span) if life.ended > settings.window.start]
    found = sorted(sorted(found, key=lambda life: -life.length)[:MOST_LIVES], key=lambda life: life.born)
    memory, limit, no_memory = _memory(found, tables, settings)
    pool, no_pool = _pool(found, tables, cap)
    rows = [*load, *_rows("memory", "MiB", found, memory, limit), *_rows("pool", "connections", found, pool, cap)]
    said = (
        *what_if_claims.load(load, settings),
        *what_if_claims.leaks("memory", found, memory, no_memory),
        *what_if_claims.leaks("pool", found, pool, no_pool),
    )
    judged = [one for one in (*memory, *pool) if one.known]
    if not judged and over is None:
        return Finding(NAME, Verdict.NO_DATA, table(rows, PROOF), said, missing=("metrics.memory", "metrics.pool"))
    binds = bool(over) or any(one.hours_to_limit and one.hours_to_limit.estimate <= HORIZON_H for one in judged)
    return Finding(NAME, Verdict.FIRED if binds else Verdict.CLEAR, table(rows, PROOF), said)


# Load


def _load(
    tables: Tables, settings: Settings, findings: Mapping[str, Finding], cap: float | None
) -> tuple[list[dict[str, Any]], bool | None]:
    """Rows of the load, and whether it exceeds what can be open; None where that cannot be judged."""
    real = _real(tables, settings)
    if real.empty:
        return [], None
    minute, busiest = _busiest(real)
    arrivals = poisson_rate(count(busiest), 60.0)
    hold, source = _hold(real, findings)
    if not hold.low > -np.inf:
        return [], None
    hold = Interval(hold.estimate, max(hold.low, 0.0), hold.high)
    at: dict[str, Any] = dict.fromkeys(PROOF.names) | {
        "part": "load",
        "start": minute,
        "end": minute + timedelta(minutes=1),
    }
    rows = [
        _row(at, "arrivals", arrivals, "requests/s", "requests"),
        _row(at, "hold", hold, "s", source),
        _row(at, "busy", whatif.product(arrivals, hold), "connections", "Little's law"),
    ]
    if cap is None:
        return rows, None
    instances = max(1, busiest["instance"][busiest["instance"] != ""].nunique())
    outlook = whatif.pool(arrivals, hold, int(cap), instances, settings.limits.db_connections)
    rows += [
        _row(at, "pool size", _exact(cap), "connections", "parameters" if settings.limits.pool_size else "pool"),
        _row(at, "instances", _exact(instances), "instances", "requests"),
        _row(at, "capacity", _exact(outlook.capacity), "connections", f"bound by the {outlook.bound_by}"),
        _row(at, "load", outlook.load, "share of capacity", "Little's law"),
        _row(at, "pool needed", outlook.pool_needed, "connections per instance", "Little's law"),
        _row(at, "waiting", outlook.waiting, "probability", "Erlang's formula C"),
    ]
    return rows, outlook.load.low >= 1


def _real(tables: Tables, settings: Settings) -> pd.DataFrame:
    requests = frame(tables.requests, settings.window)
    socket = (requests["status"] == 101).fillna(value=False)
    return real_traffic(requests[~socket])


def _busiest(real: pd.DataFrame) -> tuple[Any, pd.DataFrame]:
    """The minute of the window in which most requests arrived, the first of several, and its requests."""
    minutes = real["time"].dt.floor("min")
    counts = real.groupby(minutes)["weight"].sum()
    minute = counts.idxmax()
    return minute.to_pydatetime(), real[minutes == minute]


def _hold(real: pd.DataFrame, findings: Mapping[str, Finding]) -> tuple[Interval, str]:
    """How long a request that succeeded holds a connection at the most: its time in the handler, else at the edge."""
    fine = evened(real[(real["status"] < 500).fillna(value=False)])
    handled = frame(findings[event_loop.NAME].proof)
    handled = handled[handled["handler_s"].notna() & handled["id"].isin(fine["id"])]
    if len(handled) >= event_loop.LEAST_JOINED:
        return mean(handled["handler_s"].to_numpy(dtype=float)), "handler"
    return mean(fine["latency_s"].to_numpy(dtype=float, na_value=np.nan)), "edge"


def _exact(value: float) -> Interval:
    return Interval(float(value), float(value), float(value))


# Leaks


def _memory(found: list[Life], tables: Tables, settings: Settings) -> tuple[list[LeakOutlook], float | None, str]:
    """Growth of memory in each life, its limit, and why there is none."""
    points = memory_points(tables, settings)
    if points.empty:
        return [], None, "there is no memory metric"
    limits = points["limit_mib"].dropna()
    if limits.empty:
        return [], None, "the memory limit is not known"
    limit = float(limits.max())
    tracks = [track(life, points, tables) for life in found]
    return [whatif.leak(one.time_s, one.values, limit, one.served) for one in tracks], limit, ""


def _pool(found: list[Life], tables: Tables, cap: float | None) -> tuple[list[LeakOutlook], str]:
    """Growth of connections in use until the pool is full for the first time: a full pool grows no more."""
    points = pool_points(tables)
    if points.empty:
        return [], "there is no pool metric"
    if cap is None:
        return [], "the size of the pool is not known"
    outlooks = []
    for life in found:
        one = track(life, points, tables)
        full = np.flatnonzero(one.values >= cap)
        until = int(full[0]) + 1 if len(full) else len(one.values)
        outlooks.append(whatif.leak(one.time_s[:until], one.values[:until], cap, one.served[:until]))
    return outlooks, ""


def _rows(
    part: str, unit: str, found: list[Life], outlooks: list[LeakOutlook], limit: float | None
) -> Iterator[dict[str, Any]]:
    for number, (life, one) in enumerate(zip(found, outlooks, strict=False)):
        at: dict[str, Any] = dict.fromkeys(PROOF.names) | {"part": part, "life": number, "revision": life.revision}
        at |= {"instance": life.instance, "start": life.born, "end": life.ended, "state": one.growth.value}
        values = (
            ("points", _exact(one.points), "points"),
            ("limit", _exact(limit or 0.0), unit),
            ("per hour", one.mib_per_hour if one.known else None, f"{unit}/h"),
            ("per request", one.mib_per_request, f"{unit}/request"),
            ("at the end", _exact(one.now_mib) if one.known else None, unit),
            ("hours to limit", one.hours_to_limit, "h"),
            ("requests to limit", one.requests_to_limit, "requests"),
            ("hours to double", one.hours_to_double, "h"),
            ("requests to double", one.requests_to_double, "requests"),
        )
        yield from (_row(at, name, value, of, f"metric; {life.how}") for name, value, of in values if value is not None)


def _row(at: Mapping[str, Any], quantity: str, value: Interval, unit: str, source: str) -> dict[str, Any]:
    """A row of the proof; a limit that is infinite is left open."""
    ends = {name: _finite(getattr(value, name)) for name in ("estimate", "low", "high")}
    return {**at, "quantity": quantity, **ends, "unit": unit, "source": source}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
