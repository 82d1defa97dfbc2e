"""Two incidents as an analyst holds them: `pair = netra_analysis.compare(a, b)`, the earlier one first."""

from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import pandas as pd

from netra_analysis import charts
from netra_analysis.comparison import proven, read
from netra_analysis.comparison.likeness import Likeness, Trait, traits_of_both, verdict
from netra_analysis.investigation import Investigation
from netra_analysis.reconstruct.frames import count
from netra_analysis.report.blocks import Card, Chart, NextSteps, TableView, ViewColumn
from netra_analysis.statistics.intervals import CONFIDENCE

_SAID = {
    Likeness.SAME: ("The same failure", "The traits below agree in what tells failures apart."),
    Likeness.DIFFERENT: ("Another failure", "The traits below differ in what tells failures apart."),
    Likeness.OPEN: ("It cannot be told", "Too few traits are known of both, or they disagree."),
}


@dataclass(eq=False)
class Comparison:
    """The incident `a` and the later `b`."""

    a: Investigation
    b: Investigation

    @cached_property
    def traits(self) -> tuple[Trait, ...]:
        return traits_of_both(read.traits(self.a), read.traits(self.b))

    @property
    def same(self) -> Card:
        """Whether it is the same failure, in a word."""
        title, body = _SAID[verdict(self.traits)]
        return Card(title, f"{self._names[0]} and {self._names[1]}. {body}", "info")

    def reasons(self) -> TableView:
        """Trait by trait, how far both agree."""
        rows = [{"trait": t.name, "a": t.a, "b": t.b, "agree": t.agreement, "says": t.says.value} for t in self.traits]
        return _table(rows, "The same failure?", self._named(("trait", "a", "b", "agree", "says"), share=("agree",)))

    def fingerprints(self) -> TableView:
        """Failures by fingerprint: in both, gone, or new; an incident's own and not what was there before it."""
        sides = [self._errors(one) for one in (self.a, self.b)]
        rows = []
        for key in {**sides[0], **sides[1]}:
            first, second = (side.get(key) for side in sides)
            state = "in both" if first and second else "gone" if first else "new"
            known = first or second or {}
            counts = {"a": (first or {}).get("count", 0), "b": (second or {}).get("count", 0)}
            rows.append({"fingerprint": key, "title": known.get("title"), "state": state, **counts})
        rows.sort(
            key=lambda row: (("new", "in both", "gone").index(row["state"]), -row["a"] - row["b"], row["fingerprint"])
        )
        columns = self._named(("title", "state", "a", "b", "fingerprint"), number=("a", "b"))
        return _table(rows, "Fingerprints, new and gone", columns)

    def causes(self) -> TableView:
        """Every cause as each incident weighs it."""
        later = {j.cause.id: j for j in self.b.judgements}
        rows = [
            {"cause": j.cause.title, "a": j.status, "a score": j.score, "b": later[j.cause.id].status,
             "b score": later[j.cause.id].score}
            for j in self.a.judgements
        ]  # fmt: skip
        columns = self._named(("cause", "a", "a score", "b", "b score"), number=("a score", "b score"))
        return _table(rows, "Causes, side by side", columns)

    def aligned(self) -> Chart | Card:
        """The share of requests that failed, both counted from their own onset."""
        pairs = zip(self._names, (self.a, self.b), strict=True)
        rows = [{"incident": name, **row} for name, one in pairs for row in read.around_onset(one)]
        if not rows:
            return Card("Nothing to align", "Neither incident has an onset.", "quiet")
        said = "Share of real requests that failed, in bins of five minutes from each onset."
        return Chart(charts.aligned(rows), "Failed share from the onset", said)

    def fix(self) -> TableView:
        """Is a fix proven? What `a` had is the old rate; the quiet of `b` since its last failure is the proof."""
        before, after = read.real(self.a), read.real(self.b)
        calm = (
            after if not after["failed"].any() else after[after["end_time"] > after["end_time"][after["failed"]].max()]
        )
        hours = self.a.settings.window.duration.total_seconds() / 3600
        tests = (
            ("quiet hours, by bursts", proven.by_time(read.bursts(self.a), hours, read.quiet_hours(self.b))),
            ("requests without a failure", proven.by_requests(int(before["failed"].sum()), count(before), count(calm))),
        )
        rows = [
            {"test": name, "needed": one.needed if isfinite(one.needed) else None, "seen": one.seen,
             "proven": "yes" if one.proven else "not yet"}
            for name, one in tests
        ]  # fmt: skip
        columns = self._named(("test", "needed", "seen", "proven"), number=("needed", "seen"))
        note = "Bursts are the test that counts: the requests of one burst are one piece of bad luck."
        return _table(rows, f"Is a fix proven at {100 * CONFIDENCE:.0f} %?", columns, note)

    def end(self, notebook: str, *then: tuple[str, str]) -> NextSteps:
        """Where to read on; and the mark that the notebook ran to its end."""
        return NextSteps(notebook, then)

    @property
    def _names(self) -> tuple[str, str]:
        return self.a.params.incident, self.b.params.incident

    def _named(
        self, names: tuple[str, ...], number: tuple[str, ...] = (), share: tuple[str, ...] = ()
    ) -> list[ViewColumn]:
        labels = {"a": self._names[0], "b": self._names[1], "a score": "score", "b score": "score"}
        return [
            ViewColumn(n, labels.get(n, n), "", "number" if n in number else "share" if n in share else "text")
            for n in names
        ]

    def _errors(self, one: Investigation) -> dict[str, dict[str, Any]]:
        rows = one.findings["errors"].proof.to_pylist()
        return {row["id"]: row for row in rows if row["kind"] == "exception" and row["count"]}

    def __repr__(self) -> str:
        return f"<comparison of {self._names[0]} and {self._names[1]}: {verdict(self.traits)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.same._repr_mimebundle_(include, exclude)


def _table(rows: list[dict[str, Any]], title: str, columns: list[ViewColumn], note: str = "") -> TableView:
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    return TableView.of(frame.astype(object).where(frame.notna(), None), title, columns, note=note)
