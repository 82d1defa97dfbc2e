"""Estimates with their intervals, one row each, against the value that would mean nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from netra_analysis.charts.theme import GREY, INK, NAME_LABEL, WIDTH, colour, dressed, unchecked
from netra_analysis.errors import SchemaError

PLOT = WIDTH - 440  # pixels; the names stand left of it, the words right of it
NEEDED = ("label", "value", "low", "high", "said")


@unchecked
def forest(
    rows: Sequence[Mapping[str, Any]], title: str, role: str, *, nothing: float | None = None, share: bool = False
) -> Any:
    """A point and its interval for each of `rows` (label, value, low, high, said), in their order.

    `title` is the axis with its unit, `said` the words at the end of the row, `nothing` the value of no effect,
    and `share` prints the axis in per cent. SchemaError for rows that lack a column.
    """
    for row in rows:
        if absent := [name for name in NEEDED if name not in row]:
            raise SchemaError(f"a row of estimates needs {', '.join(NEEDED)}; {', '.join(absent)} is missing")
    values = [{name: row[name] for name in NEEDED} for row in rows]
    order = [row["label"] for row in values]
    axis = alt.Axis(title=None, ticks=False, domain=False, labelLimit=240, labelPadding=6, labelExpr=NAME_LABEL)
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("label:N", sort=order, axis=axis),
        tooltip=[alt.Tooltip("label:N", title="what"), alt.Tooltip("said:N", title="estimate and interval")],
    )
    across = alt.X(
        "low:Q",
        axis=alt.Axis(title=title, tickCount=5, format=".0%" if share else "~g"),
        scale=alt.Scale(zero=True, nice=True),
    )
    lines = base.mark_rule(color=colour(role), strokeWidth=2).encode(x=across, x2="high:Q")
    points = base.mark_point(color=colour(role), filled=True, size=60, opacity=1).encode(x=alt.X("value:Q"))
    words = base.mark_text(color=INK, align="left", dx=8).encode(x=alt.value(PLOT), text="said:N")
    layers = [lines, points, words]
    if nothing is not None:
        rule = alt.Chart(alt.InlineData(values=[{"value": nothing}])).mark_rule(color=GREY, strokeDash=[3, 3])
        layers.insert(0, rule.encode(x="value:Q"))
    return dressed(alt.layer(*layers).properties(width=PLOT, height=max(30, 24 * len(values))))
