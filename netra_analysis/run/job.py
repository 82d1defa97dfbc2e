"""One incident, from its parameters to its published folder."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netra_analysis import capsule, tables
from netra_analysis.errors import NetraAnalysisError, ReportError
from netra_analysis.investigation import Investigation
from netra_analysis.notes import Notes
from netra_analysis.params import Params
from netra_analysis.report.page import PageMeta, PageState, render_notebook, render_postmortem
from netra_analysis.run import notebooks, publish
from netra_analysis.run.evidence import evidence
from netra_analysis.run.nursery import Nursery
from netra_analysis.run.people import notes_path, read_notes
from netra_analysis.run.verify import EVIDENCE, RUN, changed_evidence
from netra_analysis.window import stamp

POSTMORTEM = "90_postmortem"
WORKERS = 2
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended: its folder, where people write, its verdict, what failed in it, and, if not all, what ran."""

    incident: str
    folder: Path
    postmortem: Path | None
    verdict: str
    failed: tuple[str, ...]
    only: tuple[str, ...] = ()
    notes: Path | None = None

    @property
    def state(self) -> str:
        return "failed" if self.failed else "done"


def run(asked: Params, base: Path, out: Path, only: Sequence[str] = (), say: Say = lambda _: None) -> Done:
    """Runs `asked` (paths relative to `base`) and publishes `out/<incident>/`.

    A notebook that fails is kept and marked; the rest is published with it, as failed.
    """
    chosen = notebooks.selected(only)
    with (
        publish.locked(out, asked.incident),
        publish.staged(out, asked.incident) as stage,
        Nursery(WORKERS) as nursery,  # it gets ready while the source is read
    ):
        people, began = read_notes(out, asked.incident), datetime.now(UTC)
        _state(stage, "running", began, {})
        say(f"{asked.incident}: reading {asked.source}")
        held = tables.from_params(
            asked,
            base,
            lambda name, n: say(f"{asked.incident}: {name}: {n:,} entries"),
            lambda text: say(f"{asked.incident}: {text}"),
        )
        manifest = capsule.write(stage / "capsule", asked, held)
        say(f"{asked.incident}: {_read(held)}")
        done = _report(stage, nursery, chosen, manifest, began, people, say)
        say(f"{asked.incident}: {'verified, ' if not done.failed else ''}publishing")
        final = publish.publish(out, asked.incident)
    postmortem = final / "postmortem.html"
    notes = notes_path(out, asked.incident)
    return replace(done, folder=final, notes=notes, postmortem=postmortem if postmortem.is_file() else None)


def partial(chosen: Mapping[str, Path]) -> tuple[str, ...]:
    """The names of `chosen` when they are not the whole suite: such a report has to say so of itself."""
    return tuple(chosen) if len(chosen) < len(notebooks.suite()) else ()


def partial_note(only: Sequence[str]) -> str:
    """What a partial report says of itself, everywhere in the same words; empty for a whole one."""
    return f"partial: only {', '.join(only)} {'was' if len(only) == 1 else 'were'} run" if only else ""


def _read(held: tables.Tables) -> str:
    coverage = held.coverage
    return (
        f"{coverage.entries:,} entries read, {coverage.duplicates:,} duplicates, "
        f"{sum(coverage.quarantined.values()):,} quarantined; "
        f"{held.requests.num_rows:,} requests, {held.app_logs.num_rows:,} application lines, "
        f"{held.lifecycle.num_rows:,} instance events, {held.metrics.num_rows:,} metric points"
    )


def _report(
    stage: Path,
    nursery: Nursery,
    chosen: Mapping[str, Path],
    manifest: Mapping[str, Any],
    began: datetime,
    people: Notes,
    say: Say,
) -> Done:
    """Notebooks, evidence, verification, pages. Pages say INCOMPLETE unless everything before them held."""
    name, only = manifest["params"]["incident"], partial(chosen)
    running, again = _notebooks(stage, nursery, chosen, say, name), second_look(stage, nursery)
    held = capsule.read(stage / "capsule")
    incident = Investigation(held.params, held.tables)
    found = evidence(incident)  # while the notebooks run
    publish.write_json(stage / EVIDENCE, found)
    executed = [one.result() for one in running.values()]
    failed = [f"{one.name}: {one.fault}" for one in executed if one.fault]
    failed += again(json.loads(json.dumps(found)))
    failed += _disagreeing(executed, found["claims"])
    meta = page_meta(incident, found, capsule.capsule_hash(manifest), datetime.now(UTC))
    state = PageState.FAILED("; ".join(failed)) if failed else PageState.COMPLETE
    for one in executed:
        _page(stage, one, meta, state, found, partial_note(only), people)
    files = {
        str(path.relative_to(stage)): capsule.file_hash(path)
        for path in sorted(stage.rglob("*"))
        if path.is_file() and path.name != RUN
    }
    _state(stage, "failed" if failed else "done", began, files, failed, meta, found, only)
    return Done(incident.params.incident, stage, None, str(found["verdict"]), tuple(failed), only)


