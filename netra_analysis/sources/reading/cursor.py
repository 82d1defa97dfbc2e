"""A place in a text of any length, with enough of it at hand to read the next value."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from netra_analysis.sources.reading.reason import LONGEST_VALUE

_AHEAD: Final = LONGEST_VALUE + 4096  # the longest value that is read, and a little to see that it ends
_BEHIND: Final = 64  # enough to see how far the current line is indented


class Cursor:
    """`text[at:]` is what comes next; `fill` sees to it that a whole value is there, or all that is left."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.text = ""
        self.at = 0
        self._pieces: Iterator[str] | None = pieces

    @property
    def ended(self) -> bool:
        """Whether `text` holds all that is left."""
        return self._pieces is None

    def fill(self) -> None:
        if self._pieces is None or len(self.text) - self.at >= _AHEAD:
            return
        kept = [self.text[max(self.at - _BEHIND, 0) :]]
        self.at = min(self.at, _BEHIND)
        size = len(kept[0]) - self.at
        while size < 2 * _AHEAD:
            piece = next(self._pieces, None)
            if piece is None:
                self._pieces = None
                break
            kept.append(piece)
            size += len(piece)
        self.text = "".join(kept)

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Steps over `pattern`; the next character, or '' at the end."""
        self.fill()
        while (found := pattern.match(self.text, self.at)) and found.end() > self.at:
            self.at = found.end()
            if self.at < len(self.text) or self.ended:
                break
            self.fill()
        return self.text[self.at : self.at + 1]

    def indent(self) -> int | None:
        """How far the line is indented, if nothing but the indent is before this place."""
        line = self.text[self.text.rfind("\n", 0, self.at) + 1 : self.at]
        return len(line) if not line.strip(" ") and len(line) < _BEHIND else None

    def seek(self, pattern: re.Pattern[str], passed: Callable[[str], None]) -> bool:
        """Goes on to where group 1 of `pattern` begins, or to the end; `passed` is given what is passed."""
        while True:
            self.fill()
            if found := pattern.search(self.text, self.at):
                passed(self.text[self.at : found.start(1)])
                self.at = found.start(1)
                return True
            keep = 0 if self.ended else _BEHIND
            stop = max(len(self.text) - keep, self.at)
            stop = stop if self.ended else self.text.rfind("\n", self.at, stop) + 1 or stop
            passed(self.text[self.at : stop])
            self.at = stop
            if self.ended:
                return False
