"""Frames made ready to draw: only the drawn columns, gaps as gaps, no more points than a screen shows."""

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from netra_analysis.errors import SchemaError
from netra_analysis.window import TimeWindow

POINTS: Final = 1200  # per series: more than there are pixels, few enough to keep pages small
GAP: Final = 2.5  # a step longer than this many sampling steps is a gap, and a gap is not drawn over


def frame_of(values: Any) -> pd.DataFrame:
    """A pandas frame of an Arrow table or a pandas frame."""
    return values.to_pandas() if isinstance(values, pa.Table) else values


def milliseconds(times: Any) -> Any:
    """Times as whole milliseconds since the epoch; refuses naive ones."""
    if getattr(times.dtype, "tz", None) is None:
        raise SchemaError(f"chart times are {times.dtype}; they have to be tz-aware, as every table's `time` is")
    return (times.astype("datetime64[us, UTC]").astype("int64") // 1000).astype("int64")


def inside(values: Any, window: TimeWindow) -> pd.DataFrame:
    """The rows in the window, in order, with `time` in milliseconds and only the columns that are drawn."""
    frame = frame_of(values)
    absent = [name for name in ("time", "value") if name not in frame.columns]
    if absent:
        raise SchemaError(f"a chart series needs the columns time and value; {absent} are not in {list(frame.columns)}")
    frame = frame[[c for c in ("time", "value", "low", "high") if c in frame.columns]]
    if len(frame) == 0:
        return frame.assign(time=pd.Series(dtype="int64"))
    frame = frame[(frame["time"] >= window.start) & (frame["time"] < window.end)]
    frame = frame.assign(time=milliseconds(frame["time"])).dropna(subset=["value"])
    return frame.sort_values("time", kind="stable").reset_index(drop=True)


def step_of(times: Any) -> float:
    """The sampling step in milliseconds: the median distance between neighbours; 0 where there is none."""
    steps = np.diff(np.unique(np.asarray(times)))
    return float(np.median(steps)) if len(steps) else 0.0


def thinned(frame: pd.DataFrame, points: int = POINTS) -> pd.DataFrame:
    """At most `points` rows: of each slice of time its lowest and its highest, so no peak is lost."""
    if len(frame) <= points:
        return frame
    slices = np.arange(len(frame)) * (points // 2) // len(frame)
    groups = frame.groupby(slices)["value"]
    keep = np.union1d(groups.idxmin().to_numpy(), groups.idxmax().to_numpy())
    return frame.loc[keep].reset_index(drop=True)


def segmented(frame: pd.DataFrame) -> pd.DataFrame:
    """With `segment`, which changes at each gap, and `lone`: a segment of one point, which no line shows."""
    step = step_of(frame["time"])
    jumps = frame["time"].diff() > GAP * step if step else frame["time"].diff() > 0
    frame = frame.assign(segment=jumps.cumsum().astype("int64"))
    return frame.assign(lone=frame.groupby("segment")["time"].transform("size") == 1)


def line_rows(values: Any, window: TimeWindow, name: str) -> pd.DataFrame:
    """A line, area, step or point series, ready to draw. Gaps are found before points are thinned out."""
    return thinned(segmented(inside(values, window))).assign(series=name)


def stacked(parts: list[tuple[str, Any]], window: TimeWindow) -> tuple[pd.DataFrame, float]:
    """Bars on top of each other (`floor` to `top`), and the step one bar stands for, in milliseconds."""
    frames = [inside(values, window).assign(series=name, order=i) for i, (name, values) in enumerate(parts)]
    bars = pd.concat(frames, ignore_index=True)[["time", "value", "series", "order"]]
    step = step_of(bars["time"]) or 60_000.0
    bars, step = _widened(bars, step, window)
    bars = bars.sort_values(["time", "order"], kind="stable").reset_index(drop=True)
    top = bars.groupby("time")["value"].cumsum()
    ends = (bars["time"] + 0.88 * step).clip(upper=window.end.timestamp() * 1000)
    bars = bars.assign(floor=top - bars["value"], top=top, end=ends.astype("int64"))
    return bars[bars["value"] != 0].drop(columns="order"), step


def _widened(bars: pd.DataFrame, step: float, window: TimeWindow) -> tuple[pd.DataFrame, float]:
    """Wider bars where there would be more than fit: the sum over each wider bin, aligned to the epoch."""
    span = window.duration.total_seconds() * 1000
    factor = int(np.ceil(span / step / (POINTS / 2)))
    if factor <= 1:
        return bars, step
    wide = step * factor
    bins = (bars["time"] // wide * wide).astype("int64")
    summed = bars.assign(time=bins).groupby(["time", "series", "order"], as_index=False)["value"].sum()
    return summed, wide


def light(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with six significant digits a number: what is drawn needs no more, and pages stay small.

    Charts get frames and not lists of rows, because Altair copies lists anew at each step of building.
    """
    floats = {name: frame[name].map(_six) for name in frame.columns if frame[name].dtype.kind == "f"}
    return frame.assign(**floats)


def _six(value: float) -> float:
    return float(f"{value:.6g}")