def _notebooks(
    stage: Path, nursery: Nursery, chosen: Mapping[str, Path], say: Say, incident: str
) -> dict[str, Future[notebooks.Executed]]:
    folder = stage / "notebooks"
    folder.mkdir()
    say(f"{incident}: running {len(chosen)} notebooks")

    def told(one: notebooks.Executed) -> None:
        say(f"{incident}: {one.name} {one.seconds:.1f} s{': ' + one.fault if one.fault else ''}")

    return notebooks.begin(chosen, folder, "../capsule", nursery, told)


def second_look(stage: Path, nursery: Nursery) -> Callable[[Mapping[str, Any]], list[str]]:
    """Has the evidence computed again, from the capsule's files and by another process, beside the notebooks.

    Gives what to call for the differences between it and the evidence found here.
    """
    output = nursery.folder / "evidence.json"
    capsule_, deadline = str(stage / "capsule"), notebooks.NOTEBOOK_TIMEOUT_S
    job = nursery.submit("evidence", deadline, capsule=capsule_, output=str(output))

    def differences(found: Mapping[str, Any]) -> list[str]:
        said = job.result().said
        if said:
            return [f"the evidence could not be computed a second time: {said}"]
        return changed_evidence(found, json.loads(output.read_text(encoding="utf-8")))

    return differences


def _disagreeing(executed: Sequence[notebooks.Executed], claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Claims that a notebook showed and that the parent, on its own, did not find so."""
    known = {claim["id"]: claim for claim in json.loads(json.dumps(list(claims)))}
    wrong = []
    for one in executed:
        for shown in notebooks.emitted_claims(one.content) if one.content else []:
            if known.get(shown["id"]) != shown:
                wrong.append(f"{one.name}: claim {shown['id']} is not what the capsule gives")
    return wrong


def _page(
    stage: Path,
    one: notebooks.Executed,
    meta: PageMeta,
    state: PageState,
    found: dict[str, Any],
    note: str,
    people: Notes,
) -> None:
    if one.content is None:
        return
    try:
        page = render_notebook(_noted(one.content, note), replace(meta, title=one.name), state)
        publish.write_text(stage / "notebooks" / f"{one.name}.html", page)
        if one.name == POSTMORTEM:
            publish.write_text(stage / "postmortem.html", render_postmortem(one.content, meta, found, state, people))
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
    )


def _revisions(incident: Investigation) -> tuple[str, ...]:
    """Every revision that was seen in any stream."""
    seen = incident.tables.entries["revision"].unique().to_pylist()
    return tuple(sorted(name for name in seen if name))


def capsule_versions() -> dict[str, str]:
    from importlib import metadata

    return {"netra-analysis": metadata.version("netra-analysis"), "python": ".".join(map(str, sys.version_info[:3]))}


def _state(
    stage: Path,
    state: str,
    began: datetime,
    files: Mapping[str, str],
    failed: Sequence[str] = (),
    meta: PageMeta | None = None,
    found: Mapping[str, Any] | None = None,
    only: Sequence[str] = (),
) -> None:
    """`run.json`: what a scheduler reads. Written last, and the only file that names all others."""
    now = datetime.now(UTC)
    publish.write_json(
        stage / RUN,
        {
            "state": state,
            "started": stamp(began),
            "finished": stamp(now) if state != "running" else None,
            "seconds": round((now - began).total_seconds(), 1),
            "failed": list(failed),
            "only": list(only),
            "note": partial_note(only),
            "verdict": found["verdict"] if found else None,
            "onset": found["onset"] if found else None,
            "window": found["window"] if found else None,
            "service": found["service"] if found else None,
            "failed_requests": found["failed_requests"]["total"] if found else None,
            "synthetic": meta.synthetic if meta else None,
            "data_until": stamp(meta.data_until) if meta and meta.data_until else None,
            "capsule": meta.capsule_hash if meta else None,
            "files": dict(files),
        },
    )
