"""All circular shifts of one series against many, by FFT: the observed association and its null at once."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from netra_analysis.statistics.series import Floats

BATCH = 32  # rows transformed together; bounds the memory, whatever the number of candidates
FEWEST_PAIRS = 20
Singles = NDArray[np.float32]


def circular_scores(target: Floats, candidates: Floats) -> Singles:
    """Studentised correlation of each candidate (k, n) with `target` (n,) at every circular shift: (k, n).

    Entry s pairs a candidate's step t with the target's step t + s (modulo n), over the pairs in which both
    were measured, times the root of their number: about N(0, 1) between unrelated series without memory.
    Source: the masked correlation of Padfield (2012), Masked object registration in the Fourier domain.
    """
    y = _transforms(target[None, :])
    parts = [_scores(candidates[i : i + BATCH], y, len(target)) for i in range(0, len(candidates), BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(target)), np.float32)


def _transforms(rows: Floats) -> tuple[NDArray[np.complex64], ...]:
    """Transforms of the values, their squares and their presence."""
    known = ~np.isnan(rows)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = np.where(known, rows, 0.0)
    centred = np.where(known, centred - centred.sum(axis=1, keepdims=True) / count, 0.0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    values = (centred / np.where(spread > 0, spread, np.inf)).astype(np.float32)
    return tuple(fft.rfft(part, axis=1) for part in (values, values**2, known.astype(np.float32)))


def _scores(rows: Floats, y: tuple[NDArray[np.complex64], ...], n: int) -> Singles:
    x = _transforms(rows)
    product = fft.irfft(np.conj(x[0]) * y[0], n, axis=1)
    if not np.isnan(rows).any() and np.isclose(y[2][0, 0].real, n):
        return np.asarray(product / np.float32(np.sqrt(n)), np.float32)
    pairs = fft.irfft(np.conj(x[2]) * y[2], n, axis=1)
    own = np.maximum(fft.irfft(np.conj(x[1]) * y[2], n, axis=1), 1e-3)
    others = np.maximum(fft.irfft(np.conj(x[2]) * y[1], n, axis=1), 1e-3)
    scores = product / np.sqrt(own * others) * np.sqrt(np.maximum(pairs, 0.0))
    return np.asarray(np.where(pairs >= FEWEST_PAIRS, scores, 0.0), np.float32)


def window_peaks(scores: Singles, max_lag: int) -> Singles:
    """The largest |score| within ±`max_lag` of every shift (circular): the lag search, repeated on each shift."""
    peaks = ndimage.maximum_filter1d(np.abs(scores), 2 * max_lag + 1, axis=1, mode="wrap")
    return np.asarray(peaks, np.float32)


def chosen_shifts(n: int, surrogates: int, seed: int) -> NDArray[np.int64]:
    """The shifts that serve as surrogates: all n − 1, or `surrogates` of them drawn with `seed`."""
    if surrogates >= n - 1:
        return np.arange(1, n)
    drawn = np.random.default_rng(seed).choice(n - 1, size=surrogates, replace=False)
    return np.sort(drawn) + 1


def shift_p(peaks: Singles, observed: Singles, shifts: NDArray[np.int64]) -> Floats:
    """Share of shifts (the unshifted one among them) whose peak reaches the observed one; rows (k, n) → (k,).

    Near shifts are kept. They hold the same peak, so p is never below (2·lags + 1)/n: two single events
    fall that close together by chance that often, and no shorter series can say more.
    Source: the toroidal shift of Lotwick & Silverman (1982) on a line of time; the exact form p = (1 + k)/(1 + B)
    of Phipson & Smyth (2010); the maximum over tests of Westfall & Young (1993).
    """
    hits = (peaks[..., shifts] >= observed[..., None]).sum(axis=-1)
    return np.asarray((1.0 + hits) / (1.0 + len(shifts)))
