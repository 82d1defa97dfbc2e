"""How far a report can be taken for fresh: until when its data are settled, when it is overtaken, and its age now.

Entries arrive late, so what ended in the last minutes before the data were read may still be missing. A report of a
window that is asked for again and again (`window: last 24h`) is overtaken one such length after its end.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from netra_analysis import capsule
from netra_analysis.errors import RequestError
from netra_analysis.finding import duration_text
from netra_analysis.params import Params
from netra_analysis.run import history
from netra_analysis.run.verify import CAPSULE, RUN
from netra_analysis.tables import Tables
from netra_analysis.window import stamp, utc

GRACE = timedelta(minutes=5)  # as much as Cloud Logging and the slowest of its metrics usually take
_UNTOLD = ("failed", "refused")


def settled_until(asked: Params, held: Tables, read: datetime) -> datetime | None:
    """The time before which nothing more is expected; None where no entry tells.

    A cloud source gave all that it had when it was `read`. When a file was exported nobody knows; it cannot have been
    before its newest entry was received.
    """
    if not asked.source.startswith("file:"):
        return read - GRACE
    newest = [pc.max(held.entries[name]).as_py() for name in ("receive_time", "time")]
    known = [moment for moment in newest if moment is not None]
    return max(known) - GRACE if known else None


def overtaken(asked: Params, request: Mapping[str, str]) -> datetime | None:
    """When the next report of the same relative window is due; None for a window that was given by its times."""
    return asked.asked.end + (asked.asked.end - asked.asked.start) if request else None


def stale(folder: Path, now: datetime, longest: timedelta | None = None) -> list[str]:
    """Why the report in `folder` cannot be taken for the state of things; empty where nothing speaks against it."""
    return list(_reasons(folder, state_of(folder), now, longest))


def state_of(folder: Path) -> dict[str, Any]:
    """The report's `run.json`; a folder without one is a wrong request."""
    if not (folder / RUN).is_file():
        raise RequestError(f"no report at {folder}: no {RUN} is there; give the folder of one incident, as reports/x")
    return capsule.read_json(folder / RUN)


def _reasons(folder: Path, state: Mapping[str, Any], now: datetime, longest: timedelta | None) -> Iterator[str]:
    if state.get("state") != "done":
        yield f"its run ended as {state.get('state')}"
    newest = (history.read(folder.parent, folder.name) or [{}])[-1]
    if newest.get("state") in _UNTOLD and newest.get("finished") != state.get("finished"):
        yield f"a later run failed, at {newest.get('finished')}"
    end, expires, settled = until(state), _time(state.get("expires")), _time(state.get("settled_until"))
    if expires and now > expires:
        yield f"it was overtaken at {stamp(expires)}"
    if longest is not None and (end is None or now - end > longest):
        yield f"its window ended {duration_text((now - end).total_seconds()) if end else 'nobody knows when'} ago"
    if end and settled and settled < end and not _of_files(folder):
        yield f"it was made before its data were settled: what ended after {stamp(settled)} may be missing"


def until(state: Mapping[str, Any]) -> datetime | None:
    """The end of the report's window."""
    window = state.get("window")
    return _time(window.get("end")) if isinstance(window, dict) else None


def _of_files(folder: Path) -> bool:
    """Whether the data came from a file, of which another run would read the same."""
    source = capsule.read_manifest(folder / CAPSULE)["params"].get("source")
    return str(source).startswith("file:")


def _time(text: Any) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(text)).astimezone(UTC)
    except (TypeError, ValueError, RequestError):
        return None
