"""Does a larger dose of the metric come with a larger share of failures?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from netra_analysis.errors import RequestError
from netra_analysis.statistics.intervals import Interval, wilson
from netra_analysis.statistics.series import Floats, as_series


@dataclass(frozen=True, slots=True)
class Band:
    """Requests made while the metric lay in [low, high), in the metric's unit."""

    low: float
    high: float
    failed: int
    total: int
    share: Interval


def dose_response(failed: ArrayLike, total: ArrayLike, metric: ArrayLike, bands: Sequence[float]) -> tuple[Band, ...]:
    """Share of requests that failed in each band of the metric, with its Wilson interval; one `Band` per gap.

    `failed`, `total`, `metric`: (n,), one entry a step. `bands`: the edges, rising, in the metric's unit; a value
    on an edge belongs to the band above. Steps with an unknown metric or count are in no band. The interval
    takes requests as independent; within one outage they are not, and it is then too narrow.
    RequestError for shapes that do not fit, edges that do not rise, or more failures than requests.
    Source: the table of a dose–response relation, Hill (1965), The environment and disease; Wilson (1927).
    """
    bad, every = as_series(failed, "failed", counts=True), as_series(total, "total", counts=True)
    level = as_series(metric, "metric")
    if not bad.shape == every.shape == level.shape:
        raise RequestError(
            f"failed, total and metric have {bad.shape}, {every.shape} and {level.shape}; give one length"
        )
    if len(bands) < 2 or bool((np.diff(bands) <= 0).any()):
        raise RequestError(f"the edges of the bands must rise, and be two or more, not {list(bands)}")
    if bool((bad > every).any()):
        raise RequestError("failed exceeds total in some steps; give failures among the same requests")
    known = ~(np.isnan(bad) | np.isnan(every))
    return tuple(
        _band(low, high, bad[inside], every[inside])
        for low, high in pairwise(bands)
        for inside in [known & (level >= low) & (level < high)]
    )


def _band(low: float, high: float, failed: Floats, total: Floats) -> Band:
    hits, n = round(float(failed.sum())), round(float(total.sum()))
    return Band(float(low), float(high), hits, n, wilson(hits, n))
