"""What a question to a cloud source cost: one row a query, in the capsule and in the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from netra_analysis.query import Query

# An assumption, and stated as one wherever a price is shown: on-demand analysis in the US, per TiB.
USD_PER_TIB: Final = 6.25
ASSUMED: Final = f"at {USD_PER_TIB} USD per TiB, the on-demand list price assumed"


@dataclass(frozen=True, slots=True)
class Scan:
    """One query: what was asked, what the dry run said of it, and what it read and gave.

    `bytes` is what was billed; 0 where an answer was kept from an earlier run (`cached`).
    """

    name: str
    query: Query
    estimate: int
    bytes: int = 0
    rows: int = 0
    job: str = ""
    cached: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            **self.query.to_json(),
            "hash": self.query.fingerprint,
            "estimate": self.estimate,
            "bytes": self.bytes,
            "rows": self.rows,
            "job": self.job,
            "cached": self.cached,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scan":
        query = Query(data["sql"], data["params"])
        return cls(data["name"], query, data["estimate"], data["bytes"], data["rows"], data["job"], data["cached"])


def usd(size: int) -> float:
    """What `size` bytes cost, under the assumed price."""
    return round(size / 2**40 * USD_PER_TIB, 4)


def human(size: int) -> str:
    """`size` bytes for people: 3.1 GB."""
    number, units = float(size), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while number >= 1000 and unit != "TB":
        number, unit = number / 1000, next(units)
    return f"{number:.1f} {unit}" if unit != "B" else f"{size} B"


def said_cost(size: int, budget: int) -> str:
    """What reading would scan, and what it may."""
    return f"{human(size)} would be scanned, about ${usd(size):.2f} ({ASSUMED}); the budget is {human(budget)}"


def bill(scans: Sequence[Scan]) -> dict[str, Any]:
    """The sum of `scans`, as `check` and the coverage have it."""
    total = sum(scan.bytes for scan in scans)
    return {"bytes": total, "usd": usd(total)}
