"""A sign: one fact that tells causes apart. Signs are rows of one proof table, so each can be computed again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from netra_analysis.finding import UNREAD, Standing, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.schema import FLOAT, INT, TEXT, TIME

SIGNS = pa.schema(
    [
        ("id", TEXT), ("verdict", TEXT), ("time", TIME), ("share", FLOAT), ("n", INT), ("total", INT),
        ("a", FLOAT), ("b", FLOAT), ("words", TEXT), ("missing", TEXT),
    ]
)  # fmt: skip
_SQL = "SELECT n, total, a, b, words, time, share, SAFE_DIVIDE(n, total) AS part FROM finding_signs WHERE id = @id"


@dataclass(frozen=True, slots=True)
class Sign:
    """What was looked for, and what was seen.

    `says` is a sentence over `n`, `total`, `part` (n of total), `a`, `b`, `words`, `time` and `share`. `share`
    is the part of the failures that the sign can explain, where that can be told.
    """

    id: str
    verdict: Verdict
    says: str
    time: datetime | None = None
    share: float | None = None
    n: int | None = None
    total: int | None = None
    a: float | None = None
    b: float | None = None
    words: str | None = None
    missing: tuple[str, ...] = ()
    unit: str = ""
    method: str = ""
    evidence: Query | None = None

    @property
    def fired(self) -> bool:
        return self.verdict is Verdict.FIRED

    @property
    def claim(self) -> str:
        """The id of its claim."""
        return f"S-{self.id}"

    def doubted(self) -> "Sign":
        """The sign where too little could be read: what was not seen was not looked at."""
        clear = self.verdict is Verdict.CLEAR
        return replace(self, verdict=Verdict.NO_DATA, missing=(*self.missing, UNREAD)) if clear else self

    def row(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in ("id", "time", "share", "n", "total", "a", "b")},
            "verdict": self.verdict.value,
            "words": self.words[:300] if self.words else None,
            "missing": ", ".join(self.missing),
        }

    def statement(self) -> Statement:
        standing = Standing.UNTESTABLE if self.verdict is Verdict.NO_DATA else Standing.CONFIRMED
        return Statement(
            self.claim,
            self.says,
            Query(_SQL, {"id": self.id}),
            value="a" if self.n is None and self.a is not None else "n",
            unit=self.unit,
            method=self.method,
            standing=standing,
            evidence=self.evidence,
            at="time" if self.time else None,
        )


def not_seen(name: str, says: str, *missing: str) -> Sign:
    """A sign that nobody could see."""
    return Sign(name, Verdict.NO_DATA, says, missing=missing, n=0)


def table_of(signs: Sequence[Sign]) -> pa.Table:
    return pa.Table.from_pylist([sign.row() for sign in signs], schema=SIGNS)
