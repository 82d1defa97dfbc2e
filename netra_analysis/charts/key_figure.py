"""The key figure: lanes over one time axis. Dragging across the lowest strip zooms all of them together."""

from typing import Any, Final

import altair as alt
import pandas as pd

from netra_analysis.charts import shape
from netra_analysis.charts.annotations import event_lane, rules, shading
from netra_analysis.charts.figure import Figure, Lane, Series
from netra_analysis.charts.theme import (
    AXIS_ROOM,
    GREY,
    INK,
    NUMBER_LABEL,
    ROLES,
    WIDTH,
    View,
    colour,
    dressed,
    span,
    time_axis,
    time_hint,
    unchecked,
)

BRUSH: Final = "brush"
LIVE: Final = "live_"  # layers and views so named are for hands: the static twin leaves them out
_HOVER_POINTS: Final = 400
_LINE: Final = 14  # pixels from one line of a header to the next


@unchecked
def lanes(figure: Figure) -> View:
    """The figure's lanes, top to bottom, under a row of event labels; aligned in time, zoomed together."""
    views: list[View] = [event_lane(figure, BRUSH)]  # also where nothing is named: the title needs the row
    last = len(figure.lanes) - 1
    views += [_lane(figure, lane, labels=i == last) for i, lane in enumerate(figure.lanes)]
    room = max((_LINE * (len(_legend(figure, lane)) - 1) for lane in figure.lanes), default=0)
    return dressed(alt.vconcat(*views, _spacer(figure), _strip(figure), bounds="flush", spacing=30 + room))


def _lane(figure: Figure, lane: Lane, *, labels: bool) -> View:
    x = time_axis(labels=labels, width=figure.width)
    layers = [*shading(figure, x), *_drawn(figure, lane, x), *_limit(lane), *rules(figure, x), *_header(figure, lane)]
    layers.append(span(figure.window, x, BRUSH))
    lane_view = alt.layer(*layers).resolve_scale(color="independent")
    return lane_view.properties(width=figure.width, height=lane.height)


def _drawn(figure: Figure, lane: Lane, x: alt.X) -> list[View]:
    """All series of a lane; a lane without a single point says so instead of looking calm."""
    bars = [(i, s) for i, s in enumerate(lane.series) if s.kind == "bars"]
    layers = _bars(figure, lane, bars, x) if bars else []
    for i, series in enumerate(lane.series):
        if series.kind != "bars":
            layers += _line(figure, lane, series, i, x)
    return layers or [_no_data(figure, lane)]


def _y(lane: Lane, field: str) -> alt.Y:
    look = alt.Axis(tickCount=3, minExtent=AXIS_ROOM, maxExtent=AXIS_ROOM, labelExpr=NUMBER_LABEL, title=None)
    if lane.unit == "instances":
        look.labelExpr = f"datum.value % 1 ? '' : {NUMBER_LABEL}"  # there is no half of one
    return alt.Y(field, axis=look, scale=alt.Scale(zero=True, nice=True))


def _hints(lane: Lane, value: str = "value") -> list[alt.Tooltip]:
    number = alt.Tooltip(f"{value}:Q", title=lane.unit, format=",.4~g")
    return [alt.Tooltip("series:N", title=lane.title), number, time_hint()]


def _line(figure: Figure, lane: Lane, series: Series, position: int, x: alt.X) -> list[View]:
    frame = shape.line_rows(series.frame, figure.window, series.name)
    if frame.empty:
        return []
    base = alt.Chart(shape.light(frame.drop(columns="lone"))).encode(x=x)
    ink = colour(series.role, position)
    y, segment = _y(lane, "value:Q"), alt.Detail("segment:O")
    layers = [_band(base, lane, ink)] if {"low", "high"} <= set(frame.columns) else []
    if series.kind == "area":
        layers.append(
            base.mark_area(color=ink, opacity=0.35, line={"color": ink}, clip=True).encode(y=y, detail=segment)
        )
    elif series.kind in ("line", "step"):
        curve: Any = "step-after" if series.kind == "step" else "linear"
        stroke = base.mark_line(color=ink, strokeWidth=1.7, interpolate=curve, clip=True)
        layers.append(stroke.encode(y=y, detail=segment))
    dots = frame if series.kind == "points" else frame[frame["lone"]]
    if len(dots):
        layers.append(_dots(dots.drop(columns="lone"), ink, x, lane))
    if series.kind != "points" and len(frame) <= _HOVER_POINTS:
        hover = base.mark_point(opacity=0, size=90, clip=True).encode(y=y, tooltip=_hints(lane))
        layers.append(hover.properties(name=f"{LIVE}hover{figure.lanes.index(lane)}x{position}"))
    return layers


def _band(base: alt.Chart, lane: Lane, ink: str) -> View:
    area = base.mark_area(color=ink, opacity=0.18, clip=True)
    return area.encode(y=_y(lane, "low:Q"), y2=alt.Y2("high:Q"), detail=alt.Detail("segment:O"))


def _dots(frame: Any, ink: str, x: alt.X, lane: Lane) -> View:
    base = alt.Chart(shape.light(frame))
    return base.mark_circle(color=ink, size=22, opacity=0.9, clip=True).encode(
        x=x, y=_y(lane, "value:Q"), tooltip=_hints(lane)
    )


