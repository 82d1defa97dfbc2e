"""One incident, investigated: findings, signs, causes and claims over its tables. Nothing here is shown or written.

Everything is computed once, when it is asked for: a notebook about memory does not pay for the alerts.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import pyarrow as pa
from scipy.special import pdtrc

from netra_analysis import claims, detectors, measures, params, signs, summary, tables
from netra_analysis.detectors.settings import Settings
from netra_analysis.errors import RequestError
from netra_analysis.finding import Claim, Finding, Verdict
from netra_analysis.hypotheses import audit, matrix, weighed
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame
from netra_analysis.signs.sign import Sign
from netra_analysis.sources.dialect import tables_of
from netra_analysis.sources.engine import Engine

STRAY = 0.001  # so many failures, when the usual and one more are expected, in fewer than 1 of 1000 windows
PROOF = "finding_"  # what the names of proof tables begin with
CONCLUSIONS = (signs.NAME, weighed.NAME, audit.NAME, summary.NAME)
NAMES = (*dict(detectors.ALL), *dict(measures.ALL), *CONCLUSIONS)  # of all findings, in reading order


class Investigation:
    """One incident: its parameters and tables, and all that follows from them."""

    def __init__(self, asked: params.Params, held: tables.Tables) -> None:
        self.params = asked
        self.tables = held
        self.settings = Settings(asked.asked, asked.before, asked.limits, asked.objectives)
        self._measured: dict[str, Finding] = {}
        self._claims: dict[str, tuple[Claim, ...]] = {}

    @cached_property
    def engine(self) -> Engine:
        """Answers queries over the tables, and over the proof tables that `ask` has made known to it."""
        return self.tables.engine()

    @cached_property
    def findings(self) -> Mapping[str, Finding]:
        """Every detector's answer by its name, in reading order."""
        return {name: detect(self.tables, self.settings) for name, detect in detectors.ALL}

    @cached_property
    def signs(self) -> tuple[Sign, ...]:
        """The facts that tell causes apart."""
        return signs.look(self.tables, self.settings, self.findings)

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """Every cause of the catalogue, weighed and ranked."""
        return matrix.judge(self.signs, self.onset)

    @cached_property
    def held(self) -> tuple[audit.Held, ...]:
        """The earlier audit's claims, held against the data."""
        return audit.hold(self.params.audit, self.findings, self.signs)

    @cached_property
    def _concluded(self) -> Mapping[str, Finding]:
        first = summary.finding(self.tables, self.settings, self.findings, self.signs, self.judgements, self.verdict)
        made = (signs.finding(self.signs), weighed.finding(self.judgements), audit.finding(self.held), first)
        return {finding.detector: finding for finding in made}

    def finding(self, name: str) -> Finding:
        """One finding by its name: of a detector, of a measure, or `signs`, `causes`, `audit`, `summary`."""
        if name not in NAMES:
            raise RequestError(f"no finding {name!r}; there is {', '.join(NAMES)}")
        if name in self.findings:
            return self.findings[name]
        return self._concluded[name] if name in CONCLUSIONS else self.measured(name)

    def measured(self, name: str) -> Finding:
        """What one measure says; computed when it is first asked for."""
        if name not in self._measured:
            measure = dict(measures.ALL)[name]
            self._measured[name] = measure(self.tables, self.settings, self.findings)
        return self._measured[name]

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
            self._claims[name] = claims.back_all([finding], self.engine)
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
        """The first moment of impact: a failed request or a death; else callers refused in numbers."""
        fired = (self.findings[name] for name in ("failed_requests", "crashes"))
        times = [f.time for f in fired if f.verdict is Verdict.FIRED and f.time]
        other = [s.time for s in self.signs if s.id in ("no_instance", "auth_refused") and s.fired and s.time]
        return min(times or other, default=None)

    @property
    def verdict(self) -> str:
        """The top cause's id, `inconclusive`, or `no_incident`."""
        looked = [self.findings[name].verdict for name in ("failed_requests", "crashes")]
        if looked[0] is Verdict.FIRED and not self._more_than_usual():
            looked[0] = Verdict.CLEAR
        if any(sign.id == "no_instance" and sign.fired for sign in self.signs):
            looked.append(Verdict.FIRED)  # turned away with a 429 is hurt, too
        hurt: bool | None = Verdict.FIRED in looked
        if not hurt and looked[0] is Verdict.NO_DATA:
            hurt = None  # without a request in sight nobody can say that none failed
        return matrix.verdict(self.judgements, impact=hurt)

    def _more_than_usual(self) -> bool:
        """Whether more requests failed than the baseline's rate, and a stray one, explain."""
        count = self.findings["failed_requests"].proof.num_rows
        before = frame(self.tables.requests, self.settings.baseline, "end_time")
        usual = float((before["status"] >= 500).fillna(value=False).sum())
        scale = self.settings.window.duration / self.settings.baseline.duration
        return bool(pdtrc(count - 1, 1.0 + usual * scale) < STRAY)
