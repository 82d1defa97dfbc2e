"""The incident minute by minute: requests, failures, and everything that was measured, on one clock.

A minute that no log covers and a minute without a point are unknown (NaN), never zero. A minute that the log
covers and in which nothing was logged is a true zero. A metric's point stands for the minute that it ends.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from netra_analysis.coverage import silences
from netra_analysis.detectors import memory, pool
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding
from netra_analysis.reconstruct.frames import evened, frame, real_traffic
from netra_analysis.tables import Tables

Floats = NDArray[np.float64]

STEP = timedelta(minutes=1)
FARTHEST = 3.0  # times window and baseline: a baseline of another week is no part of one series
_ONE_PER_INSTANCE = frozenset({"instance_id", "instance", "revision_name", "pod", "host", "response_code"})
_STATISTICS = ("max", "p99", "p95", "value", "mean")
_MOST_GROUPS = 6  # label values that make series of their own; of more, only their sum is one
_LIMIT = ("pool/size", "pool_size", "/limit", "/quota", "/capacity")
_COUNTED_BY_LOG = "run.googleapis.com/request_count"
_WITNESSED = ("container/memory/utilizations",)  # what `memory` merges with the platform's own lines


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One thing measured each minute: `values` (n,) in `unit`, NaN where it was not measured."""

    name: str
    unit: str
    source: str  # a metric type, or the table that was counted
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Minutes:
    """Counts of real requests and of the failed ones among them, and the series beside them, from `start` on."""

    start: datetime
    total: Floats
    failed: Floats
    counted_by: str  # the request log, or the request_count metric where there is no log
    series: tuple[Series, ...]
    inside: tuple[int, int]  # the minutes of the window asked about, half-open
    logged: NDArray[np.bool_]  # minutes that the log covers

    @property
    def known(self) -> int:
        """Minutes in which requests could be counted."""
        return int((~np.isnan(self.total)).sum())

    def time(self, minute: int) -> datetime:
        """When minute number `minute` begins."""
        return self.start + minute * STEP

    def index(self, moment: datetime) -> int:
        """The minute that `moment` lies in."""
        return (moment - self.start) // STEP


@dataclass(frozen=True, slots=True)
class _Clock:
    start: datetime
    n: int

    def at(self, times: pd.Series, *, ends: bool = False) -> pd.Series:
        """Minute of each time; of a time that ends an interval, the minute before it."""
        exact = (times - self.start) / STEP
        return (np.ceil(exact) - 1 if ends else np.floor(exact)).astype("int64")

    def counted(self, times: pd.Series, known: NDArray[np.bool_], weights: pd.Series | None = None) -> Floats:
        """Rows a minute, or what they stand for by their `weights`; NaN where the log is not known."""
        at = self.at(times)
        inside = ((at >= 0) & (at < self.n)).to_numpy(dtype=bool)
        each = None if weights is None else weights.to_numpy(dtype=float)[inside]
        counts = np.bincount(at[inside], each, minlength=self.n).astype(float)
        return np.where(known, counts, np.nan)

    def spread(self, by_minute: pd.Series) -> Floats:
        """Values by minute as an array over all minutes."""
        return np.asarray(by_minute.reindex(range(self.n)), dtype=np.float64)


