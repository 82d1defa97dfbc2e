"""One params file through the main job: read, run, copied, told."""

import argparse
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netra_analysis.cli.said import progress, say
from netra_analysis.errors import NetraAnalysisError

if TYPE_CHECKING:
    from netra_analysis.run.lock import Lock

Ended = tuple[dict[str, Any], int]
"""What is told of one incident, and its exit code."""


def one(path: Path, asked: argparse.Namespace) -> Ended:
    """One params file through the main job, and whoever wants to know told of its end."""
    row, code = _ran(path, asked)
    if asked.notify:
        from netra_analysis.run import history, hook

        row["notified"] = hook.told(asked.notify, {**row, "exit_code": code})
        history.noted(asked.out, row.get("incident"), "notified", row["notified"])
        if row["notified"] != "ok":
            say(f"netra-analysis: nobody was notified: {row['notified']}")
    return row, code


def _ran(path: Path, how: argparse.Namespace) -> Ended:
    """One params file through the main job; a mistake in it must not keep others from running."""
    from netra_analysis.run.lock import taken_early
    from netra_analysis.run.stopping import Stopped

    row: dict[str, Any] = {"params": str(path)}
    try:
        with taken_early(how.out, path) as lock:  # before all that is slow to import: a second starter is gone at once
            return _worked(path, how, row, lock)
    except NetraAnalysisError as error:
        return refused(row, error, error.exit_code)
    except Stopped as error:
        return refused(row, error, 4)


def _worked(path: Path, how: argparse.Namespace, row: dict[str, Any], lock: "Lock | None") -> Ended:
    from netra_analysis import params

    asked, now = params.load(path), how.now or datetime.now(UTC)
    row["incident"] = asked.incident
    fixed = asked.resolved(now)
    from netra_analysis.run.finished import finished  # heavy, so only after the request is known to be right
    from netra_analysis.run.job import run

    if how.resume and (state := finished(how.out, fixed, how.only)):
        say(f"netra-analysis: {asked.incident}: done already, at {state.get('finished')}")
        return row | _shown_again(how.out / asked.incident, state), 0
    copies, told = bucket(how), progress(time.monotonic())
    if copies:
        copies.fetch(how.out, asked.incident)
    kept = {"now": now, "keep": how.keep, "static": how.static, "lock": lock}
    done = run(asked, path.parent, how.out, how.only, told, **kept)
    if copies:
        row["copied"] = copies.send(done.folder)
    for fault in done.failed:
        say(f"netra-analysis: {done.incident}: {fault}")
    row |= {
        "state": done.state,
        "verdict": done.verdict,
        "folder": str(done.folder),
        "postmortem": str(done.postmortem) if done.postmortem else None,
        "notes": str(done.notes),
        "failed": list(done.failed),
        "only": list(done.only),
        "again": False,
    }
    return row, 4 if done.failed else 0


def bucket(how: argparse.Namespace) -> Any:
    """Where copies of the reports go; None where they go nowhere."""
    if not how.copy_to:
        return None
    from netra_analysis.run.bucket import opened

    return opened(how.copy_to)


def _shown_again(folder: Path, state: Mapping[str, Any]) -> dict[str, Any]:
    """What `run` says of a report that was there already."""
    from netra_analysis.run.people import notes_path

    page = folder / "postmortem.html"
    return {
        "state": state["state"],
        "verdict": state.get("verdict"),
        "folder": str(folder),
        "postmortem": str(page) if page.is_file() else None,
        "notes": str(notes_path(folder.parent, folder.name)),
        "failed": [],
        "only": state.get("only", []),
        "again": True,
    }


def refused(row: dict[str, Any], error: BaseException, code: int) -> Ended:
    say(f"netra-analysis: {error}")
    return row | {"state": "refused", "why": str(error)}, code
