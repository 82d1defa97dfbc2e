"""When each series changed, with the interval of each moment, beside the onset."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import altair as alt

from netra_analysis.charts.theme import (
    INK,
    MARKS,
    NAME_LABEL,
    PALETTE,
    WIDTH,
    dressed,
    span,
    time_axis,
    time_hint,
    unchecked,
)
from netra_analysis.window import TimeWindow, stamp

PLOT = WIDTH - 440  # pixels; the names stand left of it, the words right of it


@unchecked
def order(rows: Sequence[Mapping[str, Any]], window: TimeWindow, onset: datetime) -> Any:
    """A bar from `low` to `high` (UTC) for each of `rows` (label, low, high, said), earliest first, and the onset."""
    values = [
        {"label": row["label"], "time": stamp(row["low"]), "until": stamp(row["high"]), "said": row["said"]}
        for row in rows
    ]
    names = [row["label"] for row in values]
    axis = alt.Axis(title=None, ticks=False, domain=False, labelLimit=240, labelPadding=6, labelExpr=NAME_LABEL)
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("label:N", sort=names, axis=axis),
        tooltip=[
            alt.Tooltip("label:N", title="what"),
            alt.Tooltip("said:N", title="change"),
            time_hint("time", "from"),
            time_hint("until", "to"),
        ],
    )
    across = time_axis()
    bars = base.mark_bar(color=PALETTE[0], height={"band": 0.45}, cornerRadius=2).encode(x=across, x2="until:T")
    words = base.mark_text(color=INK, align="left", dx=6).encode(x=alt.value(PLOT), text="said:N")
    paint, _ = MARKS["onset"]
    at = alt.Chart(alt.InlineData(values=[{"time": stamp(onset), "label": "first failed request"}]))
    rule = at.mark_rule(color=paint, strokeWidth=1.5, strokeDash=[4, 3]).encode(x="time:T")
    name = at.mark_text(color=paint, align="left", dx=4, dy=-6, baseline="bottom").encode(
        x="time:T", y=alt.value(0), text="label:N"
    )
    layers = alt.layer(span(window, time_axis()), rule, bars, words, name)
    chart = layers.properties(width=PLOT, height=max(40, 24 * len(values)))
    return dressed(chart)
