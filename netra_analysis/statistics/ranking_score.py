"""How surprising the time after a moment is, given the time before: one number a series, without a unit.

The steps, and why they are there:

1. deviation: distance from the median before, in units of the mean distance before. That unit sees rare jumps
   (an interquartile range calls a series that jumps once an hour constant), and it never becomes 1 by default:
   it is at least a share of the level and of everything the series ever did, so rounding is no move;
2. held: the deviation that at least half of a short window reaches, so one spike is no move, and a rise and a
   fall count alike;
3. surprise: a Student-t predictive with as many degrees of freedom as the series *changed* before. A series
   that stood still (a counter of a rare path, a gauge that is written once an hour) has told nothing about its
   spread, and its first move says little, however far it goes.

Sources: mean deviation, Geary (1935), The ratio of the mean deviation to the standard deviation; predictive of
a new value, Gelman et al. (2013), Bayesian Data Analysis, section 3.2; signed root of the deviance as a
z-score, McCullagh & Nelder (1989), Generalized Linear Models, section 2.4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NORMAL_UNIT = 1.2533  # standard deviation over mean deviation of a normal
ROUNDING = 1e-9  # a spread below this share of the level is arithmetic, not movement
CHANGE = 1e-6  # the same for a step from one sample to the next
FEWEST_BEFORE = 3  # samples without which a series cannot be judged
UNDER_WAY = 0.5  # of its largest deviation, from which a series counts as moved
LONGEST_WINDOW = 30  # samples
CELLS = 4_000_000  # numbers that the windows of one batch of series may hold


@dataclass(frozen=True, slots=True)
class Weights:
    """The constants of the score; one set for all data."""

    range_floor: float = 0.01  # unit of deviation, at least this share of all the series ever did
    level_floor: float = 0.02  # and at least this share of the level before
    window: float = 0.1  # share of the time after that a move has to hold; at least two samples
    held: float = 0.5  # share of that window that has to reach the deviation
    late: float = 0.2  # what is lost by moving at the end instead of at the onset
    alone: float = 0.5  # what is lost by having nothing in common with the failing signal


DEFAULT = Weights()


@dataclass(frozen=True, slots=True)
class Moves:
    """Of each series (k,): what it did after the moment."""

    surprise: Floats  # root deviance, ≥ 0; 0 where nothing moved or nothing can be judged
    deviation: Floats  # signed, in units of the spread before
    start: Ints  # sample after the moment at which the move was under way
    judged: Bools  # enough samples on both sides


def moves(before: Floats, after: Floats, weights: Weights = DEFAULT) -> Moves:
    """What k series did in `after` (m, k), by the measure of `before` (n, k). NaN is no evidence.

    Scaling or shifting a series by a power of ten changes nothing but what `level_floor` says of its level.
    """
    known = ~np.isnan(before)
    judged = (known.sum(axis=0) >= FEWEST_BEFORE) & ~np.isnan(after).all(axis=0)
    middle = medians(before)
    level, reach = _size(before, after)
    unit = np.where(known, np.abs(before - middle), 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1) * NORMAL_UNIT
    unit = np.maximum(unit, np.maximum(weights.range_floor * reach, weights.level_floor * np.abs(middle)))
    moving = judged & (reach > ROUNDING * level)
    deviations = np.where(moving & ~np.isnan(after), (after - middle) / np.where(moving, unit, 1.0), 0.0)
    strongest, start = held(deviations, weights)
    surprise = surprises(np.abs(strongest), changes(before, level))
    return Moves(surprise, strongest, start, judged)


def surprises(deviation: Floats, freedom: Floats) -> Floats:
    """Root of the deviance of a Student-t with `freedom` at `deviation`: its z-score when freedom is large."""
    return np.asarray(np.sqrt((freedom + 1.0) * np.log1p(deviation**2 / freedom)))


def changes(before: Floats, level: Floats) -> Floats:
    """How often each series (n, k) changed from one known sample to the next; at least 1."""
    steps = np.abs(np.diff(before, axis=0))
    return np.asarray(np.maximum((steps > CHANGE * level).sum(axis=0), 1), np.float64)


def held(deviations: Floats, weights: Weights) -> tuple[Floats, Ints]:
    """Signed, the largest deviation (k,) that part of a window holds, and the first window that holds half of it."""
    m, k = deviations.shape
    length, part = window_of(m, weights)
    batch = max(1, CELLS // max(1, m * length))
    parts = [_held(deviations[:, i : i + batch], length, part) for i in range(0, k, batch)]
    if not parts:
        return np.zeros(0), np.zeros(0, np.int64)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def early(start: Ints, samples: int, weights: Weights) -> Floats:
    """1 for what moves at once, 1 − `late` for what moves with the last of the windows in `samples`."""
    last = max(1, samples - window_of(samples, weights)[0])
    return np.asarray(1.0 - weights.late * np.minimum(start / last, 1.0))


def window_of(samples: int, weights: Weights) -> tuple[int, int]:
    """Length of the window for `samples` after the moment, and how many of it have to hold the move."""
    length = min(samples, LONGEST_WINDOW, max(2, int(np.ceil(weights.window * samples))))
    return length, min(length, max(2, int(np.ceil(weights.held * length))))


def _held(deviations: Floats, length: int, part: int) -> tuple[Floats, Ints]:
    windows = np.partition(sliding_window_view(deviations, length, axis=0), (part - 1, length - part), axis=-1)
    rise, fall = windows[..., length - part], -windows[..., part - 1]
    size = np.maximum(np.maximum(rise, fall), 0.0)
    top, columns = size.argmax(axis=0), np.arange(size.shape[1])
    most, rising = size[top, columns], rise[top, columns] >= fall[top, columns]
    start = (np.where(rising, rise, fall) >= UNDER_WAY * most).argmax(axis=0)
    return np.asarray(np.where(rising, most, -most)), start.astype(np.int64)


def alongside(panel: Floats, sli: Floats) -> Floats:
    """How closely each series (n, k) goes with the failing signal (n, j): the largest |Pearson r|, 0 to 1.

    Over the whole time: what moves with the signal before the onset as well has more to do with it.
    Pairs with a gap on either side are left out; fewer than three pairs, or a side that stands still, give 0.
    """
    found = np.zeros(panel.shape[1])
    for signal in sli.T:
        both = ~np.isnan(panel) & ~np.isnan(signal)[:, None]
        n = np.maximum(both.sum(axis=0), 1)
        x, y = _centred(panel, both, n), _centred(np.broadcast_to(signal[:, None], panel.shape), both, n)
        spread = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
        r = np.abs((x * y).sum(axis=0)) / np.where(spread > 0, spread, np.inf)
        found = np.maximum(found, np.where(both.sum(axis=0) >= 3, r, 0.0))
    return np.minimum(found, 1.0)


def _centred(values: Floats, both: Bools, n: Ints) -> Floats:
    """Columns around their mean and scaled to at most 1, zero where a pair is not known or only rounding moves."""
    zeroed = np.where(both, values, 0.0)
    top = np.abs(zeroed).max(axis=0)
    zeroed = zeroed / np.where(top > 0, top, 1.0)
    centred = np.where(both, zeroed - zeroed.sum(axis=0) / n, 0.0)
    return np.asarray(np.where(np.abs(centred).max(axis=0) > ROUNDING, centred, 0.0))


def medians(rows: Floats) -> Floats:
    """Median of each column over its known values; 0 for a column without any."""
    if not np.isnan(rows).any():
        return np.asarray(np.median(rows, axis=0))
    empty = np.isnan(rows).all(axis=0)
    return np.asarray(np.nanmedian(np.where(empty, 0.0, rows), axis=0))


def _size(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Largest absolute value, and the range, of each column over both parts."""
    both = np.concatenate([before, after])
    gone = np.isnan(both)
    top = np.where(gone, -np.inf, both).max(axis=0, initial=-np.inf)
    low = np.where(gone, np.inf, both).min(axis=0, initial=np.inf)
    some = top >= low
    level = np.where(some, np.maximum(np.abs(top), np.abs(low)), 0.0)
    return np.asarray(level), np.asarray(np.where(some, np.where(some, top, 0.0) - np.where(some, low, 0.0), 0.0))
