"""Alert rules replayed: one row a rule, a bar where it fires, grey where it is blind, bands where something failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import altair as alt

from netra_analysis.charts.theme import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    VERMILION,
    WIDTH,
    View,
    dressed,
    span,
    time_axis,
    time_hint,
    unchecked,
)
from netra_analysis.window import TimeWindow

StretchKind = Literal["page", "page for nothing", "blind"]
FAINT: Final = f"{GREY}70"
LOOK: Final = {"page": BLUE, "page for nothing": ORANGE, "blind": FAINT}
STRETCHES: Final[tuple[StretchKind, ...]] = ("blind", "page", "page for nothing")
_LABELS: Final = 150  # pixels for the names on the left
_WORDS: Final = 180  # pixels for the words on the right
_PLOT: Final = WIDTH - _LABELS - _WORDS


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which a rule fires, or cannot be judged."""

    start: datetime
    end: datetime
    kind: StretchKind


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule: its name, what it came to in a few words, and its stretches."""

    name: str
    said: str
    stretches: tuple[Stretch, ...]


@unchecked
def replay(rows: Sequence[RuleRow], window: TimeWindow, bouts: Sequence[tuple[datetime, datetime]] = ()) -> Any:
    """The rules over `window`, top to bottom; `bouts` are the spans in which requests failed or instances died."""
    x = time_axis()
    names = [row.name for row in rows]
    axis = alt.Axis(title=None, ticks=False, domain=False, grid=False, labelLimit=_LABELS)
    y = alt.Y("row:N", sort=names, scale=alt.Scale(domain=names), axis=axis)
    layers = [span(window, x), *_bands(bouts, x), *_bars(rows, x, y), _said(rows, y)]
    return dressed(alt.layer(*layers).properties(width=_PLOT, height=max(60, 26 * len(rows))))


def _bands(bouts: Sequence[tuple[datetime, datetime]], x: alt.X) -> list[View]:
    if not bouts:
        return []
    values = [{"time": _ms(start), "end": _ms(end)} for start, end in bouts]
    band = alt.Chart(alt.InlineData(values=values)).mark_rect(color=VERMILION, opacity=0.3, clip=True)
    head = alt.Chart(alt.InlineData(values=[{**values[0], "text": "failures"}]))
    name = head.mark_text(color=VERMILION, align="left", baseline="bottom", dy=-3)
    return [band.encode(x=x, x2=alt.X2("end:T"), tooltip=_from_to()), name.encode(x=x, y=alt.value(0), text="text:N")]


def _bars(rows: Sequence[RuleRow], x: alt.X, y: alt.Y) -> list[View]:
    """Blind stretches below, pages above them; a page of one minute is still wide enough to be seen."""
    present = [kind for kind in STRETCHES if any(part.kind == kind for row in rows for part in row.stretches)]
    inks = alt.Scale(domain=present, range=[LOOK[kind] for kind in present])
    drawn = []
    for kind in present:
        values = [
            {"row": row.name, "time": _ms(part.start), "end": _ms(part.end), "what": kind}
            for row in rows
            for part in row.stretches
            if part.kind == kind
        ]
        edge = 0 if kind == "blind" else 2
        base = alt.Chart(alt.InlineData(values=values))
        bars = base.mark_bar(height=11, clip=True, stroke=LOOK[kind], strokeWidth=edge)
        hints = [alt.Tooltip("row:N", title="rule"), alt.Tooltip("what:N", title="is"), *_from_to()]
        drawn.append(bars.encode(x=x, x2=alt.X2("end:T"), y=y, color=alt.Color("what:N", scale=inks), tooltip=hints))
    return drawn


def _said(rows: Sequence[RuleRow], y: alt.Y) -> View:
    values = [{"row": row.name, "text": row.said} for row in rows]
    words = alt.Chart(alt.InlineData(values=values)).mark_text(color=INK, align="left", baseline="middle", dx=10)
    return words.encode(x=alt.value("width"), y=y, text="text:N")


def _from_to() -> list[alt.Tooltip]:
    return [time_hint(title="from"), time_hint("end", "to")]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
