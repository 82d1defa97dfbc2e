"""Tables as a reader sees them, each with the query that gives it."""

import json
from typing import Any

import pyarrow as pa

from netra_analysis import views
from netra_analysis.detectors import memory
from netra_analysis.incident.sentences import Sentences
from netra_analysis.query import Query
from netra_analysis.report.blocks import TableView
from netra_analysis.views import columns_of, shown


class Listings(Sentences):
    """Rows behind the sentences: requests, failures, events, series, causes."""

    def causes(self) -> TableView:
        """The matrix: every cause with its status, score, and what speaks for and against it."""
        return self._view(views.CAUSES, "Causes, weighed")

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

    def rules(self) -> TableView:
        """The rules with what each would have done; minutes below zero are before the onset."""
        return shown(self.ask(Query(views.RULES)), "Alert rules, replayed", query=Query(views.RULES))

    def query(self, sql: str, limit: int = 50, *, title: str = "Query", **bound: Any) -> TableView:
        """Any question in GoogleSQL over the tables, with named parameters: `inc.query("SELECT … @x", x=1)`."""
        query = Query(sql, bound)
        return shown(self.ask(query), title, limit, query)

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
        hidden = ", ".join(f"{kind} {count:,}" for kind, count in sorted(coverage.redactions.items()))
        kinds = f" ({hidden})" if hidden else ""
        return (
            f"{coverage.entries:,} entries read = {coverage.loaded:,} loaded + {coverage.duplicates:,} duplicates "
            f"+ {lost:,} quarantined; {sum(coverage.redactions.values()):,} distinct values redacted{kinds}"
        )

    def chronicle(self, limit: int = 60) -> TableView:
        """Every event in order: changes, deaths, bursts of failures, limits reached, counted from the first impact."""
        return self._view(views.TIMELINE, "Events in order", limit)

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

    def _view(self, sql: str, title: str, limit: int = 50, **more: Any) -> TableView:
        query = Query(sql, self.settings.bound(**more))
        return shown(self.ask(query), title, limit, query)
