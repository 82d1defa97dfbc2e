"""Which format a text is in, told by its content; file names are not asked."""

import csv
import re
from typing import Final

from netra_analysis.sources.reading.dialect import field_name, is_field
from netra_analysis.sources.reading.jsonvalue import decode_at
from netra_analysis.sources.reading.text import Text

FIRST_KEY: Final = re.compile(r'\{\s*"((?:[^"\\\n]|\\.){1,200})"\s*:\s*(.)', re.DOTALL)
VALUE_START: Final = re.compile(r'\{\s*["}]|\[\s*[\[{\]]')
_YAML_KEY = re.compile(r"^(?:- |  )?([A-Za-z_]{4,24}):(?:\s|$)", re.MULTILINE)
_JSON_LINE = re.compile(r'^(?:\{\s*"|\[\s*\{\s*")', re.MULTILINE)
LONGEST_HEADER: Final = 1 << 16
_GZIP: Final = "\x1f\udc8b"  # what gzip begins with, as it looks when it is decoded as text
_TIME_HEADERS: Final = {"timestamp", "receivetimestamp", "time"}


def sniff(text: Text) -> str:
    """`json`, `ndjson`, `csv`, `yaml`, `table`, `metrics`, `gzip`, `binary` or `prose`."""
    head = text.head.lstrip("\ufeff \t\r\n")
    if head.startswith(_GZIP):
        return "gzip"
    if _is_binary(head):
        return "binary"
    if re.match(r'\{\s*"timeSeries"\s*:', head):
        return "metrics"
    if _is_lines(head, whole=text.whole):
        return "ndjson"
    if VALUE_START.match(head):
        return "json"
    if csv_delimiter(head):
        return "csv" if _has_log_columns(head) else "table"
    if _is_yaml(head):
        return "yaml"
    begun = head[:1] in ("[", "{") and not text.whole
    return "json" if begun or VALUE_START.search(head) else "prose"


def _is_binary(head: str) -> bool:
    """Many bytes that are no text; a few damaged ones do not make a file binary."""
    sample = head[:4000]
    strange = sum(1 for c in sample if "\udc80" <= c <= "\udcff" or (c < " " and c not in "\t\r\n\x1b"))
    return strange > 0.3 * len(sample)


def _is_lines(head: str, *, whole: bool) -> bool:
    """Whether most lines are an object each; a single line may also be a wrapper, or objects side by side."""
    lines = head.split("\n")
    if not whole and len(lines) > 1:
        lines.pop()
    filled = [line for line in (line.strip(" \t\r\ufeff") for line in lines) if line]
    objects = [line for line in filled if line.startswith("{") and (line.endswith("}") or line is filled[-1])]
    if 2 * len(objects) < len(filled) or not objects:
        return False
    if len(objects) > 1:
        return sum(line.endswith("}") for line in objects) > len(objects) // 2
    _, end = decode_at(objects[0], 0)
    unfinished = end < 0 and not whole and "\n" not in head  # a first line longer than all that is looked at
    return opens_entry(objects[0], 0) and (end == len(objects[0]) or unfinished)


def opens_entry(text: str, start: int) -> bool:
    """Whether the object at `start` begins with a field of a log entry; a wrapper does not."""
    first = FIRST_KEY.match(text, start)
    return first is not None and is_field(first[1])


def csv_delimiter(head: str) -> str | None:
    """The character between the header's cells, if the first line is a header with a time in it."""
    line = head[:LONGEST_HEADER].split("\n", 1)[0].replace("\r", "")
    for delimiter in ",;\t":
        cells = next(csv.reader([line], delimiter=delimiter), [])
        names = {cell.strip().lstrip("'").replace("_", "").lower() for cell in cells}
        if len(cells) > 1 and names & _TIME_HEADERS:
            return delimiter
    return None


def _has_log_columns(head: str) -> bool:
    """Whether the header names fields of a log entry besides its time; a table of metrics does not."""
    names = re.split(r"[,;\t]", head[:LONGEST_HEADER].split("\n", 1)[0])
    fields = {field_name(re.split(r"[.\[]", name.strip("'\" \r"))[0]) for name in names}
    return bool(fields - {None, "timestamp", "receiveTimestamp"})


def _is_yaml(head: str) -> bool:
    if _JSON_LINE.search(head):
        return False
    keys = {found[1] for found in _YAML_KEY.finditer(head)}
    return sum(1 for key in keys if is_field(key)) >= (1 if head.startswith("---") else 2)
