"""An incident as an analyst holds it: open it, ask it, see why.

inc = netra_analysis.open("params/staging-2025-09-02.yaml")
inc.crashes                 # what may be said, sentence by sentence, each with its evidence
inc.crashes.rows()          # the proof table
inc.key_figure()            # everything on one time axis
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from netra_analysis import capsule, charts, claims, detectors, figures, params, signs, tables
from netra_analysis.detectors.settings import Settings
from netra_analysis.errors import RequestError
from netra_analysis.finding import Claim, Finding, Verdict
from netra_analysis.hypotheses import audit, matrix, weighed
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame
from netra_analysis.report.blocks import (
    Card,
    Chart,
    ClaimList,
    NextSteps,
    Prompt,
    Section,
    State,
    TableView,
    Verdicts,
    ViewColumn,
)
from netra_analysis.signs.sign import Sign
from netra_analysis.sources.engine import Engine
from netra_analysis.window import stamp

_TITLES = {
    "failed_requests": "Failed requests",
    "crashes": "Crash episodes",
    "errors": "Errors",
    "event_loop": "Event loop",
    "memory": "Memory",
    "pool": "Connection pool",
}


def open_incident(where: str | Path) -> "Incident":
    """The incident at `where`: a params file (its source is read now) or a capsule's folder (read as frozen)."""
    path = Path(where)
    if capsule.is_capsule(path):
        frozen = capsule.read(path)
        return Incident(frozen.params, frozen.tables)
    if path.is_dir():
        raise RequestError(f"{path} is a folder without a capsule; give a params file, or the capsule/ of a report")
    asked = params.load(path)
    if asked.window is not None:
        raise RequestError(
            f"{path.name} asks for a relative window ({asked.window}), which only `netra-analysis run` resolves; "
            "give start and end, or open the capsule of a run"
        )
    return Incident(asked, tables.from_params(asked, path.parent))


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One detector's finding with its claims: shows as sentences, gives its rows."""

    finding: Finding
    claims: tuple[Claim, ...]
    engine: Engine

    @property
    def verdict(self) -> Verdict:
        return self.finding.verdict

    def rows(self, limit: int = 50) -> TableView:
        """The proof table, its first `limit` rows."""
        title = f"{_TITLES[self.finding.detector]}: the rows"
        return shown(self.finding.proof, title, limit, Query(f"SELECT * FROM {self.finding.name}"))  # noqa: S608

    def claim(self, name: str) -> Claim:
        """The claim with the id `name`."""
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise RequestError(f"no claim {name} here; there is {', '.join(claim.id for claim in self.claims)}")

    def evidence(self, name: str, limit: int = 50) -> TableView:
        """The rows behind the claim `name`."""
        query = self.claim(name).statement.evidence or self.claim(name).statement.query
        return shown(self.engine.run(query), f"Evidence of {name}", limit, query)

    @property
    def section(self) -> Section:
        """The heading of its part of a report, with the state that its verdict gives it."""
        state, reason = State.OK, ""
        if self.verdict is Verdict.NO_DATA:
            asked = any(name.startswith("metrics") for name in self.finding.missing)
            state = State.NOT_QUERIED if asked else State.NO_ROWS
            reason = f"the data hold no {' and no '.join(self.finding.missing)}"
        return Section(self.finding.detector.replace("_", "-"), _TITLES[self.finding.detector], state, reason)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return ClaimList(self.claims)._repr_mimebundle_(include, exclude)


