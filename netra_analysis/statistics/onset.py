"""When it began, where nobody knows: the moment after which the panel is most surprising by the time before."""

from dataclasses import dataclass

import numpy as np

from netra_analysis.statistics.ranking_score import DEFAULT, Floats, Weights, early, medians, moves

FEWEST_BEFORE = 5  # samples that a moment needs before it
FEWEST_AFTER = 2
CANDIDATES = 120  # moments that are tried in full; beyond, a quick measure chooses which
FAILING = Weights(late=0.5)  # for the failing signal: users fail for short times as well


@dataclass(frozen=True, slots=True)
class Search:
    """The constants of the search; one set for all data."""

    horizon: int = 20  # samples after a moment that are looked at: an onset is a beginning, not the whole incident
    top: float = 0.05  # share of the series that speak for the panel: an incident touches few of them
    signal: float = 0.25  # weight of the failing signal against the panel
    # Among many moments a burst of a few samples is common, so here a series has to hold its move for longer than
    # at a given onset; what still lasts at the end of the record is not asked for more than there is.
    window: float = 0.4
    held: float = 0.9
    late: float = 0.5  # what starts late speaks for a later moment

    @property
    def weights(self) -> Weights:
        """The score's constants for the panel."""
        return Weights(late=self.late, window=self.window, held=self.held)


SEARCH = Search()


def find_onset(panel: Floats, sli: Floats | None = None, search: Search = SEARCH) -> tuple[int, float]:
    """Row of `panel` (n, k ≥ 1) at which the incident most likely begins, and the surprise there.

    `sli` (n, j) is the failing signal, when there is one. There is always a row; whether it is worth anything
    is said by the surprise against that of quiet windows. Fewer than seven rows: ValueError.
    Source: maximum of two-sample statistics over the split, Hawkins (1977), Testing a sequence of observations
    for a shift in location; only with the ranking's own statistic, so that both mean the same by "moved".
    """
    rows = len(panel)
    if rows < FEWEST_BEFORE + FEWEST_AFTER:
        raise ValueError(f"{rows} rows are too few to find an onset in; give {FEWEST_BEFORE + FEWEST_AFTER} or more")
    tried = {row: _weight(panel, sli, row, search) for row in _candidates(panel, sli, search)}
    best = _best(tried)
    near = range(max(FEWEST_BEFORE, best - search.horizon), min(rows - FEWEST_AFTER, best + search.horizon) + 1)
    tried |= {row: _weight(panel, sli, row, search) for row in near if row not in tried}
    best = _best(tried)
    return best, tried[best]


def _best(tried: dict[int, float]) -> int:
    return min(tried, key=lambda row: (-tried[row], row))


def _weight(panel: Floats, sli: Floats | None, row: int, search: Search) -> float:
    """How surprising the rows from `row` on are: the most moved series, and the failing signal beside them."""
    own = _surprise(panel, row, search.weights, search.horizon)
    most = float(_loudest(own[None, :], search.top)[0])
    if sli is None or not sli.shape[1]:
        return most
    signal = float(_surprise(sli, row, FAILING, search.horizon).mean())
    return (1 - search.signal) * most + search.signal * signal


def _loudest(rows: Floats, top: float) -> Floats:
    """Root of the mean square of the largest share `top` of each row (n, k): what adds up is deviance."""
    k = max(1, int(top * rows.shape[1]))
    return np.asarray(np.sqrt((np.partition(rows, -k, axis=1)[:, -k:] ** 2).mean(axis=1)))


def _surprise(part: Floats, row: int, weights: Weights, horizon: int) -> Floats:
    after = part[row : row + horizon]
    moved = moves(part[:row], after, weights)
    return np.asarray(moved.surprise * early(moved.start, len(after), weights))


def _candidates(panel: Floats, sli: Floats | None, search: Search) -> list[int]:
    """All rows when they are few; else an even half, and a half after which the whole moves most at once."""
    rows = np.arange(FEWEST_BEFORE, len(panel) - FEWEST_AFTER + 1)
    if len(rows) <= CANDIDATES:
        return [int(row) for row in rows]
    parts = [panel] if sli is None else [panel, sli]
    rise = np.sum([_rise(_departure(part, search.top), search.horizon) for part in parts if part.shape[1]], axis=0)[
        rows
    ]
    steepest = rows[np.argsort(-rise, kind="stable")[: CANDIDATES // 2]]
    even = rows[np.linspace(0, len(rows) - 1, CANDIDATES // 2).astype(np.int64)]
    return sorted({int(row) for row in np.concatenate([steepest, even])})


def _departure(part: Floats, top: float) -> Floats:
    """How far the most moved series of each row are from their usual place: (n,), in units of their spread."""
    middle = medians(part)
    away = np.abs(np.where(np.isnan(part), middle, part) - middle)
    usual = np.median(away, axis=0)
    usual = np.where(usual > 0, usual, away.mean(axis=0))
    units = np.minimum(away / np.where(usual > 0, usual, np.inf), 1.0 / DEFAULT.range_floor)
    return _loudest(units, top)


def _rise(departure: Floats, horizon: int) -> Floats:
    """Mean of the rows from each row on, minus the mean of as many rows before it."""
    n = len(departure)
    total = np.concatenate([[0.0], np.cumsum(departure)])
    row = np.arange(n)
    after, before = np.minimum(row + horizon, n), np.maximum(row - horizon, 0)
    ahead = (total[after] - total[row]) / (after - row)
    return np.asarray(ahead - (total[row] - total[before]) / np.maximum(row - before, 1))
