"""An incident as an analyst holds it: open it, ask it, see why.

inc = netra_analysis.open("params/staging-2025-09-02.yaml")
inc.crashes                 # what may be said, sentence by sentence, each with its evidence
inc.crashes.rows()          # the proof table
inc.key_figure()            # everything on one time axis
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from netra_analysis import capsule, charts, figures, params, summary, tables, views
from netra_analysis.answer import TITLES, Answer
from netra_analysis.detectors import memory
from netra_analysis.errors import RequestError
from netra_analysis.finding import Verdict
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.investigation import Investigation
from netra_analysis.measures.around import AFTER, BEFORE
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame
from netra_analysis.report.blocks import (
    Card,
    Chart,
    ClaimList,
    NextSteps,
    Prompt,
    Section,
    TableView,
    Tiles,
    Verdicts,
)
from netra_analysis.views import columns_of, shown
from netra_analysis.window import TimeWindow, stamp


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


class Incident(Investigation):
    """One incident as notebooks see it: sentences, tables and figures of its investigation."""

    def causes(self) -> TableView:
        """The matrix: every cause with its status, score, and what speaks for and against it."""
        return self._view(views.CAUSES, "Causes, weighed")

    def in_short(self) -> ClaimList:
        """What users saw, the leading explanation with what speaks against it, and what ended it: three sentences."""
        return self.said_of(summary.NAME, *summary.SENTENCES)

    def impact(self) -> Tiles:
        """The numbers of the impact, each the value of a claim."""
        costs = [claim for claim in self.claims_of(summary.NAME) if claim.id not in summary.SENTENCES]
        budget = [claim for claim in self.objectives.claims if claim.id == "OB1" and claim.short]
        waited = [claim for claim in self.hindsight.claims if claim.id == f"HS-{self.verdict}"]
        return Tiles((*costs, *budget, *waited))

    def impact_claims(self) -> ClaimList:
        """The sentences behind the numbers of the impact."""
        return ClaimList(tuple(claim for claim in self.claims_of(summary.NAME) if claim.id not in summary.SENTENCES))

    def said_of(self, finding: str, *names: str) -> ClaimList:
        """Claims of one finding by their ids, in the order given."""
        by_id = {claim.id: claim for claim in self.claims_of(finding)}
        return ClaimList(tuple(by_id[name] for name in names if name in by_id))

    def leading(self) -> ClaimList:
        """What is said of the causes that are supported, the first of them first."""
        supported = [j for j in self.judgements if j.status == "supported"]
        return self.said_of("causes", *(f"H-{j.cause.id}" for j in supported or self.judgements[:1]))

    def signs_for(self, cause: str = "") -> ClaimList:
        """The signs that speak for a cause; for the first in rank when none is named."""
        judgement = self._judgement(cause)
        return self.said_of("signs", *(sign.claim for sign in judgement.pro))

    def signs_against(self, cause: str = "") -> ClaimList:
        """The signs that speak against a cause: for the first in rank these are its counter-evidence."""
        judgement = self._judgement(cause)
        return self.said_of("signs", *(sign.claim for sign in judgement.con))

    def why_not(self) -> ClaimList:
        """What is said of every cause that the data contradict."""
        return self.said_of("causes", *(f"H-{j.cause.id}" for j in self.judgements if j.status == "contradicted"))

    def earlier_audit(self) -> ClaimList | Card:
        """The earlier audit, claim by claim."""
        if not self.params.audit:
            return Card("No earlier audit", "The parameters name none (key: audit).", "quiet")
        return self.said_of("audit", *(f"A-{held.claim.id}" for held in self.held))

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
        """One answer by its name: a detector's, or `signs`, `causes`, `audit`."""
        return Answer(self.finding(detector), self.claims_of(detector), self.ask)

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

    @property
    def hindsight(self) -> Answer:
        return self.answer("hindsight")

    @property
    def timeline(self) -> Answer:
        return self.answer("timeline")

    @property
    def moved_first(self) -> Answer:
        return self.answer("moved_first")

    @property
    def what_differs(self) -> Answer:
        return self.answer("what_differs")

    @property
    def dose_response(self) -> Answer:
        return self.answer("dose_response")

    @property
    def objectives(self) -> Answer:
        return self.answer("objectives")

    @property
    def alerts(self) -> Answer:
        return self.answer("alerts")

    @property
    def what_if(self) -> Answer:
        return self.answer("what_if")

    def burn(self) -> Chart | Card:
        """How fast the error budget burnt, against the rates from which a page is due."""
        if self.objectives.verdict is Verdict.NO_DATA:
            return Card("No burn rate", self.objectives.claims[0].text, "quiet")
        figure = figures.burn(self.tables, self.params, self.finding("objectives"), self.findings)
        caption = " ".join(claim.text for claim in self.objectives.claims if claim.id.startswith("OB-burn"))
        return Chart(charts.lanes(figure), "How fast the error budget burnt", caption)

    def rules(self) -> TableView:
        """The rules with what each would have done; minutes below zero are before the onset."""
        return shown(self.ask(Query(views.RULES)), "Alert rules, replayed", query=Query(views.RULES))

    def alert_replay(self) -> Chart | Card:
        """When each alert rule would have fired, against the times in which something failed; a row a rule."""
        if self.alerts.verdict is Verdict.NO_DATA:
            return Card("No rule could be replayed", self.alerts.claims[0].text, "quiet")
        chart = figures.alert_replay(self.tables, self.settings, self.finding("alerts"), self.findings)
        return Chart(chart, "When each rule would have fired", self.alerts.claims[0].text)

    def query(self, sql: str, limit: int = 50, **bound: Any) -> TableView:
        """Any question in GoogleSQL over the tables, with named parameters: `inc.query("SELECT … @x", x=1)`."""
        query = Query(sql, bound)
        return shown(self.ask(query), "Query", limit, query)

    @property
    def verdicts(self) -> Verdicts:
        """Each detector's verdict and its first sentence."""
        first = {name: self.answer(name).claims[0].text for name in self.findings}
        return Verdicts(tuple((TITLES[name], f.verdict, first[name]) for name, f in self.findings.items()))

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

    def patience(self) -> Chart | Card:
        """What could be said of each cause after how long; a cut sees nothing that came later."""
        answer = self.hindsight
        rows = answer.finding.proof.to_pylist()
        if not rows:
            return Card("No onset to look back to", answer.claims[0].text, "quiet")
        return Chart(charts.patience(rows), "What could be said after how long", answer.claims[0].text)

    def chronicle(self, limit: int = 60) -> TableView:
        """Every event in order: changes, deaths, bursts of failures, limits reached, counted from the first impact."""
        return self._view(views.TIMELINE, "Events in order", limit)

    def associations(self) -> Chart | Card:
        """How each series moves with the failed requests, with the interval of each correlation."""
        answer = self.moved_first
        rows = figures.associations(answer.finding.proof.to_pylist())
        if not rows:
            return Card("Nothing to relate", answer.claims[0].text, "quiet")
        title = "correlation with failed requests, 95 %"
        chart = charts.forest(rows, title, "neutral", nothing=0.0)
        return Chart(chart, "Series that move with the failures", answer.claims[0].text)

    def changes(self) -> Chart | Card:
        """When each series changed around the onset."""
        answer = self.moved_first
        rows = figures.changes(answer.finding.proof.to_pylist())
        onset = answer.finding.time
        if not rows or onset is None:
            return Card("No change around the onset", answer.claims[-1].text, "quiet")
        window = TimeWindow(onset - timedelta(minutes=BEFORE), onset + timedelta(minutes=AFTER))
        return Chart(charts.order(rows, window, onset), "What changed around the onset", answer.claim("MF-first").text)

    def doses(self, level: str = "memory", scope: str = "service") -> Chart | Card:
        """The share of requests that failed by band of `memory` or `pool, in use`; by `instance` for single pools."""
        answer = self.dose_response
        rows = figures.doses(answer.finding.proof.to_pylist(), scope, level)
        if not rows:
            return Card(f"No bands of {level}", f"No request is known while {level} was measured.", "quiet")
        role = "memory" if level == "memory" else "pool"
        chart = charts.forest(rows, "share of requests that failed, 95 %", role, share=True)
        return Chart(chart, f"Failures by level: {level}", f"One row a band of {level}, by share of its limit.")

    def unseen(self) -> TableView:
        """What the memory metric last saw before each kill, and how long before."""
        return shown(self.ask(Query(memory.UNSEEN_SQL)), "Kills, and the last point of the metric before each")

    def moves(self) -> TableView:
        """Each series over the whole record: does it move with the failures, how much earlier or later?"""
        return self._view(views.MOVES, "Series beside the failures")

    def around_onset(self) -> TableView:
        """Each series around the onset, the most surprising first, and whether quiet hours show as much."""
        return self._view(views.AROUND, "Series around the onset")

    def differences(self, limit: int = 25) -> TableView:
        """What failing requests have that comparable successful ones have not."""
        return self._view(views.DIFFERENCES, "Failing against comparable requests", limit)

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
        return self._view(views.TRAFFIC, "Requests by client")

    def routes(self, limit: int = 25) -> TableView:
        """What was asked for: real traffic by route and method, the most failures first."""
        return self._view(views.ROUTES, "Real traffic by route", limit)

    def unexplained(self, limit: int = 25) -> TableView:
        """Failed requests that neither the platform nor the application explains."""
        return self._view(views.UNEXPLAINED, "Failed requests without an explanation", limit)

    def held_up(self, limit: int = 15) -> TableView:
        """The requests that waited longest outside their handler."""
        return self._view(views.HELD_UP, "Longest waits outside the handler", limit)

    def fingerprints(self, kind: str = "exception", limit: int = 25) -> TableView:
        """Failures (`exception`) or other loud lines (`message`) by kind, compared with the baseline."""
        title = "Failures by fingerprint" if kind == "exception" else "Other loud lines by template"
        return self._view(views.FINGERPRINTS, title, limit, kind=kind)

    def frames(self, fingerprint: str = "") -> TableView:
        """The service's own frames of one failure of a fingerprint; of the most frequent when none is given."""
        found = self.ask(Query(views.FRAMES, {"fingerprint": fingerprint or self._top_failure()})).to_pylist()
        frames = json.loads(found[0]["frames"]) if found else []
        title = f"Own frames of {found[0]['title']}" if found else "No failure with frames"
        frames = [{**frame, "line": str(frame["line"] or "")} for frame in frames]
        kinds = pa.schema([(name, pa.string()) for name in ("function", "file", "line", "code")])
        return TableView.of(pa.Table.from_pylist(frames, schema=kinds), title, note=found[0]["why"] if found else "")

    def _top_failure(self) -> str:
        rows = [row for row in self.findings["errors"].proof.to_pylist() if row["kind"] == "exception"]
        return str(rows[0]["id"]) if rows else ""

    def _view(self, sql: str, title: str, limit: int = 50, **more: Any) -> TableView:
        query = Query(sql, self.settings.bound(**more))
        return shown(self.ask(query), title, limit, query)

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
        return shown(self.ask(query), "Events of the instances", limit, query)

    def last_words(self, limit: int = 20) -> TableView:
        """The exceptions logged in the two minutes before each death."""
        query = Query(views.LAST_WORDS)
        return shown(self.ask(query), "Exceptions before a death", limit, query)

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