class Incident:
    """One incident: its parameters, tables, findings and claims. Everything is computed once, when asked."""

    def __init__(self, asked: params.Params, held: tables.Tables) -> None:
        self.params = asked
        self.tables = held
        self.settings = Settings(asked.asked, asked.before, asked.limits)

    @cached_property
    def engine(self) -> Engine:
        """Answers queries over the tables and, once computed, the proof tables of the findings."""
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
    def evidence(self) -> tuple[Finding, ...]:
        """Every finding that a claim may rest on: detectors, signs, causes, audit."""
        rest = (signs.finding(self.signs), weighed.finding(self.judgements), audit.finding(self.held))
        return (*self.findings.values(), *rest)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Everything that may be said."""
        return claims.back_all(self.evidence, self.engine)

    @property
    def onset(self) -> datetime | None:
        """The first moment of impact, by the best witness that the data hold."""
        return signs.onset(self.signs)

    @property
    def verdict(self) -> str:
        """The top cause's id, `inconclusive`, or `no_incident`."""
        return matrix.verdict(self.judgements, impact=signs.hurt(self.signs))

    def causes(self) -> TableView:
        """The matrix: every cause with its status, score, and what speaks for and against it."""
        return self._view(_CAUSES_SQL, "Causes, weighed")

    def said_of(self, *names: str) -> ClaimList:
        """Claims by their ids, in the order given."""
        by_id = {claim.id: claim for claim in self.claims}
        return ClaimList(tuple(by_id[name] for name in names if name in by_id))

    def leading(self) -> ClaimList:
        """What is said of the causes that are supported, the first of them first."""
        supported = [j for j in self.judgements if j.status == "supported"]
        return self.said_of(*(f"H-{j.cause.id}" for j in supported or self.judgements[:1]))

    def signs_for(self, cause: str = "") -> ClaimList:
        """The signs that speak for a cause; for the first in rank when none is named."""
        judgement = self._judgement(cause)
        return self.said_of(*(sign.claim for sign in judgement.pro))

    def signs_against(self, cause: str = "") -> ClaimList:
        """The signs that speak against a cause: for the first in rank these are its counter-evidence."""
        judgement = self._judgement(cause)
        return self.said_of(*(sign.claim for sign in judgement.con))

    def why_not(self) -> ClaimList:
        """What is said of every cause that the data contradict."""
        return self.said_of(*(f"H-{j.cause.id}" for j in self.judgements if j.status == "contradicted"))

    def earlier_audit(self) -> ClaimList | Card:
        """The earlier audit, claim by claim."""
        if not self.params.audit:
            return Card("No earlier audit", "The parameters name none (key: audit).", "quiet")
        return self.said_of(*(f"A-{held.claim.id}" for held in self.held))

    def next_time(self) -> TableView:
        """What to log and what to do, for the causes that are supported or could not be told."""
        judged = [j for j in self.judgements if j.status in ("supported", "inconclusive", "untestable")]
        rows = [
            {
                "cause": j.cause.title,
                "status": j.status,
                "log next time": j.cause.log_next,
                "actions": "; ".join(j.cause.actions),
            }
            for j in judged
        ]
        kinds = pa.schema([(name, pa.string()) for name in ("cause", "status", "log next time", "actions")])
        return TableView.of(pa.Table.from_pylist(rows, schema=kinds), "What would help next time", limit=20)

    def _judgement(self, cause: str) -> Judgement:
        for judgement in self.judgements:
            if cause in ("", judgement.cause.id):
                return judgement
        known = ", ".join(sorted(j.cause.id for j in self.judgements))
        raise RequestError(f"no cause {cause!r} in the catalogue; there is {known}")

    def answer(self, detector: str) -> Answer:
        """The answer of one detector by its name."""
        if detector not in self.findings:
            raise RequestError(f"no detector {detector!r}; there is {', '.join(self.findings)}")
        finding = self.findings[detector]
        own = {said.id for said in finding.statements}
        return Answer(finding, tuple(claim for claim in self.claims if claim.id in own), self.engine)

    @property
    def failed_requests(self) -> Answer:
        return self.answer("failed_requests")

    @property
    def crashes(self) -> Answer:
        return self.answer("crashes")

    @property
    def errors(self) -> Answer:
        return self.answer("errors")

    @property
    def event_loop(self) -> Answer:
        return self.answer("event_loop")

    @property
    def memory(self) -> Answer:
        return self.answer("memory")

    @property
    def pool(self) -> Answer:
        return self.answer("pool")

    def query(self, sql: str, limit: int = 50, **bound: Any) -> TableView:
        """Any question in GoogleSQL over the tables, with named parameters: `inc.query("SELECT … @x", x=1)`."""
        _ = self.claims  # the proof tables have to be known
        query = Query(sql, bound)
        return shown(self.engine.run(query), "Query", limit, query)

    @property
    def verdicts(self) -> Verdicts:
        """Each detector's verdict and its first sentence."""
        first = {name: self.answer(name).claims[0].text for name in self.findings}
        return Verdicts(tuple((_TITLES[name], f.verdict, first[name]) for name, f in self.findings.items()))

    @property
    def streams(self) -> TableView:
        """What was read of each stream."""
        rows = [
            {"stream": name, "rows": s.rows, "first": s.first, "last": s.last}
            for name, s in self.tables.coverage.streams.items()
        ]
        kinds = pa.schema(
            [
                ("stream", pa.string()),
                ("rows", pa.int64()),
                ("first", pa.timestamp("us", "UTC")),
                ("last", pa.timestamp("us", "UTC")),
            ]
        )
        table = pa.Table.from_pylist(rows, schema=kinds)
        return TableView.of(table, "What was read", columns_of(table), note=self._ledger())

    def _ledger(self) -> str:
        coverage = self.tables.coverage
        lost = sum(coverage.quarantined.values())
        return (
            f"{coverage.entries:,} entries read = {coverage.loaded:,} loaded + {coverage.duplicates:,} duplicates "
            f"+ {lost:,} quarantined; {sum(coverage.redactions.values()):,} distinct values redacted"
        )

    @property
    def blind_spots(self) -> Card:
        """What the data cannot show, and which questions that leaves open."""
        spots = (*self.tables.coverage.blind_spots, *self.tables.coverage.warnings)
        if not spots:
            return Card("No blind spot known", "Every stream is present and covers the window.", "quiet")
        return Card(f"{len(spots)} blind spots", "\n".join(spots), "warning")

    @property
    def about(self) -> Card:
        """What was asked."""
        asked = self.params
        label = "SYNTHETIC: planted data, no real incident. " if asked.synthetic else ""
        body = (
            f"{label}Service {asked.service} in project {asked.project}, {asked.asked} (UTC), "
            f"compared with {asked.before}."
        )
        return Card(f"Incident {asked.incident}", body, "warning" if asked.synthetic else "info")

    def key_figure(self) -> Chart:
        """Requests and failures, latency, memory, pool and instances on one time axis."""
        figure = figures.key_figure(self.tables, self.params, self.findings)
        caption = (
            "Requests and failures by fate, latency, memory, pool and instances on one time axis in UTC. "
            "Crosses are deaths of instances, triangles are deploys; shaded is where the named stream has nothing."
        )
        return Chart(charts.lanes(figure), f"{self.params.service}, {self.params.asked}", caption)

    def crash_timeline(self) -> Chart | Card:
        """One row per instance: start, probes, death, and the requests that failed on it."""
        events = frame(self.tables.lifecycle, self.params.asked)
        if events.empty:
            return Card("No timeline of instances", "The window holds no entry of the platform's system log.", "quiet")
        failed = frame(self.findings["failed_requests"].proof).assign(time=lambda rows: rows["end_time"])
        chart = charts.timeline(events, self.params.asked, failed)
        return Chart(chart, "Life of the instances", self.crashes.claims[0].text)

    def fates(self) -> Chart | Card:
        """Failed requests by fate."""
        rows = frame(self.findings["failed_requests"].proof)
        if rows.empty:
            known = self.failed_requests.verdict is Verdict.CLEAR
            title = "No failed request" if known else "Failed requests are not known"
            return Card(title, self.failed_requests.claims[0].text, "quiet")
        rows["fate"] = rows["fate"].str.replace("_", " ")
        counts = rows.groupby("fate").size().reset_index(name="requests")
        chart = charts.bars_by(counts, "fate", "requests", "failed requests", "error")
        return Chart(chart, "What became of the failed requests", self.failed_requests.claims[0].text)

    def traffic(self) -> TableView:
        """Who asked: requests of the window by kind of client, with the share that failed."""
        return self._view(_TRAFFIC_SQL, "Requests by client")

    def routes(self, limit: int = 25) -> TableView:
        """What was asked for: real traffic by route and method, the most failures first."""
        return self._view(_ROUTES_SQL, "Real traffic by route", limit)

    def unexplained(self, limit: int = 25) -> TableView:
        """Failed requests that neither the platform nor the application explains."""
        return self._view(_UNEXPLAINED_SQL, "Failed requests without an explanation", limit)

    def held_up(self, limit: int = 15) -> TableView:
        """The requests that waited longest outside their handler."""
        return self._view(_HELD_SQL, "Longest waits outside the handler", limit)

    def fingerprints(self, kind: str = "exception", limit: int = 25) -> TableView:
        """Failures (`exception`) or other loud lines (`message`) by kind, compared with the baseline."""
        title = "Failures by fingerprint" if kind == "exception" else "Other loud lines by template"
        return self._view(_FINGERPRINTS_SQL, title, limit, kind=kind)

    def frames(self, fingerprint: str = "") -> TableView:
        """The service's own frames of one failure of a fingerprint; of the most frequent when none is given."""
        found = self.engine.run(Query(_FRAMES_SQL, {"fingerprint": fingerprint or self._top_failure()})).to_pylist()
        frames = json.loads(found[0]["frames"]) if found else []
        title = f"Own frames of {found[0]['title']}" if found else "No failure with frames"
        frames = [{**frame, "line": str(frame["line"] or "")} for frame in frames]
        kinds = pa.schema([(name, pa.string()) for name in ("function", "file", "line", "code")])
        return TableView.of(pa.Table.from_pylist(frames, schema=kinds), title, note=found[0]["why"] if found else "")

    def _top_failure(self) -> str:
        rows = [row for row in self.findings["errors"].proof.to_pylist() if row["kind"] == "exception"]
        return str(rows[0]["id"]) if rows else ""

    def _view(self, sql: str, title: str, limit: int = 50, **more: Any) -> TableView:
        _ = self.claims  # the proof tables have to be known
        query = Query(sql, self.settings.bound(**more))
        return shown(self.engine.run(query), title, limit, query)

    def deploys(self) -> TableView:
        """Changes of the service in window and baseline, and how we know of each."""
        return shown(self.tables.deploys, "Deploys")

    def events(self, limit: int = 60) -> TableView:
        """The lifecycle of the instances in the window, in order."""
        query = Query(
            "SELECT time, event, reason, code, instance, revision, text FROM lifecycle "
            "WHERE time >= @start AND time < @end ORDER BY time, instance",
            self.settings.bound(),
        )
        return shown(self.engine.run(query), "Events of the instances", limit, query)

    def last_words(self, limit: int = 20) -> TableView:
        """The exceptions logged in the two minutes before each death."""
        _ = self.claims
        query = Query(_LAST_WORDS_SQL)
        return shown(self.engine.run(query), "Exceptions before a death", limit, query)

    def prompt(self, name: str, title: str, ask: str) -> Prompt:
        """A part that only a person can write."""
        return Prompt(name, title, ask)

    def section(self, name: str, title: str) -> Section:
        return Section(name, title)

    def end(self, notebook: str, *then: tuple[str, str]) -> NextSteps:
        """Where to read on; and the mark that the notebook ran to its end."""
        return NextSteps(notebook, then)

    def __repr__(self) -> str:
        fired = [name for name, finding in self.findings.items() if finding.verdict is Verdict.FIRED]
        said = f"fired: {', '.join(fired)}" if fired else "nothing fired"
        return f"<incident {self.params.incident}, {self.params.service}, {stamp(self.params.asked.start)}: {said}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.about._repr_mimebundle_(include, exclude)


