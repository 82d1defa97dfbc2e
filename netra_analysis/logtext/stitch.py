"""Stitching: the entries that together are one traceback, found again.

Cloud Logging splits text by line, and cuts a grouped traceback where a line no longer looks like one. The
grammar below says which line may follow which; a line that does not fit belongs to someone else and changes
nothing, a silence of two seconds ends a traceback, and instances and streams never mix.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from netra_analysis.logtext.colour import plain_text
from netra_analysis.logtext.frame import at_frame, go_frame, python_frame, ruby_frame
from netra_analysis.logtext.head import starts_record
from netra_analysis.logtext.raised import RaisedException, raised
from netra_analysis.logtext.stacks import END_OF_INNER, INNER, panicked, php_record, php_step, ruby_headline
from netra_analysis.logtext.traceback import DIRECT, DURING, HEADER, find_exceptions

LONGEST_GAP: Final = timedelta(seconds=2)
_SAME_WRITE: Final = timedelta(milliseconds=50)
"""Lines of one message are written at once; a later indented line is somebody else's."""
_LONGEST: Final = 262_144
_PHP_FATAL: Final = "PHP Fatal error:  Uncaught "
_IN_A_STACK: Final = (
    "at ", "... ", "Caused by: ", "[cause]: ", "Suppressed: ", INNER, END_OF_INNER, "--- End of stack trace",
    "Stack trace:", "thrown in ", "[stacktrace]", "[previous exception]", '"}',
)  # fmt: skip
_CONTINUES: Final = ("DETAIL:", "HINT:", "[SQL:", "[parameters:", "(Background on this error")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of one instance and stream, as far as stitching needs it."""

    time: datetime
    id: str
    instance: str
    stream: str
    text: str
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Stitched:
    """The entries of one traceback in order, their text, and the exceptions that it shows.

    `complete` is false when the exception's own line was never found.
    """

    ids: tuple[str, ...]
    text: str
    exceptions: tuple[RaisedException, ...]
    complete: bool
    instance: str
    stream: str
    time: datetime


class _State(Enum):
    """What may follow: frames (exception still to come), a chain phrase, a new header, or the lines of a stack."""

    FRAMES = "frames"
    RAISED = "raised"
    CHAINED = "chained"
    HEADLINE = "headline"
    AT = "at"
    GO = "go"


def is_traceback_piece(text: str) -> bool:
    """Whether `text` may be part of a traceback, wherever in it."""
    return any(_next(state, line) for line in _lines(text)[:50] for state in (None, _State.FRAMES, _State.GO))


def _lines(text: str) -> list[str]:
    return plain_text(text[:_LONGEST]).strip("\r\n").splitlines() or [""]


def _next(state: _State | None, line: str) -> _State | None:
    """The state after `line`, or None when the line does not fit."""
    if HEADER in line:
        return _State.FRAMES
    if line.strip() in {DURING, DIRECT}:
        return _State.CHAINED
    if python_frame(line):
        return _State.FRAMES if state in {None, _State.FRAMES} else None
    if state is None:
        return _opening(line)
    if state is _State.FRAMES:
        return _after_frame(line)
    if state in {_State.HEADLINE, _State.AT}:
        return _after_at(state, line)
    if state is _State.GO:
        return _State.GO if _goes_on(line) else None
    return None


def _opening(line: str) -> _State | None:
    if panicked(line):
        return _State.GO
    uncaught = ruby_frame(line)
    if uncaught and uncaught[1]:
        return _State.AT
    named = raised(line, strict=True) or (line.endswith("):") and ruby_headline(line)) or _PHP_FATAL in line
    return _State.HEADLINE if named or php_record(line) else None


def _after_frame(line: str) -> _State | None:
    if raised(line, strict=True):
        return _State.RAISED
    return _State.FRAMES if not line.strip() or line[:2] in {"  ", "\t", "| "} or line[:1] == "\t" else None


def _after_at(state: _State, line: str) -> _State | None:
    bare = line.strip()
    if not bare:  # Rails writes one between the exception and its stack
        return state
    fits = at_frame(line) or ruby_frame(line) or php_step(bare) or bare.startswith(_IN_A_STACK)
    return _State.AT if fits else None


def _goes_on(line: str) -> bool:
    started = line.startswith(("goroutine ", "created by ", "[signal ", "exit status", "\tpanic: ", "panic: "))
    call = line.endswith(")") and "(" in line and " " not in line.split("(", 1)[0]
    return started or call or not line.strip() or go_frame("", line) is not None


@dataclass(slots=True)
class _Group:
    """A traceback being collected."""

    state: _State
    last: datetime
    lines: list[LogLine] = field(default_factory=list)
    formed: bool = False

    def takes(self, line: LogLine) -> bool:
        """Adds `line` when it fits; the first of its lines decides, the rest come with it."""
        first, *rest = _lines(line.text)
        after = _next(self.state, first)
        if after is None and self.state is _State.RAISED and self._more_message(first, line.time):
            after = _State.RAISED
        chained = _State.CHAINED in {self.state, after}
        if after is None or (HEADER in line.text and not chained):
            return False
        self.formed = self.formed or after is not _State.HEADLINE
        self.state = _after(after, rest)
        self.lines.append(line)
        self.last = line.time
        return True

    def _more_message(self, text: str, time: datetime) -> bool:
        fits = text[:1] in {" ", "\t"} or text.startswith(_CONTINUES)
        return fits and bool(text.strip()) and time - self.last <= _SAME_WRITE


def _after(state: _State, lines: Iterable[str]) -> _State:
    """The state after the further lines of one entry; what does not fit there is the message's."""
    for line in lines:
        state = _next(state, line) or (_State.RAISED if state is _State.FRAMES and raised(line) else state)
    return state


