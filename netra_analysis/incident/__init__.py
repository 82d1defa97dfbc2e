"""An incident as an analyst holds it: open it, ask it, see why.

inc = netra_analysis.open("params/staging-2025-09-02.yaml")
inc.crashes                 # what may be said, sentence by sentence, each with its evidence
inc.crashes.rows()          # the proof table
inc.key_figure()            # everything on one time axis
inc.claim("FR1").query.sql  # how we know
inc.instance("c9c707").timeline()
inc.fingerprint("TimeoutError").entries()
inc.pin("FR1", note="the pager rang a minute later")
"""

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from netra_analysis import params, tables
from netra_analysis.answer import Answer, Said
from netra_analysis.errors import RequestError
from netra_analysis.finding import Claim, Verdict
from netra_analysis.incident.fingerprint import Fingerprint
from netra_analysis.incident.fingerprint import found as found_kind
from netra_analysis.incident.instance import ALL, Instance
from netra_analysis.incident.instance import found as found_instance
from netra_analysis.incident.pictures import Pictures
from netra_analysis.notes import Pin
from netra_analysis.query import Query
from netra_analysis.reconstruct.fingerprints import members
from netra_analysis.report.blocks import Card, NextSteps, Prompt, Section, TableView
from netra_analysis.views import shown
from netra_analysis.window import stamp

Keep = Callable[[Pin, str, str], Path]  # (pin, incident, folder of reports or nothing) to the file that holds it


class Incident(Pictures):
    """One incident as notebooks see it: sentences, tables and figures of its investigation."""

    def __init__(self, asked: params.Params, held: tables.Tables, keep: Keep | None = None) -> None:
        super().__init__(asked, held)
        self._keep = keep

    def instance(self, name: str) -> Instance:
        """One instance, by its id or by the end of it that tables show."""
        known = [str(row["instance"]) for row in self.ask(Query(ALL)).to_pylist()]
        return Instance(found_instance(known, name), self._shown)

    def instances(self, limit: int = 50) -> TableView:
        """Every instance that any stream names, in window and baseline."""
        return self._shown(Query(ALL), "Instances", limit)

    def fingerprint(self, name: str) -> Fingerprint:
        """One kind of failure or of loud line, by its id, the beginning of it, or words of its title."""
        known = {str(row["id"]): str(row["title"]) for row in self.finding("errors").proof.to_pylist()}
        chosen = found_kind(known, name)
        spans = (self.settings.window, self.settings.baseline)
        ids = partial(members, self.tables, *spans, chosen)
        return Fingerprint(chosen, known[chosen], self._shown, ids, self.frames)

    def claim(self, name: str) -> Said:
        """One claim by its id, wherever it is said."""
        said = {claim.id: claim for claims in self._claims.values() for claim in claims}
        if name not in said:
            said = {claim.id: claim for claim in self.claims}
        if name not in said:
            close = get_close_matches(name, said, n=3) or sorted(said)[:8]
            raise RequestError(f"no claim {name!r} among {len(said)}; nearest: {', '.join(close)}")
        return Said.of(said[name], self.ask)

    def pin(self, what: Claim | Answer | str, note: str, by: str = "", out: str = "") -> Card:
        """Puts a remark on a claim (or its id, or an answer's first claim) into the notes that people keep.

        They lie beside the report's folder, in `out` or where the report is; the next run shows the remark.
        """
        claim = self._pinned(what)
        if not note.strip():
            raise RequestError(f"an empty note on {claim.id}; write what you saw: note='…'")
        if self._keep is None:
            raise RequestError("this incident was not opened with netra_analysis.open(…), so there is nowhere to write")
        path = self._keep(Pin(claim=claim.id, note=note, said=claim.text, by=by), self.params.incident, out)
        return Card(f"Pinned to {claim.id}", f"{note}\nKept in {path.name}; the next run shows it.")

    def _pinned(self, what: Claim | Answer | str) -> Claim:
        if isinstance(what, Answer):
            return what.claims[0]
        return self.claim(what) if isinstance(what, str) else what

    def _shown(self, query: Query, title: str, limit: int) -> TableView:
        return shown(self.ask(query), title, limit, query)

    @property
    def about(self) -> Card:
        """What was asked."""
        asked = self.params
        label = "SYNTHETIC: planted data, no real incident. " if asked.synthetic else ""
        body = (
            f"{label}Service {asked.service} in project {asked.project}, {asked.asked}, compared with {asked.before}."
        )
        return Card(f"Incident {asked.incident}", body, "warning" if asked.synthetic else "info")

    @property
    def blind_spots(self) -> Card:
        """What the data cannot show, and which questions that leaves open."""
        spots = (*self.tables.coverage.blind_spots, *self.tables.coverage.warnings)
        if not spots:
            return Card("No blind spot known", "Every stream is present and covers the window.", "quiet")
        return Card(f"{len(spots)} blind spots", "\n".join(spots), "warning")

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
