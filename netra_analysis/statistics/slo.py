"""Service levels from counts: the share that was good, what is left of the budget, how fast it burns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netra_analysis.errors import RequestError
from netra_analysis.statistics.intervals import Interval, wilson
from netra_analysis.statistics.series import Bools, Floats, as_series

LEAST_KNOWN = 0.5  # share of a window's minutes that must have been measured


@dataclass(frozen=True, slots=True)
class Budget:
    """What an objective allowed and what was used; shares are 0..1, `spent` may pass 1."""

    objective: float
    total: int
    bad: int
    sli: Interval  # share that was good; NaN without any traffic
    allowed: float  # bad events that the objective allows for this total
    spent: Interval  # bad / allowed
    unknown_minutes: int  # without data: neither good nor bad


def budget(good: ArrayLike, total: ArrayLike, objective: float) -> Budget:
    """SLI and error budget over per-minute counts `good` and `total` (n,), NaN where a minute was not measured.

    Availability: good = answered without a 5xx; latency: good = answered within the threshold. `objective` 0..1.
    RequestError for shapes that differ, more good than total, or an objective outside (0, 1).
    Source: Beyer et al. (2018), The Site Reliability Workbook, chapter 2, Implementing SLOs; interval by
    Wilson (1927), which takes requests for independent and is too narrow for an outage: read it as a least width.
    """
    fine, every, known = counts(good, total)
    _check_objective(objective)
    n, bad = int(every[known].sum()), int((every - fine)[known].sum())
    sli, failed = wilson(n - bad, n), wilson(bad, n)
    spent = (share / (1 - objective) for share in (failed.estimate, failed.low, failed.high))
    return Budget(objective, n, bad, sli, n * (1 - objective), Interval(*spent), int((~known).sum()))


def burn_rate(good: ArrayLike, total: ArrayLike, objective: float, minutes: int) -> Floats:
    """How many times faster than allowed the budget burnt over the `minutes` up to each minute: (n,).

    NaN where half the window or more was not measured (its beginning included) or nothing was asked.
    Source: The Site Reliability Workbook, chapter 5, Alerting on SLOs: error share / (1 − objective).
    """
    _check_objective(objective)
    fine, every, known = counts(good, total)
    bad, asked = windowed(every - fine, known, minutes), windowed(every, known, minutes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(asked > 0, bad / asked, np.nan) / (1 - objective))


def windowed(values: Floats, known: Bools, minutes: int) -> Floats:
    """Sum of the known `values` (n,) over the `minutes` up to and with each minute; NaN where too few are known."""
    if minutes < 1:
        raise RequestError(f"a window of {minutes} minutes; give 1 or more")
    sums = _trailing(np.where(known, values, 0.0), minutes)
    return np.where(_trailing(known.astype(np.float64), minutes) > LEAST_KNOWN * minutes, sums, np.nan)


def _trailing(values: Floats, minutes: int) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(total))
    return np.asarray(total[ends] - total[np.maximum(ends - minutes, 0)])


def counts(good: ArrayLike, total: ArrayLike) -> tuple[Floats, Floats, Bools]:
    """Both as floats, and the minutes in which both were measured. RequestError where they do not fit."""
    fine, every = as_series(good, "good", counts=True), as_series(total, "total", counts=True)
    if len(fine) != len(every):
        raise RequestError(f"good has {len(fine)} minutes and total {len(every)}; give both for the same minutes")
    known = ~np.isnan(fine) & ~np.isnan(every)
    if bool((fine[known] > every[known]).any()):
        raise RequestError("good exceeds total in some minute; give the good ones among the total")
    return fine, every, known


def _check_objective(objective: float) -> None:
    if not 0 < objective < 1:
        raise RequestError(f"an objective lies between 0 and 1, such as 0.999, not at {objective}")
