"""Series as the statistics want them: rows of one step each, without a unit, with their gaps left open."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netra_analysis.errors import RequestError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST_PERIODS = 3  # a median over fewer days is one of the days themselves
STEADY = 126  # values behind one phase of the norm
FINE = 32  # a norm is never smoothed over more than this part of its period
LEVERAGE = 8.0  # robust units beyond which a value counts no more


def as_series(values: ArrayLike, name: str, *, dimensions: int = 1, counts: bool = False) -> Floats:
    """`values` as floats, NaN where nothing was measured.

    RequestError for the wrong number of dimensions, for infinities, and for counts below zero.
    """
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != dimensions:
        raise RequestError(f"{name} has {series.ndim} dimensions; give an array with {dimensions}")
    if np.isinf(series).any():
        raise RequestError(f"{name} holds infinite values; give NaN where nothing was measured")
    if counts and bool((series < 0).any()):
        raise RequestError(f"{name} holds negative counts; give counts, or say that it is no count")
    return series


def stabilised(counts: Floats) -> Floats:
    """Counts with a spread that no longer grows with their level: 2·√(x + 3/8).

    Source: Anscombe (1948), The transformation of Poisson, binomial and negative-binomial data.
    """
    return np.asarray(2.0 * np.sqrt(counts + 0.375))


def without_season(rows: Floats, period: int | None) -> Floats:
    """Each row minus the median of the same phase of `period` steps, where a row covers three periods or more.

    With few periods the norm is as noisy as they are: neighbouring phases join in until `STEADY` values make it.
    Source: the seasonal step of classical decomposition with a median for the mean, as in Cleveland et al.
    (1990), STL, whose robust weights serve the same end: one bad day does not enter the norm.
    """
    n = rows.shape[-1]
    if period is None or n < FEWEST_PERIODS * period:
        return rows
    whole = -(-n // period)
    padded = np.full((*rows.shape[:-1], whole * period), np.nan)
    padded[..., :n] = rows
    norm = quiet(np.nanmedian, padded.reshape(*rows.shape[:-1], whole, period), -2)
    norm = _joined(norm, min(STEADY // (n // period), period // FINE) // 2)
    return np.asarray(rows - np.tile(norm, whole)[..., :n])


def _joined(norm: Floats, reach: int) -> Floats:
    """The mean of each phase and `reach` phases on either side, around the clock."""
    around = [np.roll(norm, by, axis=-1) for by in range(-reach, reach + 1)]
    return np.stack(around).mean(axis=0) if reach else norm


def robust_scale(rows: Floats) -> Floats:
    """Spread of each row: 1.4826·MAD, and no less than half of 1.2533·mean deviation.

    The floor serves counts and rounded gauges, most of whose values are the same; unlike a constant it has the
    series' own unit. 0 for a constant row, NaN for an empty one.
    Source: Iglewicz & Hoaglin (1993), How to detect and handle outliers, whose form for a MAD of zero this widens.
    """
    away = np.abs(rows - quiet(np.nanmedian, rows, -1)[..., None])
    mad = 1.4826 * quiet(np.nanmedian, away, -1)
    mean = 1.2533 * quiet(np.nanmean, away, -1)
    tiny = 1e-9 * quiet(np.nanmax, np.abs(rows), -1)  # rounding is no spread
    return np.where(mean <= tiny, 0.0, np.maximum(mad, 0.5 * mean))


def standardised(rows: Floats, *, leverage: float = LEVERAGE) -> Floats:
    """Each row in robust units around its median, held within ±`leverage`; constant rows become NaN."""
    scale = robust_scale(rows)
    scale = np.where(scale > 0, scale, np.nan)
    centred = rows - quiet(np.nanmedian, rows, -1)[..., None]
    return np.asarray(np.clip(centred / scale[..., None], -leverage, leverage))


def quiet(function: Any, rows: Floats, axis: int) -> Floats:
    """A nan-function of numpy over `axis`; NaN, and no warning, where there is no value at all."""
    empty = np.isnan(rows).all(axis=axis, keepdims=True)
    answer = function(np.where(empty, 0.0, rows), axis=axis)
    return np.where(np.squeeze(empty, axis=axis), np.nan, answer)
