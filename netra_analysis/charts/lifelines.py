"""The crash timeline: one row per instance, a bar for its life, a mark for what happened to it."""

from typing import Any, Final

import altair as alt
import pandas as pd

from netra_analysis.charts import shape
from netra_analysis.charts.theme import (
    BLUE,
    CROSS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    TICK,
    VERMILION,
    WIDTH,
    View,
    dressed,
    span,
    time_axis,
    time_hint,
    unchecked,
)
from netra_analysis.errors import SchemaError
from netra_analysis.window import TimeWindow

MOST_ROWS: Final = 40
MOST_TICKS: Final = 2000
ENDS: Final = ("exit", "signal", "memory_limit", "shutdown")

LOOK: Final = {  # event: (colour, shape, the reader's word for it)
    "start": (GREEN, "circle", "start"),
    "probe_ok": (GREEN, "triangle-up", "probe passed"),
    "probe_failed": (ORANGE, "triangle-down", "probe failed"),
    "exit": (VERMILION, CROSS, "exit"),
    "signal": (PURPLE, CROSS, "signal"),
    "memory_limit": (VERMILION, "diamond", "memory limit"),
    "shutdown": (BLUE, "square", "shutdown"),
    "failed": (VERMILION, TICK, "failed request"),
}


@unchecked
def timeline(events: Any, window: TimeWindow | None = None, failed: Any = None) -> Any:
    """One row per instance over time.

    `events` has the columns of the lifecycle table (`time`, `instance`, `event`; `text` if known); `failed`
    has `time` and `instance` of failed requests. The window is the events' own span unless it is given.
    """
    frame = _events(events)
    window = window or _span(frame)
    frame = frame[(frame["time"] >= window.start) & (frame["time"] < window.end)]
    ticks = _failed(failed, window)
    order = _order(frame, ticks)
    names = _short([str(i) for i in order])
    x, y = time_axis(), _rows(list(names.values()))
    layers = [
        span(window, x),
        _lives(frame, names, window, x, y),
        _marks([*_ticks(ticks, names), *_events_drawn(frame, names)], x, y),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH - 30, height=max(40, 22 * len(names)))
    return dressed(chart)


def _events(events: Any) -> pd.DataFrame:
    frame = shape.frame_of(events)
    absent = [name for name in ("time", "instance", "event") if name not in frame.columns]
    if absent:
        raise SchemaError(f"a crash timeline needs time, instance and event; {absent} are not in {list(frame.columns)}")
    frame = frame[frame["instance"].astype(str) != ""]
    if "text" not in frame.columns:
        frame = frame.assign(text="")
    return frame[["time", "instance", "event", "text"]].sort_values("time", kind="stable")


def _span(frame: pd.DataFrame) -> TimeWindow:
    if frame.empty:
        raise SchemaError("a crash timeline of no events has no span of its own; pass its window")
    first, last = frame["time"].min(), frame["time"].max()
    room = max((last - first) * 0.02, pd.Timedelta(minutes=1))
    return TimeWindow((first - room).to_pydatetime(warn=False), (last + room).to_pydatetime(warn=False))


def _failed(failed: Any, window: TimeWindow) -> pd.DataFrame:
    if failed is None:
        return pd.DataFrame({"time": [], "instance": []})
    frame = shape.frame_of(failed)[["time", "instance"]]
    frame = frame[(frame["time"] >= window.start) & (frame["time"] < window.end)]
    return frame[frame["instance"].astype(str) != ""].sort_values("time", kind="stable")


def _order(frame: pd.DataFrame, ticks: pd.DataFrame) -> list[str]:
    """Instances by first sight; where there are too many, those with the most trouble."""
    seen = pd.concat([frame[["time", "instance"]], ticks]).groupby("instance")["time"].min()
    if len(seen) > MOST_ROWS:
        trouble = frame[frame["event"].isin(("exit", "signal", "memory_limit", "probe_failed"))]
        score = trouble["instance"].value_counts().add(ticks["instance"].value_counts(), fill_value=0)
        ranked = score.reindex(seen.index, fill_value=0).sort_index().sort_values(ascending=False, kind="stable")
        seen = seen.loc[ranked.index[:MOST_ROWS]]
    return [str(i) for i in seen.sort_index().sort_values(kind="stable").index]


