"""`DIR/index.html`: every incident in a folder, its state first."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netra_analysis.capsule import read_json
from netra_analysis.errors import VerificationError
from netra_analysis.report.page import render_index
from netra_analysis.run import earlier, history
from netra_analysis.run.publish import write_text
from netra_analysis.run.verify import EVIDENCE, RUN

_KNOWN = ("state", "verdict", "service", "failed_requests", "onset", "finished", "synthetic", "data_until")
_NO_PAGE = "/"  # no relative address, so the index shows the name without a link


def write_index(out: Path) -> Path:
    """Writes the index of all published folders in `out`."""
    rows = [_row(folder) for folder in sorted(out.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
    path = out / "index.html"
    write_text(path, render_index([row for row in rows if row]))
    return path


def _row(folder: Path) -> dict[str, Any] | None:
    """What the index says of one folder; a folder without a readable `run.json` is shown as unknown, not left out."""
    if not (folder / RUN).exists():
        return None  # not one of ours
    try:
        state = read_json(folder / RUN)
    except VerificationError:
        state = {"state": "unknown"}
    row: dict[str, Any] = {key: state[key] for key in _KNOWN if isinstance(state.get(key), str | int)}
    runs = _runs(folder)
    reason = "; ".join(filter(None, [_reason(state), _unread(state), _later(folder, runs)]))
    return row | _window(state) | {"incident": folder.name, "link": _link(folder), "reason": reason, "runs": runs}


def _unread(state: Mapping[str, Any]) -> str:
    """What the index says where so much could not be read that nothing is known to be absent."""
    share = state.get("unread")
    if not isinstance(share, int | float) or share <= 0:
        return ""
    return f"{100 * share:.1f} % of its entries could not be read"


def _later(folder: Path, runs: Sequence[Mapping[str, Any]]) -> str:
    """What the index says where a newer run than the one that is shown has no report of its own."""
    newest = runs[-1] if runs else {}
    if newest.get("state") not in ("failed", "refused") or not (folder / EVIDENCE).exists() or newest.get("link"):
        return ""
    return f"a later run failed, at {newest.get('finished')}: {_reason(newest)}"


def _runs(folder: Path) -> list[dict[str, Any]]:
    """The runs that are remembered of an incident, each with the way to its report where that is kept."""
    out, incident = folder.parent, folder.name
    kept = {earlier.name_of(one): one for one in earlier.reports(out, incident)}
    kept[earlier.name_of(folder)] = folder
    runs = history.read(out, incident)
    return [run | {"link": _link(kept[when]) if (when := earlier.named(run)) in kept else ""} for run in runs]


def _window(state: Mapping[str, Any]) -> dict[str, str]:
    window = state.get("window")
    parts = window.items() if isinstance(window, dict) else ()
    return {key: value for key, value in parts if key in ("start", "end") and str(value).endswith("Z")}


def _link(folder: Path) -> str:
    """The page to open first, of those that are there: a run of a few notebooks has no postmortem."""
    pages = [folder / "postmortem.html", *sorted((folder / "notebooks").glob("*.html"))]
    first = next((page for page in pages if page.is_file()), None)
    top = folder.parent.parent if folder.parent.name.endswith(earlier.SUFFIX) else folder.parent
    return first.relative_to(top).as_posix() if first else _NO_PAGE


def _reason(state: Mapping[str, Any]) -> str:
    failed = state.get("failed")
    said = [str(fault) for fault in failed] if isinstance(failed, list) else []
    note = state.get("note")
    return "; ".join([note, *said] if isinstance(note, str) and note else said)
