"""The house style: colours by meaning, quiet axes in UTC, text that reads on a light and on a dark page."""

from datetime import datetime
from typing import Any, Final

import altair as alt
from altair.utils import schemapi

from netra_analysis.window import TimeWindow, utc

View = Any  # a chart of any make: Altair's own types change with each method called on it

WIDTH: Final = 860
NARROW: Final = 288  # of a plot that fits a phone together with its axis
AXIS_ROOM: Final = 46  # pixels left of the plot: the same for every lane, so that time lines up
INK: Final = "#757575"  # 4.6:1 on white, 4.1:1 on the dark page; the live page replaces it by its own ink
GRID: Final = "#80808030"
# One metric family, found everywhere: a picture is laid out here and its text drawn on the reader's machine.
FONT: Final = "Helvetica, Arial, 'Liberation Sans', sans-serif"

BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE, GREY = (
    "#2f7fc1",
    "#4fa3d8",
    "#139a74",
    "#cf8500",
    "#d55e00",
    "#b5679c",
    "#858585",
)
PALETTE: Final = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, GREY)

# Okabe and Ito's order, darkened where the original is too pale on white.
ROLES: Final = {
    "neutral": GREY,
    "requests": SKY,
    "ok": SKY,
    "error": VERMILION,
    "application": VERMILION,
    "killed_with_instance": PURPLE,
    "startup_failure": ORANGE,
    "no_instance": BLUE,
    "timeout": "#8a6d1d",
    "upstream": GREEN,
    "unexplained": GREY,
    "warn": ORANGE,
    "memory": PURPLE,
    "pool": GREEN,
    "waiting": VERMILION,
    "p50": SKY,
    "p95": BLUE,
    "p99": ORANGE,
    "latency": BLUE,
    "instances": BLUE,
    "limit": VERMILION,
}

# Closed shapes, so that one fill draws them in a chart and in its legend.
CROSS: Final = "M-1,-.65L-.65,-1L0,-.35L.65,-1L1,-.65L.35,0L1,.65L.65,1L0,.35L-.65,1L-1,.65L-.35,0Z"
TICK: Final = "M-.16,-1.3H.16V1.3H-.16Z"

MARKS: Final = {  # kind: (colour, shape)
    "deploy": (BLUE, "triangle-up"),
    "kill": (VERMILION, CROSS),
    "start": (GREEN, "circle"),
    "onset": (PURPLE, "diamond"),
    "now": (GREY, TICK),
}

# 24-hour labels at the precision the zoom needs; the date where a day begins.
_LABEL: Final = (
    "utcseconds(datum.value) ? utcFormat(datum.value, '%H:%M:%S') : "
    "(utchours(datum.value) + utcminutes(datum.value)) ? utcFormat(datum.value, '%H:%M') : "
    "utcFormat(datum.value, '%-d %b')"
)

# 1,500 in full, 2.5M in short.
NUMBER_LABEL: Final = "abs(datum.value) >= 1e5 ? format(datum.value, '~s') : format(datum.value, ',~r')"

# Of a long name both ends: names of one family differ at theirs.
NAME_LABEL: Final = "length(datum.label) > 40 ? slice(datum.label, 0, 14) + '…' + slice(datum.label, -24) : datum.label"

# Altair checks each part of a chart when it is made, and again in all that holds it, which takes longer than the rest
# of drawing. The charts of this package are checked whole, by the tests; what an analyst draws is checked as ever.
unchecked = schemapi.debug_mode(arg=False)


def colour(role: str, position: int = 0) -> str:
    """The colour of a role; an unknown role gets the palette's next one."""
    return ROLES.get(role) or PALETTE[position % len(PALETTE)]


def moment(time: datetime) -> alt.DateTime:
    """`time` for a scale's domain. Plain numbers would be read as years there."""
    t = utc(time)
    return alt.DateTime(
        year=t.year,
        month=t.month,
        date=t.day,
        hours=t.hour,
        minutes=t.minute,
        seconds=t.second,
        milliseconds=t.microsecond // 1000,
        utc=True,
    )


def time_axis(*, labels: bool = True, grid: bool = True, width: int = WIDTH) -> alt.X:
    """The x axis every time chart shares: UTC, whoever reads it; a tick for every 70 pixels of `width`, ten at most."""
    ticks = min(10, width // 70)
    return alt.X(
        "time:T",
        scale=alt.Scale(type="utc", nice=False),
        title="time (UTC)" if labels else None,
        axis=alt.Axis(
            labels=labels,
            labelExpr=_LABEL,
            labelOverlap="parity",
            ticks=labels,
            tickCount=ticks,
            grid=grid,
            domain=labels,
        ),
    )


def span(window: TimeWindow, x: alt.X, brush: str | None = None) -> View:
    """A layer that sets a view's time span to the window, or to what `brush` selects.

    One layer says it for all: Vega-Lite reports the same span said twice as a conflict. Under a brush the window is
    said by two unseen points, because JupyterLab's Vega-Lite takes a span from a brush or from a list, never from both;
    and it must be the last layer, because Vega-Lite asks the last one only whether a brush is meant.
    """
    if brush is None:
        scale = alt.Scale(type="utc", domain=[moment(window.start), moment(window.end)], nice=False)
        return alt.Chart(alt.InlineData(values=[])).mark_point().encode(x=x.scale(scale))
    scale = alt.Scale(type="utc", domain={"param": brush, "encoding": "x"}, nice=False)
    ends = [{"time": int(end.timestamp() * 1000)} for end in (window.start, window.end)]
    return alt.Chart(alt.InlineData(values=ends)).mark_point(opacity=0).encode(x=x.scale(scale))


def time_hint(field: str = "time", title: str = "time (UTC)") -> alt.Tooltip:
    """A tooltip line in UTC, to the second. Only a utc time unit makes Vega-Lite format in UTC there."""
    unit: Any = "utcyearmonthdatehoursminutesseconds"
    return alt.Tooltip(f"{field}:T", timeUnit=unit, title=title, format="%Y-%m-%d %H:%M:%S")


def dressed(chart: Any) -> Any:
    """`chart`, just made, in the house style. Its own configuration, so no global theme is touched.

    It is set on the chart itself: each of Altair's `configure` methods copies all that the chart holds.
    """
    chart.config = alt.Config(
        background="transparent",
        font=FONT,
        padding=4,
        view=alt.ViewConfig(stroke=None),
        concat=alt.CompositionConfig(spacing=20),
        axis=alt.AxisConfig(
            labelColor=INK,
            titleColor=INK,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            titleAnchor="end",
            labelPadding=4,
        ),
        axisX=alt.AxisConfig(labelFlush=True, labelOverlap="greedy", labelSeparation=8),
        axisY=alt.AxisConfig(ticks=False, domain=False),
        title=alt.TitleConfig(color=INK, fontSize=13, fontWeight=600, anchor="start", frame="group", offset=10),
        legend=alt.LegendConfig(
            labelColor=INK,
            titleColor=INK,
            labelFontSize=11,
            orient="top",
            title=None,
            symbolSize=60,
            padding=0,
        ),
        text=alt.MarkConfig(color=INK, fontSize=11),
    )
    return chart
