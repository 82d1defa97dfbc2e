"""What a run leaves that could not be finished: a word beside the earlier report, or a page that says INCOMPLETE.

An earlier report stays as it is, byte for byte. So that it cannot pass for the answer to this run, the failure is
a line of the incident's history, which the index shows. Where there is no earlier report, a page without content
stands in its place: silence could be taken for "nothing happened".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netra_analysis.errors import NetraAnalysisError, ReportError, RequestError, SourceError
from netra_analysis.params import Params
from netra_analysis.report.page import PageMeta, PageState, render_notebook
from netra_analysis.run import history, publish
from netra_analysis.run.pages import made_at
from netra_analysis.run.stopping import Stopped
from netra_analysis.run.verify import RUN
from netra_analysis.window import stamp

_KEPT = ("state", "started", "finished", "seconds", "failed", "window")
_NOTHING: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@contextmanager
def told(out: Path, asked: Params, say: Callable[[str], None]) -> Iterator[None]:
    """A context for one run: how it failed, if it did, is kept in `out` and told in one sentence.

    A refusal by the source is no failure of the run; `history.refusals` keeps it.
    """
    began = datetime.now(UTC)
    try:
        yield
    except (KeyboardInterrupt, RequestError, SourceError):
        raise
    except BaseException as error:
        _leave(out, asked, began, error, say)
        if isinstance(error, Stopped | OSError | MemoryError):
            again = "" if isinstance(error, Stopped) else "; make room, and run it again"
            raise ReportError(f"{asked.incident}: the run could not be finished: {why(error)}{again}") from error
        raise


def why(error: BaseException) -> str:
    """The fault in a reader's words."""
    match error:
        case Stopped() | NetraAnalysisError():
            return str(error)
        case MemoryError():
            return "there was not enough memory"
        case OSError(strerror=str(said)):
            return said
    return f"{type(error).__name__}: {str(error)[:200]}"


def _leave(out: Path, asked: Params, began: datetime, error: BaseException, say: Callable[[str], None]) -> None:
    state = _state(asked, began, why(error))
    try:
        history.add(out, asked.incident, {name: state[name] for name in _KEPT})
        if not (out / asked.incident).exists():
            _publish(out, asked, state)
    except OSError as full:
        say(f"{asked.incident}: that the run failed could not be written to {out} either: {why(full)}")


def _state(asked: Params, began: datetime, said: str) -> dict[str, Any]:
    """What `run.json` says of a run that has nothing to show."""
    now = datetime.now(UTC)
    return {
        "state": "failed",
        "started": stamp(began),
        "finished": stamp(now),
        "seconds": round((now - began).total_seconds(), 1),
        "failed": [said],
        "window": {"start": stamp(asked.asked.start), "end": stamp(asked.asked.end)},
        "service": asked.service,
        "synthetic": asked.synthetic,
        "files": {},
    }


def _publish(out: Path, asked: Params, state: dict[str, Any]) -> None:
    """A folder with the state and a page that can be taken for nothing else."""
    with publish.staged(out, asked.incident) as stage:
        meta = PageMeta(
            incident=asked.incident,
            title="This run was not finished",
            service=asked.service,
            region=asked.region or "",
            window=asked.asked,
            generated_at=made_at(),
            synthetic=asked.synthetic,
        )
        failed = PageState.FAILED(f"the run could not be finished: {state['failed'][0]}")
        publish.write_text(stage / "postmortem.html", render_notebook(_NOTHING, meta, failed, static=True))
        publish.write_json(stage / RUN, state)
        publish.publish(out, asked.incident)
