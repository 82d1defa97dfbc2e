"""One kind of secret: how it is found, and what a match must satisfy to be one.

Patterns are RE2 over bytes, so that any text takes linear time and spans are offsets that can be cut at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2

Span = tuple[int, int]
Accept = Callable[[bytes, Any], Span | None]
MOST: Final = 8_000
_MEMORY: Final = 64 << 20  # bytes for the automaton; with too few RE2 would be slow, never wrong


def options() -> Any:
    """Bytes in, bytes out: every byte is one character, and letters are ASCII letters."""
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.max_mem = _MEMORY
    chosen.log_errors = False
    return chosen


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of secret. Where `hint` finds nothing, `pattern` does not either, and is not tried."""

    kind: str
    hint: str
    pattern: Any
    accept: Accept

    def spans(self, data: bytes) -> Iterator[Span]:
        """Where in `data` a secret of this kind stands.

        After `MOST` places that had to be looked at, all the rest is one span: no honest text holds so many, and
        a hostile one would take minutes.
        """
        for number, match in enumerate(self.pattern.finditer(data)):
            if number == MOST:
                yield match.start(), len(data)
                return
            if span := self.accept(data, match):
                yield span


def rule(kind: str, pattern: str, hint: str = "", accept: Accept | None = None) -> Rule:
    """A rule whose secret is the pattern's first group that matched, or all of it where it has none."""
    return Rule(kind, hint or pattern, re2.compile(pattern.encode(), options()), accept or _whole)


def whole(match: Any) -> Span:
    """The span of the first group that took part, or of the match."""
    number = 1
    while number <= match.re.groups:
        if (start := match.start(number)) >= 0:
            return start, match.end(number)
        number += 1
    return match.start(), match.end()


def _whole(_data: bytes, match: Any) -> Span | None:
    return whole(match)


class Hints:
    """All hints at once, in one pass over a text for each family of rules.

    Families are kept apart because one automaton for all has as many states as theirs multiplied.
    """

    def __init__(self, *families: tuple[Rule, ...]) -> None:
        self._families = [(family, _searching(family)) for family in families if family]

    @property
    def patterns(self) -> tuple[str, ...]:
        """The hints of each family as one expression."""
        return tuple("|".join(f"(?:{one.hint})" for one in family) for family, _ in self._families)

    def matching(self, data: bytes) -> list[Rule]:
        """The rules that may find something in `data`, in their order."""
        return [family[number] for family, hints in self._families for number in sorted(hints.Match(data) or ())]


def _searching(family: tuple[Rule, ...]) -> Any:
    hints = re2.Set.SearchSet(options())
    for one in family:
        hints.Add(one.hint.encode())
    hints.Compile()
    return hints
