"""What moved first and most at an onset: entities in order, each with the metric that speaks for it.

An entity's score is that of its strongest series, or of its silence. The score of a series is its surprise
(`ranking_score`), less what it loses by moving late and by having nothing in common with the failing signal.
The order is a place to look first, no proof of a cause: what an incident hits moves as well as what causes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from netra_analysis.errors import RequestError
from netra_analysis.statistics.onset import find_onset
from netra_analysis.statistics.ranking_score import (
    DEFAULT,
    Floats,
    Moves,
    Weights,
    alongside,
    early,
    medians,
    moves,
)
from netra_analysis.statistics.silence import Silence, silence

FEWEST_AFTER = 2
SILENT_SHARE = 0.5  # of an entity's series that can be judged; fewer is a lost metric, no lost instance
LEAST_SURPRISE = 2.0  # below, a series has no shape
BACK = 1 / 3  # of the move: what is left at the end when a move was passing
FLAT = 0.8  # rank correlation with time from which a move is a trend


class Shape(StrEnum):
    """What a series did after the onset."""

    STEP = "step"  # moved and stayed
    PASSING = "passing"  # moved and came back
    TREND = "trend"  # went on moving
    SILENCE = "silence"  # stopped: a gap, exact zeros, or one value repeated
    NONE = "none"


class Direction(StrEnum):
    """Where to."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an entity stands where it stands."""

    metric: str  # the series that speaks for the entity
    shape: Shape
    direction: Direction
    moved_s: float | None  # seconds from the onset until it moved; None where nothing did
    deviation: float  # signed, in units of the spread before the onset; NaN for a silence
    silent: int  # of the entity's series, how many fell silent
    series: int  # how many series the entity has


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entity: its place is its place in `Ranking.entities`."""

    entity: str
    score: float  # root deviance, ≥ 0, about a z-score; compare within one ranking only
    reason: Reason


@dataclass(frozen=True, slots=True)
class Ranking:
    """Entities, the most suspicious first, and the onset they were judged at."""

    entities: tuple[Ranked, ...]
    onset: float  # in the unit of `times`
    onset_found: bool  # by us; False where it was given
    onset_surprise: float | None  # of a found onset: compare with quiet windows before believing it
    samples_before: int
    samples_after: int
    left_out: tuple[str, ...]  # series with too few samples on one side to be judged
    sli_used: bool


def rank(
    series: Mapping[str, ArrayLike],
    times: ArrayLike,
    onset: float | None = None,
    *,
    sli: Sequence[ArrayLike] | None = None,
    groups: Mapping[str, str] | None = None,
    weights: Weights = DEFAULT,
) -> Ranking:
    """Order the entities of `series` by how surprisingly they moved at `onset`.

    `series`: name → (n,) values in any unit, NaN where nothing was measured; `times`: (n,) seconds, increasing;
    `onset`: seconds, its sample belongs to the time after, None to let it be found; `sli`: (n,) arrays of what
    users saw failing; `groups`: name → entity, a series without one is its own entity.
    RequestError: nothing to rank, lengths that differ, times that do not increase, infinite values, or an onset
    with fewer than three samples before or two after it.
    Source: BARO's question (Pham et al. 2024, one robust score a metric at a change point) with the answer of
    `ranking_score`; silence as a sign after `silence`.
    """
    moments = _moments(times)
    names, panel = _panel(series, len(moments))
    signal = None if not sli else np.column_stack([_column("sli", values, len(moments)) for values in sli])
    row, at, surprise = _onset(moments, onset, panel, signal)
    before, after = panel[:row], panel[row:]
    moved, stopped = moves(before, after, weights), silence(before, after)
    scores = _scores(moved, panel, signal, weights, len(after))
    board = _Board(names, moments[row:] - at, after, medians(before), moved, stopped, scores, row, weights)
    entities = _grouped(names, groups or {})
    found = (board.ranked(entity, members) for entity, members in entities.items())
    order = sorted(found, key=lambda one: (-one.score, one.reason.moved_s or 0.0, one.entity))
    left_out = tuple(name for name, judged in zip(names, moved.judged | stopped.silent, strict=True) if not judged)
    return Ranking(tuple(order), at, onset is None, surprise, row, len(after), left_out, sli_used=signal is not None)


def _scores(moved: Moves, panel: Floats, sli: Floats | None, weights: Weights, samples_after: int) -> Floats:
    """Surprise (k,), less what lateness and strangeness to the failing signal cost."""
    scores = moved.surprise * early(moved.start, samples_after, weights)
    if sli is None:
        return np.asarray(scores)
    return np.asarray(scores * (1.0 - weights.alone * (1.0 - alongside(panel, sli))))


@dataclass(frozen=True, slots=True, eq=False)
class _Board:
    """All series at one onset, for the question what an entity's members say."""

    names: tuple[str, ...]
    since: Floats  # (m,) seconds since the onset
    after: Floats  # (m, k)
    middle: Floats  # (k,)
    moved: Moves
    stopped: Silence
    scores: Floats  # (k,)
    samples_before: int
    weights: Weights

    def ranked(self, entity: str, members: list[int]) -> Ranked:
        """The entity by its strongest series, or by its silence where that is stronger."""
        best = min(members, key=lambda i: (-self.scores[i], self.names[i]))
        silent = [i for i in members if self.stopped.silent[i]]
        hushed = self._silence_score(members, silent)
        if silent and hushed >= self.scores[best]:
            first = min(silent, key=lambda i: (self.stopped.start[i], self.names[i]))
            return Ranked(entity, hushed, self._silenced(first, len(silent), len(members)))
        return Ranked(entity, float(self.scores[best]), self._reason(best, len(silent), len(members)))

    def _silence_score(self, members: list[int], silent: list[int]) -> float:
        """Root of the summed deviance of the silent series, times the share of the entity that they are."""
        share = len(silent) / max(1, int(self.stopped.judged[members].sum()))
        if share < SILENT_SHARE:
            return 0.0
        most = np.sqrt((self.stopped.surprise[silent] ** 2).sum())
        start = self.stopped.start[silent].min()
        return float(most * share * early(start, len(self.after), self.weights))

    def _silenced(self, i: int, silent: int, series: int) -> Reason:
        moved = float(self.since[self.stopped.start[i]])
        return Reason(self.names[i], Shape.SILENCE, Direction.NONE, moved, float("nan"), silent, series)

    def _reason(self, i: int, silent: int, series: int) -> Reason:
        deviation = float(self.moved.deviation[i])
        if self.moved.surprise[i] < LEAST_SURPRISE:
            return Reason(self.names[i], Shape.NONE, Direction.NONE, None, deviation, silent, series)
        direction = Direction.UP if deviation > 0 else Direction.DOWN
        start = int(self.moved.start[i])
        shape = shape_of((self.after[start:, i] - self.middle[i]) * np.sign(deviation))
        return Reason(self.names[i], shape, direction, float(self.since[start]), deviation, silent, series)


