"""Table cells: to JSON when a block is emitted, to words when it is shown."""

import math
import re
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from netra_analysis.finding import duration_text, instance_text, number_text
from netra_analysis.window import stamp, utc

KINDS: Final = ("text", "number", "time", "duration", "code", "bytes", "share", "claim")
NUMERIC: Final = frozenset({"number", "duration", "bytes", "share"})
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
_INSTANCE: Final = re.compile(r"[0-9a-f]{65,}$")  # longer than any hash
_STEPS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def to_json(value: Any) -> Any:
    """`value` as JSON holds it: times with a Z, seconds for durations, null for what is missing."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return None if value is pd.NaT else stamp(value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int | bool | str):
        return value
    return None if value is pd.NA else str(value)


def kind_of(values: Any, name: str) -> str:
    """The kind of a pandas column, from its type and from the unit its name ends in."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return "time"
    if pd.api.types.is_timedelta64_dtype(values.dtype) or name.endswith("_s"):
        return "duration"
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return "bytes" if name.endswith("_bytes") else "number"
    return "text"


def words(value: Any, kind: str) -> str:
    """A cell as a reader sees it. A value that is not of its column's kind is shown as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = isinstance(value, int | float)
    match kind:
        case "number" if number:
            return number_text(value)
        case "duration" if number:
            return duration_text(float(value))
        case "share" if number:
            return f"{100 * value:.1f} %"
        case "bytes" if number:
            return bytes_text(value)
        case "time" if isinstance(value, str):
            return time_text(value)
        case _:
            return str(value)


def sampled(value: Any) -> str:
    """A cell of a sample, whose columns have no kinds: it is told by its own type and look."""
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, str) and _INSTANCE.match(value):
        return instance_text(value)
    return words(value, "time" if isinstance(value, str) and _STAMP.match(value) else "text")


def bytes_text(size: float) -> str:
    """Bytes in the unit that leaves a readable number."""
    step = 0
    while abs(size) >= 1024 and step < len(_STEPS) - 1:
        size, step = size / 1024, step + 1
    return f"{size:,.0f} B" if step == 0 else f"{size:,.1f} {_STEPS[step]}"


def time_text(text: str) -> str:
    """An ISO stamp as `2025-09-02 12:37:34`, with milliseconds where it has any."""
    try:
        moment = utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return text
    return moment_text(moment) + (f".{moment.microsecond // 1000:03d}" if moment.microsecond else "")


def moment_text(moment: datetime) -> str:
    return utc(moment).strftime("%Y-%m-%d %H:%M:%S")
