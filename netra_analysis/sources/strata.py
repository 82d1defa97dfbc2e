"""How entries are grouped where one stands for many: cells of time, what is common, and the words for it.

Parquet files (`reading.thinning`) and BigQuery (`bigquery.thinned`) are thinned by the same rules, which are SQL:
`sql/marks.sql` and those that follow it.
"""

from dataclasses import dataclass
from typing import Final

from netra_analysis.query import Bound

CELLS: Final = (  # seconds, and whether each instance has its own; the finest first
    *((10, True), (60, True), (10, False), (30, False), (60, False), (300, True), (300, False), (3600, False)),
)
TOGETHER: Final = (3, 10, 30, 100, 1_000_000)  # slow requests of one instance that ended together
_COMMON: Final = 1_000  # a shape is common when it has one row in so many
_THRONG: Final = 100  # loud lines of one shape are all kept up to one in so many of what may be kept


@dataclass(frozen=True, slots=True)
class Thinned:
    """What of a source is only represented: how many entries beside those that stand for them, in cells how long."""

    rows: int = 0
    cell_s: int = 0  # between two entries of one kind that were kept may lie two of these
    how: str = ""  # for people


NOT_THINNED: Final = Thinned()


def thresholds(rows: int, most: int) -> dict[str, Bound]:
    """What `common.sql` asks: how often a shape is common, and how often not even all of its loud lines are kept."""
    return {"common": max(20, rows // _COMMON), "throng": max(1_000, most // _THRONG)}


def near_deaths(most: int) -> int:
    """How many of the rows that may be kept may lie around deaths and slow moments, where nothing is thinned."""
    return most // 4


def told(kept: int, thinned: int, cell_s: int, by_instance: bool) -> str:
    """What is exact and what is not, in a sentence."""
    each = f"{duration(cell_s)}, route, status, latency class and kind of client or line"
    return (
        f"of {kept + thinned:,} entries {kept:,} were kept, the others are represented by like ones: counts "
        f"are exact by {each}{' and instance' if by_instance else ''}, and estimates within; failed requests, "
        "tracebacks, rare loud lines and what the platform wrote are all there; cannot tell single successes and "
        "ordinary lines that were not kept"
    )


def duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
