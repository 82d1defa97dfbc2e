"""Single values of the parameters, as people write them: times with a zone, sizes, lengths of a window."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from netra_analysis.window import LONGEST, utc

UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # no file or path can hold these
_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?\s*$", re.IGNORECASE)
_LARGEST = 2**63 - 1  # bytes; the limit is passed on as an INT64
_LAST = re.compile(r"^last\s+([1-9][0-9]*)\s*(m|min|h|d)$")
_YEARS = range(1970, 2201)  # so that no window next to a time, nor its nanoseconds, leaves what can be computed


def moment_of(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError(f"{value!r} is no time; write it as 2025-09-02T12:00:00Z") from error
    if isinstance(value, datetime):
        if value.tzinfo is None:
            text = value.isoformat()
            raise ValueError(f"{text} has no time zone; write {text}Z for UTC, or {text}+02:00 for a local time")
        if value.year not in _YEARS:
            raise ValueError(f"{value.isoformat()} is outside the years {_YEARS[0]} to {_YEARS[-1]}")
        return utc(value)
    if isinstance(value, date):
        raise ValueError(f"{value.isoformat()} is a date; write a time, such as {value.isoformat()}T00:00:00Z")
    raise ValueError(f"{value!r} is no time; write it as 2025-09-02T12:00:00Z")


def bytes_of(value: Any) -> int:
    size = _size(value) if isinstance(value, str) else value if type(value) is int else None
    if size is None:
        raise ValueError(f"{value!r} is no size; write it as 20GB")
    if not 1 <= size <= _LARGEST:
        raise ValueError(f"{str(value)[:60]!r} is not between 1 byte and {_LARGEST} bytes; write it as 20GB")
    return int(size)


def _size(text: str) -> float | None:
    match = _SIZE.match(text)
    if not match:
        return None
    step = 1024 if match[3] else 1000
    size: float = float(match[1]) * step ** " KMGT".index(match[2].upper() or " ")
    return size


def length(window: str) -> timedelta:
    """How long a relative window is; one beyond the longest allowed is refused before it is computed with."""
    match = _LAST.match(window)
    if not match:
        raise ValueError(f"window is {window!r}; write it as: last 24h, last 90m or last 7d")
    unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[match[2]]
    length = timedelta(**{unit: int(match[1])}) if len(match[1]) < 7 else None
    if length is None or length > LONGEST:
        raise ValueError(
            f"window is {window[:60]!r}; the longest allowed is {LONGEST.days} days together with its baseline, "
            "because one incident is asked about at a time"
        )
    return length


Moment = Annotated[datetime, BeforeValidator(moment_of)]
Bytes = Annotated[int, BeforeValidator(bytes_of)]
