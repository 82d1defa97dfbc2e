"""One exception as a value, and its own line: `a.b.SomeError: message`.

Whatever the language, the exceptions of one text come in the order in which they were raised, and the frames of
one exception from the outermost to the one that failed.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import re2

from netra_analysis.logtext.frame import Frame
from netra_analysis.logtext.head import read_head, starts_record

_NAME = r"(?P<type>(?:[A-Za-z_][\w$]*\.)*[A-Za-z_][\w$]*)"
_RAISED = re2.compile(r"^" + _NAME + r"(?: \[\w+\]| \(0x[0-9A-Fa-f]+\))?(?::(?: (?P<message>.*))?)?$")
_NAMED = re2.compile(
    r"^(?:[A-Za-z_][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception|Warning|Exit|Interrupt|Group|Iteration|Throwable|DoesNotExist"
    r"|Timeout|Http404|Failure|Fault|Cancelled)\d*$|^(?:[a-z_][\w$]*\.)+[A-Z][\w$]*$|^Error$"
)
PREFIXES = re2.compile(
    r'^(?:Exception in thread "[^"]*" |Uncaught |\[cause\]: |Caused by: |Unhandled rejection |\(node:\d+\) )+'
)
_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "SEVERE"})

Cause = Literal["direct", "during"] | None


@dataclass(frozen=True, slots=True)
class RaisedException:
    """One exception. `cause` is its relation to the exception before it; None for the first of a chain."""

    type: str | None
    message: str
    frames: tuple[Frame, ...]
    cause: Cause
    truncated: bool
    language: str


@dataclass(slots=True)
class Draft:
    """An exception being read."""

    cause: Cause = None
    type: str | None = None
    message: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def done(self, language: str) -> RaisedException:
        message = "\n".join(self.message).strip()
        return RaisedException(self.type, message, tuple(self.frames), self.cause, self.type is None, language)


@lru_cache(maxsize=4096)
def is_named(name: str) -> bool:
    """Whether `name` tells by itself that it is an exception's type."""
    return _NAMED.match(name) is not None


def raised(line: str, *, strict: bool = False) -> tuple[str, str] | None:
    """Type and message of an exception's own line, `a.b.SomeError: message`; `strict` wants a telling name."""
    if not line[:1].isalpha() and not line.startswith("_"):
        return None
    name, _, rest = line.partition("\n")[0].partition(":")
    kind = _type(name[:300] + (": " if rest else ""))
    return (kind, rest.strip()) if kind and (not strict or is_named(kind)) else None


@lru_cache(maxsize=4096)
def _type(said: str) -> str | None:
    match = _RAISED.match(said)
    return match["type"] if match and match["type"] not in _LEVELS else None


def headline(line: str) -> tuple[str, str] | None:
    """Type and message of an exception's own line behind a log record's head or a runtime's prefix."""
    text = line.strip()[:4000]
    text = text[read_head(text).length :] if starts_record(text) else text
    return raised(PREFIXES.sub("", text), strict=True)
