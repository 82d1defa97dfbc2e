"""One incident, investigated: findings, signs, causes and claims over its tables. Nothing here is shown or written.

Everything is computed once, when it is asked for: a notebook about memory does not pay for the alerts.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import pyarrow as pa

from netra_analysis import claims, detectors, measures, params, signs, summary, tables
from netra_analysis.detectors.settings import Settings
from netra_analysis.errors import RequestError
from netra_analysis.finding import Claim, Finding, Verdict
from netra_analysis.hypotheses import audit, hindsight, matrix, weighed
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.query import Query
from netra_analysis.signs.sign import Sign
from netra_analysis.sources.dialect import tables_of
from netra_analysis.sources.engine import Engine

PROOF = "finding_"  # what the names of proof tables begin with
CONCLUSIONS = (signs.NAME, weighed.NAME, audit.NAME, hindsight.NAME, summary.NAME)
NAMES = (*dict(detectors.ALL), *dict(measures.ALL), *CONCLUSIONS)  # of all findings, in reading order


class Investigation:
    """One incident: its parameters and tables, and all that follows from them."""

    def __init__(self, asked: params.Params, held: tables.Tables) -> None:
        self.params = asked
        self.tables = held
        self.settings = Settings(asked.asked, asked.before, asked.limits, asked.objectives)
        self._computed: dict[str, Finding] = {}
        self._claims: dict[str, tuple[Claim, ...]] = {}

    @cached_property
    def engine(self) -> Engine:
        """Answers queries over the tables, and over the proof tables that `ask` has made known to it."""
        return self.tables.engine()

    @cached_property
    def findings(self) -> Mapping[str, Finding]:
        """Every detector's answer by its name, in reading order."""
        return detectors.look(self.tables, self.settings)

    @cached_property
    def signs(self) -> tuple[Sign, ...]:
        """The facts that tell causes apart."""
        return signs.look(self.tables, self.settings, self.findings)

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """Every cause of the catalogue, weighed and ranked."""
        return matrix.judge(self.signs, signs.led(self.signs))

    @cached_property
    def held(self) -> tuple[audit.Held, ...]:
        """The earlier audit's claims, held against the data."""
        return audit.hold(self.params.audit, self.findings, self.signs)

    def finding(self, name: str) -> Finding:
        """One finding by its name: of a detector, of a measure, or `signs`, `causes`, `audit`, `summary`."""
        if name not in NAMES:
            raise RequestError(f"no finding {name!r}; there is {', '.join(NAMES)}")
        if name in self.findings:
            return self.findings[name]
        if name not in self._computed:
            found = self._concluded(name) if name in CONCLUSIONS else self._measured(name)
            self._computed[name] = found.doubted() if self.tables.coverage.in_part else found
        return self._computed[name]

    def _measured(self, name: str) -> Finding:
        return dict(measures.ALL)[name](self.tables, self.settings, self.findings)

    def _concluded(self, name: str) -> Finding:
        if name == signs.NAME:
            return signs.finding(self.signs)
        if name == weighed.NAME:
            return weighed.finding(self.judgements)
        if name == audit.NAME:
            return audit.finding(self.held)
        if name == summary.NAME:
            return summary.finding(self.tables, self.settings, self.findings, self.signs, self.judgements, self.verdict)
        return hindsight.look_back(self.tables, self.settings, self.onset, self.judgements, self.verdict)

    def ask(self, query: Query) -> pa.Table:
        """The rows that `query` gives over the tables and the proof tables of findings."""
        self._introduce(query)
        return self.engine.run(query)

    def claims_of(self, name: str) -> tuple[Claim, ...]:
        """What may be said by one finding."""
        if name not in self._claims:
            finding = self.finding(name)
            for said in finding.statements:
                self._introduce(said.query, said.evidence)
            backed = claims.back_all([finding], self.engine)
            if self.tables.coverage.in_part:
                backed = tuple(one.doubted(absent=finding.verdict is not Verdict.FIRED) for one in backed)
            self._claims[name] = backed
        return self._claims[name]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Everything that may be said, in reading order."""
        return claims.distinct([claim for name in NAMES for claim in self.claims_of(name)])

    def _introduce(self, *queries: Query | None) -> None:
        """Makes the proof tables that the queries name known to the engine."""
        wanted = {name for query in queries if query for name in tables_of(query.sql) if name.startswith(PROOF)}
        known = {name.removeprefix(PROOF) for name in wanted} & set(NAMES)
        claims.introduce(self.engine, [self.finding(name) for name in sorted(known)])

    @property
    def onset(self) -> datetime | None:
        """The first moment of impact, by the best witness that the data hold."""
        return signs.onset(self.signs)

    @property
    def verdict(self) -> str:
        """The top cause's id, `inconclusive`, or `no_incident`."""
        return matrix.verdict(self.judgements, impact=signs.hurt(self.signs))
