"""The head of a text line: time, level and logger, in the formats that Cloud Run services write.

Formats are tried by the line's first character, all of a family in one pass; of those that fit the strictest counts,
which stands first. Each is a RE2 pattern over the head only, so the length of the message costs nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import re2

from netra_analysis.logtext.level import CRITICAL, ERROR, INFO, UNKNOWN, WARNING, level_of

_LONGEST: Final = 1000
_DAY = r"\d{4}[-/]\d{2}[-/]\d{2}"
_CLOCK = r"\d{2}:\d{2}:\d{2}(?:[.,]\d+)?"
_ZONE = r"(?:Z| ?[+-]\d{2}:?\d{2}| UTC)?"
_TIME = f"(?P<time>{_DAY}[T ]{_CLOCK}{_ZONE})"
_ANY_TIME = f"(?P<time>(?:{_DAY}[T ])?{_CLOCK}{_ZONE})"
_LEVEL = (
    r"(?P<level>(?i:DEBUG|TRACE|VERBOSE|SILLY|FINEST|FINER|FINE|INFO|SUCCESS|NOTICE|CONFIG|LOG|HTTP"
    r"|WARNING|WARN|ERROR|SEVERE|CRITICAL|CRIT|FATAL|DPANIC|PANIC|ALERT|EMERGENCY))"
)
_UPPER = r"(?P<level>DEBUG|TRACE|VERBOSE|INFO|SUCCESS|NOTICE|WARNING|WARN|ERROR|SEVERE|CRITICAL|FATAL|PANIC|ALERT)"


@dataclass(frozen=True, slots=True)
class Head:
    """What a line's head says. `implied` is the level of a line that states none but is known to have it."""

    length: int = 0
    level: str = UNKNOWN
    implied: str = UNKNOWN
    logger: str | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the pattern of the head, and what it implies where the head does not say it."""

    name: str
    pattern: str
    logger: str | None = None
    implied: str = UNKNOWN
    keep: bool = False
    """The head is part of the message."""


class Family:
    """The formats of lines that begin alike, the stricter first."""

    def __init__(self, *formats: Format) -> None:
        self.formats = formats

    @cached_property
    def _patterns(self) -> list[Any]:
        return [re2.compile(one.pattern) for one in self.formats]

    @cached_property
    def _all(self) -> Any:
        patterns = re2.Set.MatchSet()
        for one in self.formats:
            patterns.Add(one.pattern)
        patterns.Compile()
        return patterns

    def fitting(self, body: str) -> tuple[Format, Any] | None:
        """The strictest format that fits the start of `body`, and its match."""
        found = self._all.Match(body)
        if not found:
            return None
        number = min(found)
        return self.formats[number], self._patterns[number].match(body)


_DIGIT: Final = Family(
    Format("loguru", _ANY_TIME + r"\s*\|\s*" + _LEVEL + r"\s*\|\s*(?P<logger>[^|\s]+:[^|\s]*:\d+)\s*(?:\||-) ?"),
    Format("piped", _ANY_TIME + r"\s*\|\s*" + _LEVEL + r"\s*\|\s*"),
    Format("stdlib", _TIME + r" - (?:[^\s|]+ - ){0,2}?(?P<logger>[^\s|]+) - " + _LEVEL + r" - "),
    Format("stdlib level first", _TIME + r" - " + _LEVEL + r" - (?:(?P<logger>[\w.]+) - )?"),
    Format("spring", _TIME + r"\s+" + _LEVEL + r"\s+\d+\s+---(?:\s+\[[^\]]*\]){1,3}\s+(?P<logger>\S+)\s*:\s?"),
    Format("logback", _ANY_TIME + r"\s+\[[^\]]*\]\s+" + _LEVEL + r"\s+(?P<logger>\S+)\s+-\s"),
    Format("log4j", _TIME + r"\s+" + _LEVEL + r"\s+\[(?P<logger>[^\]]+)\]\s*(?:-\s|:\s)?"),
    Format("zap", _TIME + r"\t" + _LEVEL + r"\t(?:(?P<logger>[\w./-]+(?::\d+)?)\t)?"),
    Format("bracketed", _ANY_TIME + r"\s*\[" + _LEVEL + r"\]\s*(?:\[(?P<logger>[\w.:/-]+)\]|(?P<other>[\w.]+:))?:?\s*"),
    Format("go", r"(?P<time>\d{4}/\d{2}/\d{2} " + _CLOCK + r") (?:(?P<logger>[\w./-]+\.go:\d+): )?"),
    Format("winston", _TIME + r":?\s+" + _LEVEL + r":\s+"),
    Format(
        "time and level", _TIME + r"[ ,]+" + _UPPER + r"\s+(?:(?P<logger>[\w]+(?:\.[\w]+)+)\s*[:-]?\s+)?(?:[-:]\s+)?"
    ),
    Format(
        "access",
        r'(?:\d{1,3}\.){3}\d{1,3}(?::\d+)? - (?:\S+ \[[^\]]+\] )?"(?:[A-Z]+|WebSocket) [^"]*" (?:\d{3}|\[accepted\])',
        "access",
        INFO,
        True,
    ),
    Format(
        "java util", r"(?P<time>\d{4}-\d{2}-\d{2}[T ]" + _CLOCK + r")\s+(?P<logger>[\w.$]+)\s+\w+\n" + _LEVEL + r": "
    ),
)
_BRACKET: Final = Family(
    Format("gunicorn", r"\[(?P<time>[^\]]+\d)\] \[\d+\] \[" + _LEVEL + r"\] ", "gunicorn"),
    Format("flask", r"\[(?P<time>[^\]]+\d)\] " + _LEVEL + r" in (?P<logger>[\w.]+): "),
    Format(
        "nest", r"\[Nest\]\s+\d+\s+- (?P<time>[^A-Za-z]+(?:[AP]M)?)\s+" + _LEVEL + r"\s+(?:\[(?P<logger>[^\]]+)\] )?"
    ),
    Format("time in brackets", r"\[(?P<time>" + _DAY + r"[^\]]+)\]\s*\[?" + _LEVEL + r"\]?:?\s+"),
    Format("monolog", r"\[(?P<time>" + _DAY + r"[^\]]+)\] (?P<logger>[\w-]+)\." + _LEVEL + r": "),
    Format("level in brackets", r"\[" + _LEVEL + r"\]:?\s+"),
    Format("pino pretty", r"\[(?P<time>" + _CLOCK + r")[^\]]*\] " + _LEVEL + r"(?: \((?P<logger>[^)]+)\))?: "),
)
_LETTER: Final = Family(
    Format("dotnet", r"(?P<level>trce|dbug|info|warn|fail|crit): (?P<logger>[\w.+`]+)\[\d+\]\s+"),
    Format(
        "ruby",
        r"[DIWEFA], \[(?P<time>"
        + _DAY
        + r"T[^\] ]+) #\d+\]\s+(?P<level>DEBUG|INFO|WARN|ERROR|FATAL|ANY) -- (?P<logger>[^:]*): ",
    ),
    Format("klog", r"(?P<level>[IWEF])(?P<time>\d{4} " + _CLOCK + r")\s+\d+ (?P<logger>[\w./-]+:\d+)\] "),
    Format("logrus", r"(?P<level>DEBU|INFO|WARN|ERRO|FATA|PANI|TRAC)\[\d+\]\s+"),
    Format(
        "java util",
        r"(?P<time>[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d{2}:\d{2} [AP]M) (?P<logger>[\w.$]+) [\w$<>]+\s*\n"
        + _LEVEL
        + r": ",
    ),
    Format("logfmt", r'(?:time="?(?P<time>[^"\s]+)"? )?(?:\S+=\S+ )?(?:level|lvl|severity)="?' + _LEVEL + r'"?\s+'),
    Format("uvicorn", _UPPER + r":\s+"),
    Format("winston", r"(?P<level>error|warn|info|verbose|debug|silly): "),
    Format(
        "winston http", r"(?P<level>http): (?:[A-Z]{3,7} /|[\d.:a-f]+ - )", keep=True
    ),  # Go's net/http says `http: ` too
    Format("go http panic", r"http: panic serving ", "net/http", ERROR, True),
    Format("stdlib basic", _UPPER + r":(?P<logger>[\w.]+):"),
    Format("panic", r"(?:panic|fatal error): ", None, CRITICAL, True),
    Format("rust panic", r"thread '[^']*'(?: \(\d+\))? panicked at ", None, ERROR, True),
    Format("upper level", r"(?P<level>ERROR|CRITICAL|FATAL|WARNING)\s", None, UNKNOWN, True),
    Format("warning", r"(?P<logger>[^\s:]+\.py:\d+): [A-Za-z]*Warning: ", None, WARNING, True),
    Format(
        "exception", r"(?:[A-Za-z_][\w.$]*\.)?[A-Z][\w$]*(?:Error|Exception)(?: \[\w+\])?(?::|$)", None, ERROR, True
    ),
)
_SLASH: Final = Family(Format("warning", r"(?P<logger>[^\s:]+\.py:\d+): [A-Za-z]*Warning: ", None, WARNING, True))
_NONE: Final = Head()


def _family(first: str) -> Family:
    if first.isdigit():
        return _DIGIT
    if first == "[":
        return _BRACKET
    return _SLASH if first in "/<" else _LETTER


def read_head(text: str) -> Head:
    """The head of `text`, which holds no colours; an empty one when no format fits."""
    start = len(text) - len(text.lstrip())
    body = text[start : start + _LONGEST]
    if not body:
        return _NONE
    found = _family(body[0]).fitting(body)
    return _read(*found, start, body) if found else _NONE


def _read(form: Format, match: Any, start: int, body: str) -> Head:
    said = match.groupdict()
    end = 0 if form.keep else match.end()
    level = level_of(said.get("level"))
    head = Head(start + end, level, form.implied, said.get("logger") or form.logger, said.get("time"))
    if level == UNKNOWN and form.implied == UNKNOWN and end:
        return _deeper(head, body[end:])
    return head


def _deeper(head: Head, rest: str) -> Head:
    """A head within a head: `2009/01/23 01:23:23 ERROR: …`."""
    if not rest:
        return head
    inner = read_head(rest)
    return Head(
        head.length + inner.length, inner.level, inner.implied, head.logger or inner.logger, head.time or inner.time
    )


def starts_record(text: str) -> bool:
    """Whether a new log record starts here, rather than the next line of a longer one."""
    head = read_head(text)
    return bool(head.time or (head.level != UNKNOWN and head.length))
