"""JSON that is not one value per line: arrays, wrappers, and objects one after another with prose around.

The text is walked value by value, so that neither its tree nor much of its text is ever in memory. The walk
forgives: what is between two values is passed over, and after a broken value it goes on at the next one
that begins like a log entry.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from netra_analysis.sources.reading.cursor import Cursor
from netra_analysis.sources.reading.dialect import FIELDS
from netra_analysis.sources.reading.jsonvalue import decode_at
from netra_analysis.sources.reading.reason import DEEPEST_VALUE, LONGEST_VALUE, SAMPLE, Reason, has_stray_bytes
from netra_analysis.sources.reading.sniff import FIRST_KEY, VALUE_START, opens_entry
from netra_analysis.sources.reading.text import Text
from netra_analysis.sources.reading.value import Remarks, Value
from netra_analysis.sources.reading.wrapper import DEEPEST_WRAPPER, contents, may_wrap, severity_of

_GAP = re.compile(r"[\s,\ufeff]+")
_COLON = re.compile(r"\s*:\s*")
_KEYED = re.compile(r'"[\w@./-]+"\s*:')
_ANY_START = re.compile(f"({VALUE_START.pattern})")
_SNAKE = {re.sub(r"(?=[A-Z])", "_", name).lower() for name in FIELDS}
_ENTRY_KEYS: Final = "|".join(sorted(FIELDS | _SNAKE | {"message", "payload", "raw_payload"}))
_ENTRY_START: Final = re.compile(rf'(?:^|[\n,}}])[ \t\r]*(\{{\s*"(?:{_ENTRY_KEYS})"\s*:)')


class _Open(NamedTuple):
    """A container the walk is in: its bracket, and the severity its key gave it."""

    bracket: str
    group: str | None


def read_json(text: Text, remarks: Remarks) -> Iterator[Value]:
    """Each value that is or should be a log entry, in the order of the text."""
    return _Walk(text, remarks).values()


class _Walk:
    def __init__(self, text: Text, remarks: Remarks) -> None:
        self._cursor = Cursor(text.pieces)
        self._remarks = remarks
        self._stack: list[_Open] = []
        self._key: str | None = None
        self._count = 0
        self._cut = False

    def values(self) -> Iterator[Value]:
        while char := self._cursor.skip(_GAP):
            yield from self._step(char)
        if self._stack and not self._cut:
            self._remarks.notes.append("the array is not closed: the export was cut between two values")

    @property
    def _top(self) -> _Open:
        return self._stack[-1] if self._stack else _Open("", None)

    @property
    def _group(self) -> str | None:
        return severity_of(self._key or "", self._top.group)

    def _step(self, char: str) -> Iterator[Value]:
        inside = self._top.bracket
        if char == "{" and (inside or self._begins_value()):
            yield from self._object()
        elif char == "[" and (inside or self._begins_value()):
            if len(self._stack) < DEEPEST_VALUE:
                self._enter(char)
            else:
                yield from self._broken(Reason.TOO_DEEP)
        elif inside and char == {"[": "]", "{": "}"}[inside]:
            self._stack.pop()
            self._cursor.at += 1
        elif inside == "{" and char == '"' and self._read_key():
            return
        elif inside:
            yield from self._scalar()
        else:
            yield from self._prose()

    def _begins_value(self) -> bool:
        return VALUE_START.match(self._cursor.text, self._cursor.at) is not None

    def _enter(self, bracket: str) -> None:
        self._stack.append(_Open(bracket, self._group))
        self._key = None
        self._cursor.at += 1

    def _object(self) -> Iterator[Value]:
        text, at = self._cursor.text, self._cursor.at
        value, end = decode_at(text, at)
        if (end < 0 or value is Reason.TOO_LONG) and self._may_enter():
            self._enter("{")
            return
        if end < 0:
            yield from self._broken(value)
            return
        self._cursor.at = end
        if isinstance(value, Reason) or not self._is_aside(value, opens_entry(text, at)):
            yield self._value(value, text[at:end])
        self._key = None

    def _may_enter(self) -> bool:
        """A wrapper too large to read at once, or cut: at the beginning, or within another one."""
        text, at = self._cursor.text, self._cursor.at
        place = self._top.bracket == "{" or (not self._stack and not self._count)
        first = FIRST_KEY.match(text, at)
        wraps = first is not None and may_wrap({first[1]: None})
        return place and wraps and len(self._stack) < DEEPEST_WRAPPER

    def _is_aside(self, value: Any, entry: bool) -> bool:
        """An object that is no entry and should be none: `{}` in prose, a summary beside the entries."""
        if not self._stack:
            return not value
        return self._top.bracket == "{" and not entry and not contents(value)

    def _read_key(self) -> bool:
        """In a wrapper: the next key; a scalar after it is passed over, a container comes next."""
        key, end = decode_at(self._cursor.text, self._cursor.at)
        colon = _COLON.match(self._cursor.text, end) if end > 0 else None
        if colon is None:
            return False
        self._cursor.at = colon.end()
        self._key = str(key)
        if self._cursor.text[self._cursor.at : self._cursor.at + 1] not in ("{", "["):
            self._key = None
            _, end = decode_at(self._cursor.text, self._cursor.at)
            self._cursor.at = max(end, self._cursor.at)
        return True

    def _scalar(self) -> Iterator[Value]:
        """A number or text where an entry should be."""
        text, at = self._cursor.text, self._cursor.at
        value, end = decode_at(text, at)
        if end < 0 or self._top.bracket != "[" or _COLON.match(text, end):
            yield from self._broken(Reason.NOT_JSON)
            return
        self._cursor.at = end
        yield self._value(value, text[at:end])

    def _prose(self) -> Iterator[Value]:
        """Text between values is counted by line; remains of a value among it are one broken value."""
        passed: list[str] = []  # only the beginning: there may be gigabytes of prose
        start = self._cursor.text[self._cursor.at : self._cursor.at + 1]
        self._cursor.at += 1
        self._cursor.seek(_ANY_START, lambda text: (self._remarks.prose if passed else passed.append)(text))
        junk = start + "".join(passed)
        if _KEYED.search(junk):
            yield from self._broken(Reason.NOT_JSON, junk)
        else:
            self._remarks.prose(junk)

    def _broken(self, reason: Reason, seen: str = "") -> Iterator[Value]:
        """One value that cannot be read, up to where the next entry seems to begin."""
        cursor, passed = self._cursor, _Passed(seen)
        pattern = _ENTRY_START if seen else _next_start(cursor.indent())
        if not seen:
            passed(cursor.text[cursor.at : cursor.at + 1])
            cursor.at += 1
        more = cursor.seek(pattern, passed)
        self._cut = self._cut or not more
        closed = more or (bool(self._stack) and passed.tail.rstrip().endswith("]"))
        yield self._value(_exact(reason, passed, closed=closed), passed.head)

    def _value(self, value: Any, raw: str) -> Value:
        self._count += 1
        return Value(self._count, value, raw, self._group)


def _exact(reason: Reason, passed: "_Passed", *, closed: bool) -> Reason:
    """What can be said beyond "not JSON", given the text that was passed and whether something closes it."""
    if reason is not Reason.NOT_JSON:
        return reason
    if passed.length > LONGEST_VALUE:
        return Reason.TOO_LONG
    if not closed:
        return Reason.TRUNCATED
    return Reason.BAD_ENCODING if has_stray_bytes(passed.head) else reason


class _Passed:
    """What a search passed: its beginning, its end and its length, but not all of it."""

    def __init__(self, seen: str = "") -> None:
        self.head, self.tail, self.length = "", "", 0
        self(seen)

    def __call__(self, text: str) -> None:
        self.head = (self.head + text[: 10 * SAMPLE])[: 10 * SAMPLE]
        self.tail = text[-SAMPLE:] or self.tail
        self.length += len(text)


def _next_start(indent: int | None) -> re.Pattern[str]:
    """Where the next entry begins: at the same indent where values are indented, else by its first key."""
    return re.compile(rf"\n {{{indent}}}(\{{)") if indent is not None else _ENTRY_START
