"""Signs of demand: whether clients asked for much more before anything failed, and whether they tried again after.

Only what was asked before the failures counts as a surge: what comes after them may be their echo. How much is
much is read from the data: the busiest stretch of the same length in the baseline, and before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct import counted
from netra_analysis.reconstruct.frames import moment, real_traffic
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign, not_seen

SPANS_S = (10.0, 30.0, 120.0, 600.0)
CALM = timedelta(minutes=15)  # time this long before the first failure is calm
LEAD_S = 90.0  # a shorter surge that ended this long before the first failure did not bring it
TIMES_USUAL, TIMES_BUSIEST, LEAST = 3.0, 1.8, 12
BULK, FEW = 0.1, 0.05  # share of the worst minute that makes a minute bad; share of failures that are strays before it
CALM_LEAST_S = 600.0  # a shorter time to compare with shows nothing
QUICK = timedelta(seconds=5)
AGAIN = 4  # times that one who failed may have tried again within the minute
COUNTED_S = 60.0  # a point of the platform's count is stamped with the end of so long a time


def look(scene: Scene) -> list[Sign]:
    return [_surge(scene), _retries(scene)]


def _surge(scene: Scene) -> Sign:
    """Whether more was asked in some stretch before the first failure than in any such stretch of calm time."""
    name, says = "traffic_surge", "Whether traffic rose cannot be told from {n} requests."
    asked, spans = _asked(scene)
    if asked.empty:
        return not_seen(name, says, "requests")
    if scene.onset is None:
        return Sign(name, Verdict.CLEAR, "Nothing failed that a surge could come before ({n} requests).", n=0)
    times, weights = _seconds(asked["time"]), asked["weight"].to_numpy(dtype=np.int64)
    began, until = _bulk(scene)
    by_log = scene.has("requests")
    calm = times < max(until - CALM.total_seconds(), min(until, scene.settings.baseline.end.timestamp()))
    if calm.sum() < LEAST or np.ptp(times[calm]) < CALM_LEAST_S:
        return not_seen(name, "There is too little calm time to compare traffic with ({n} requests).", "a baseline")
    quiet = _Arrivals(times[calm], weights[calm])
    leads = [
        ((times >= began - max(LEAD_S, 2 * span)) & (times <= until + (0.0 if by_log else COUNTED_S)), span)
        for span in spans
    ]
    found = [one for own, span in leads if (one := _peak(_Arrivals(times[own], weights[own]), quiet, span))]
    best = max(found, key=lambda one: one[1] / max(one[2], one[3]), default=None)
    if best is None:
        says = "Traffic did not surge before the failures: no stretch of it was far above the usual ({n})."
        return Sign(name, Verdict.CLEAR, says, n=0, unit="requests", method=_METHOD)
    start, count, usual, busiest, span = best
    return Sign(
        name,
        Verdict.FIRED,
        "Before the first failure {n} requests came within {a:dur}, where {b} are usual and {total} were the most."
        if by_log
        else "Up to the minute of the first failure {n} requests were counted within {a:dur}, without those that may "
        "have been tried again in that minute, where {b} are usual and {total} were the most.",
        time=moment(pd.Timestamp(start, unit="s", tz="UTC").floor("us")),
        share=_overloaded(scene),
        n=int(count),
        total=int(busiest),
        a=span,
        b=usual,
        unit="requests",
        method=_METHOD,
        evidence=None if by_log else Query(_COUNTED, {"start": scene.window.start, "end": scene.window.end}),
    )


def _asked(scene: Scene) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """When how much was asked for, in order, and the spans that this can show.

    Without a request log, what the platform counted each minute; whose traffic that was cannot be told. From the
    onset on it counts without as many requests as those that failed may have tried again.
    """
    if scene.has("requests"):
        asked = real_traffic(pd.concat([scene.before, scene.requests]))
        return asked.sort_values("time", kind="stable"), SPANS_S
    spans = (scene.settings.baseline, scene.window)
    answers, failures = (
        pd.concat([told(scene.all_metrics, span) for span in spans]).groupby("time")["value"].sum()
        for told in (counted.answers, counted.failures)
    )
    again = AGAIN * failures.reindex(answers.index, fill_value=0.0)
    if scene.onset is not None:
        again = again.where(again.index >= scene.onset, 0.0)
    asked = (answers - again).rename("weight").reset_index()
    return asked[asked["weight"] > 0], (COUNTED_S, *SPANS_S[2:])


def _bulk(scene: Scene) -> tuple[float, float]:
    """When the first request began that failed, and when it did; strays well before the bulk of them are passed over.

    Nothing that was asked after a failure can be its cause, but a stray failure an hour before is not what a surge
    has to come before.
    """
    onset = scene.onset.timestamp() if scene.onset else 0.0
    failed = scene.failed.sort_values("end_time")
    if len(failed) >= 1 / FEW:
        minutes = failed.groupby(failed["end_time"].dt.floor("min")).size()
        bad = minutes.index[minutes >= BULK * minutes.max()].min()
        if int((failed["end_time"] < bad).sum()) <= FEW * len(failed):
            failed = failed[failed["end_time"] >= bad]
            onset = max(onset, failed["end_time"].min().timestamp())
    starts = [row.time.timestamp() for row in failed.itertuples() if row.end_time.timestamp() >= onset]
    return min([onset, *starts[:1]]), onset


_COUNTED = """
SELECT time, SUM(value) AS answers FROM metrics
WHERE CONTAINS_SUBSTR(metric, 'request_count') AND time >= @start AND time < @end GROUP BY time ORDER BY time"""
_METHOD = (
    "requests of real traffic in stretches of several lengths until the first failure, against calm time; without a "
    "request log those that the platform counted, up to the end of the minute of the first failure"
)


def _seconds(times: pd.Series) -> np.ndarray:
    return np.array([time.timestamp() for time in times], dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class _Arrivals:
    """When requests came, (n,) seconds in order, and how many each row stands for, (n,)."""

    times: np.ndarray
    weights: np.ndarray

    def within(self, span: float) -> np.ndarray:
        """(n,) requests in the stretch of `span` seconds that begins with each."""
        sums = np.concatenate([[0], np.cumsum(self.weights)])
        return np.asarray(sums[np.searchsorted(self.times, self.times + span, side="left")] - sums[:-1])


def _peak(lead: _Arrivals, calm: _Arrivals, span: float) -> tuple[float, float, float, float, float] | None:
    """The busiest stretch of `span` in `lead` when it is far above calm time: start, count, usual, busiest, span."""
    if not len(lead.times):
        return None
    counts = lead.within(span)
    busiest = int(calm.within(span).max())
    usual = int(calm.weights.sum()) * span / (calm.times[-1] - calm.times[0])
    at = int(counts.argmax())
    count = int(counts[at])
    if count < max(LEAST, TIMES_USUAL * usual, TIMES_BUSIEST * busiest, busiest + 4 * busiest**0.5):
        return None
    return float(lead.times[at]), float(count), float(usual), float(busiest), span


def _overloaded(scene: Scene) -> float | None:
    """The share of the failures that are of too much at once: no place, a time-out, a wait that was given up."""
    if not scene.impact:
        return None
    return float(scene.failed["fate"].isin(["no_instance", "timeout"]).mean()) or None


def _retries(scene: Scene) -> Sign:
    """Failed requests that the same kind of client repeated within seconds."""
    if not scene.impact:
        return not_seen("retries", "No failed request could have been retried ({n}).", "requests")
    keys: Sequence[str] = ["method", "path", "user_agent"]
    ordered = scene.real.sort_values("time")
    following = ordered.groupby(list(keys), dropna=False)["time"].shift(-1)
    quick = (following - ordered["end_time"]) <= QUICK
    failed = ordered["failed"]
    repeated = int((quick & failed).sum())
    return Sign(
        "retries",
        Verdict.FIRED if repeated >= 20 and repeated >= 0.5 * int(failed.sum()) else Verdict.CLEAR,
        "{n} of {total} failed requests were followed by the same request within seconds.",
        time=moment(ordered[quick & failed]["time"].min()) if repeated else None,
        n=repeated,
        total=int(failed.sum()),
        unit="requests",
        method="same method, path and user agent after a failure",
    )
