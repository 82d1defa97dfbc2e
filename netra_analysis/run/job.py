"""One incident, from its parameters to its published folder."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netra_analysis import capsule, tables
from netra_analysis.errors import ReportError
from netra_analysis.investigation import Investigation
from netra_analysis.notes import Notes
from netra_analysis.params import Params
from netra_analysis.report.page import PageMeta, PageState
from netra_analysis.run import history, notebooks, publish, unfinished
from netra_analysis.run.evidence import evidence, failures
from netra_analysis.run.freshness import overtaken, settled_until
from netra_analysis.run.lock import Lock, taken
from netra_analysis.run.nursery import Nursery
from netra_analysis.run.pages import POSTMORTEM, QUIET_NOTE, Pages, made_at, page_meta, partial_note
from netra_analysis.run.people import notes_path, read_notes
from netra_analysis.run.verify import EVIDENCE, RUN, changed_evidence
from netra_analysis.sources.room import memory
from netra_analysis.window import stamp

WORKERS = 2
ROOMY = 2 * 2**30  # bytes; a run with two kernels at once takes 1.6 GiB, and with one less than one GiB
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


def run(
    asked: Params,
    base: Path,
    out: Path,
    only: Sequence[str] = (),
    say: Say = lambda _: None,
    *,
    now: datetime | None = None,
    keep: int = 0,
    lock: Lock | None = None,
    static: bool = False,
) -> Done:
    """Runs `asked` (paths relative to `base`) and publishes `out/<incident>/`; `lock` is one already held.

    A relative window ends at `now` (default: now); `keep` is how many earlier reports stay; `static` pages hold
    no script. A notebook that fails is kept and marked; the rest is published with it, as failed.
    """
    chosen = notebooks.selected(only)
    asked, request = resolved(asked, now or datetime.now(UTC))
    with (
        nullcontext() if lock and lock.covers(out, asked.incident) else taken(out, asked.incident),
        history.refusals(out, asked.incident, scheduled=bool(request)),
        unfinished.told(out, asked, say),
        publish.staged(out, asked.incident) as stage,
        Nursery(WORKERS if memory() >= ROOMY else 1) as nursery,  # it gets ready while the source is read
    ):
        people, began = read_notes(out, asked.incident), datetime.now(UTC)
        _state(stage, "running", began, request)
        say(f"{asked.incident}: reading {asked.source}")
        held = tables.from_params(
            asked,
            base,
            lambda name, n: say(f"{asked.incident}: {name}: {n:,} entries"),
            lambda text: say(f"{asked.incident}: {text}"),
        )
        manifest = capsule.write(stage / "capsule", asked, held, request)
        say(f"{asked.incident}: {_read(held)}")
        done = _report(stage, nursery, chosen, manifest, began, people, say, static)
        say(f"{asked.incident}: {'verified, ' if not done.failed else ''}publishing")
        final = publish.publish(out, asked.incident, keep)
        history.add(out, asked.incident, history.line(final))
    postmortem = final / "postmortem.html"
    notes = notes_path(out, asked.incident)
    return replace(done, folder=final, notes=notes, postmortem=postmortem if postmortem.is_file() else None)


def resolved(asked: Params, now: datetime) -> tuple[Params, dict[str, str]]:
    """`asked` with a relative window made absolute, once, and how that was done, for the record."""
    if asked.window is None:
        return asked, {}
    fixed = asked.resolved(now)
    said = {"window": asked.window, "now": stamp(now), "start": stamp(fixed.asked.start), "end": stamp(fixed.asked.end)}
    return fixed, said


def partial(chosen: Mapping[str, Path]) -> tuple[str, ...]:
    """The names of `chosen` when they are not the whole suite: such a report has to say so of itself."""
    return tuple(chosen) if len(chosen) < len(notebooks.suite()) else ()


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
    static: bool,
) -> Done:
    """Notebooks, evidence, verification, pages. Pages say INCOMPLETE unless everything before them held."""
    request, only = dict(manifest["request"]), partial(chosen)
    name = manifest["params"]["incident"]
    again = second_look(stage, nursery)  # before the notebooks: it takes long, and would else be waited for alone
    running = {} if request else _notebooks(stage, nursery, chosen, name, say)
    held = capsule.read(stage / "capsule")
    incident = Investigation(held.params, held.tables)
    found = evidence(incident)  # while the notebooks run; a scheduled run first looks whether there is need for all
    publish.write_json(stage / EVIDENCE, found)
    quiet = bool(request) and not only and found["verdict"] == "no_incident"
    if request:
        running = _notebooks(stage, nursery, notebooks.selected(notebooks.QUIET) if quiet else chosen, name, say)
    executed = _written(name, [one.result() for one in running.values()])
    failed = [f"{one.name}: {one.fault}" for one in executed if one.fault]
    failed += again(json.loads(json.dumps(found)))
    failed += _disagreeing(executed, found["claims"])
    meta = page_meta(incident, found, capsule.capsule_hash(manifest), made_at())
    settled, expires = settled_until(held.params, held.tables, began), overtaken(held.params, request)
    meta = replace(meta, settled_until=settled, expires=expires)
    note = QUIET_NOTE if quiet else partial_note(only)
    meta = replace(
        meta,
        static=static,
        title=f"No incident: {name}" if quiet else meta.title,
        note=f"This report is {note}." * bool(note),
    )
    state = PageState.FAILED("; ".join(failed)) if failed else PageState.COMPLETE
    Pages(stage, meta, state, found, note, people).all(executed, notebooks.QUIET[0] if quiet else POSTMORTEM)
    facts = _facts(found, meta) | {"only": list(only), "note": note, "failed": failed, "files": _files(stage)}
    facts["notebooks"] = {one.name: round(one.seconds, 1) for one in executed}
    _state(stage, "failed" if failed else "done", began, request, **facts)
    return Done(name, stage, None, str(found["verdict"]), tuple(failed), only)


def _files(stage: Path) -> dict[str, str]:
    """Every file of the report with its hash; `run.json`, which names them, is the last to be written."""
    files = (path for path in sorted(stage.rglob("*")) if path.is_file() and path.name != RUN)
    return {str(path.relative_to(stage)): capsule.file_hash(path) for path in files}


def _notebooks(
    stage: Path, nursery: Nursery, chosen: Mapping[str, Path], incident: str, say: Say
) -> dict[str, Future[notebooks.Executed]]:
    folder = stage / "notebooks"
    folder.mkdir()
    say(f"{incident}: running {len(chosen)} notebooks")

    def told(one: notebooks.Executed) -> None:
        say(f"{incident}: {one.name} {one.seconds:.1f} s{': ' + one.fault if one.fault else ''}")

    return notebooks.begin(chosen, folder, "../capsule", nursery, told)


def _written(incident: str, executed: list[notebooks.Executed]) -> list[notebooks.Executed]:
    """`executed`; refuses where no notebook left anything: an empty report must not take an earlier one's place."""
    if not any(one.content for one in executed):
        raise ReportError(f"{incident}: no notebook could be run: {executed[0].fault}; run it again")
    return executed


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


