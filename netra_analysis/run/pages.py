"""A run's pages: what each says of itself, and the notebooks rendered into them."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from netra_analysis.errors import NetraAnalysisError, ReportError, RequestError
from netra_analysis.investigation import Investigation
from netra_analysis.notes import Notes
from netra_analysis.report.page import PageMeta, PageState, render_notebook, render_postmortem
from netra_analysis.run import notebooks, publish

POSTMORTEM = "90_postmortem"
QUIET_NOTE = "short: no request failed and no instance died as far as was looked at, so only the overview was run"


def partial_note(only: Sequence[str]) -> str:
    """What a partial report says of itself, everywhere in the same words; empty for a whole one."""
    return f"partial: only {', '.join(only)} {'was' if len(only) == 1 else 'were'} run" if only else ""


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages of one run have in common."""

    stage: Path
    meta: PageMeta
    state: PageState
    found: dict[str, Any]
    note: str = ""
    people: Notes = field(default_factory=Notes)

    def notebook(self, one: notebooks.Executed) -> None:
        """The page of one executed notebook; of one that was never written there is none."""
        if one.content is None:
            return
        page = render_notebook(_noted(one.content, self.note), replace(self.meta, title=one.name), self.state)
        publish.write_text(self.stage / "notebooks" / f"{one.name}.html", page)

    def postmortem(self, one: notebooks.Executed) -> None:
        """`postmortem.html`, from the notebook that it is made of."""
        if one.content is None:
            return
        page = render_postmortem(one.content, self.meta, self.found, self.state, self.people)
        publish.write_text(self.stage / "postmortem.html", page)

    def all(self, executed: Sequence[notebooks.Executed], first: str) -> None:
        """Every page of the run; the notebook named `first` is the one that becomes the postmortem."""
        for one in executed:
            try:
                self.notebook(one)
                if one.name == first:
                    self.postmortem(one)
            except NetraAnalysisError as error:
                raise ReportError(f"{one.name}: the page could not be rendered: {error}") from error


def _noted(content: dict[str, Any], note: str) -> dict[str, Any]:
    """The notebook with `note` in its introduction; the notebook's own file stays as it was executed."""
    if not note:
        return content
    first = next((i for i, cell in enumerate(content["cells"]) if cell["cell_type"] == "markdown"), None)
    if first is None:
        return content
    cell = content["cells"][first]
    noted = {**cell, "source": "".join(cell["source"]) + f"\n\n**This report is {note}.**"}
    return {**content, "cells": [*content["cells"][:first], noted, *content["cells"][first + 1 :]]}


def made_at() -> datetime:
    """Now; or the time that SOURCE_DATE_EPOCH names, in seconds, so that a page can be made again byte for byte."""
    named = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not named:
        return datetime.now(UTC)
    if not re.fullmatch("[0-9]{1,11}", named):
        raise RequestError(f"SOURCE_DATE_EPOCH is {named[:40]!r}; give whole seconds since 1970, or unset it")
    return datetime.fromtimestamp(int(named), UTC)


def page_meta(incident: Investigation, found: dict[str, Any], frozen: str, now: datetime) -> PageMeta:
    """What every page of the run says about itself."""
    asked, coverage = incident.params, incident.tables.coverage
    standings = [claim["verdict"] for claim in found["claims"]]
    logs = [stream.last for name, stream in coverage.streams.items() if name != "metrics" and stream.last]
    versions = capsule_versions()
    return PageMeta(
        incident=asked.incident,
        title=f"Postmortem: {asked.incident}",
        service=asked.service,
        region=asked.region or "",
        revisions=_revisions(incident),
        window=asked.asked,
        synthetic=asked.synthetic,
        data_until=max(logs, default=None),
        capsule_hash=frozen,
        generated_at=now,
        versions=versions,
        claims_count={standing: standings.count(standing) for standing in sorted(set(standings))},
        bytes_scanned=coverage.cost["bytes"] if coverage.scans else None,
        local_zone=None,
        unread=coverage.unread if coverage.in_part else 0.0,
    )


def _revisions(incident: Investigation) -> tuple[str, ...]:
    """Every revision that was seen in any stream."""
    seen = incident.tables.entries["revision"].unique().to_pylist()
    return tuple(sorted(name for name in seen if name))


def capsule_versions() -> dict[str, str]:
    return {"netra-analysis": metadata.version("netra-analysis"), "python": ".".join(map(str, sys.version_info[:3]))}
