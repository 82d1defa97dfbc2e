"""How much memory a line says that its process has: in words, or under a key that names its unit."""

from dataclasses import dataclass
from typing import Any, Final

import re2


@dataclass(frozen=True, slots=True)
class Resident:
    """`share` of a limit where the line tells it as one, else MiB; `most_mib` where the line says of how many."""

    mib: float = 0.0
    share: float | None = None
    most_mib: float | None = None


_SPOKEN: Final = re2.compile(  # memory usage: 512 MiB of 1024 MiB; heap 71 %
    r"(?i)\b(?:memory|mem|rss|heap)\b(?:[ _-]?(?:usage|used|pressure|rss|size))?[^0-9%\n]{0,24}"
    r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>%|[MG]i?B\b)"
    r"(?:[^\n]{0,60}?(?:\bmax\b|\blimit\b|\bof\b|/)[^0-9\n]{0,6}(?P<most>\d+(?:\.\d+)?) ?(?P<most_unit>[MG]i?B\b))?"
)
_KEYED: Final = re2.compile(  # rss_mb=512, "memoryUsedBytes": 536870912, statm.resident=131072, { rss: 536870912,
    r"(?i)\b(?P<key>(?:[a-z]+[._])?(?:rss|resident|heap_?used|mem(?:ory)?(?:_?(?:used|usage|rss))?))"
    r"(?:_?(?P<unit>gi?b|mi?b|ki?b|bytes|pages|pct|percent))?[\"']?\s*[:=]\s*[\"']?(?P<number>\d+(?:\.\d+)?)\b"
)
MIB: Final = {"g": 1024.0, "m": 1.0, "k": 1 / 1024, "b": 1 / 2**20}  # by the first letter of a unit
_PAGE_MIB: Final = 4096 / 2**20
_LEAST_BYTES: Final = 4 * 2**20  # a number without a unit is of bytes where it is as large as a process
# What a line, and what a JSON payload, has to hold to be looked into.
MEMORY: Final = re2.compile(r"(?i)mem|heap|rss|resident")
MEMORY_JSON: Final = r"(?i)(?:rss|resident|heap_?used|mem)\w*\"? ?: ?\"?\d"


def told(text: str) -> Resident | None:
    """What a line, or the text of a JSON payload, says of its process's memory; None where it says nothing."""
    match = _SPOKEN.search(text)
    if match:
        return _spoken(match)
    match = _KEYED.search(text)
    return _keyed(match) if match else None


def _spoken(match: Any) -> Resident:
    number, unit = float(match["number"]), match["unit"].lower()
    if unit == "%":
        return Resident(share=number / 100)
    most = float(match["most"]) * MIB[match["most_unit"][0].lower()] if match["most"] else None
    return Resident(number * MIB[unit[0]], most_mib=most)


def _keyed(match: Any) -> Resident | None:
    number, unit = float(match["number"]), (match["unit"] or "").lower()
    if unit in ("pct", "percent"):
        return Resident(share=number / 100)
    if unit == "pages" or (not unit and match["key"].lower().startswith("statm")):
        return Resident(number * _PAGE_MIB)
    if unit:
        return Resident(number * MIB[unit[0]])
    return Resident(number * MIB["b"]) if number >= _LEAST_BYTES else None
