"""Horizontal bars: how many of what, the longest first, each with its number at its end."""

from typing import Any

import altair as alt

from netra_analysis.charts import shape
from netra_analysis.charts.theme import INK, WIDTH, View, colour, dressed, unchecked
from netra_analysis.errors import SchemaError


@unchecked
def bars_by(values: Any, category: str, value: str, unit: str, role: str = "neutral", most: int = 15) -> Any:
    """One bar per category of `values` (pandas or Arrow); all past the longest `most` are "other (n)"."""
    frame = shape.frame_of(values)
    absent = [name for name in (category, value) if name not in frame.columns]
    if absent:
        raise SchemaError(f"these bars need {category} and {value}; {absent} are not in {list(frame.columns)}")
    summed = frame.groupby(category, sort=True)[value].sum().sort_values(ascending=False, kind="stable")
    rows = [{"label": str(name) or "(empty)", "value": float(n)} for name, n in summed.items()]
    return dressed(_bars(_cut(rows, most), unit, role))


def _cut(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    if len(rows) <= most:
        return rows
    rest = rows[most:]
    return [*rows[:most], {"label": f"other ({len(rest)})", "value": sum(row["value"] for row in rest)}]


def _bars(rows: list[dict[str, Any]], unit: str, role: str) -> View:
    order = [row["label"] for row in rows]
    axis = alt.Axis(title=None, ticks=False, domain=False, labelLimit=240, labelPadding=6)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("label:N", sort=order, axis=axis),
        x=alt.X("value:Q", axis=alt.Axis(title=unit, tickCount=4, format="~s"), scale=alt.Scale(zero=True)),
        tooltip=[alt.Tooltip("label:N", title="what"), alt.Tooltip("value:Q", title=unit, format=",")],
    )
    bars = base.mark_bar(color=colour(role), cornerRadiusEnd=2, height={"band": 0.7})
    numbers = base.mark_text(color=INK, align="left", dx=4).encode(text=alt.Text("value:Q", format=",.4~g"))
    return alt.layer(bars, numbers).properties(width=WIDTH - 280, height=max(30, 22 * len(rows)))
