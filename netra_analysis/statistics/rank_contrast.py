"""Two groups of numbers compared within strata only: shift of the median, and how well one number tells them apart."""

import numpy as np
from scipy import stats

from netra_analysis.statistics.intervals import Interval
from netra_analysis.statistics.series import Bools, Floats
from netra_analysis.statistics.strata import Z95, Ints


def median_shift(values: Floats, ours: Bools, strata: Ints) -> Interval:
    """Median of ours minus median of comparable others, in the unit of `values` (n,), 95 %.

    Each stratum is first put at the median of its others, so that a route that is slow for everybody is no shift.
    Source: alignment, Hodges & Lehmann (1962); limits without a distribution, Price & Bonett (2002),
    Distribution-free confidence intervals for difference and ratio of medians.
    """
    aligned = _aligned(values, ours, strata)
    one, two = aligned[ours], aligned[~ours]
    shift = float(np.median(one) - np.median(two))
    if min(len(one), len(two)) < 3:
        return Interval(shift, float("-inf"), float("inf"))
    half = Z95 * (_median_variance(one) + _median_variance(two)) ** 0.5
    return Interval(shift, shift - half, shift + half)


def _aligned(values: Floats, ours: Bools, strata: Ints) -> Floats:
    out = values.copy()
    for rows in _members(strata):
        out[rows] -= np.median(values[rows[~ours[rows]]])
    return out


def _members(strata: Ints) -> list[Ints]:
    order = np.argsort(strata, kind="stable")
    return [np.asarray(rows) for rows in np.split(order, np.flatnonzero(np.diff(strata[order])) + 1) if len(rows)]


def _median_variance(values: Floats) -> float:
    """Variance of a sample median from two order statistics (Price & Bonett 2001)."""
    n, ordered = len(values), np.sort(values)
    c = max(1, round((n + 1) / 2 - n**0.5))
    z = float(stats.norm.isf(stats.binom.cdf(c - 1, n, 0.5)))
    return float(((ordered[n - c] - ordered[c - 1]) / (2 * z)) ** 2) if z > 0 else float("inf")


def separation(values: Floats, ours: Bools, strata: Ints) -> tuple[Interval, float]:
    """Chance that one of ours exceeds a comparable other (ties half), 0..1 with 95 %, and a two-sided p.

    Pairs are formed within strata only. 0.5 is no difference.
    Source: Mann & Whitney (1947); strata and the test, van Elteren (1960); interval of the area, Hanley & McNeil
    (1982), on the logit scale, so that it stays within 0..1.
    """
    wins = pairs = above = spread = 0.0
    for rows in _members(strata):
        first = ours[rows]
        n, m = int(first.sum()), int((~first).sum())
        ranks = stats.rankdata(values[rows])
        won = float(ranks[first].sum()) - n * (n + 1) / 2
        wins, pairs = wins + won, pairs + n * m
        above += (won - n * m / 2) / (n + m + 1)
        spread += n * m * float(ranks.var(ddof=1)) / ((n + m) * (n + m + 1) ** 2) if n + m > 1 else 0.0
    p = float(2 * stats.norm.sf(abs(above) / spread**0.5)) if spread > 0 else 1.0
    return _area(wins / pairs, int(ours.sum()), int((~ours).sum())), min(1.0, p)


def _area(auc: float, n: int, m: int) -> Interval:
    kept = min(max(auc, 0.5 / (n * m)), 1 - 0.5 / (n * m)) if n * m > 1 else 0.5
    q1, q2 = kept / (2 - kept), 2 * kept**2 / (1 + kept)
    variance = (kept * (1 - kept) + (n - 1) * (q1 - kept**2) + (m - 1) * (q2 - kept**2)) / (n * m)
    half = Z95 * max(variance, 0.0) ** 0.5 / (kept * (1 - kept))
    logit = np.log(kept / (1 - kept))
    low, high = (float(1 / (1 + np.exp(-(logit + side * half)))) for side in (-1, 1))
    return Interval(auc, min(low, auc), max(high, auc))
