"""An incident as an analyst holds it: open it, ask it, see why.

inc = netra_analysis.open("params/staging-2025-09-02.yaml")
inc.crashes                 # what may be said, sentence by sentence, each with its evidence
inc.crashes.rows()          # the proof table
inc.key_figure()            # everything on one time axis
"""

from pathlib import Path
from typing import Any

from netra_analysis import capsule, params, tables
from netra_analysis.errors import RequestError
from netra_analysis.finding import Verdict
from netra_analysis.incident.pictures import Pictures
from netra_analysis.report.blocks import Card, NextSteps, Prompt, Section
from netra_analysis.window import stamp


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


class Incident(Pictures):
    """One incident as notebooks see it: sentences, tables and figures of its investigation."""

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
