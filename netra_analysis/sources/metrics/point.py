"""One point of a series as a row of METRICS, or the reason why it cannot be one.

A point that cannot be right is set aside with its reason, because one that is read in the wrong unit would be
believed.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from netra_analysis.sources.reading.reason import safe

_UNITS: Final = {"By": ("MiB", 1 / 2**20), "10^2.%": ("ratio", 1.0), "1": ("count", 1.0), "ms": ("s", 1e-3)}
_UTILIZATION: Final = re.compile(r"/utilizations?$")
_BYTE_UNIT: Final = re.compile(r"(?:[kmgt]i?)?(?:b|by|bytes?)", re.IGNORECASE)
_MOST_UTILIZATION: Final = 2.0  # twice the limit: a burst may pass it a little, a percentage passes it far

Row = dict[str, Any]


def moment_of(value: Any) -> datetime | None:
    """`value` as a time in UTC, cut to microseconds; None where it is none."""
    import pandas as pd

    if isinstance(value, str) and not value.strip()[:1].isdigit():
        return None  # pandas would read "now" and "today"
    try:
        moment = pd.Timestamp(value)
        moment = moment.tz_localize(UTC) if moment.tzinfo is None else moment.tz_convert(UTC)
        return None if pd.isna(moment) else moment.floor("us").to_pydatetime()
    except (ValueError, TypeError, OverflowError, AttributeError):
        return None


def number_of(value: Any) -> float | None:
    """`value` as a finite number; None where it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def point(
    moment: datetime, metric: str, statistic: str, value: float, unit: str, labels: Mapping[str, Any]
) -> Row | str:
    """One row in the table's units, or why it cannot be one."""
    scaled = _scaled(metric, statistic, value, unit)
    if scaled is None:
        return "out of range"
    rest = {str(k): str(v) for k, v in labels.items() if k != "revision_name" and v not in (None, "")}
    row = {
        "time": moment,
        "metric": metric,
        "statistic": statistic,
        "value": scaled[0],
        "unit": scaled[1],
        "revision": str(labels.get("revision_name") or ""),
        "labels": json.dumps(rest, sort_keys=True, ensure_ascii=False),
    }
    return "bad encoding" if any(isinstance(text, str) and safe(text) != text for text in row.values()) else row


def _scaled(metric: str, statistic: str, value: float, unit: str) -> tuple[float, str] | None:
    """The value and its unit as `schema.METRICS` has them; None where the value cannot be right."""
    if statistic == "count" or (metric.endswith("count") and value < 0):
        return (value, "count") if value >= 0 else None
    if _UTILIZATION.search(metric):
        ratio = value / 100 if unit == "%" else value
        believable = 0 <= ratio <= _MOST_UTILIZATION and not _BYTE_UNIT.fullmatch(unit)
        return (ratio, "ratio") if believable else None
    named, factor = _UNITS.get(unit, (unit, 1.0))
    return value * factor, named
