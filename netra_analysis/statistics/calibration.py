"""How often does this also show when nothing is wrong? The same detector on matched quiet windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netra_analysis.errors import RequestError
from netra_analysis.statistics.intervals import Interval, clopper_pearson
from netra_analysis.statistics.series import Floats, as_series

FEWEST_WINDOWS = 10
FEWEST_KNOWN = 0.5  # share of a window that must have been measured


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """`alarms` of `windows` quiet windows; `reason` says why a rate cannot be given, or is None."""

    alarms: int
    windows: int
    share: Interval  # 0..1, 95 %
    reason: str | None


def matched_windows(
    n: int, start: int, length: int, period: int, exclude: Sequence[tuple[int, int]] = ()
) -> tuple[tuple[int, int], ...]:
    """Windows [begin, end) of a series of `n` steps at the same phase of `period` as the one at `start`.

    All in steps: a period of 1440 minutes gives the same hours of other days, of 10080 of other weeks. The window
    at `start` itself and what touches a half-open range of `exclude` (other incidents) are left out.
    RequestError for lengths or periods below 1, or a window longer than its period.
    Source: the matched control windows of Maclure (1991), The case-crossover design.
    """
    if length < 1 or period < length or n < 0:
        raise RequestError(f"windows of {length} every {period} steps in {n}: give 1 <= length <= period and n >= 0")
    taken = ((start, start + length), *exclude)
    begins = range(start % period, n - length + 1, period)
    return tuple((b, b + length) for b in begins if not any(b < hi and b + length > lo for lo, hi in taken))


def in_band(
    traffic: ArrayLike, windows: Sequence[tuple[int, int]], low: float, high: float
) -> tuple[tuple[int, int], ...]:
    """The windows whose median `traffic` (n,) lies within [low, high], in its unit; unknown traffic fits no band."""
    series = as_series(traffic, "traffic")
    return tuple(w for w in windows if low <= _median(series[w[0] : w[1]]) <= high)


def false_alarm_rate(
    detector: Callable[[Floats], bool], series: ArrayLike, windows: Sequence[tuple[int, int]]
) -> FalseAlarms:
    """How many of the quiet `windows` make `detector` fire.

    `series`: (n,) or (k, n); the detector gets its steps [begin, end) in the same form, and says whether it fires.
    Windows measured less than half are left out; with fewer than `FEWEST_WINDOWS` left, the interval stands but
    `reason` says that a rate cannot be claimed.
    Source: placebo windows, as in Abadie, Diamond & Hainmueller (2010); limits by Clopper & Pearson (1934).
    """
    values = np.asarray(series, dtype=np.float64)
    parts = [values[..., lo:hi] for lo, hi in windows]
    fired = [bool(detector(part)) for part in parts if _measured(part)]
    reason = None
    if len(fired) < FEWEST_WINDOWS:
        reason = f"too little quiet data: {len(fired)} matched windows, {FEWEST_WINDOWS} are needed"
    return FalseAlarms(sum(fired), len(fired), clopper_pearson(sum(fired), len(fired)), reason)


def _median(values: Floats) -> float:
    known: NDArray[np.float64] = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def _measured(part: Floats) -> bool:
    return bool(part.size) and float(np.mean(~np.isnan(part))) >= FEWEST_KNOWN