_CAUSES_SQL = """
SELECT rank, title, status, score, explained, signs_for, signs_against, signs_missing, follows_from
FROM finding_causes
WHERE @start < @end
ORDER BY rank
"""
_TRAFFIC_SQL = """
SELECT client, COUNT(*) AS requests, COUNTIF(status >= 500) AS failed,
  SAFE_DIVIDE(COUNTIF(status >= 500), COUNT(*)) AS failed_share, COUNTIF(status >= 400 AND status < 500) AS refused,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(50)] AS p50_s,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(95)] AS p95_s
FROM requests
WHERE end_time >= @start AND end_time < @end
GROUP BY client
ORDER BY requests DESC, client
"""
_ROUTES_SQL = """
SELECT route, method, COUNT(*) AS requests, COUNTIF(status >= 500) AS failed,
  SAFE_DIVIDE(COUNTIF(status >= 500), COUNT(*)) AS failed_share,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(50)] AS p50_s,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(95)] AS p95_s
FROM requests
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
GROUP BY route, method
ORDER BY failed DESC, requests DESC, route, method
"""
_UNEXPLAINED_SQL = """
SELECT end_time, method, route, status, latency_s, client, instance, why, id
FROM finding_failed_requests
WHERE fate = 'unexplained' AND end_time >= @start AND end_time < @end
ORDER BY end_time, id
"""
_HELD_SQL = """
SELECT time, method, route, status, latency_s, handler_s, gap_s, cold, instance
FROM finding_event_loop
WHERE gap_s IS NOT NULL AND end_time >= @start AND end_time < @end
ORDER BY gap_s DESC, time
"""
_FINGERPRINTS_SQL = """
SELECT title, level, count, before, state, first, last, instances, failed_requests, id, why
FROM finding_errors
WHERE kind = @kind AND count > 0
ORDER BY count DESC, id, level
"""
_FRAMES_SQL = """
SELECT frames, title, why
FROM exceptions
WHERE fingerprint = @fingerprint
ORDER BY complete DESC, time, id
LIMIT 1
"""
_LAST_WORDS_SQL = """
SELECT e.time, e.instance, e.title, e.message, e.fingerprint, e.tellings, e.complete
FROM exceptions AS e
JOIN finding_crashes AS c ON e.instance = c.instance
WHERE e.time <= c.end_time AND e.time > TIMESTAMP_SUB(c.start_time, INTERVAL 120 SECOND)
ORDER BY e.time, e.id
"""
_LAST = ("end_time", "revision", "loop", "id", "app_entry", "user_agent", "trace")  # what a reader needs least
_KINDS = {
    "latency_s": ("latency", "s", "number"),
    "used_mib": ("used", "MiB", "number"),
    "limit_mib": ("limit", "MiB", "number"),
    "lived_s": ("lived", "", "duration"),
    "ratio": ("share of limit", "", "share"),
    "explained": ("explains", "", "share"),
    "failed_share": ("failed", "", "share"),
    "p50_s": ("p50", "", "duration"),
    "p95_s": ("p95", "", "duration"),
    "handler_s": ("in the handler", "", "duration"),
    "gap_s": ("outside it", "", "duration"),
}


