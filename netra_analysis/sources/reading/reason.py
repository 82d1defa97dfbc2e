"""Why a value could not be used: the closed list, and how its text is shown."""

import re
from enum import StrEnum
from typing import Final

LONGEST_VALUE: Final = 1 << 20  # characters; Cloud Logging itself caps an entry at 256 KB
DEEPEST_VALUE: Final = 100  # levels; an entry of a real service has fewer than ten
SAMPLE: Final = 200

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class Reason(StrEnum):
    """The whole list: a quarantined value has exactly one of these."""

    NOT_JSON = "not JSON"
    NOT_OBJECT = "not an object"
    NOT_CSV = "not a CSV row"
    NOT_YAML = "not YAML"
    NO_TIMESTAMP = "no timestamp"
    BAD_TIMESTAMP = "bad timestamp"
    TRUNCATED = "truncated"
    TOO_LONG = "too long"
    TOO_DEEP = "too deep"
    BAD_ENCODING = "bad encoding"
    NOT_TEXT = "not text"
    UNREADABLE_PARQUET = "unreadable parquet"


REASONS: Final[tuple[str, ...]] = tuple(reason.value for reason in Reason)


def safe(text: str) -> str:
    """`text` with halves of surrogate pairs written out: RE2, Arrow and every output refuse them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def visible(text: str) -> str:
    """`text` with control, direction and zero-width characters written out, so that none can act."""
    return _HIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def has_stray_bytes(text: str) -> bool:
    """Whether decoding met bytes that are no UTF-8 (they come as the surrogates U+DC80 to U+DCFF)."""
    return not text.isascii() and re.search("[\udc80-\udcff]", text) is not None
