"""Charts of one incident; where there is nothing to draw, a card that says why."""

from datetime import timedelta

from netra_analysis import charts, figures
from netra_analysis.finding import Verdict
from netra_analysis.incident.listings import Listings
from netra_analysis.measures.around import AFTER, BEFORE
from netra_analysis.reconstruct.frames import frame
from netra_analysis.report.blocks import Card, Chart
from netra_analysis.window import TimeWindow


class Pictures(Listings):
    """What can be drawn of an incident."""

    def key_figure(self) -> Chart:
        """Requests and failures, latency, memory, pool and instances on one time axis."""
        figure = figures.key_figure(self.tables, self.params, self.findings)
        caption = (
            "Requests and failures by fate, latency, memory, pool and instances on one time axis in UTC. "
            "Crosses are deaths of instances, triangles are deploys; shaded is where the named stream has nothing."
        )
        title = f"{self.params.service}, {self.params.asked}"
        return Chart(charts.lanes(figure), title, caption, charts.lanes(figure.narrow))

    def burn(self) -> Chart | Card:
        """How fast the error budget burnt, against the rates from which a page is due."""
        if self.objectives.verdict is Verdict.NO_DATA:
            return Card("No burn rate", self.objectives.claims[0].text, "quiet")
        figure = figures.burn(self.tables, self.params, self.finding("objectives"), self.findings)
        caption = " ".join(claim.text for claim in self.objectives.claims if claim.id.startswith("OB-burn"))
        return Chart(charts.lanes(figure), "How fast the error budget burnt", caption, charts.lanes(figure.narrow))

    def alert_replay(self) -> Chart | Card:
        """When each alert rule would have fired, against the times in which something failed; a row a rule."""
        if self.alerts.verdict is Verdict.NO_DATA:
            return Card("No rule could be replayed", self.alerts.claims[0].text, "quiet")
        chart = figures.alert_replay(self.tables, self.settings, self.finding("alerts"), self.findings)
        return Chart(chart, "When each rule would have fired", self.alerts.claims[0].text)

    def patience(self) -> Chart | Card:
        """What could be said of each cause after how long; a cut sees nothing that came later."""
        answer = self.hindsight
        rows = answer.finding.proof.to_pylist()
        if not rows:
            return Card("No onset to look back to", answer.claims[0].text, "quiet")
        return Chart(charts.patience(rows), "What could be said after how long", answer.claims[0].text)

    def associations(self) -> Chart | Card:
        """How each series moves with the failed requests, with the interval of each correlation."""
        answer = self.moved_first
        rows = figures.associations(answer.finding.proof.to_pylist())
        if not rows:
            return Card("Nothing to relate", answer.claims[0].text, "quiet")
        title = "correlation with failed requests, 95 % interval"
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
        chart = charts.forest(rows, "share of requests that failed, 95 % interval", role, share=True)
        return Chart(chart, f"Failures by level: {level}", f"One row a band of {level}, by share of its limit.")

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