def shape_of(away: Floats) -> Shape:
    """Shape of the distance (m,) from the level before, in the direction of the move, from its start on."""
    known = away[~np.isnan(away)]
    if len(known) < 3:
        return Shape.STEP
    tail = float(np.median(known[-max(1, len(known) // 4) :]))
    if tail < BACK * float(np.quantile(known, 0.75)):
        return Shape.PASSING
    ranks = np.argsort(np.argsort(known, kind="stable"), kind="stable")
    follows = float(np.corrcoef(ranks, np.arange(len(known)))[0, 1])
    return Shape.TREND if len(known) >= 5 and follows >= FLAT and np.ptp(known) > 0 else Shape.STEP


def _moments(times: ArrayLike) -> Floats:
    moments = np.asarray(times, np.float64)
    if moments.ndim != 1 or not np.isfinite(moments).all() or bool((np.diff(moments) <= 0).any()):
        raise RequestError("times have to be one row of increasing seconds; sort them and drop repeats")
    return moments


def _panel(series: Mapping[str, ArrayLike], samples: int) -> tuple[tuple[str, ...], Floats]:
    if not series:
        raise RequestError("there is no series to rank; give one or more")
    names = tuple(sorted(series))
    return names, np.column_stack([_column(name, series[name], samples) for name in names])


def _column(name: str, values: ArrayLike, samples: int) -> Floats:
    column = np.asarray(values, np.float64)
    if column.shape != (samples,):
        raise RequestError(f"{name} has the shape {column.shape} and there are {samples} times; give one value a time")
    if np.isinf(column).any():
        raise RequestError(f"{name} holds infinite values; give NaN where nothing was measured")
    return column


def _onset(moments: Floats, onset: float | None, panel: Floats, sli: Floats | None) -> tuple[int, float, float | None]:
    """First row after the onset, the onset, and how surprising it is where it was found."""
    if onset is None:
        try:
            row, surprise = find_onset(panel, sli)
        except ValueError as error:
            raise RequestError(str(error)) from error
        return row, float(moments[row]), surprise
    row = int(np.searchsorted(moments, onset, side="left"))
    if row < 3 or len(moments) - row < FEWEST_AFTER:
        raise RequestError(
            f"{row} samples lie before the onset and {len(moments) - row} after it; 3 and {FEWEST_AFTER} are needed"
        )
    return row, float(onset), None


def _grouped(names: tuple[str, ...], groups: Mapping[str, str]) -> dict[str, list[int]]:
    entities: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        entities.setdefault(groups.get(name, name), []).append(i)
    return entities
