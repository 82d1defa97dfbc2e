"""What the key figure shows, as values: lanes of series under one window, with marks and shades."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from netra_analysis.charts.theme import NARROW, WIDTH
from netra_analysis.errors import SchemaError
from netra_analysis.window import TimeWindow, utc

SeriesKind = Literal["line", "bars", "area", "points", "step"]
MarkKind = Literal["deploy", "kill", "start", "onset", "now"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One quantity over time: a frame (pandas or Arrow) with `time` and `value`, and `low`, `high` if known.

    `role` names a colour by its meaning (`theme.ROLES`), so that memory has one colour on every page.
    """

    name: str
    frame: Any
    kind: SeriesKind = "line"
    role: str = "neutral"


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One row of the figure: its title, its unit, what is drawn in it, and a limit if it has one."""

    title: str
    unit: str
    series: tuple[Series, ...]
    limit: float | None = None
    limit_label: str = "limit"
    height: int = 84


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that matters to every lane."""

    time: datetime
    label: str
    kind: MarkKind

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", utc(self.time, f"mark {self.label!r}"))


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of time about which something is not known."""

    start: datetime
    end: datetime
    label: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start, "shade start"))
        object.__setattr__(self, "end", utc(self.end, "shade end"))
        if self.end <= self.start:
            raise SchemaError(f"shade {self.label!r} ends at or before its start; give an end after the start")


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Lanes that share one time axis; `width` is that of a plot, in pixels."""

    window: TimeWindow
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...] = ()
    shades: tuple[Shade, ...] = ()
    width: int = WIDTH

    @property
    def narrow(self) -> "Figure":
        """The same for a phone: laid out for its width, because words do not shrink with a plot."""
        return replace(self, width=NARROW)