def minutes(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Minutes:
    """Everything known about each minute of the window, and of the baseline where it lies near enough to belong."""
    counts = counted(tables, settings)
    clock = _Clock(counts.start, len(counts.total))
    series = (
        *_from_requests(tables, clock, counts.logged),
        *_from_lifecycle(tables, clock, counts.logged, findings),
        *_witnessed(tables, settings, clock),
        *_from_metrics(frame(tables.metrics), clock),
    )
    return replace(counts, series=series)


def counted(tables: Tables, settings: Settings) -> Minutes:
    """The counts of requests alone, for those who need no series; over the same minutes as `minutes`."""
    window, baseline = settings.window, settings.baseline
    start, end = min(window.start, baseline.start), max(window.end, baseline.end)
    if end - start > FARTHEST * max(window.duration, baseline.duration):
        start, end = window.start, window.end
    start = start.replace(second=0, microsecond=0)
    clock = _Clock(start, -(-(end - start) // STEP))
    known = _logged(tables, clock)
    total, failed, counted_by = _requests(tables, clock, known)
    inside = (max(0, (window.start - start) // STEP), min(clock.n, -(-(window.end - start) // STEP)))
    return Minutes(start, total, failed, counted_by, (), inside, known)


def _logged(tables: Tables, clock: _Clock) -> NDArray[np.bool_]:
    """Minutes that the log covers: between its first and last entry, outside of its silences."""
    known = np.zeros(clock.n, np.bool_)
    times = sorted(pc.unique(tables.entries["time"]).to_pylist())
    if not times:
        return known
    first, last = -(-(times[0] - clock.start) // STEP), (times[-1] - clock.start) // STEP
    known[max(0, first) : max(0, last)] = True
    for begin, end in silences(times, tables.coverage.cell_s):
        known[max(0, (begin - clock.start) // STEP + 1) : max(0, (end - clock.start) // STEP)] = False
    return known


def _requests(tables: Tables, clock: _Clock, known: NDArray[np.bool_]) -> tuple[Floats, Floats, str]:
    if tables.coverage.has("requests"):
        real = _real(tables)
        bad = real[real["failed"]]
        total = clock.counted(real["end_time"], known, real["weight"])
        return total, clock.counted(bad["end_time"], known), "request log"
    points = frame(tables.metrics)
    points = points[points["metric"] == _COUNTED_BY_LOG]
    if points.empty:
        nothing = np.full(clock.n, np.nan)
        return nothing, nothing.copy(), ""
    at = clock.at(points["time"], ends=True)
    fifth = points["labels"].map(_is_server_error)
    total = clock.spread(points.groupby(at)["value"].sum())
    failed = clock.spread(points.assign(value=points["value"].where(fifth, 0.0)).groupby(at)["value"].sum())
    return total, failed, _COUNTED_BY_LOG


def _is_server_error(labels: str) -> bool:
    found = json.loads(labels)
    return str(found.get("response_code_class", found.get("response_code", ""))).startswith("5")


def _real(tables: Tables) -> pd.DataFrame:
    requests = frame(tables.requests)
    return real_traffic(requests)


def _from_requests(tables: Tables, clock: _Clock, known: NDArray[np.bool_]) -> Iterator[Series]:
    if not tables.coverage.has("requests"):
        return
    real = _real(tables)
    yield Series("requests", "requests per minute", "requests", clock.counted(real["end_time"], known, real["weight"]))
    timed = real[real["latency_s"].notna() & ~(real["status"] == 101).fillna(value=False)]
    if timed.empty:
        return
    even = evened(timed)
    slow = even.groupby(clock.at(even["end_time"]))["latency_s"].quantile(0.95)
    yield Series("latency, p95", "s", "requests", clock.spread(slow))
    yield Series("requests in flight", "requests", "requests", np.where(known, _in_flight(timed, clock), np.nan))


def _in_flight(timed: pd.DataFrame, clock: _Clock) -> Floats:
    """Mean number of requests in flight each minute: the seconds that they spent in it."""
    begin = ((timed["time"] - clock.start) / STEP).to_numpy(dtype=float)
    end = ((timed["end_time"] - clock.start) / STEP).to_numpy(dtype=float)
    edges = np.arange(clock.n + 1, dtype=float)
    weights = timed["weight"].to_numpy(dtype=float)
    # The integral of "how many have begun by t, less how many have ended" between the edges.
    return np.asarray(np.diff(_passed(begin, weights, edges) - _passed(end, weights, edges)))


def _passed(moments: Floats, weights: Floats, edges: Floats) -> Floats:
    """For each edge, the time since each earlier moment, summed over all that came by then."""
    order = np.argsort(moments, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum((moments * weights)[order])])
    counts = np.concatenate([[0.0], np.cumsum(weights[order])])
    place = np.searchsorted(moments[order], edges, side="right")
    return np.asarray(counts[place] * edges - sums[place])


def _from_lifecycle(
    tables: Tables, clock: _Clock, known: NDArray[np.bool_], findings: Mapping[str, Finding]
) -> Iterator[Series]:
    events = frame(tables.lifecycle)
    if not tables.coverage.has("system") or events.empty:
        return
    starts = events[events["event"] == "start"]["time"]
    yield Series("starts of instances", "starts per minute", "lifecycle", clock.counted(starts, known))
    deaths = frame(findings["crashes"].proof)["start_time"]
    inside = clock.counted(deaths, known)
    yield Series("deaths of instances", "deaths per minute", "lifecycle", inside)


def _witnessed(tables: Tables, settings: Settings, clock: _Clock) -> Iterator[Series]:
    """Memory and pool by all their witnesses: the metric, and what exact lines say between its points."""
    rows = pd.DataFrame(memory.observations(tables, settings))
    if len(rows):
        lines = rows["witness"] == memory.KILL_LINE
        at = clock.at(rows["time"], ends=True).where(~lines, clock.at(rows["time"]))
        yield Series("memory", "share of limit", "memory", clock.spread(rows.groupby(at)["ratio"].max()))
    found, _ = pool.observations(tables, settings, None)
    rows = pd.DataFrame(found, columns=pool.PROOF.names)
    in_use, waiting, timed_out = (rows[rows["witness"] == name] for name in pool.WITNESSES)
    if len(in_use):  # a wait that timed out says that all were in use
        told = timed_out[timed_out["cap"].notna()]
        level = _highest(clock, in_use, "value", ends=True).combine(_highest(clock, told, "cap"), np.fmax)
        yield Series("pool, in use", "connections", "pool", clock.spread(level))
    if len(waiting):
        yield Series("pool, waiting", "connections", "pool", clock.spread(_highest(clock, waiting, "value", ends=True)))


def _highest(clock: _Clock, rows: pd.DataFrame, column: str, *, ends: bool = False) -> pd.Series:
    if rows.empty:
        return pd.Series(dtype=float)
    return rows.groupby(clock.at(rows["time"], ends=ends))[column].max().astype(float)


def _from_metrics(points: pd.DataFrame, clock: _Clock) -> Iterator[Series]:
    """One series a metric and state: the largest of several instances' shares and times, the sum of their counts."""
    for metric, own in points.groupby("metric", sort=True):
        name = str(metric)
        if name == _COUNTED_BY_LOG or name.endswith((*_WITNESSED, *_LIMIT)) or "pool" in name:
            continue
        offered = set(own["statistic"])
        statistic = next((one for one in _STATISTICS if one in offered), None)
        if statistic is None:
            continue
        own = own[own["statistic"] == statistic]
        for state, part in _by_state(own):
            at = clock.at(part["time"], ends=True)
            unit = str(part["unit"].iloc[0])
            grouped = part.groupby(at)["value"]
            by_minute = grouped.sum() if unit == "count" and statistic == "value" else grouped.max()
            words = " ".join([*name.split("/")[-2:], *([state] if state else [])]).replace("_", " ")
            shown = words if statistic == "value" else f"{words}, {statistic}"
            yield Series(shown, unit, name, clock.spread(by_minute))


def _by_state(points: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The points by those labels that tell states apart, such as active and idle."""
    labels = {text: json.loads(text) for text in points["labels"].unique()}
    keys = sorted({key for each in labels.values() for key in each} - _ONE_PER_INSTANCE)
    telling = [key for key in keys if len({str(each.get(key)) for each in labels.values()}) > 1]
    said = {text: " ".join(str(each[key]) for key in telling if key in each) for text, each in labels.items()}
    words = points["labels"].map(said)
    if not telling or words.nunique() > _MOST_GROUPS:
        yield "", points
        return
    for state, part in points.groupby(words, sort=True):
        yield str(state), part
