"""Numbers as exports write them: int64 as text, latencies in three shapes. Anything else is None."""

import math
import re
from collections.abc import Mapping
from typing import Any

_SECONDS = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)s?", re.ASCII)
_WHOLE = re.compile(r"([+-]?\d{1,19})(?:\.0*)?", re.ASCII)


def as_int(value: Any) -> int | None:
    """`value` as a 64-bit integer, if it is one without loss."""
    if type(value) is str:
        found = _WHOLE.fullmatch(value.strip())
        value = int(found[1]) if found else None
    elif type(value) is float:
        value = int(value) if value.is_integer() else None
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def as_seconds(value: Any) -> float | None:
    """A latency: `"0.0075s"` in the API, a float in the BigQuery sink, {seconds, nanos} in Log Analytics."""
    if type(value) is str:
        found = _SECONDS.fullmatch(value.strip())
        number = float(found[1]) if found else math.nan
    elif isinstance(value, Mapping):
        seconds, nanos = as_int(value.get("seconds") or 0), as_int(value.get("nanos") or 0)
        number = math.nan if seconds is None or nanos is None else (seconds * 10**9 + nanos) / 1e9
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        number = float(value)
    else:
        number = math.nan
    return number if math.isfinite(number) else None
