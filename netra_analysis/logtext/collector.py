"""A garbage collector's line: what remained on the heap, and how large the heap was then.

Java's unified logging (`-Xlog:gc`, since 9) and the older `-verbose:gc`, V8's `--trace-gc` and the last collections
that it writes before it gives up, and Go's `GODEBUG=gctrace=1`.
"""

from dataclasses import dataclass
from typing import Final

import re2

from netra_analysis.logtext.resident import MIB


@dataclass(frozen=True, slots=True)
class Collected:
    """In MiB; `size_mib` is what the heap had from the system, None where the line does not say."""

    after_mib: float
    size_mib: float | None


_LINES: Final = (
    re2.compile(r"\bPause (?:Young|Full|Mixed)\b[^\n]*? \d+[KMG]->(?P<after>\d+)(?P<unit>[KMG])\((?P<size>\d+)[KMG]\)"),
    re2.compile(r"\[(?:Full )?GC \([^\n]*?[\])] +\d+[KMG]->(?P<after>\d+)(?P<unit>[KMG])\((?P<size>\d+)[KMG]\)"),
    re2.compile(r"\bMark-[Cc]ompact\b[^\n]*? -> (?P<after>[\d.]+) \((?P<size>[\d.]+)\) (?P<unit>M)B"),
    re2.compile(r"^gc \d+ @[\d.]+s \d+%: [^\n]*? \d+->\d+->(?P<after>\d+) (?P<unit>M)B,"),
)
ARROW: Final = re2.compile("->")  # what a line has to hold to be looked into


def collected(message: str) -> Collected | None:
    """What a line says of a collection, or None."""
    for pattern in _LINES:
        match = pattern.search(message)
        if match:
            parts, unit = match.groupdict(), MIB[match["unit"].lower()]
            size = parts.get("size")
            return Collected(float(parts["after"]) * unit, float(size) * unit if size else None)
    return None
