"""How much of a wide table paper holds: columns that fit are printed, the others are named below it."""

from typing import Any, Final

from netra_analysis.report.cells import words

_ROOM: Final = 132  # letters of a printed table that stand side by side on an upright A4 sheet
_WIDEST: Final = 22  # a longer text breaks into lines
_GAP: Final = 2


def columns_on_paper(table: dict[str, Any]) -> int:
    """How many columns, from the left, fit side by side; never fewer than one."""
    room = 0
    for place, column in enumerate(table["columns"]):
        room += _width(column, [words(row[place], column["kind"]) for row in table["rows"]]) + _GAP
        if room > _ROOM:
            return max(1, place)
    return len(table["columns"])


def _width(column: dict[str, str], said: list[str]) -> int:
    heading = max((len(word) for word in f"{column['label']} {column['unit']}".split()), default=0)
    return max([heading, *(min(len(text), _WIDEST) for text in said)])


def left_off_paper(table: dict[str, Any]) -> list[str]:
    """The headings of the columns that do not fit."""
    return [str(column["label"]) for column in table["columns"][columns_on_paper(table) :]]
