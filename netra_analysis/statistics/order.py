"""Which of two series moved first?"""

import numpy as np

from netra_analysis.statistics.changepoint import Change, change_point
from netra_analysis.statistics.memory import NONE
from netra_analysis.statistics.series import Bools, Floats
from netra_analysis.statistics.shapes import step_scores

REPEATS = 200
AROUND = 240  # steps on either side of the change that are drawn anew


def order_probability(
    target: Floats, candidate: Floats, seed: int, *, counts: bool, period: int | None
) -> float | None:
    """Probability that `candidate` (n,) changed before `target` (n,); a tie counts half; None where one did not change.

    Around each change, the values of either side are drawn anew in blocks and the change is sought again; the
    share of draws in which the candidate's comes first is the answer. Series in any unit; `counts` is of the
    target, `period` that of the season, in steps.
    Source: Hušková & Kirch (2008), Bootstrapping confidence intervals for the change-point of time series.
    """
    ours = _places(candidate, change_point(candidate, period=period, seed=seed), seed)
    if ours is None:
        return None
    theirs = _places(target, change_point(target, counts=counts, period=period, seed=seed), seed + 1)
    if theirs is None:
        return None
    return float(np.mean(ours < theirs) + 0.5 * np.mean(ours == theirs))


def _places(row: Floats, change: Change, seed: int) -> Floats | None:
    """Where the `change` of `row` falls in each of `REPEATS` draws; None where there is none."""
    if change.index is None:
        return None
    low = max(0, change.index - AROUND)
    high = min(len(row), change.index + AROUND, change.until or len(row))
    near = row[low:high]
    known = ~np.isnan(near)
    if known.sum() < 10:
        return None
    split = change.index - low
    drawn = _drawn(near, known, split, np.random.default_rng(seed))
    scores = np.abs(step_scores(drawn, known, NONE))
    return np.asarray(scores.argmax(axis=1) + low, np.float64)


def _drawn(near: Floats, known: Bools, split: int, dice: np.random.Generator) -> Floats:
    """Both sides' values drawn anew in blocks, around their own mean; 0 where unknown, and centred."""
    sides = (near[:split], near[split:])
    parts = [_blocks(side[~np.isnan(side)], dice) for side in sides]
    out = np.zeros((REPEATS, len(near)))
    out[:, known] = np.concatenate(parts, axis=1)
    return np.where(known, out - out[:, known].mean(axis=1, keepdims=True), 0.0)


def _blocks(values: Floats, dice: np.random.Generator) -> Floats:
    n = len(values)
    length = max(1, round(n ** (1 / 3)))
    starts = dice.integers(0, max(1, n - length + 1), size=(REPEATS, -(-n // length)))
    picks = (starts[:, :, None] + np.arange(length)).reshape(REPEATS, -1)[:, :n]
    return np.asarray(values[np.minimum(picks, n - 1)])
