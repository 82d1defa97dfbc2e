"""No change: how large a change would the series' own noise feign?"""

from dataclasses import dataclass, replace

import numpy as np

from netra_analysis.statistics.memory import NONE, average, memory_of
from netra_analysis.statistics.noise import Noise, drawn, law_of, widened
from netra_analysis.statistics.series import Bools, Floats, robust_scale, stabilised
from netra_analysis.statistics.shapes import SHORT, Shape, best_shapes, gains

BATCHES = (20, 60, 119)
ENOUGH = 10  # surrogates that reach the observed gain: the answer is "none", and drawing stops
FAR = 12.0  # standard deviations beyond all surrogates: the answer is clear, and drawing stops
FINEST = 1e-6  # no smaller p is claimed from so few surrogates
MEMORY_DRAWS = 16
FARTHEST = 1e3  # robust units; keeps sums of squares finite


def in_units(level: Floats, scale: float) -> Floats:
    """`level` (n,) in units of `scale` around its median; 0 where nothing was measured."""
    centred = (level - np.nanmedian(level)) / max(scale, 1e-300)
    return np.where(np.isnan(level), 0.0, np.clip(centred, -FARTHEST, FARTHEST))


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """The noise of one series, its spread once the best shape is out, and what draws from it."""

    noise: Noise
    scale: float
    known: Bools
    dice: np.random.Generator

    @classmethod
    def of(cls, level: Floats, counts: Floats | None, dice: np.random.Generator) -> "Null":
        """The null of `level` (n,), and of its raw `counts` if it has any.

        Taking the best shape out makes any memory look shorter than it is; the same is done to draws with a known
        memory, and the shortfall added; likewise for the spread of counts.
        Source: the bootstrap after bootstrap of Kilian (1998).
        """
        known = ~np.isnan(level)
        shape, rest = _best_and_rest(level[None, :], known)[0]
        brief = shape.kind == "excursion" and shape.end - shape.start <= SHORT  # an outlier is part of the tails
        noise = law_of(level if brief else rest, None if counts is None else _outside(counts, shape))
        noise = replace(noise, memory=memory_of(rest))
        longer = noise
        for _ in range(2 if noise.memory.phi > 0.1 else 1):
            longer = _lengthened(noise, longer, known, dice)
        return cls(longer, float(np.nanstd(rest)), known, dice)

    @property
    def worth(self) -> float:
        """How many independent steps the measured ones are worth. Source: Bartlett (1935)."""
        return float(self.known.sum() / self.noise.memory.inflation)

    def p(self, gain: float) -> float:
        """Share of draws without a change that gain as much; by a Gumbel tail where fewer than `ENOUGH` do."""
        reached: list[float] = []
        for batch in BATCHES:
            reached.extend(self._gains(batch))
            hits = sum(one >= gain for one in reached)
            if hits >= ENOUGH:
                return hits / len(reached)
            if gain > np.mean(reached) + FAR * np.std(reached):
                break
        spread = max(float(np.std(reached)) * np.sqrt(6) / np.pi, 1e-9)
        tail = -np.expm1(-np.exp(-(gain - float(np.mean(reached)) + 0.5772 * spread) / spread))
        return float(np.clip(tail, max(FINEST, hits / len(reached)), 1.0))

    def _gains(self, m: int) -> Floats:
        """The gain of `m` draws, each scaled by its own rest as the series was."""
        draws = _levels(self.noise, drawn(self.noise, m, len(self.known), self.dice))
        fits = _best_and_rest(draws, self.known)
        rows = [
            in_units(np.where(self.known, row, np.nan), _spread(rest))
            for row, (_, rest) in zip(draws, fits, strict=True)
        ]
        return gains(np.array(rows), self.known, self.noise.memory)


def _lengthened(seen: Noise, used: Noise, known: Bools, dice: np.random.Generator) -> Noise:
    """`seen` plus what draws from `used` lose of their memory and spread when their best shape is taken out."""
    draws = drawn(used, MEMORY_DRAWS, len(known), dice)
    fits = _best_and_rest(_levels(used, draws), known)
    left = float(np.mean([np.nanvar(_outside(row, shape)) for row, (shape, _) in zip(draws, fits, strict=True)]))
    memory = used.memory.longer(seen.memory, average([memory_of(rest) for _, rest in fits]))
    return replace(widened(seen, used, left), memory=memory)


def _spread(rest: Floats) -> float:
    spread = float(np.nanstd(rest))
    return spread if spread > 0 else float("inf")


def _levels(noise: Noise, rows: Floats) -> Floats:
    return rows if noise.mean is None else stabilised(rows)


def _best_and_rest(rows: Floats, known: Bools) -> list[tuple[Shape, Floats]]:
    """For each row its best shape, taken as if it had no memory, and the row without it."""
    seen = np.where(known, rows, np.nan)
    scales = robust_scale(seen)
    units = np.array([in_units(row, scale if scale > 0 else np.inf) for row, scale in zip(seen, scales, strict=True)])
    return [(shape, _without(row, shape)) for row, shape in zip(seen, best_shapes(units, known, NONE), strict=True)]


def _without(level: Floats, shape: Shape) -> Floats:
    """`level` with the mean of each side of `shape`, or its slope, taken out."""
    if shape.kind == "trend":
        steps, known = np.arange(len(level)), ~np.isnan(level)
        return np.asarray(level - np.polyval(np.polyfit(steps[known], level[known], 1), steps))
    inside = (np.arange(len(level)) >= shape.start) & (np.arange(len(level)) < shape.end)
    return level - np.where(inside, np.nanmean(level[inside]), np.nanmean(level[~inside]))


def _outside(counts: Floats, shape: Shape) -> Floats:
    """The counts before (and after) the shape, or all where that leaves too few."""
    steps = np.arange(len(counts))
    inside = (steps >= shape.start) & (steps < shape.end)
    kept = counts[~inside]
    return kept if shape.kind != "trend" and (~np.isnan(kept)).sum() >= 15 else counts
