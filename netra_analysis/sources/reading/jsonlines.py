"""NDJSON: each line that is not blank is one value, whatever it holds."""

from collections.abc import Iterator

from netra_analysis.sources.reading.jsonvalue import decode_line
from netra_analysis.sources.reading.reason import LONGEST_VALUE, Reason
from netra_analysis.sources.reading.text import Text
from netra_analysis.sources.reading.value import Remarks, Value

Line = tuple[int, str, bool]


def read_lines(text: Text, remarks: Remarks) -> Iterator[Value]:
    """One value per line that is not blank; a last line without its end that is no JSON was cut."""
    for number, raw, ended in lines(text.pieces):
        line = raw.strip(" \t\r\ufeff")
        if not line:
            continue
        value = decode_line(line)
        if value is Reason.NOT_JSON and not ended:
            value = Reason.TRUNCATED
            remarks.notes.append("the last line is cut")
        yield Value(number, value, line)


def lines(pieces: Iterator[str]) -> Iterator[Line]:
    """Number, text and whether a line end followed; a line over the limit comes cut just above it."""
    number, rest = 0, ""
    for piece in pieces:
        parts = piece.split("\n")
        parts[0] = rest + parts[0]
        rest = parts.pop()
        for part in parts:
            number += 1
            yield number, part, True
        if len(rest) > LONGEST_VALUE:
            rest = rest[: LONGEST_VALUE + 1]
    if rest:
        yield number + 1, rest, False
