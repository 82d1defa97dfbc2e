"""What a format's reader hands on: one value with its place, and the remarks made while reading."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from netra_analysis.sources.reading.jsonvalue import canonical
from netra_analysis.sources.reading.reason import Reason


class Value(NamedTuple):
    """One value of a file: parsed, or the reason why not.

    `raw` is its text as far as it is at hand; `group` the severity its wrapper gave it.
    """

    position: int
    value: Any
    raw: str | None = None
    group: str | None = None

    @property
    def sample(self) -> str:
        if self.raw is not None:
            return self.raw
        return self.value if isinstance(self.value, Reason) else canonical(self.value)


@dataclass(slots=True)
class Remarks:
    """What a reader noticed about its file: sentences, and lines that are prose and no values."""

    notes: list[str] = field(default_factory=list)
    prose_lines: int = 0
    first_prose: str = ""
    tally: Counter[str] = field(default_factory=Counter)

    def prose(self, text: str) -> None:
        """Counts the lines of `text` that are neither empty nor mere punctuation."""
        lines = [line for line in text.splitlines() if any(c.isalnum() for c in line)]
        self.prose_lines += len(lines)
        if lines and not self.first_prose:
            self.first_prose = lines[0].strip()
