"""The same text as another reader would see it: percent signs decoded, a broken line joined, base64 opened.

Each view knows where its bytes came from, so that what is found in it is cut out of the text itself.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import re2

from netra_analysis.redact.rule import Span, options

_PERCENT: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
MOST: Final = 4_000  # runs of base64 in one text; honest ones hold a few
# Four letters of base64 that stand for three printable ASCII characters, by the bits that these have in common.
_FOUR: Final = r"[I-Za-f][C-HS-Xi-nyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
_RUN: Final = f"(?:{_FOUR}){{3,}}[A-Za-z0-9+/_-]*={{0,2}}"
_ENCODED: Final = re2.compile(_RUN.encode(), options())
OPENED: Final = (_RUN, "%[0-9A-Fa-f]{2}", r"\n|\\n")  # where none of these is, there is no other view of a text
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_HEX: Final = np.full(256, 255, np.uint8)
for _value, _letters in enumerate(
    ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "aA", "bB", "cC", "dD", "eE", "fF")
):
    for _letter in _letters:
        _HEX[ord(_letter)] = _value


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """`data` with, for each of its bytes, where that byte begins and ends in the original."""

    data: bytes
    starts: Any
    ends: Any

    def original(self, span: Span) -> Span:
        """Where `span` of this view stands in the original."""
        return int(self.starts[span[0]]), int(self.ends[span[1] - 1])

    def seam(self, span: Span) -> bool:
        """Whether something lies within `span` that this view took out or decoded."""
        first, last = self.original(span)
        return last - first != span[1] - span[0]


def unquoted(data: bytes) -> View | None:
    """`data` with %XX decoded; None where there is none."""
    if b"%" not in data or not _PERCENT.search(data):
        return None
    codes = np.frombuffer(data, np.uint8)
    high, low = _HEX[codes[1:-1]], _HEX[codes[2:]]
    at = np.flatnonzero((codes[:-2] == 0x25) & (high < 16) & (low < 16))
    values, kept = codes.copy(), np.ones(len(codes), bool)
    values[at] = high[at] * 16 + low[at]
    kept[at + 1] = kept[at + 2] = False
    starts = np.flatnonzero(kept)
    return View(values[kept].tobytes(), starts, np.append(starts[1:], len(codes)))


def joined(data: bytes) -> View | None:
    """`data` without the ends of its lines, written out (\\n) or not, and the blanks around them; None without any."""
    if b"\n" not in data and b"\\n" not in data:
        return None
    codes = np.frombuffer(data, np.uint8)
    ends, blank = _blanks(codes)
    borders = np.flatnonzero(np.diff(np.concatenate(([False], blank, [False])).astype(np.int8)))
    counted = np.concatenate(([0], np.cumsum(ends)))
    kept = np.ones(len(codes) + 1, np.int8)
    broken = counted[borders[1::2]] > counted[borders[::2]]
    kept[:-1] -= np.cumsum(_steps(borders[::2][broken], borders[1::2][broken], len(codes)))[:-1].astype(np.int8)
    starts = np.flatnonzero(kept[:-1])
    return View(codes[starts].tobytes(), starts, starts + 1)


def _blanks(codes: Any) -> tuple[Any, Any]:
    """Where lines end, and which bytes are blanks, a written-out end counted as two of them."""
    ends = codes == ord("\n")
    blank = ends | (codes == ord(" ")) | (codes == ord("\t")) | (codes == ord("\r"))
    slash = codes[:-1] == ord("\\")
    written = np.flatnonzero(slash & (codes[1:] == ord("n")))
    ends[written] = True
    for at in (
        written,
        np.flatnonzero(slash & (codes[1:] == ord("r"))),
        np.flatnonzero(slash & (codes[1:] == ord("\n"))),
    ):
        blank[at] = blank[at + 1] = True
    return ends, blank


def _steps(first: Any, last: Any, size: int) -> Any:
    """+1 where a run begins and -1 where it has ended: summed up, 1 within runs."""
    steps = np.zeros(size + 1, np.int64)
    steps[first] += 1
    steps[last] -= 1
    return steps


def opened(data: bytes) -> Iterator[tuple[Span, bytes]]:
    """Each run of base64 in `data` that begins with text, and that text.

    After `MOST` of them the rest of `data` is given as if it were one that cannot be read: an empty text.
    """
    for number, match in enumerate(_ENCODED.finditer(data)):
        if number == MOST:
            yield (match.start(), len(data)), b""
            return
        yield match.span(), _decoded(match.group())


def _decoded(run: bytes) -> bytes:
    """What a run of base64 stands for; a last letter that belongs to no byte is left out."""
    run = run.rstrip(b"=").translate(_URL_SAFE)
    run = run[: len(run) - (len(run) % 4 == 1)]
    return base64.b64decode(run + b"=" * (-len(run) % 4))
