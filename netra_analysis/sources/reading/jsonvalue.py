"""One JSON value from text, whatever it holds, and one canonical text from a value.

Python's own parser is lenient where exports need it (raw control characters, lone surrogates) and keeps
integers of any size. Three things would still be lost or break what comes after, and are caught here: a
float too large for a double stays as its text, so do NaN and Infinity, and depth is limited. Of a repeated
key the last value counts, as in nearly every reader of JSON.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from netra_analysis.sources.reading.reason import DEEPEST_VALUE, LONGEST_VALUE, Reason, has_stray_bytes

_LARGEST: Final = 1.7976931348623157e308
_EXACT: Final = 2.0**53  # up to here a double holds every whole number


def real_number(text: str) -> float | int | str:
    """A whole number is one number, however it is written: a BigQuery sink has every number as FLOAT."""
    value = float(text)
    if -_EXACT <= value <= _EXACT and value.is_integer():
        return int(value)
    return value if -_LARGEST <= value <= _LARGEST else text


def _int(text: str) -> int | str:
    return int(text) if len(text) < 4000 else text


_FAST = json.JSONDecoder(strict=False, parse_float=real_number, parse_constant=str)
# Python refuses to read integers of more than 4,300 digits; here they stay text.
_LENIENT = json.JSONDecoder(strict=False, parse_float=real_number, parse_constant=str, parse_int=_int)
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start`, or why there is none; and where it ends, -1 if that is unknown."""
    try:
        value, end = _raw(text, start)
    except json.JSONDecodeError:
        return Reason.NOT_JSON, -1
    except RecursionError:
        return Reason.TOO_DEEP, -1
    if end - start > LONGEST_VALUE:
        return Reason.TOO_LONG, end
    if _may_be_deep(text, start, end) and depth(value) > DEEPEST_VALUE:
        return Reason.TOO_DEEP, end
    return value, end


def _raw(text: str, start: int) -> tuple[Any, int]:
    try:
        return _FAST.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return _LENIENT.raw_decode(text, start)


def decode_line(line: str) -> Any | Reason:
    """The one JSON value that `line` is, or why it is none."""
    if len(line) > LONGEST_VALUE:
        return Reason.TOO_LONG
    value, end = decode_at(line, 0)
    if isinstance(value, Reason):
        return Reason.BAD_ENCODING if value is Reason.NOT_JSON and has_stray_bytes(line) else value
    return value if end == len(line) else Reason.NOT_JSON


def as_decoded(value: Any) -> Any | Reason:
    """What another reader of JSON made, as it would be here: whole numbers are whole, and the limits hold."""
    try:
        return decode_line(json.dumps(value, ensure_ascii=False, default=str))
    except RecursionError:
        return Reason.TOO_DEEP


def canonical(value: Any) -> str:
    """`value` as JSON text with sorted keys and nothing escaped that need not be: equal content, equal text."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError):
        return _ENCODER.encode(plain(value))


def plain(value: Any) -> Any:
    """`value` with what JSON cannot write as text: keys that are no text, NaN, infinity."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, float) and not -_LARGEST <= value <= _LARGEST:
        return str(value)
    return value


def depth(value: Any) -> int:
    """Levels of nesting of `value`, counted without recursion; a scalar has none."""
    level, row = 0, [value]
    while row := [item for item in row if isinstance(item, dict | list)]:
        level += 1
        row = [child for item in row for child in (item.values() if isinstance(item, dict) else item)]
    return level


def _may_be_deep(text: str, start: int, end: int) -> bool:
    return text.count("{", start, end) + text.count("[", start, end) > DEEPEST_VALUE
