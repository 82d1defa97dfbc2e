"""What every detector is told besides the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.params import Limits, Objectives
from netra_analysis.query import Bound
from netra_analysis.schema import TIME
from netra_analysis.window import TimeWindow


@dataclass(frozen=True, slots=True)
class Settings:
    """The window asked about, the time to compare it with, and the limits and objectives known beforehand."""

    window: TimeWindow
    baseline: TimeWindow
    limits: Limits = field(default_factory=Limits)
    objectives: Objectives = field(default_factory=Objectives)

    def holds(self, table: pa.Table, column: str = "time") -> bool:
        """Whether `table` has a row in the window: what has none there was not seen there."""
        if not table.num_rows:
            return False
        times = table[column]
        inside = pc.and_(
            pc.greater_equal(times, pa.scalar(self.window.start, TIME)),
            pc.less(times, pa.scalar(self.window.end, TIME)),
        )
        return bool(pc.any(inside).as_py())

    def bound(self, **more: Bound) -> Mapping[str, Bound]:
        """`start` and `end` of the window for a query, and `more`."""
        return {"start": self.window.start, "end": self.window.end, **more}
