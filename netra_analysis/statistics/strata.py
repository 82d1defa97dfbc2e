"""Two groups compared within strata only: ratio of shares and an exact test, for yes/no in comparable rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from netra_analysis.statistics.intervals import Interval
from netra_analysis.statistics.series import Bools, Floats

Ints = NDArray[np.int64]
Z95 = 1.959963984540054
EXACT_CELLS = 20_000  # up to this size of the exact distribution it is computed; beyond, its normal limit


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """A 2×2 table a stratum, (s,) each: ours with the trait, ours, others with it, others."""

    ours_with: Ints
    ours: Ints
    others_with: Ints
    others: Ints


def tables(trait: Bools, ours: Bools, strata: Ints) -> Tables:
    """Counts of `trait` (n,) among `ours` (n,) and the rest, in each of the `strata` (n,) numbered from 0."""
    size = int(strata.max(initial=-1)) + 1
    counted = [
        np.bincount(strata[rows], minlength=size).astype(np.int64)
        for rows in (trait & ours, ours, trait & ~ours, ~ours)
    ]
    return Tables(*counted)


def share_ratio(found: Tables) -> Interval:
    """How many times more common the trait is among ours than among comparable others, 95 %.

    Infinite where no other has it; the lower limit then rests on half a row added to each cell.
    Source: Mantel & Haenszel (1959) for the pooled ratio, in the form for shares and with the variance of
    Greenland & Robins (1985); half a row after Haldane (1956).
    """
    above, below, variance = _pooled(found, 0.0)
    if above == 0 and below == 0:
        return Interval(float("nan"), 0.0, float("inf"))
    if above > 0 and below > 0:
        half = Z95 * variance**0.5
        ratio = above / below
        return Interval(ratio, float(ratio * np.exp(-half)), float(ratio * np.exp(half)))
    above_c, below_c, variance = _pooled(found, 0.5)
    centre, half = above_c / below_c, Z95 * variance**0.5
    if above == 0:
        return Interval(0.0, 0.0, float(centre * np.exp(half)))
    return Interval(float("inf"), float(centre * np.exp(-half)), float("inf"))


def _pooled(found: Tables, added: float) -> tuple[float, float, float]:
    """Numerator and denominator of the pooled ratio, and the variance of its logarithm (0 where there is none)."""
    a, b = found.ours_with + added, found.others_with + added
    n1, n0 = found.ours + 2 * added, found.others + 2 * added
    total = np.maximum(n1 + n0, 1)
    above, below = float((a * n0 / total).sum()), float((b * n1 / total).sum())
    spread = ((n1 * n0 * (a + b) - a * b * total) / total**2).sum()
    return above, below, float(spread / (above * below)) if above > 0 and below > 0 else 0.0


def exact_p(found: Tables) -> float:
    """Two-sided mid-p that trait and group are unrelated within every stratum; 1.0 where nothing can be told.

    All margins are held; the counts of the strata add up by convolution of their hypergeometrics, which for one
    stratum is Fisher's test. Where the exact distribution is too long, its mean and variance are used.
    Source: Fisher (1934); conditional test over strata, Gart (1970); mid-p, Lancaster (1961); normal limit,
    Cochran (1954), Mantel & Haenszel (1959).
    """
    with_trait = found.ours_with + found.others_with
    total = found.ours + found.others
    telling = (with_trait > 0) & (with_trait < total) & (found.ours > 0) & (found.others > 0)
    if not telling.any():
        return 1.0
    k, n, m = with_trait[telling], found.ours[telling], total[telling]
    observed = int(found.ours_with[telling].sum())
    low, high = np.maximum(0, n + k - m), np.minimum(n, k)
    if float((high - low + 1).sum()) * len(k) > EXACT_CELLS:
        return _normal_p(observed, k, n, m)
    return _tails(_convolved(low, high, k, n, m), observed - int(low.sum()))


def _convolved(low: Ints, high: Ints, k: Ints, n: Ints, m: Ints) -> Floats:
    density = np.ones(1)
    for i in range(len(k)):
        own = stats.hypergeom.pmf(np.arange(low[i], high[i] + 1), m[i], k[i], n[i])
        density = np.convolve(density, own)
    return np.asarray(density / density.sum())


def _tails(density: Floats, place: int) -> float:
    at = float(density[place])
    below, above = float(density[:place].sum()) + at / 2, float(density[place + 1 :].sum()) + at / 2
    return min(1.0, 2 * min(below, above))


def _normal_p(observed: int, k: Ints, n: Ints, m: Ints) -> float:
    mean = (n * k / m).sum()
    variance = (n.astype(np.float64) * k * (m - k) * (m - n) / (m.astype(np.float64) ** 2 * np.maximum(m - 1, 1))).sum()
    return float(2 * stats.norm.sf(abs(observed - mean) / variance**0.5)) if variance > 0 else 1.0