def _short(instances: list[str]) -> dict[str, str]:
    """Each instance's last characters: as few as tell them apart, at least six."""
    longest = max((len(i) for i in instances), default=6)
    for size in range(6, max(longest, 6) + 1):
        if len({i[-size:] for i in instances}) == len(instances):
            return {i: f"…{i[-size:]}" if len(i) > size else i for i in instances}
    return {i: i for i in instances}


def _rows(names: list[str]) -> alt.Y:
    axis = alt.Axis(title=None, ticks=False, domain=False, grid=False, labelLimit=110)
    return alt.Y("row:N", sort=names, scale=alt.Scale(domain=names), axis=axis)


def lives(frame: pd.DataFrame, window: TimeWindow) -> list[tuple[str, Any, Any]]:
    """(instance, from, to) of each life; one whose start or end was not seen reaches the window's edge."""
    spans = []
    for instance, events in frame.groupby("instance", sort=True):
        begun = None if "start" in set(events["event"].head(1)) else window.start
        last = None
        for time, event in zip(events["time"], events["event"], strict=True):
            if event in ENDS and last is not None and begun is None:
                spans[-1] = (instance, spans[-1][1], time)  # a second word about the same end
            elif event in ENDS:
                spans.append((str(instance), begun or time, time))
                begun, last = None, time
            elif begun is None:
                begun = time
        if begun is not None:
            spans.append((str(instance), begun, window.end))
    return spans


def _lives(frame: pd.DataFrame, names: dict[str, str], window: TimeWindow, x: alt.X, y: alt.Y) -> View:
    spans = [s for s in lives(frame, window) if s[0] in names]
    values = [{"row": names[i], "time": _ms(a), "end": _ms(b)} for i, a, b in spans]
    base = alt.Chart(alt.InlineData(values=values)).mark_bar(color=GREY, opacity=0.4, height=9, cornerRadius=2)
    return base.encode(x=x, x2=alt.X2("end:T"), y=y, tooltip=[time_hint(title="from"), time_hint("end", "to")])


def _ticks(ticks: pd.DataFrame, names: dict[str, str]) -> list[dict[str, Any]]:
    chosen = [(t, i) for t, i in zip(ticks["time"], ticks["instance"], strict=True) if i in names]
    return [{"row": names[i], "time": _ms(t), "what": LOOK["failed"][2], "text": ""} for t, i in chosen[:MOST_TICKS]]


def _events_drawn(frame: pd.DataFrame, names: dict[str, str]) -> list[dict[str, Any]]:
    chosen = frame[frame["event"].isin(LOOK) & frame["instance"].isin(names)]
    parts = zip(chosen["time"], chosen["instance"], chosen["event"], chosen["text"].fillna(""), strict=True)
    return [{"row": names[i], "time": _ms(t), "what": LOOK[e][2], "text": str(s)[:160]} for t, i, e, s in parts]


def _marks(values: list[dict[str, Any]], x: alt.X, y: alt.Y) -> View:
    present = {value["what"] for value in values}
    shown = [look for look in LOOK.values() if look[2] in present]
    inks = alt.Scale(domain=[look[2] for look in shown], range=[look[0] for look in shown])
    shapes = alt.Scale(domain=[look[2] for look in shown], range=[look[1] for look in shown])
    base = alt.Chart(alt.InlineData(values=values)).mark_point(filled=True, opacity=1, size=55)
    return base.encode(
        x=x,
        y=y,
        color=alt.Color("what:N", scale=inks),
        shape=alt.Shape("what:N", scale=shapes),
        tooltip=[alt.Tooltip("what:N", title="event"), time_hint(), alt.Tooltip("text:N", title="says")],
    )


def _ms(moment: Any) -> int:
    return int(moment.timestamp() * 1000)
