"""What all lanes share: deploy and kill marks, blind spots, and the row on top that names them."""

from collections.abc import Iterable
from typing import Any, Final

import altair as alt

from netra_analysis.charts.figure import Figure, Mark, Shade
from netra_analysis.charts.theme import AXIS_ROOM, GREY, INK, MARKS, WIDTH, View, span, time_axis, time_hint

ROW: Final = 17  # pixels per row of labels
_CLUSTER: Final = 0.012  # marks of one kind nearer than this share of the window are named together
_LETTER: Final = 6.4  # pixels a letter takes, roughly; rows are filled by this estimate
_MOST_ROWS: Final = 6
_BLIND: Final = "blind"


def _ms(moment: Any) -> int:
    return int(moment.timestamp() * 1000)


def clustered(figure: Figure) -> list[Mark]:
    """Marks in the window by time; neighbours of one kind are said once, with their number."""
    near = figure.window.duration * _CLUSTER
    groups: list[list[Mark]] = []
    open_groups: dict[str, list[Mark]] = {}
    for mark in sorted((m for m in figure.marks if m.time in figure.window), key=lambda m: (m.time, m.kind, m.label)):
        group = open_groups.get(mark.kind)
        if group is None or mark.time - group[-1].time > near:
            group = open_groups[mark.kind] = []
            groups.append(group)
        group.append(mark)
    return [g[0] if len(g) == 1 else Mark(g[0].time, f"{_shared(g)} ×{len(g)}", g[0].kind) for g in groups]


def _shared(group: list[Mark]) -> str:
    """The label of a group: what all say, or the kind where they differ."""
    labels = {mark.label for mark in group}
    return labels.pop() if len(labels) == 1 else group[0].kind


def placed(labels: Iterable[tuple[float, str]], width: int = WIDTH) -> list[tuple[int, bool]]:
    """A row for each (share of the width, text), so that no two overlap; True: the text goes to the left."""
    ends: list[float] = []
    places = []
    for share, text in labels:
        room = _LETTER * len(text) + 18
        left = share > 0.72 or (share > 0.5 and share * width + room > width)
        start = share * width - (room if left else 8)
        free = next((i for i, end in enumerate(ends) if end <= start), None)
        row = free if free is not None else min(len(ends), _MOST_ROWS - 1)
        ends += [0.0] * (row + 1 - len(ends))
        ends[row] = start + room + 8
        places.append((row, left))
    return places


def _share(figure: Figure, moment: Any) -> float:
    return float((moment - figure.window.start) / figure.window.duration)


def _spans(figure: Figure) -> list[Shade]:
    """The shades, cut to the window."""
    w = figure.window
    cut = [
        Shade(max(s.start, w.start), min(s.end, w.end), s.label)
        for s in figure.shades
        if s.start < w.end and s.end > w.start
    ]
    return sorted(cut, key=lambda s: (s.start, s.end, s.label))


def event_lane(figure: Figure, brush: str) -> View:
    """The row above the lanes: each mark and each blind spot, named."""
    marks, spans = clustered(figure), _spans(figure)
    named = [(_share(figure, m.time), m.label, m.time, str(m.kind)) for m in marks]
    named += [(_share(figure, s.start), s.label, s.start, _BLIND) for s in spans]
    named.sort(key=lambda item: item[0])
    places = placed(((share, label) for share, label, _, _ in named), figure.width)
    values = [
        {"time": _ms(time), "text": label, "kind": kind, "row": row * ROW + ROW // 2, "left": left}
        for (_, label, time, kind), (row, left) in zip(named, places, strict=True)
    ]
    height = ROW * (1 + max((row for row, _ in places), default=0))
    x = time_axis(labels=False, grid=False)
    layers = [_glyphs(values, x, height), *(_names(values, x, height, left=left) for left in (False, True))]
    drawn = alt.layer(*shading(figure, x), *layers, span(figure.window, x, brush))
    return drawn.properties(width=figure.width, height=height)


def _row(height: int) -> alt.Y:
    axis = alt.Axis(labels=False, grid=False, title=None, minExtent=AXIS_ROOM, maxExtent=AXIS_ROOM)
    return alt.Y("row:Q", axis=axis, scale=alt.Scale(domain=[height, 0], nice=False, zero=False))


def _glyphs(values: list[dict[str, Any]], x: alt.X, height: int) -> View:
    kinds = [*MARKS, _BLIND]
    inks = alt.Scale(domain=kinds, range=[*(ink for ink, _ in MARKS.values()), GREY])
    shapes = alt.Scale(domain=kinds, range=[*(shape for _, shape in MARKS.values()), "square"])
    base = alt.Chart(alt.InlineData(values=values)).mark_point(filled=True, opacity=1, size=50, clip=True)
    return base.encode(
        x=x,
        y=_row(height),
        color=alt.Color("kind:N", scale=inks, legend=None),
        shape=alt.Shape("kind:N", scale=shapes, legend=None),
        tooltip=[alt.Tooltip("text:N", title="event"), time_hint()],
    )


def _names(values: list[dict[str, Any]], x: alt.X, height: int, *, left: bool) -> View:
    chosen = [value for value in values if value["left"] is left]
    base = alt.Chart(alt.InlineData(values=chosen))
    mark = base.mark_text(
        color=INK, align="right" if left else "left", baseline="middle", dx=-8 if left else 8, clip=True
    )
    return mark.encode(x=x, y=_row(height), text="text:N")


def rules(figure: Figure, x: alt.X) -> list[View]:
    """A thin vertical line at each mark, through a lane."""
    marks = clustered(figure)
    if not marks:
        return []
    values = [{"time": _ms(m.time), "kind": m.kind} for m in marks]
    inks = alt.Scale(domain=list(MARKS), range=[ink for ink, _ in MARKS.values()])
    base = alt.Chart(alt.InlineData(values=values)).mark_rule(opacity=0.65, strokeWidth=1, clip=True)
    return [base.encode(x=x, color=alt.Color("kind:N", scale=inks, legend=None))]


def shading(figure: Figure, x: alt.X) -> list[View]:
    """Blind spots, in grey through a lane."""
    spans = _spans(figure)
    if not spans:
        return []
    values = [{"time": _ms(s.start), "end": _ms(s.end), "text": s.label} for s in spans]
    base = alt.Chart(alt.InlineData(values=values)).mark_rect(color=GREY, opacity=0.16, clip=True)
    return [base.encode(x=x, x2=alt.X2("end:T"), tooltip=[alt.Tooltip("text:N", title="not seen")])]
