"""What every detector is told besides the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netra_analysis.params import Limits
from netra_analysis.query import Bound
from netra_analysis.window import TimeWindow


@dataclass(frozen=True, slots=True)
class Settings:
    """The window asked about, the time to compare it with, and the limits known beforehand."""

    window: TimeWindow
    baseline: TimeWindow
    limits: Limits = field(default_factory=Limits)

    def bound(self, **more: Bound) -> Mapping[str, Bound]:
        """`start` and `end` of the window for a query, and `more`."""
        return {"start": self.window.start, "end": self.window.end, **more}
