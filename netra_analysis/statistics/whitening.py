"""The memory of a series: slow drift and autoregression, fitted on one series and taken out of others."""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from netra_analysis.statistics.series import Floats, robust_scale

MOST_ORDER = 12
FEWEST_ROWS = 10  # complete rows a coefficient
ROUNDS = 3  # of the robust fit
EDGE = 1.5  # robust units
USUAL = 3.0  # robust units; beyond lies 1 step in 370 of a normal series


def autoregression(series: Floats, most: int = MOST_ORDER) -> Floats:
    """Coefficients of an autoregression of `series` (n,), its order (0 to `most`) chosen by BIC.

    Only steps whose predecessors were all measured are used, so that a gap is never filled.
    Source: least squares as in Box & Jenkins (1970), Time series analysis; order by Schwarz (1978).
    """
    order = min(most, max(0, (len(series) - 1) // FEWEST_ROWS))
    rows = complete_rows(series, order)
    while order and len(rows) < FEWEST_ROWS * order:
        order //= 2
        rows = complete_rows(series, order)
    if not order or not len(rows):
        return np.zeros(0)
    rows = rows - rows.mean(axis=0)
    gram = rows.T @ rows
    fits = [np.zeros(0), *(_solve(gram, p) for p in range(1, order + 1))]
    costs = [_bic(gram, fit, len(rows)) for fit in fits]
    return fits[int(np.argmin(costs))]


def complete_rows(series: Floats, order: int) -> Floats:
    """(value, one step before, …, `order` steps before) for each step where all were measured."""
    if len(series) <= order:
        return np.zeros((0, order + 1))
    rows = sliding_window_view(series, order + 1)[:, ::-1]
    return np.asarray(rows[~np.isnan(rows).any(axis=1)])


def _solve(gram: Floats, order: int) -> Floats:
    within = gram[1 : order + 1, 1 : order + 1]
    ridge = 1e-9 * float(np.trace(within)) / order + 1e-300
    return np.asarray(np.linalg.solve(within + ridge * np.eye(order), gram[1 : order + 1, 0]))


def _bic(gram: Floats, fit: Floats, n: int) -> float:
    p = len(fit)
    left = float(gram[0, 0] - gram[0, 1 : p + 1] @ fit)
    return float(n * np.log(max(left, 1e-12 * float(gram[0, 0]) + 1e-300) / n) + p * np.log(n))


def filtered(rows: Floats, coefficients: Floats) -> Floats:
    """`rows` (…, n) minus what `coefficients` foretell from their own past; NaN where the past is unknown.

    One filter for both sides of a relation keeps its lag and its size.
    Source: Cochrane & Orcutt (1949), Application of least squares regression to relationships containing
    auto-correlated error terms.
    """
    out = rows.copy()
    for k, weight in enumerate(coefficients, start=1):
        out[..., k:] -= weight * rows[..., :-k]
    out[..., : len(coefficients)] = np.nan
    return out


@lru_cache(maxsize=8)
def slow_basis(n: int, shortest: int) -> Floats:
    """Orthonormal columns (n, j): level, straight line, and cosines with periods of `shortest` steps or more.

    Source: the high-pass filter of Friston et al. (1995), Analysis of fMRI time-series revisited.
    """
    steps = np.arange(n)
    waves = np.arange(1, 2 * n // shortest + 1)
    cosines = np.cos(np.pi * (steps[:, None] + 0.5) * waves[None, :] / n)
    columns = np.column_stack([np.ones(n), steps / max(n, 1) - 0.5, cosines])
    basis = np.asarray(np.linalg.qr(columns)[0])
    basis.flags.writeable = False  # shared by all callers
    return basis


def without_slow(rows: Floats, basis: Floats) -> Floats:
    """`rows` (k, n) minus their robust fit by `basis`, over the measured steps only.

    An excursion weighs no more than `EDGE` robust units, so that an incident is not taken for drift. Rows with
    too few steps for the basis become NaN.
    Source: Huber (1973), Robust regression; the form with pseudo-values, which needs no new weights.
    """
    known = ~np.isnan(rows)
    out = np.full_like(rows, np.nan)
    alike: dict[bytes, list[int]] = {}
    for i, mask in enumerate(known):
        alike.setdefault(mask.tobytes(), []).append(i)
    for members in alike.values():
        mask = known[members[0]]
        if mask.sum() > 2 * basis.shape[1]:
            chosen = np.ix_(members, mask)
            out[chosen] = _rest(rows[chosen], basis if mask.all() else _orthonormal(basis[mask]))
    return out


def _orthonormal(columns: Floats) -> Floats:
    gram = columns.T @ columns
    root = np.linalg.cholesky(gram + 1e-6 * np.eye(len(gram)))
    return np.asarray(columns @ np.linalg.inv(root).T)


def _rest(rows: Floats, basis: Floats) -> Floats:
    fit = (rows @ basis) @ basis.T
    for _ in range(ROUNDS):
        rest = rows - fit
        edge = EDGE * robust_scale(rest)[:, None]
        fit = ((fit + np.clip(rest, -edge, edge)) @ basis) @ basis.T
    return np.asarray(rows - fit)


def prewhitened(target: Floats, candidates: Floats, drift: int, slowest: int) -> tuple[Floats, Floats]:
    """Target (n,) and both forms of the candidates (2, k, n), without drift and without the target's own memory.

    Inputs are in robust units. The forms are the level, and its excess beyond `USUAL` units, which is where a
    limit or a full pool shows. The target loses what is slower than `drift` steps, the candidates what is slower
    than `slowest`: one clean side is enough, and errors are too few to spare more.
    """
    n = len(target)
    excess = np.sign(candidates) * np.maximum(np.abs(candidates) - USUAL, 0.0)
    y = without_slow(target[None, :], slow_basis(n, drift))[0]
    basis = slow_basis(n, slowest)
    forms = np.stack([without_slow(candidates, basis), without_slow(excess, basis)])
    memory = autoregression(y)
    return filtered(y, memory), filtered(forms, memory)
