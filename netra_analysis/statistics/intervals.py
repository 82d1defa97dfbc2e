"""How sure is a number? Intervals for shares, counts, ratios of rates and differences of medians."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy import special

from netra_analysis.errors import RequestError
from netra_analysis.statistics.series import Floats, as_series

CONFIDENCE = 0.95
REPEATS = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between `low` and `high`, in the unit of the estimate; NaN where nothing was observed."""

    estimate: float
    low: float
    high: float


UNKNOWN_SHARE = Interval(float("nan"), 0.0, 1.0)


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Share of `hits` among `n`, 0..1; the one to print: close to its level at small n, never of width 0.

    RequestError unless 0 <= hits <= n. Source: Wilson (1927), Probable inference; recommended over the
    textbook form by Brown, Cai & DasGupta (2001).
    """
    _check_share(hits, n, confidence)
    if n == 0:
        return UNKNOWN_SHARE
    z2 = float(special.ndtri(0.5 + confidence / 2)) ** 2
    share = hits / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (share * (1 - share) / n + z2 / (4 * n * n))) ** 0.5 / (1 + z2 / n)
    return Interval(share, 0.0 if hits == 0 else middle - half, 1.0 if hits == n else middle + half)


def clopper_pearson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Share of `hits` among `n`, 0..1; the one for a promise: covers at least its level, at every true share.

    RequestError unless 0 <= hits <= n. Source: Clopper & Pearson (1934).
    """
    _check_share(hits, n, confidence)
    if n == 0:
        return UNKNOWN_SHARE
    tail = (1 - confidence) / 2
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return Interval(hits / n, low, high)


def rule_of_three(n: int, confidence: float = CONFIDENCE) -> float:
    """The largest share that 0 of `n` leaves possible: about 3/n at 95 %, exactly 1 − (1 − confidence)^(1/n).

    1.0 for n = 0. RequestError for a negative n. Source: Hanley & Lippman-Hand (1983), If nothing goes wrong,
    is everything all right?
    """
    _check_share(0, n, confidence)
    return 1.0 if n == 0 else float(1 - (1 - confidence) ** (1 / n))


def poisson_rate(count: int, exposure: float = 1.0, confidence: float = CONFIDENCE) -> Interval:
    """`count` events over `exposure` (minutes, requests, …) as a rate per unit of exposure, exact.

    RequestError for a negative count or an exposure of 0. Source: Garwood (1936).
    """
    if count < 0 or not exposure > 0:
        raise RequestError(f"a rate needs a count of 0 or more and an exposure above 0, not {count} and {exposure}")
    tail = (1 - confidence) / 2
    low = float(special.gammaincinv(count, tail)) if count else 0.0
    high = float(special.gammaincinv(count + 1, 1 - tail))
    return Interval(count / exposure, low / exposure, high / exposure)


def rate_ratio(
    count: int, exposure: float, base_count: int, base_exposure: float, confidence: float = CONFIDENCE
) -> Interval:
    """How many times the base rate: (count / exposure) / (base_count / base_exposure), exact given the sum.

    The estimate is infinite where the base saw nothing, NaN where neither did.
    RequestError for negative counts or exposures of 0. Source: Przyborowski & Wilenski (1940), with the limits
    of Clopper & Pearson (1934).
    """
    ours, base = poisson_rate(count, exposure), poisson_rate(base_count, base_exposure)
    if count + base_count == 0:
        return Interval(float("nan"), 0.0, float("inf"))
    share = clopper_pearson(count, count + base_count, confidence)
    per_odds = base_exposure / exposure
    estimate = ours.estimate / base.estimate if base_count else float("inf")
    low = per_odds * share.low / (1 - share.low)
    high = per_odds * share.high / (1 - share.high) if share.high < 1 else float("inf")
    return Interval(estimate, low, high)


def mean(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Mean of independent `values` (n,), NaN left out, in their unit; NaN with infinite limits for fewer than two.

    Source: Student (1908). With some hundreds of values their shape matters little; with few of a long tail, or
    with values that share a cause, it is too narrow.
    """
    known = _known(values, "values")
    if len(known) < 2:
        return Interval(float(known.mean()) if len(known) else float("nan"), float("-inf"), float("inf"))
    reach = float(special.stdtrit(len(known) - 1, 0.5 + confidence / 2) * known.std(ddof=1) / len(known) ** 0.5)
    middle = float(known.mean())
    return Interval(middle, middle - reach, middle + reach)


def median_difference(
    before: ArrayLike, after: ArrayLike, *, block: int = 1, seed: int = 0, confidence: float = CONFIDENCE
) -> Interval:
    """Median of `after` minus median of `before`, in their unit; NaN left out; `block` steps drawn together.

    `before` (n,), `after` (m,); blocks keep the memory of a series in the draws, 1 is for independent values.
    NaN with infinite limits where one side is empty. RequestError for shapes that do not fit.
    Source: Efron (1979), Bootstrap methods (percentile limits); blocks by Künsch (1989).
    """
    one, two = (_known(side, name) for side, name in ((before, "before"), (after, "after")))
    if not len(one) or not len(two):
        return Interval(float("nan"), float("-inf"), float("inf"))
    dice = np.random.default_rng(seed)
    drawn = _medians(two, block, dice) - _medians(one, block, dice)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(np.median(two) - np.median(one)), float(low), float(high))


def _known(values: ArrayLike, name: str) -> Floats:
    series = as_series(values, name)
    return np.asarray(series[~np.isnan(series)])


def _medians(values: Floats, block: int, dice: np.random.Generator) -> Floats:
    block = max(1, min(block, len(values)))
    blocks = sliding_window_view(values, block)
    picks = dice.integers(0, len(blocks), size=(REPEATS, -(-len(values) // block)))
    return np.asarray(np.median(blocks[picks].reshape(REPEATS, -1)[:, : len(values)], axis=1))


def _check_share(hits: int, n: int, confidence: float) -> None:
    if not 0 <= hits <= n:
        raise RequestError(f"a share needs 0 <= hits <= n, not {hits} of {n}")
    if not 0 < confidence < 1:
        raise RequestError(f"a confidence lies between 0 and 1, not at {confidence}")