def _bars(figure: Figure, lane: Lane, bars: list[tuple[int, Series]], x: alt.X) -> list[View]:
    frame, _ = shape.stacked([(s.name, s.frame) for _, s in bars], figure.window)
    if frame.empty:
        return []
    names = [s.name for _, s in bars]
    inks = alt.Scale(domain=names, range=[colour(s.role, i) for i, s in bars])
    mark = alt.Chart(shape.light(frame)).mark_bar(clip=True)
    shade = alt.Color("series:N", scale=inks, legend=None)
    y, y2 = _y(lane, "floor:Q"), alt.Y2("top:Q")
    return [mark.encode(x=x, x2=alt.X2("end:T"), y=y, y2=y2, color=shade, tooltip=_hints(lane))]


def _no_data(figure: Figure, lane: Lane) -> View:
    words = alt.Chart(alt.InlineData(values=[{"text": "no data in this window"}])).mark_text(
        color=INK, fontStyle="italic"
    )
    return words.encode(x=alt.value(figure.width / 2), y=alt.value(lane.height / 2), text="text:N")


def _limit(lane: Lane) -> list[View]:
    """A dashed line at the limit; its name stands in the header, where no data runs through it."""
    if lane.limit is None:
        return []
    base = alt.Chart(alt.InlineData(values=[{"value": lane.limit}]))
    return [base.mark_rule(color=ROLES["limit"], strokeDash=[5, 3], strokeWidth=1.2).encode(y=_y(lane, "value:Q"))]


def _header(figure: Figure, lane: Lane) -> list[View]:
    """Above the plot: title and unit on the left; on the right, or below it, the series in their colours."""
    rows = _legend(figure, lane)
    title = f"{lane.title} · {lane.unit}" if lane.unit.lower() not in ("", lane.title.lower()) else lane.title
    labels = [_label(title, INK, "left", 0, len(rows) - 1)]
    if len(rows) == 1:
        return labels + [_label(text, ink, "right", -right) for text, ink, _, right in _spread(rows[0])]
    below = [(entry, len(rows) - 2 - i) for i, row in enumerate(rows[1:]) for entry in _spread(row)]
    return labels + [_label(text, ink, "left", left, line) for (text, ink, left, _), line in below]


_Names = list[tuple[str, str]]  # a series' name as it stands in a header, and its colour


def _legend(figure: Figure, lane: Lane) -> list[_Names]:
    """The names in rows: one row, beside the title, where the plot is wide; else an empty one, and rows below it."""
    names = [(f"■ {s.name}", colour(s.role, i)) for i, s in enumerate(lane.series)] if len(lane.series) > 1 else []
    if lane.limit is not None:
        names.append((f"– – {lane.limit_label} {lane.limit:,g}", ROLES["limit"]))
    if figure.width >= WIDTH or not names:
        return [names]
    rows: list[_Names] = [[], []]
    for name in names:
        if rows[-1] and sum(map(_room, [*rows[-1], name])) > figure.width:
            rows.append([])
        rows[-1].append(name)
    return rows


def _room(name: tuple[str, str]) -> float:
    return sum(map(_letter, name[0])) + 12


def _letter(letter: str) -> float:
    """About the pixels a letter takes in the widest face that a reader may have for it, eleven pixels and bold."""
    if letter in "mwMW":
        return 11
    return 4 if letter in " .,:ijl" else 5.2 if letter in "frt-" else 7.6


def _spread(names: _Names) -> list[tuple[str, str, float, float]]:
    """Each name with its colour and what stands to the left and to the right of it, in pixels."""
    rooms = list(map(_room, names))
    return [(text, ink, sum(rooms[:i]), sum(rooms[i + 1 :])) for i, (text, ink) in enumerate(names)]


def _label(text: str, ink: str, align: Any, dx: float, line: int = 0) -> View:
    base = alt.Chart(alt.InlineData(values=[{"text": text}]))
    up = -5 - _LINE * line
    # Vega-Lite cuts at the plot's edge whatever stands in a zoomed plot and does not refuse
    mark = base.mark_text(color=ink, align=align, baseline="bottom", fontWeight=600, dx=dx, dy=up, clip=False)
    return mark.encode(x=alt.value("width" if align == "right" else 0), y=alt.value(0), text="text:N")


def _spacer(figure: Figure) -> View:
    """Room for the time axis above the strip."""
    nothing = alt.Chart(alt.InlineData(values=[])).mark_point()
    return nothing.properties(name=f"{LIVE}spacer", width=figure.width, height=1)


def _strip(figure: Figure) -> View:
    """The whole window in small, from the first lane: the place to drag."""
    x = time_axis(labels=False, grid=False, width=figure.width)
    first = figure.lanes[0].series[0].frame if figure.lanes and figure.lanes[0].series else None
    columns = ["time", "end", "floor", "top"]
    frame = None if first is None else shape.stacked([("all", first)], figure.window)[0]
    frame = pd.DataFrame(columns=columns) if frame is None else frame[columns]
    bars = alt.Chart(shape.light(frame)).mark_bar(color=GREY, opacity=0.5, clip=True)
    y = alt.Y("top:Q", axis=alt.Axis(labels=False, grid=False, title=None, minExtent=AXIS_ROOM, maxExtent=AXIS_ROOM))
    drawn = bars.encode(x=x, x2=alt.X2("end:T"), y=y, y2=alt.Y2("floor:Q"))
    brush = alt.selection_interval(name=BRUSH, encodings=["x"], mark=alt.BrushConfig(fill=GREY, fillOpacity=0.25))
    words = _label("drag here to zoom all lanes" + " · double-click: back" * (figure.width >= WIDTH), INK, "left", 0)
    return alt.layer(span(figure.window, x), drawn.add_params(brush), words).properties(
        name=f"{LIVE}strip", width=figure.width, height=26
    )
