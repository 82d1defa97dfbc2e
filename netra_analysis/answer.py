"""One finding as a notebook shows it: sentences, the proof table, and the rows behind each sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from netra_analysis.errors import RequestError
from netra_analysis.finding import UNREAD, Claim, Finding, Verdict
from netra_analysis.query import Query
from netra_analysis.report.blocks import ClaimList, Section, State, TableView
from netra_analysis.views import shown

TITLES = {
    "failed_requests": "Failed requests",
    "crashes": "Crash episodes",
    "errors": "Errors",
    "event_loop": "Event loop",
    "memory": "Memory",
    "pool": "Connection pool",
    "timeline": "Timeline",
    "what_differs": "What differs",
    "moved_first": "What moved first",
    "dose_response": "Failures by level",
    "objectives": "Service levels and error budget",
    "hindsight": "When could we have known?",
    "alerts": "Alerts, replayed",
    "what_if": "What if",
    "summary": "Summary",
}
MISSING = {
    "requests": "request log",
    "system": "system log of the platform",
    "stderr": "lines of the application",
    "metrics.memory": "memory metric",
    "metrics.pool": "metric of the connection pool",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Said(Claim):
    """A claim in a notebook: shows as its sentence, and gives the rows behind it."""

    ask: Callable[[Query], pa.Table]

    @classmethod
    def of(cls, claim: Claim, ask: Callable[[Query], pa.Table]) -> "Said":
        return cls(claim.statement, claim.values, claim.result, claim.rows, claim.sample, ask=ask)

    def evidence(self, limit: int = 50) -> TableView:
        """The rows behind the sentence, all of them up to `limit`."""
        query = self.statement.evidence or self.query
        return shown(self.ask(query), f"Evidence of {self.id}", limit, query)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return ClaimList((self,))._repr_mimebundle_(include, exclude)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answer:
    """One detector's finding with its claims: shows as sentences, gives its rows."""

    finding: Finding
    claims: tuple[Claim, ...]
    ask: Callable[[Query], pa.Table]

    @property
    def verdict(self) -> Verdict:
        return self.finding.verdict

    def rows(self, limit: int = 50) -> TableView:
        """The proof table, its first `limit` rows."""
        title = f"{TITLES[self.finding.detector]}: the rows"
        return shown(self.finding.proof, title, limit, Query(f"SELECT * FROM {self.finding.name}"))  # noqa: S608

    def claim(self, name: str) -> Said:
        """The claim with the id `name`."""
        for claim in self.claims:
            if claim.id == name:
                return Said.of(claim, self.ask)
        raise RequestError(f"no claim {name!r} here; there is {', '.join(claim.id for claim in self.claims)}")

    def evidence(self, name: str, limit: int = 50) -> TableView:
        """The rows behind the claim `name`."""
        return self.claim(name).evidence(limit)

    @property
    def section(self) -> Section:
        """The heading of its part of a report, with the state that its verdict gives it."""
        state, reason = State.OK, ""
        if UNREAD in self.finding.missing:
            state, reason = State.PARTIAL, "much of the export could not be read"
        elif self.verdict is Verdict.NO_DATA:
            asked = any(name.startswith("metrics") for name in self.finding.missing)
            state = State.NOT_QUERIED if asked else State.NO_ROWS
            named = [MISSING.get(name, name) for name in self.finding.missing]
            reason = f"the window holds no {' and no '.join(named)}" if named else ""
        return Section(self.finding.detector.replace("_", "-"), TITLES[self.finding.detector], state, reason)

    def __repr__(self) -> str:
        return f"<{self.finding.detector}: {self.verdict}. {self.claims[0].text}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return ClaimList(self.claims)._repr_mimebundle_(include, exclude)
