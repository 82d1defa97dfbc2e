"""What never leaves is replaced in text: the value, never the line.

Equal values get equal tokens within one incident, so that they can still be compared: `[email:3f9a1c]`.
Tokens are keyed hashes (BLAKE2b); who does not hold the key cannot even confirm a guess.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from netra_analysis.redact import view
from netra_analysis.redact.named import NAMED, drawn, fields
from netra_analysis.redact.personal import PERSONAL
from netra_analysis.redact.rule import Hints
from netra_analysis.redact.tokens import TOKENS

RULES: Final = (*TOKENS, *NAMED, *PERSONAL)
SHORTEST: Final = 6  # bytes; nothing shorter is looked at
KINDS: Final = tuple(sorted({rule.kind for rule in RULES} | {"field", "unread"}))
MARK: Final = re.compile(rf"\[({'|'.join(KINDS)}):[0-9a-f]{{6}}\]".encode())


@dataclass(frozen=True, slots=True)
class Found:
    """One secret: where it stands in the text, its kind, and what it says."""

    start: int
    end: int
    kind: str
    value: bytes


@dataclass(slots=True)
class Redactor:
    """Replaces secrets in text and counts them by kind. One redactor serves one load.

    `key` makes the tokens; `names` are fields whose values go whatever they look like.
    """

    key: str = field(repr=False)
    names: tuple[str, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    _secret: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._secret = hashlib.blake2b(self.key.encode(), digest_size=32).digest()

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced by `[kind:token]`."""
        if len(text) < SHORTEST:
            return text
        data = text.encode("utf-8", "surrogatepass")
        found = _apart(_found(data, _hints(self.names)), data)
        if not found:
            return text
        parts, last = [], 0
        for one in found:
            parts += [data[last : one.start], self._mark(one.kind, one.value)]
            last = one.end
            self.counts[one.kind] += 1
        return b"".join([*parts, data[last:]]).decode("utf-8", "surrogatepass")

    @property
    def fingerprint(self) -> str:
        """Differs wherever the same text could come out otherwise: by key, fields or rules."""
        said = [self.key, *self.names, *(f"{one.kind} {one.pattern.pattern!r}" for one in RULES)]
        return hashlib.blake2b("\n".join(said).encode(), digest_size=16).hexdigest()

    @property
    def patterns(self) -> tuple[str, ...]:
        """Expressions of which one matches wherever a rule may, in a text of ASCII in which nothing is encoded."""
        return _hints(self.names).patterns

    def token(self, kind: str, value: str) -> str:
        """What stands in the text in place of `value`."""
        return self._mark(kind, value.encode("utf-8", "surrogatepass")).decode()

    def _mark(self, kind: str, value: bytes) -> bytes:
        return f"[{kind}:{hashlib.blake2b(value, key=self._secret, digest_size=3).hexdigest()}]".encode()


@lru_cache(maxsize=8)
def _hints(names: tuple[str, ...]) -> Hints:
    named = fields(names)
    return Hints((named,) if named else (), TOKENS, NAMED, PERSONAL)


def _found(data: bytes, hints: Hints) -> Iterator[Found]:
    """Every secret in `data`, as it stands, percent-encoded, in base64, or broken over two lines."""
    yield from _plain(data, hints)
    yield from _encoded(data, hints)
    if decoded := view.unquoted(data):
        inside = (*_plain(decoded.data, hints), *_encoded(decoded.data, hints))
        yield from (_moved(one, decoded) for one in inside)
    if whole := view.joined(data):
        yield from (_moved(one, whole) for one in _plain(whole.data, hints) if _across(one, whole, data, hints))


def _plain(data: bytes, hints: Hints) -> Iterator[Found]:
    for rule in hints.matching(data):
        for start, end in rule.spans(data):
            yield Found(start, end, rule.kind, data[start:end])


def _encoded(data: bytes, hints: Hints) -> Iterator[Found]:
    """A run of base64 goes as a whole when a secret is in it; it is known by that secret."""
    for (start, end), text in view.opened(data):
        if not text:
            yield Found(start, end, "unread", data[start:end])
        elif inside := next(_plain(text, hints), None):
            yield Found(start, end, inside.kind, inside.value)


def _across(one: Found, whole: view.View, data: bytes, hints: Hints) -> bool:
    """Whether a secret goes on over the end of a line: what stands before it is none, or what follows is no word."""
    start, end = whole.original((one.start, one.end))
    if not whole.seam((one.start, one.end)):
        return False
    before, _, after = data[start:end].replace(b"\\n", b"\n").partition(b"\n")
    alone = any(found.start == 0 for found in _plain(before.rstrip(), hints))
    return drawn(after.strip(), 6) if alone else True


def _moved(one: Found, seen: view.View) -> Found:
    start, end = seen.original((one.start, one.end))
    return Found(start, end, one.kind, one.value)


def _apart(found: Iterable[Found], data: bytes) -> list[Found]:
    """In order, none within another; of two that overlap, one that covers both."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if one.end - one.start < 3 or MARK.search(data, one.start, one.end):
            continue
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
        elif one.end > apart[-1].end:
            last = apart.pop()
            apart.append(Found(last.start, one.end, last.kind, data[last.start : one.end]))
    return apart
