"""Which series stopped: a gap, an exact zero, or the same value over and over, where it used to move.

A dead or paused instance does not say so; its metrics end, fall to nothing, or are repeated by whoever collects
them. All three are one sign here, and only where the time before makes them a surprise: a series that is often
quiet may be quiet again. What most series share (the collector was away) is nobody's silence.
"""

from dataclasses import dataclass

import numpy as np

from netra_analysis.statistics.ranking_score import Bools, Floats, Ints

LEAST_DEVIANCE = 9.0  # three standard errors: a run of quiet samples that chance brings once in some 700
FEWEST_QUIET = 2  # samples; one is a lost scrape
SHARED = 0.5  # share of the series beyond which a gap belongs to the collector


@dataclass(frozen=True, slots=True)
class Silence:
    """Of each series (k,): whether it fell silent, and whether that could have been seen at all."""

    silent: Bools
    surprise: Floats  # root deviance of the quiet run, ≥ 0; 0 where the series did not fall silent
    judged: Bools  # it spoke so regularly before that a silence would be noticed
    start: Ints  # sample after the moment at which the longest quiet run begins


def silence(before: Floats, after: Floats) -> Silence:
    """Series of `after` (m, k) that are quiet as they never were in `before` (n, k).

    With p the share of quiet samples before, (q + 1) / (n + 2), a run of r quiet samples has the deviance
    −2·r·log p. Source: the rule of succession, Laplace (1814); likelihood ratio of a run of Bernoulli trials.
    """
    n, m = len(before), len(after)
    often = (quiet(before)[1:].sum(axis=0) + 1.0) / (n + 1.0)
    judged = -2.0 * max(m, FEWEST_QUIET) * np.log(often) >= LEAST_DEVIANCE
    shared = np.isnan(after).mean(axis=1) > np.maximum(SHARED, np.isnan(before).mean())
    length, start = longest_run(quiet(np.concatenate([before[-1:], after]))[1:], shared)
    deviance = -2.0 * length * np.log(often)
    lasting = (length >= FEWEST_QUIET) & (2 * length >= m - int(shared.sum()) - start)
    silent = judged & lasting & (deviance >= LEAST_DEVIANCE)
    if judged.any() and silent[judged].mean() > SHARED:
        silent[:] = False
    return Silence(silent, np.where(silent, np.sqrt(deviance), 0.0), judged, start)


def quiet(rows: Floats) -> Bools:
    """Samples (n, k) that are missing, exactly zero, or exactly the sample before."""
    out = np.isnan(rows) | (rows == 0.0)
    out[1:] |= rows[1:] == rows[:-1]
    return np.asarray(out)


def longest_run(now: Bools, shared: Bools) -> tuple[Ints, Ints]:
    """Length (k,) of the longest run of True in each column, and where it begins; rows in `shared` do not count."""
    k = now.shape[1]
    best, begin = np.zeros(k, np.int64), np.zeros(k, np.int64)
    run, start = np.zeros(k, np.int64), np.zeros(k, np.int64)
    for i in np.flatnonzero(~shared):
        start = np.where(now[i] & (run == 0), i, start)
        run = np.where(now[i], run + 1, 0)
        longer = run > best
        best, begin = np.where(longer, run, best), np.where(longer, start, begin)
    return best, begin
