"""CSV: the Logs Explorer's download with its flattened columns, and reduced tables of a few."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from netra_analysis.sources.reading.jsonlines import Line, lines
from netra_analysis.sources.reading.reason import LONGEST_VALUE, Reason
from netra_analysis.sources.reading.sniff import csv_delimiter
from netra_analysis.sources.reading.text import Text
from netra_analysis.sources.reading.value import Remarks, Value

MOST_LINES: Final = 20_000  # in one quoted cell; beyond, the quote is taken to be an accident

# Label names hold dots themselves: what follows these prefixes is one key.
_WHOLE: Final = ("labels.", "resource.labels.", "operation.labels.")
_STEP = re.compile(r"[^.\[\]]+")

Path = tuple[str | int, ...]


def read_csv(text: Text, remarks: Remarks) -> Iterator[Value]:
    """One value per row; cells become fields as their column's dotted name says, empty ones are absent."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_VALUE))
    records = _Records(text.pieces, csv_delimiter(text.head.lstrip("\ufeff \r\n")) or ",")
    paths = [path_of(name) for name in records.header]
    remarks.notes.append(f"{len(paths)} columns")
    for number, raw, cells in records:
        yield Value(number, cells if isinstance(cells, Reason) else _row(paths, cells), raw)


def path_of(header: str) -> Path:
    """`'errorGroups[0].id` → ("errorGroups", 0, "id"); the guard quote before a header goes."""
    name = header.strip("\ufeff \r").removeprefix("'")
    for prefix in _WHOLE:
        if name.startswith(prefix):
            return (*prefix.rstrip(".").split("."), name.removeprefix(prefix))
    steps = _STEP.findall(name)
    return tuple(int(step) if step.isdecimal() and len(step) < 5 else step for step in steps)


def unguarded(cell: str) -> str:
    """The cell without the quote that keeps spreadsheets from running it."""
    if cell.startswith("'") and (cell[1:2] in "=+-@\t\r" or ("@" in cell and cell.count("'") == 1)):
        return cell[1:]
    return cell


def _row(paths: list[Path], cells: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for path, cell in zip(paths, cells, strict=False):
        if cell and path:
            _put(row, path, unguarded(cell))
    return {str(key): _with_lists(item) for key, item in row.items()}


def _put(row: dict[Any, Any], path: Path, cell: str) -> None:
    """Sets the leaf at `path`; where a column stands for both a value and an object, the object wins."""
    for step in path[:-1]:
        inner = row.get(step)
        if not isinstance(inner, dict):
            inner = row[step] = {}
        row = inner
    if not isinstance(row.get(path[-1]), dict):
        row[path[-1]] = cell


def _with_lists(value: Any) -> Any:
    """Objects whose keys are all array indices become the arrays they were."""
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_with_lists(value[key]) for key in sorted(value)]
    return {str(key): _with_lists(item) for key, item in value.items()}


class _Records:
    """Line number, text and cells of each record. A quote that never closes costs its own line only."""

    def __init__(self, pieces: Iterator[str], delimiter: str) -> None:
        self._source = lines(pieces)
        self._waiting: deque[Line] = deque()
        self._delimiter = delimiter
        self._width: int | None = None
        self._tail = "\r"
        first = next(((line, cells) for _, line, cells in self), ("", []))
        self.header = first[1] if isinstance(first[1], list) else []
        self._tail = "\r" if first[0].endswith("\r") else ""
        self._width = len(self.header)

    def __iter__(self) -> Iterator[tuple[int, str, list[str] | Reason]]:
        while line := self._next():
            number, record, ended = line
            if record.strip("\ufeff \r"):
                whole, cells = self._record(record, ended=ended)
                yield number, whole, cells

    def _next(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._source, None)

    def _record(self, record: str, *, ended: bool) -> tuple[str, list[str] | Reason]:
        """The record that begins with this line: as many lines as its quotes need, or this one alone."""
        taken: list[Line] = []
        size, quotes = len(record), record.count('"')
        while quotes % 2 and size <= LONGEST_VALUE and len(taken) < MOST_LINES and (more := self._next()):
            taken.append(more)
            size += len(more[1])
            quotes += more[1].count('"')
        parts = [record, *(line[1] for line in taken)]
        whole = "\n".join(part.removesuffix(self._tail) for part in parts).removesuffix("\r")
        cells = self._cells(whole) if quotes % 2 == 0 else Reason.NOT_CSV
        if isinstance(cells, Reason) and taken:
            self._waiting.extendleft(reversed(taken))
            whole, cells = record, self._cells(record.removesuffix("\r"))
        return whole, Reason.TRUNCATED if cells is Reason.NOT_CSV and not ended else cells

    def _cells(self, record: str) -> list[str] | Reason:
        if len(record) > LONGEST_VALUE:
            return Reason.TOO_LONG
        try:
            cells = next(csv.reader([record], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return Reason.NOT_CSV
        return Reason.NOT_CSV if self._width and any(cells[self._width :]) else cells