def shown(table: pa.Table, title: str, limit: int = 50, query: Query | None = None) -> TableView:
    """`table` as a reader sees it: units in the headings, instances by the end of their long ids."""
    columns = columns_of(table)
    if "instance" in table.column_names:
        index = table.schema.get_field_index("instance")
        table = table.set_column(index, "instance", pa.array([short(i) for i in table["instance"].to_pylist()]))
    return TableView.of(table, title, columns, limit, query=query)


def short(instance: str | None) -> str:
    """The end of an instance's id, which is what tells instances apart."""
    return f"…{instance[-6:]}" if instance and len(instance) > 12 else instance or ""


def columns_of(table: pa.Table) -> tuple[ViewColumn, ...]:
    """How each column is shown, read off its name's unit and its type; ids of evidence are left to queries."""
    fields = [field for field in table.schema if field.name != "evidence"]
    return tuple(_column(field) for field in sorted(fields, key=lambda field: field.name in _LAST))


def _column(field: pa.Field) -> ViewColumn:
    if field.name in _KINDS:
        label, unit, kind = _KINDS[field.name]
        return ViewColumn(field.name, label, unit, kind)  # type: ignore[arg-type]
    label = field.name.replace("_", " ")
    if pa.types.is_timestamp(field.type):
        return ViewColumn(field.name, label, "", "time")
    if field.name in ("instance", "id", "app_entry"):
        return ViewColumn(field.name, label, "", "code")
    numeric = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    return ViewColumn(field.name, label, "", "number" if numeric else "text")
