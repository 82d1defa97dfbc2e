"""What became of each run of an incident: `DIR/<incident>.runs.ndjson`, one line a run, oldest first.

Beside the folder that a run replaces, so that the index can show a trend over runs whose reports are gone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netra_analysis.capsule import read_json
from netra_analysis.errors import SourceError
from netra_analysis.run import publish
from netra_analysis.run.verify import EVIDENCE, RUN
from netra_analysis.window import stamp

SUFFIX = ".runs.ndjson"
LONGEST = 400  # lines that are kept: a run a day for a year


def path(out: Path, incident: str) -> Path:
    return out / f"{incident}{SUFFIX}"


def read(out: Path, incident: str) -> list[dict[str, Any]]:
    """The runs that are known, oldest first. A line that holds no object is passed over: the index must not fail."""
    try:
        lines = path(out, incident).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [run for line in lines[-LONGEST:] if (run := _object(line))]


def _object(line: str) -> dict[str, Any]:
    try:
        run = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return run if isinstance(run, dict) else {}


def add(out: Path, incident: str, run: Mapping[str, Any]) -> None:
    """Adds one run. Its caller holds the incident's lock, so nobody else writes here."""
    known = [*read(out, incident), dict(run)][-LONGEST:]
    publish.write_text(path(out, incident), _lines(known))


def noted(out: Path, incident: str | None, what: str, word: str) -> None:
    """Adds `what` to the newest run's line; nothing where no run of the incident is remembered."""
    known = read(out, incident) if incident else []
    if incident and known:
        known[-1][what] = word
        publish.write_text(path(out, incident), _lines(known))


def _lines(known: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in known)


def line(report: Path) -> dict[str, Any]:
    """What is remembered of a published run: from its `run.json` and its evidence."""
    state, evidence = read_json(report / RUN), read_json(report / EVIDENCE)
    kept = (
        "state",
        "started",
        "finished",
        "seconds",
        "window",
        "verdict",
        "onset",
        "failed_requests",
        "capsule",
        "failed",
    )
    supported = [one["id"] for one in evidence["hypotheses"] if one["status"] == "supported"]
    told = sum(one["count"] for one in evidence["fingerprints"] if one["kind"] == "exception")
    waited = next((c["value"] for c in evidence["claims"] if c["id"] == f"HS-{evidence['verdict']}"), None)
    facts = {name: state.get(name) for name in kept}
    return facts | {"errors": told, "causes": supported, "time_to_evidence_s": waited}


@contextmanager
def refusals(out: Path, incident: str, *, scheduled: bool) -> Iterator[None]:
    """Remembers a run whose source refused, of an incident that is looked at again and again."""
    began = stamp(datetime.now(UTC))
    try:
        yield
    except SourceError as error:
        if scheduled or path(out, incident).exists():
            ended = stamp(datetime.now(UTC))
            add(out, incident, {"state": "refused", "started": began, "finished": ended, "failed": [str(error)]})
        raise
