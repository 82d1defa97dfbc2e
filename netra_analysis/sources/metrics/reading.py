"""Points and what was no point, gathered from rows that a file or an answer gave."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from netra_analysis.schema import METRICS, QUARANTINE
from netra_analysis.sources.metrics.point import Row
from netra_analysis.sources.reading.reason import safe


@dataclass(frozen=True, slots=True, eq=False)
class MetricReading:
    """Points as `schema.METRICS`, what was not usable, how many points were read in all, and what is worth saying."""

    points: pa.Table
    quarantine: pa.Table
    read: int
    warnings: tuple[str, ...] = ()


def gathered(parts: Iterable[tuple[str, Iterable[Row | str]]], warnings: Iterable[str] = ()) -> MetricReading:
    """The rows of every part (a file, a metric) by its name; a reason in the place of a row is set aside."""
    rows: list[Row] = []
    bad: list[Row] = []
    for name, part in parts:
        for position, row in enumerate(part, start=1):
            if isinstance(row, str):
                bad.append({"file": safe(name), "position": position, "reason": row, "sample": ""})
            else:
                rows.append(row)
    points = METRICS.conform(pa.Table.from_pylist(rows, schema=METRICS.loose))
    quarantine = pa.Table.from_pylist(bad, schema=QUARANTINE.arrow)
    return MetricReading(points, quarantine, len(rows) + len(bad), tuple(warnings))
