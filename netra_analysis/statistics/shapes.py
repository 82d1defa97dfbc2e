"""The shapes a change can have, each scanned over all its places: step, passing excursion, trend."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netra_analysis.statistics.memory import Memory
from netra_analysis.statistics.series import Bools, Floats

SHORT = 2  # excursions up to this many steps are judged on the unclipped values
CLIP = 8.0
Scanned = tuple[str, int, float, Floats]
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)


@dataclass(frozen=True, slots=True)
class Shape:
    """The best place of one kind of shape: `score` in standard errors, signed; steps from `start` to before `end`."""

    kind: str  # step, excursion or trend
    score: float
    start: int
    end: int
    gain: float  # score² less what the search over places is worth


def edge(n: int) -> int:
    """The steps that must lie on either side of a change."""
    return max(5, n // 100)


def step_scores(rows: Floats, known: Bools, memory: Memory) -> Floats:
    """Score of a step up before each step k: (m, n) for rows (m, n) that share the gaps of `known` (n,).

    Source: the cumulative sum statistic of Page (1955), as a likelihood ratio by Hinkley (1970).
    """
    sums, count = rows.cumsum(axis=1), known.cumsum().astype(np.float64)
    before_n = np.concatenate([[0.0], count[:-1]])
    after_n = count[-1] - before_n
    before = np.concatenate([np.zeros((len(rows), 1)), sums[:, :-1]], axis=1)
    spread = np.sqrt(memory.variance(before_n) + memory.variance(after_n))
    jump = (sums[:, -1:] - before) / np.maximum(after_n, 1) - before / np.maximum(before_n, 1)
    room = edge(len(known))
    return np.where((before_n >= room) & (after_n >= room), jump / spread, 0.0)


def excursion_scores(rows: Floats, known: Bools, memory: Memory, width: int) -> Floats:
    """Score of an excursion of `width` steps that begins at each step: (m, n − width + 1).

    Source: the scan statistic with both ends inside, Levin & Kline (1985), The CUSUM test of homogeneity.
    """
    sums = np.concatenate([np.zeros((len(rows), 1)), rows.cumsum(axis=1)], axis=1)
    return _excursions(sums, np.concatenate([[0.0], known.cumsum()]), memory, width)


def _excursions(sums: Floats, count: Floats, memory: Memory, width: int) -> Floats:
    """The same from running sums and counts, (mean inside − mean outside) / spread in two passes over the rows."""
    inside_n = count[width:] - count[:-width]
    outside_n = count[-1] - inside_n
    spread = np.sqrt(memory.variance(inside_n) + memory.variance(outside_n))
    room, begins, n = edge(len(count) - 1), np.arange(len(inside_n)), len(count) - 1
    fits = (inside_n > width / 2) & (begins >= room) & (begins + width <= n - room)
    outside = fits / np.maximum(outside_n, 1) / spread
    scores = sums[:, width:] - sums[:, :-width]
    scores *= fits / np.maximum(inside_n, 1) / spread + outside
    scores -= sums[:, -1:] * outside
    return scores


def trend_scores(rows: Floats, known: Bools, memory: Memory) -> Floats:
    """Score of a straight slope over the whole of each row (m,).

    Source: least squares with the long-run variance of an AR(1), Bloomfield & Nychka (1992), Climate spectra and
    detecting climate change.
    """
    steps = np.where(known, np.arange(len(known), dtype=np.float64), np.nan)
    slope = np.nan_to_num(steps - np.nanmean(steps))
    return np.asarray(rows @ slope / np.sqrt((slope**2).sum() * memory.inflation))


def gains(rows: Floats, known: Bools, memory: Memory) -> Floats:
    """The largest gain of any shape for each of `rows` (m, n): what surrogates are compared by."""
    return np.asarray(np.max([_tops(found) for found in _scan(rows, known, memory)], axis=0))


def best_shapes(rows: Floats, known: Bools, memory: Memory) -> list[Shape]:
    """The best shape of each of `rows` (m, n), which hold 0 where nothing was measured."""
    scan = list(_scan(rows, known, memory))
    tops = np.array([_tops(found) for found in scan])
    return [_shape(scan[which], i, rows.shape[1]) for i, which in enumerate(tops.argmax(axis=0))]


def _tops(found: Scanned) -> Floats:
    _, _, price, scores = found
    return np.asarray(np.maximum(scores.max(axis=1), -scores.min(axis=1)) ** 2 - price)


def _shape(found: Scanned, i: int, n: int) -> Shape:
    kind, width, price, scores = found
    at = int(np.abs(scores[i]).argmax())
    score = float(scores[i, at])
    return Shape(kind, score, at, at + width if width else n, score**2 - price)


def _scan(rows: Floats, known: Bools, memory: Memory) -> Iterator[Scanned]:
    """(kind, width, price, scores) of all shapes; a place that was searched for costs log n, as in BIC.

    Source: Schwarz (1978); for change points Yao (1988).
    """
    held = np.clip(rows, -CLIP, CLIP)
    price = float(np.log(max(int(known.sum()), 2)))
    yield "step", 0, price, step_scores(held, known, memory)
    yield "trend", 0, 0.0, trend_scores(held, known, memory)[:, None]
    nothing, count = np.zeros((len(rows), 1)), np.concatenate([[0.0], known.cumsum()])
    free, bound = (np.concatenate([nothing, part.cumsum(axis=1)], axis=1) for part in (rows, held))
    for width in (w for w in WIDTHS if w <= len(known) // 3):
        yield "excursion", width, 2 * price, _excursions(free if width <= SHORT else bound, count, memory, width)


def places(fits: Floats, best: int, drop: float) -> tuple[int, int]:
    """First and last place around `best` whose squared score lies within `drop` of its own."""
    near: NDArray[np.int64] = np.flatnonzero(fits >= fits[best] - drop)
    return (int(min(near[0], best)), int(max(near[-1], best)))
