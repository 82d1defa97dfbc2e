"""Which series moves with the errors, how long before, and could chance have done it?

The question is asked of many series and many lags at once, of series that remember, share the day's cycle
and share gaps. Bare correlation answers "yes" to half of all unrelated pairs of that kind. Here

1. what both may share without a relation is taken out: the day's norm, slow drift, and the target's own memory
   (one filter for both sides, so that lag and size stay),
2. the lag search is repeated on circular shifts of the target, which keep every other property of both,
3. the largest score over all candidates, forms and lags of a shift decides: one report, one level.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from netra_analysis.errors import RequestError
from netra_analysis.statistics.order import order_probability
from netra_analysis.statistics.pairs import at_lag, correlation, correlation_interval, effective_pairs
from netra_analysis.statistics.series import Floats, as_series, standardised, without_season
from netra_analysis.statistics.shifts import Singles, chosen_shifts, circular_scores, shift_p, window_peaks
from netra_analysis.statistics.whitening import prewhitened

ALPHA = 0.05
FEWEST_PAIRS = 60
FEWEST_ACTIVE = 5  # steps with any error at all
MOST_ERRORS = 20.0  # robust units of the target that still count: a burst is what is asked about
FORMS = ("level", "excess")
LAG_DROP = 3.84  # twice the log-likelihood: 95 % with one degree of freedom


@dataclass(frozen=True, slots=True)
class Coupling:
    """One candidate beside the target; with a `reason` nothing was judged, and the figures are NaN or None."""

    candidate: int  # row of the candidates
    supported: bool  # the familywise p holds the level of this report
    effect: float  # correlation at `lag`, −1..1; season, drift and the target's memory taken out
    interval: tuple[float, float]  # 95 % of `effect`, at that lag and form
    form: str | None  # which of `FORMS` fits best: the level, or its excess beyond the usual range
    lag: int | None  # steps; positive: the candidate leads
    lag_interval: tuple[int, int] | None  # lags that fit almost as well, 95 %, inside the search
    order_probability: float | None  # that the candidate moved first; only where supported and both changed
    p: float  # this candidate, all its lags and forms
    q: float  # false discovery rate at the best lag, over all tests
    familywise_p: float  # over all tests
    pairs: int  # steps where both are known, after filtering
    n_effective: float  # independent pairs that they are worth
    tests: int  # candidates × lags × forms that this report tried
    reason: str | None  # why nothing can be said


@dataclass(frozen=True, slots=True)
class _Search:
    """What the shifts say: scores of both forms at the lags of the search (2, k, lags), p of each candidate."""

    scores: Singles
    p: Floats
    familywise_p: Floats
    q: Floats
    tests: int


def couple(
    target: ArrayLike,
    candidates: ArrayLike,
    max_lag: int = 10,
    surrogates: int = 2000,
    seed: int = 0,
    *,
    alpha: float = ALPHA,
    counts: bool = True,
    period: int | None = 1440,
    drift: int = 1440,
    slowest: int = 360,
) -> tuple[Coupling, ...]:
    """One `Coupling` for each candidate, in their order.

    `target` (n,): counts a step (`counts=False`: a gauge). `candidates` (k, n): gauges or counts. NaN where nothing
    was measured, in both. In steps: `max_lag`, `period` of the season (taken out where three are given), `drift`
    and `slowest` (slower movement of the target, of the candidates, is not judged). `alpha` is the level of this
    report; for one of several runs on an incident take it from `spending.level`.
    RequestError for shapes that do not fit, infinite values, negative counts, or lags below 0.

    Source: filter after Cochrane & Orcutt (1949); toroidal shifts, Lotwick & Silverman (1982); maximum over
    tests, Westfall & Young (1993); q by Benjamini & Hochberg (1995) on normal tails as wide as the shifts'
    scores. Cliff et al. (2021) show why none of it may be trusted unmeasured: `benchmarks/null_families.py`.
    """
    y, x = _checked(target, candidates, max_lag, counts)
    lack = _too_little(y, max_lag, alpha, counts=counts)
    if lack is not None:
        return tuple(_silent(i, lack) for i in range(len(x)))
    rest = without_season(np.vstack([y, x]), period)
    levels = np.vstack([standardised(rest[:1], leverage=MOST_ERRORS), standardised(rest[1:])])
    white, forms = prewhitened(levels[0], levels[1:], drift, slowest)
    reasons = [_unusable(row, pair) for row, pair in zip(x, _pairs(white, forms[0]), strict=True)]
    usable = np.array([reason is None for reason in reasons], dtype=bool)
    search = _searched(white, forms[:, usable], max_lag, chosen_shifts(len(y), surrogates, seed))

    def moved_first(row: int) -> float | None:
        return order_probability(y, x[row], seed, counts=counts, period=period)

    answers = iter(_answers(white, forms[:, usable], np.flatnonzero(usable), search, moved_first, alpha, seed))
    return tuple(next(answers) if r is None else _silent(i, r, search.tests) for i, r in enumerate(reasons))


def _checked(target: ArrayLike, candidates: ArrayLike, max_lag: int, counts: bool) -> tuple[Floats, Floats]:
    y = as_series(target, "target", counts=counts)
    x = as_series(candidates, "candidates", dimensions=2)
    if x.shape[1] != len(y):
        raise RequestError(f"candidates have {x.shape[1]} steps and the target {len(y)}; give the same steps")
    if max_lag < 0:
        raise RequestError(f"max_lag is {max_lag}; give 0 or more steps")
    return y, x


def _too_little(y: Floats, max_lag: int, alpha: float, *, counts: bool) -> str | None:
    """Why the target can support no relation at all, or None."""
    lags = 2 * max_lag + 1
    if len(y) * alpha < lags:
        return (
            f"too little data: {lags} lags at level {alpha:.3g} need {int(np.ceil(lags / alpha))} steps, not {len(y)}"
        )
    known = y[~np.isnan(y)]
    if len(known) < FEWEST_PAIRS:
        return f"too little data: the target was measured in {len(known)} steps, {FEWEST_PAIRS} are needed"
    if counts and (known > 0).sum() < FEWEST_ACTIVE:
        return f"too little data: {(known > 0).sum()} steps with any error, {FEWEST_ACTIVE} are needed"
    if np.ptp(known) == 0:
        return "the target does not vary"
    return None


def _unusable(row: Floats, pairs: int) -> str | None:
    known = row[~np.isnan(row)]
    if not len(known):
        return "no data: the candidate was never measured"
    if np.ptp(known) <= 1e-9 * np.abs(known).max():
        return "the candidate does not vary"
    if pairs < FEWEST_PAIRS:
        return f"too little data: {pairs} steps where both are known with their past, {FEWEST_PAIRS} are needed"
    return None


def _pairs(white: Floats, rows: Floats) -> NDArray[np.int64]:
    return np.asarray((~np.isnan(white) & ~np.isnan(rows)).sum(axis=1))


def _silent(candidate: int, reason: str, tests: int = 0) -> Coupling:
    nan = float("nan")
    return Coupling(
        candidate, False, nan, (nan, nan), None, None, None, None, nan, nan, nan, 0, 0.0, tests, reason
    )  # fmt: skip


def _searched(white: Floats, forms: Floats, max_lag: int, shifts: NDArray[np.int64]) -> _Search:
    scores = np.stack([circular_scores(white, form) for form in forms])
    scores /= np.maximum(1.0, np.sqrt((scores**2).mean(axis=2, keepdims=True)))
    peaks = window_peaks(np.abs(scores).max(axis=0), max_lag)
    top = np.broadcast_to(peaks.max(axis=0, initial=0.0), peaks.shape)
    at_lags = scores[:, :, np.arange(-max_lag, max_lag + 1)]
    return _Search(
        at_lags,
        shift_p(peaks, peaks[:, 0], shifts),
        shift_p(top, peaks[:, 0], shifts),
        _false_discovery(at_lags),
        at_lags.size,
    )


def _false_discovery(scores: Singles) -> Floats:
    """The smallest q of each candidate."""
    if not scores.size:
        return np.zeros(scores.shape[1])
    tails = 2.0 * special.ndtr(-np.abs(scores.astype(np.float64)))
    q = np.asarray(stats.false_discovery_control(tails, axis=None)).reshape(tails.shape)
    return np.asarray(q.min(axis=(0, 2)))


def _answers(
    white: Floats,
    forms: Floats,
    rows: NDArray[np.int64],
    search: _Search,
    moved_first: Callable[[int], float | None],
    alpha: float,
    seed: int,
) -> list[Coupling]:
    worth = effective_pairs(white, forms[0])
    pairs = _pairs(white, forms[0])
    found = []
    for i, row in enumerate(rows):
        form, at = np.unravel_index(int(np.abs(search.scores[:, i]).argmax()), search.scores[:, i].shape)
        lag = int(at) - search.scores.shape[2] // 2
        y, x = at_lag(white, forms[form, i], lag)
        supported = bool(search.familywise_p[i] <= alpha)
        found.append(
            Coupling(
                candidate=int(row),
                supported=supported,
                effect=correlation(y, x),
                interval=correlation_interval(y, x, seed),
                form=FORMS[form],
                lag=lag,
                lag_interval=_lag_interval(search.scores[form, i]),
                order_probability=moved_first(int(row)) if supported else None,
                p=float(search.p[i]),
                q=float(search.q[i]),
                familywise_p=float(search.familywise_p[i]),
                pairs=int(pairs[i]),
                n_effective=float(min(worth[i], pairs[i])),
                tests=search.tests,
                reason=None,
            )
        )
    return found


def _lag_interval(scores: Singles) -> tuple[int, int]:
    """The lags whose squared score lies within `LAG_DROP` of the best, by profile likelihood (their hull)."""
    fits = scores.astype(np.float64) ** 2 * (np.sign(scores) == np.sign(scores[np.abs(scores).argmax()]))
    near = np.flatnonzero(fits >= fits.max() - LAG_DROP) - len(scores) // 2
    return (int(near[0]), int(near[-1]))
