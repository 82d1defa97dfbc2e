"""Two series side by side at one lag: their correlation, its interval, and what their length is worth."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from netra_analysis.statistics.series import Floats

REPEATS = 400
LEVELS = (0.025, 0.975)


def at_lag(target: Floats, candidate: Floats, lag: int) -> tuple[Floats, Floats]:
    """`target` and `candidate` (n,) so that the candidate's value is `lag` steps older; no wrap at the ends."""
    n = len(target)
    if lag >= 0:
        return target[lag:], candidate[: n - lag]
    return target[: n + lag], candidate[-lag:]


def correlation(y: Floats, x: Floats) -> float:
    """Correlation over the steps where both were measured; NaN where one does not vary."""
    return float(_correlations(_sums(y, x, len(y)).sum(axis=0)[None, :])[0])


def correlation_interval(y: Floats, x: Floats, seed: int) -> tuple[float, float]:
    """95 % interval of that correlation: whole blocks of steps are drawn anew `REPEATS` times.

    Only the blocks' sums are drawn, which costs the same for an hour as for a week.
    Source: Carlstein (1986), The use of subseries values for estimating the variance of a general statistic;
    length of a block ∝ n^(1/3) after Künsch (1989); percentile limits of Efron (1979).
    """
    length = max(5, round(2 * len(y) ** (1 / 3)))
    sums = _sums(y, x, length)
    sums = sums[sums[:, 0] > 0]
    if len(sums) < 5:
        return (-1.0, 1.0)
    drawn = _correlations(_draws(len(sums), seed) @ sums)
    low, high = np.nanquantile(drawn, LEVELS) if np.isfinite(drawn).any() else (-1.0, 1.0)
    return (float(low), float(high))


@lru_cache(maxsize=8)
def _draws(blocks: int, seed: int) -> Floats:
    """How often each of `blocks` is in each of `REPEATS` draws; one set serves all series of a report."""
    dice = np.random.default_rng(seed)
    return dice.multinomial(blocks, np.full(blocks, 1 / blocks), size=REPEATS).astype(np.float64)


def _sums(y: Floats, x: Floats, length: int) -> Floats:
    """(pairs, Σy, Σx, Σyy, Σxx, Σxy) of every block of `length` steps."""
    known = ~(np.isnan(y) | np.isnan(x))
    a, b = np.where(known, y, 0.0), np.where(known, x, 0.0)
    columns = np.column_stack([known, a, b, a * a, b * b, a * b]).astype(np.float64)
    return np.asarray(np.add.reduceat(columns, np.arange(0, len(y), max(length, 1)), axis=0))


def _correlations(sums: Floats) -> Floats:
    n, a, b, aa, bb, ab = np.moveaxis(np.asarray(sums, np.float64), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((n * ab - a * b) / np.sqrt((n * aa - a * a) * (n * bb - b * b)))


def effective_pairs(target: Floats, candidates: Floats) -> Floats:
    """How many independent pairs each candidate (k, n) and `target` (n,) are worth: (k,).

    Pairs / (1 + 2·Σ ρx(j)·ρy(j)), never more than the pairs.
    Source: Bartlett (1935); Pyper & Peterman (1998), Comparison of methods to account for autocorrelation in
    correlation analyses of fish data, with their limit of a fifth of the steps.
    """
    both = (~np.isnan(target) & ~np.isnan(candidates)).sum(axis=1).astype(np.float64)
    products = (_autocorrelation(candidates) * _autocorrelation(target[None, :]))[:, 1:]
    shrink = 1.0 - np.arange(1, products.shape[1] + 1) / max(len(target), 1)
    return np.asarray(both / np.maximum(1.0, 1.0 + 2.0 * (products * shrink).sum(axis=1)))


def _autocorrelation(rows: Floats) -> Floats:
    known = ~np.isnan(rows)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, rows, 0.0)
    centred = np.where(known, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
    size = fft.next_fast_len(2 * rows.shape[1], real=True)
    power: NDArray[np.complex64] = fft.rfft(centred.astype(np.float32), size, axis=1)
    cov = fft.irfft(np.abs(power) ** 2, size, axis=1)[:, : max(2, rows.shape[1] // 5)]
    return np.asarray(cov / np.maximum(cov[:, :1], 1e-12), np.float64)
