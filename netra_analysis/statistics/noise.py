"""What a series would look like had nothing happened: its own memory and spread, drawn anew."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from netra_analysis.statistics.memory import NONE, Memory
from netra_analysis.statistics.series import Floats

FEWEST_DF = 2.5
MOST = 1e12  # events a step that the generator can draw


@dataclass(frozen=True, slots=True)
class Noise:
    """A memory and a marginal law: Student's t with `df`, or counts."""

    memory: Memory
    df: float  # infinite: normal
    mean: float | None  # of the counts; None for a gauge
    size: float  # of the negative binomial; infinite: Poisson


def law_of(values: Floats, counts: Floats | None) -> Noise:
    """Law of `values` (n,), or of the raw `counts` (m,) behind them, by the method of moments; no memory yet."""
    if counts is None:
        return Noise(NONE, _df(values[~np.isnan(values)]), None, np.inf)
    return _counts_law(float(np.nanmean(counts)), float(np.nanvar(counts)))


def _counts_law(mean: float, variance: float) -> Noise:
    return Noise(NONE, np.inf, mean, mean**2 / (variance - mean) if variance > mean > 0 else np.inf)


def widened(seen: Noise, used: Noise, left: float) -> Noise:
    """`seen` with the variance that draws from `used` lose when only `left` of it is left; a gauge stays as it is."""
    if seen.mean is None or used.mean is None or not left > 0:
        return seen
    factor = max(1.0, (used.mean + used.mean**2 / used.size) / left)
    return _counts_law(seen.mean, factor * (seen.mean + seen.mean**2 / seen.size))


def drawn(noise: Noise, m: int, n: int, dice: np.random.Generator) -> Floats:
    """`m` series of `n` steps with that memory and law: unit variance, or counts.

    Source: for gauges a Gaussian copula on that memory, as in Cario & Nelson (1996), Autoregressive to anything;
    for counts a log-normal rate that remembers, Møller, Syversveen & Waagepetersen (1998), Log Gaussian Cox
    processes.
    """
    if noise.mean is not None:
        return _counted(noise, noise.mean, m, n, dice)
    share = noise.memory.share
    fading, new = _fading(noise.memory.phi, m, n, dice), dice.standard_normal((m, n))
    normal = np.sqrt(share) * fading + np.sqrt(1 - share) * new
    return np.asarray(normal if np.isinf(noise.df) else special.stdtrit(noise.df, special.ndtr(normal)))


def _fading(phi: float, m: int, n: int, dice: np.random.Generator) -> Floats:
    shocks = dice.standard_normal((m, n))
    shocks[:, 1:] *= np.sqrt(1 - phi**2)
    for i in range(1, n):  # each step keeps `phi` of the one before
        shocks[:, i] += phi * shocks[:, i - 1]
    return shocks


def _counted(noise: Noise, mean: float, m: int, n: int, dice: np.random.Generator) -> Floats:
    """Counts of a rate that comes and goes; what over-dispersion that leaves is new at each step."""
    over = mean**2 / noise.size
    if not over > 0:
        return dice.poisson(mean, (m, n)).astype(np.float64)
    shared = min(over, noise.memory.share * (mean + over))
    width = float(np.log1p(shared / mean**2))
    rate = mean * np.exp(np.sqrt(width) * _fading(noise.memory.phi, m, n, dice) - width / 2)
    if over - shared > 1e-9 * over:
        size = (mean**2 + shared) / (over - shared)
        rate = rate * dice.gamma(size, 1 / size, (m, n))
    return np.asarray(dice.poisson(np.minimum(rate, MOST)), np.float64)


def _df(known: Floats) -> float:
    """Degrees of freedom of the t with the tails of `known`: by kurtosis, or by its extremes where those are heavier.

    Source: method of moments; Hill (1975), A simple general approach to inference about the tail, upper 5 %.
    """
    kurtosis = float(stats.kurtosis(known)) if len(known) > 8 else 0.0
    df = 4 + 6 / kurtosis if kurtosis > 0.3 else float("inf")
    away = np.sort(np.abs(known - np.median(known)))[-max(1, len(known) // 20) - 1 :]
    if kurtosis > 0.3 and len(away) > 10 and away[-1] > away[0] > 0:
        df = min(df, 1 / float(np.log(away[1:] / away[0]).mean()))
    return max(FEWEST_DF, df)