def _started(line: LogLine) -> _Group | None:
    """The group that `line` starts: a header, a frame without one, a panic, or a headline before `at`."""
    first, *rest = _lines(line.text)
    whole = HEADER in line.text
    state = _State.FRAMES if whole else _next(None, first)
    if state is None or (not (whole or state is _State.GO) and starts_record(first) and not php_record(first)):
        return None
    start = next((i for i, text in enumerate(rest) if HEADER in text), -1) + 1 if whole and HEADER not in first else 0
    state = _after(state, rest[start:])
    return _Group(state, line.time, [line], formed=state is not _State.HEADLINE)


def _stream(lines: Iterable[LogLine]) -> Iterable[_Group]:
    """The tracebacks of one instance and stream, whose lines come in time order."""
    group: _Group | None = None
    for line in lines:
        if group and line.time - group.last > LONGEST_GAP:
            yield group
            group = None
        if group and group.takes(line):
            continue
        new = _started(line)
        if new:
            yield from [group] if group else []
            group = new
    yield from [group] if group else []


def stitch(lines: Sequence[LogLine]) -> list[Stitched]:
    """The tracebacks in `lines`, which may come in any order, from any instances, and more than once."""
    streams: dict[tuple[str, str], dict[str, LogLine]] = {}
    for line in lines:
        streams.setdefault((line.instance, line.stream), {})[line.id] = line
    found = [
        _stitched(group)
        for stream in streams.values()
        for group in _stream(sorted(stream.values(), key=lambda line: (line.time, line.id)))
        if group.formed
    ]
    return sorted(found, key=lambda one: (one.time, one.instance, one.stream, one.ids))


def _stitched(group: _Group) -> Stitched:
    text = "\n".join(line.text for line in group.lines)
    exceptions = find_exceptions(text)
    complete = bool(exceptions) and not exceptions[-1].truncated and group.state is not _State.CHAINED
    first = group.lines[0]
    ids = tuple(line.id for line in group.lines)
    return Stitched(ids, text, exceptions, complete, first.instance, first.stream, first.time)