def _facts(found: Mapping[str, Any], meta: PageMeta) -> dict[str, Any]:
    """What a reader of `run.json` learns without opening the evidence."""
    facts = {name: found[name] for name in ("verdict", "onset", "window", "service", "synthetic")}
    data_until = stamp(meta.data_until) if meta.data_until else None
    fresh = {name: stamp(at) if at else None for name, at in _freshness(meta).items()}
    read = {"data_until": data_until, "unread": meta.unread, "capsule": meta.capsule_hash}
    return facts | fresh | {"failed_requests": failures(found)} | read


def _freshness(meta: PageMeta) -> dict[str, datetime | None]:
    return {"settled_until": meta.settled_until, "expires": meta.expires}


def _state(stage: Path, state: str, began: datetime, request: Mapping[str, str], **facts: Any) -> None:
    """`run.json`: what a scheduler reads. Written last, and the only file that names all others."""
    now = datetime.now(UTC)
    unknown = dict.fromkeys(
        ("verdict", "onset", "window", "service", "synthetic", "failed_requests", "data_until", "capsule")
    )
    times = {
        "state": state,
        "started": stamp(began),
        "finished": stamp(now) if state != "running" else None,
        "seconds": round((now - began).total_seconds(), 1),
        "request": dict(request),
    }
    publish.write_json(stage / RUN, times | {"failed": [], "only": [], "note": "", "files": {}} | unknown | facts)
