"""Did the series change, how, when, and by how much? "None" is the common answer."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from netra_analysis.statistics.intervals import median_difference
from netra_analysis.statistics.noise import Noise
from netra_analysis.statistics.null import Null, in_units
from netra_analysis.statistics.series import Bools, Floats, as_series, robust_scale, stabilised, without_season
from netra_analysis.statistics.shapes import Shape, best_shapes, excursion_scores, places, step_scores

FEWEST = 30
FEWEST_WORTH = 8.0  # independent steps; in a series that only drifts, no change can be told from drift
PLACE_DROP = 7.35  # twice the log-likelihood that 95 % of true places lie within
NOWHERE = (float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class Change:
    """One series' change; with kind `none` the figures are NaN or None, and `p` says how far from a change it was."""

    kind: str  # step, spike (up and back), dip (down and back), trend, none
    index: int | None  # first step after the change; None for a trend
    interval: tuple[int, int] | None  # steps that fit almost as well, 95 %
    until: int | None  # first step after a spike or dip
    before: float  # median, in the unit of the values; for a trend of the first quarter
    after: float  # median from the change on (for a spike or dip inside it); for a trend of the last quarter
    effect: float  # after − before in robust units of the noise around them, the season taken out
    effect_interval: tuple[float, float]  # 95 %, of the medians; the unit is taken as known
    p: float  # of no change of any kind, over all kinds and places
    silent_from: int | None  # first of the steps at the end without a value, more than any gap before
    reason: str | None  # why nothing was judged


def change_point(
    values: ArrayLike,
    *,
    counts: bool = False,
    period: int | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> Change:
    """The largest change of `values` (n,), NaN where nothing was measured (left open, never filled).

    `counts`: whole events a step. `period`: steps of the season, taken out where three are given. A change is
    claimed where p <= `alpha`, over all kinds and places together; the noise it must stand out from has the
    series' own memory and tails. RequestError for wrong shapes, infinite values or negative counts.

    Source: likelihood-ratio scans, Hinkley (1970), Levin & Kline (1985); kind by BIC, Yao (1988); p by
    parametric bootstrap, Davison & Hinkley (1997), stopped early after Besag & Clifford (1991) and continued
    beyond its last draw by a Gumbel tail (1958); interval of the place by Siegmund (1988), Hansen (2000).
    """
    raw = as_series(values, "values", counts=counts)
    silent = silent_from(raw)
    lack = _too_little(raw)
    if lack is not None:
        return replace(_none(float("nan"), lack), silent_from=silent)
    level = _level(raw, counts=counts, period=period)
    if robust_scale(level) == 0:
        return replace(_none(1.0, "the series does not vary"), silent_from=silent)
    null = Null.of(level, raw if counts else None, np.random.default_rng(seed))
    if null.worth < FEWEST_WORTH:
        lack = f"too little data: with their memory {int(null.known.sum())} steps are worth {null.worth:.0f}"
        return replace(_none(float("nan"), lack), silent_from=silent)
    row = in_units(level, null.scale)
    shape = best_shapes(row[None, :], ~np.isnan(raw), null.noise.memory)[0]
    p = null.p(shape.gain)
    if p > alpha:
        return replace(_none(p, None), silent_from=silent)
    return replace(_described(shape, null.noise, row, raw, level, seed), p=p, silent_from=silent)


def change_points(
    matrix: ArrayLike, *, counts: bool = False, period: int | None = None, alpha: float = 0.05, seed: int = 0
) -> tuple[Change, ...]:
    """The change of each row of `matrix` (k, n); claimed only where it holds `alpha` over all rows together.

    Each `p` is that of its row alone. Arguments and errors as for `change_point`.
    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    rows = as_series(matrix, "matrix", dimensions=2, counts=counts)
    found = [change_point(row, counts=counts, period=period, alpha=alpha, seed=seed + i) for i, row in enumerate(rows)]
    judged = sorted((c.p, i) for i, c in enumerate(found) if not np.isnan(c.p))
    held = True
    for rank, (p, i) in enumerate(judged):
        held = held and p * (len(judged) - rank) <= alpha
        if not held and found[i].kind != "none":
            found[i] = replace(_none(p, None), silent_from=found[i].silent_from)
    return tuple(found)


def silent_from(values: Floats) -> int | None:
    """The first step of a silence that lasts to the end and is longer than 3 steps and any gap before, or None."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return 0 if len(values) else None
    longest = int(np.diff(known).max(initial=1)) - 1
    last = int(known[-1])
    return last + 1 if len(values) - 1 - last > max(3, longest) else None


def _too_little(raw: Floats) -> str | None:
    known = int((~np.isnan(raw)).sum())
    return None if known >= FEWEST else f"too little data: {known} steps were measured, {FEWEST} are needed"


def _none(p: float, reason: str | None) -> Change:
    nan = float("nan")
    return Change("none", None, None, None, nan, nan, nan, NOWHERE, p, None, reason)


def _level(raw: Floats, *, counts: bool, period: int | None) -> Floats:
    rows = (stabilised(raw) if counts else raw)[None, :]
    return np.asarray(without_season(rows, period)[0])


def _described(shape: Shape, noise: Noise, row: Floats, raw: Floats, level: Floats, seed: int) -> Change:
    before, after = _sides(shape, len(raw))
    known = ~np.isnan(raw)
    sides = level[before], level[after]
    scale = float(robust_scale(np.concatenate([side - np.nanmedian(side) for side in sides])))
    memory = max(1, round(noise.memory.inflation))
    gap = median_difference(*sides, block=memory, seed=seed)
    units = [value / scale if scale > 0 else float("nan") for value in (gap.estimate, gap.low, gap.high)]
    whole = shape.kind == "trend"
    return Change(
        kind=_kind(shape),
        index=None if whole else shape.start,
        interval=None if whole else _interval(shape, noise, row, known),
        until=shape.end if shape.kind == "excursion" else None,
        before=float(np.nanmedian(raw[before])),
        after=float(np.nanmedian(raw[after])),
        effect=units[0],
        effect_interval=(units[1], units[2]),
        p=float("nan"),
        silent_from=None,
        reason=None,
    )


def _kind(shape: Shape) -> str:
    if shape.kind != "excursion":
        return shape.kind
    return "spike" if shape.score > 0 else "dip"


def _sides(shape: Shape, n: int) -> tuple[Bools, Bools]:
    steps = np.arange(n)
    if shape.kind == "trend":
        return steps < n // 4, steps >= n - n // 4
    inside = (steps >= shape.start) & (steps < shape.end)
    return ~inside, inside


def _interval(shape: Shape, noise: Noise, row: Floats, known: Bools) -> tuple[int, int]:
    if shape.kind == "step":
        fits = step_scores(row[None, :], known, noise.memory)[0] ** 2
    else:
        fits = excursion_scores(row[None, :], known, noise.memory, shape.end - shape.start)[0] ** 2
    return places(fits, shape.start, PLACE_DROP)
