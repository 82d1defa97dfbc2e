"""What could be said after how long: a row for each cause, a field for each cut, coloured by its status."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from netra_analysis.charts.theme import GREEN, GREY, ORANGE, VERMILION, WIDTH, dressed, unchecked
from netra_analysis.finding import duration_text

# What is not supported is faint, in the fields as in the legend.
STATUS = {
    "supported": GREEN,
    "inconclusive": f"{ORANGE}73",
    "untestable": f"{GREY}40",
    "contradicted": f"{VERMILION}59",
}


@unchecked
def patience(rows: Sequence[Mapping[str, Any]], most: int = 8) -> Any:
    """`rows` (title, waited_s, status, rank) as fields; the causes that end best first, at most `most` of them."""
    last = max(row["waited_s"] for row in rows)
    order = [row["title"] for row in sorted(rows, key=lambda row: row["rank"]) if row["waited_s"] == last][:most]
    cuts = sorted({row["waited_s"] for row in rows})
    words = {cut: "onset" if cut == 0 else duration_text(cut) for cut in cuts}
    values = [
        {"cause": row["title"], "waited": words[row["waited_s"]], "status": row["status"]}
        for row in rows
        if row["title"] in order
    ]
    axis = alt.Axis(title="waited since the onset", labelAngle=-40, labelOverlap=False, ticks=False, domain=False)
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_rect(stroke="white", strokeOpacity=0.4)
        .encode(
            x=alt.X("waited:N", sort=[words[cut] for cut in cuts], axis=axis),
            y=alt.Y(
                "cause:N",
                sort=order,
                axis=alt.Axis(title=None, ticks=False, domain=False, labelLimit=240, labelPadding=6),
            ),
            color=alt.Color(
                "status:N",
                scale=alt.Scale(domain=list(STATUS), range=list(STATUS.values())),
                legend=alt.Legend(symbolStrokeWidth=0),
            ),
            tooltip=[alt.Tooltip(name) for name in ("cause:N", "waited:N", "status:N")],
        )
        .properties(width=WIDTH - 280, height=22 * len(order))
    )
    return dressed(chart)
