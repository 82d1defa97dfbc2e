"""Points in time as exports write them, to UTC with microseconds."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

NAIVE: Final = "timestamps without a time zone were read as UTC, as Cloud Logging exports them"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHAPE = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]+(\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_NUMBER = re.compile(r"\d{9,20}(?:\.\d+)?", re.ASCII)
# An epoch tells its unit by its size: seconds until the year 5138, then ms, us and ns.
_UNITS = ((Decimal(10) ** 11, 1_000_000), (Decimal(10) ** 14, 1_000), (Decimal(10) ** 17, 1))


def read_moment(value: Any, tally: Counter[str] | None = None) -> datetime | None:
    """`value` as a time in UTC, cut to microseconds; None where it is none.

    Takes RFC 3339 with 0 to 9 fractional digits, a space for the T, ` UTC` for the Z, epochs as numbers
    or text, and `{seconds, nanos}`. A time without a zone is UTC, and counted in `tally`.
    """
    try:
        if type(value) is str:
            if value[-1:] == "Z" and value[10:11] == "T":
                return datetime.fromisoformat(value)
            return _from_text(value.strip(), tally)
        if isinstance(value, Mapping):
            nanos = Decimal(str(value.get("nanos") or 0)) / 10**9
            return _from_seconds(Decimal(str(value["seconds"])) + nanos)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_epoch(Decimal(repr(value)))
    except (ValueError, OverflowError, InvalidOperation, KeyError):
        return None
    return None


def _from_text(text: str, tally: Counter[str] | None) -> datetime | None:
    if _NUMBER.fullmatch(text):
        return _from_epoch(Decimal(text))
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    day, clock, zone = shape.groups()
    offset = "+00:00" if zone is None or zone.isalpha() else zone
    moment = datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(UTC)
    if zone is None and tally is not None:
        tally[NAIVE] += 1
    return moment


def _from_epoch(number: Decimal) -> datetime | None:
    """An epoch in the unit that its size tells; below 10^8 (1973) it is no time but some other number."""
    if not number.is_finite() or not 10**8 <= number < 10**20:
        return None
    micros = next((number * factor for limit, factor in _UNITS if number < limit), number / 1000)
    return _EPOCH + timedelta(microseconds=int(micros))


def _from_seconds(seconds: Decimal) -> datetime | None:
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000)) if seconds.is_finite() else None
