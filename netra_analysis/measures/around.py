"""The hour around the onset, held against hours of the same record in which nothing was wrong.

A series that moves at the onset says little if it moves so every other hour. The same length is therefore cut
out of quiet time: the same minutes of other days where the record has enough days, else any stretch with about
the same traffic. How many of them show as much is printed beside the move.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netra_analysis.measures.minutes import Floats, Minutes
from netra_analysis.statistics.calibration import (
    FEWEST_WINDOWS,
    FalseAlarms,
    false_alarm_rate,
    in_band,
    matched_windows,
)
from netra_analysis.statistics.changepoint import Change, change_points
from netra_analysis.statistics.ranking import Ranked, rank

BEFORE, AFTER = 45, 15  # minutes on either side of the onset
DAY = 1440
BAND = 2.0  # traffic between half and twice that of the hour in question is the same traffic
MOST_WINDOWS = 60
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What each series did around the onset; in the order of `Minutes.series`, None where it cannot be judged."""

    span: Span  # minutes [begin, end)
    changes: tuple[Change, ...]  # places counted from the first minute of the record
    ranked: tuple[Ranked | None, ...]
    places: tuple[int | None, ...]  # 1 is the most surprising
    quiet: tuple[FalseAlarms | None, ...]  # quiet stretches in which the series surprises as much
    windows: int  # quiet stretches that there are
    matched: str  # how they were chosen


def around(minutes: Minutes, onset: int, last: int) -> Around | None:
    """Every series around minute `onset`; quiet is what lies clear of [onset, `last`]. None without a past."""
    n = len(minutes.total)
    span = (max(0, onset - BEFORE), min(n, onset + AFTER))
    if onset - span[0] < 3 or span[1] - onset < 2 or not minutes.series:
        return None
    panel = np.vstack([series.values for series in minutes.series])
    found = change_points(panel[:, span[0] : span[1]])
    changes = tuple(_shifted(change, span[0]) for change in found)
    ranked = _ranked(panel[:, span[0] : span[1]], onset - span[0])
    windows, matched = _quiet_windows(minutes, span, (onset, last))
    order = sorted((i for i, one in enumerate(ranked) if one), key=lambda i: -_score(ranked[i]))
    places = {i: place for place, i in enumerate(order, start=1)}
    quiet = tuple(_alarms(panel[i], windows, onset - span[0], one) for i, one in enumerate(ranked))
    return Around(span, changes, ranked, tuple(places.get(i) for i in range(len(ranked))), quiet, len(windows), matched)


def _shifted(change: Change, by: int) -> Change:
    """`change` of a part as one of the whole, which begins `by` minutes earlier."""
    interval = None if change.interval is None else (change.interval[0] + by, change.interval[1] + by)
    moved = {name: None if value is None else value + by for name, value in _places(change).items()}
    return replace(change, interval=interval, **moved)  # type: ignore[arg-type]


def _places(change: Change) -> dict[str, int | None]:
    return {"index": change.index, "until": change.until, "silent_from": change.silent_from}


def _ranked(panel: Floats, onset: int) -> tuple[Ranked | None, ...]:
    """Each row's surprise at `onset`, on its own: None for a row that has too few values on one side."""
    times = np.arange(panel.shape[1], dtype=float) * 60.0
    found = rank({str(i): row for i, row in enumerate(panel)}, times, onset * 60.0)
    by_row = {int(one.entity): one for one in found.entities}
    left_out = {int(name) for name in found.left_out}
    return tuple(None if i in left_out else by_row.get(i) for i in range(len(panel)))


def _score(ranked: Ranked | None) -> float:
    return ranked.score if ranked else -1.0


def _quiet_windows(minutes: Minutes, span: Span, incident: Span) -> tuple[tuple[Span, ...], str]:
    """Stretches as long as `span`, clear of it and of the incident; and the words for how they were chosen."""
    n, length = len(minutes.total), span[1] - span[0]
    taken = (span, (incident[0], incident[1] + 1))
    traffic = minutes.total
    usual = float(np.nanmedian(traffic[span[0] : span[1]])) if not np.isnan(traffic[span[0] : span[1]]).all() else 0.0
    days = matched_windows(n, span[0], length, DAY, taken) if n > DAY else ()
    days = in_band(traffic, days, usual / BAND, usual * BAND)
    if len(days) >= FEWEST_WINDOWS:
        return days[:MOST_WINDOWS], "the same minutes of other days, with about the same traffic"
    free = [w for w in _stretches(n, length, taken) if _measured(traffic[w[0] : w[1]])]
    return in_band(traffic, free, usual / BAND, usual * BAND)[:MOST_WINDOWS], "other hours with about the same traffic"


def _stretches(n: int, length: int, taken: Sequence[Span]) -> tuple[Span, ...]:
    """Stretches of `length` that touch neither each other nor what is taken, from the first minute on."""
    found, at = [], 0
    while at + length <= n:
        hit = next((hi for lo, hi in taken if at < hi and at + length > lo), None)
        if hit is None:
            found.append((at, at + length))
        at = hit if hit is not None and hit > at else at + length
    return tuple(found)


def _measured(part: NDArray[np.float64]) -> bool:
    return bool(np.mean(~np.isnan(part)) > 0.5)


def _alarms(row: Floats, windows: Sequence[Span], onset: int, seen: Ranked | None) -> FalseAlarms | None:
    """In how many quiet stretches the series surprises as much at the same place."""
    if seen is None or not seen.score > 0:
        return None

    def as_much(part: Floats) -> bool:
        (found,) = _ranked(part[None, :], onset)
        return _score(found) >= seen.score

    return false_alarm_rate(as_much, row, windows)
