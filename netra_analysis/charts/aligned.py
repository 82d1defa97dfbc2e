"""The same quantity of several incidents, each counted from its own onset."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from netra_analysis.charts.theme import GREY, PALETTE, WIDTH, dressed, unchecked


@unchecked
def aligned(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A stepped line an incident of `rows` (incident, minute, share, requests), in the order in which they come."""
    names = list(dict.fromkeys(str(row["incident"]) for row in rows))
    values = [{**row, "incident": str(row["incident"])} for row in rows]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("minute:Q", axis=alt.Axis(title="minutes from the onset", tickCount=9)),
        y=alt.Y("share:Q", axis=alt.Axis(title="share of real requests that failed", format=".0%", tickCount=4)),
        color=alt.Color("incident:N", scale=alt.Scale(domain=names, range=[*PALETTE[: len(names)]])),
        tooltip=[
            alt.Tooltip("incident:N", title="incident"),
            alt.Tooltip("minute:Q", title="minutes from the onset"),
            alt.Tooltip("share:Q", title="failed", format=".1%"),
            alt.Tooltip("requests:Q", title="requests", format=","),
        ],
    )
    onset = alt.Chart(alt.InlineData(values=[{"minute": 0}])).mark_rule(color=GREY, strokeDash=[4, 3])
    line = base.mark_line(interpolate="step-after", strokeWidth=2, point=alt.OverlayMarkDef(size=24))
    return dressed(alt.layer(onset.encode(x="minute:Q"), line).properties(width=WIDTH - 120, height=180))
