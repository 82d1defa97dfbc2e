"""Whether a report for exactly this request is there already, so that a restarted batch need not make it again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netra_analysis import capsule
from netra_analysis.errors import NetraAnalysisError
from netra_analysis.params import Params
from netra_analysis.run.verify import CAPSULE, RUN, changed_files


def finished(out: Path, asked: Params, only: Sequence[str]) -> Mapping[str, Any] | None:
    """The `run.json` of a report that was made of these parameters, is done, and whose every file is as published.

    None for anything else, also for what cannot be read: then the run is made again.
    """
    folder = out / asked.incident
    if not (folder / RUN).is_file():
        return None
    try:
        state = capsule.read_json(folder / RUN)
        manifest = capsule.read_manifest(folder / CAPSULE)
        same = state.get("state") == "done" and state.get("only") == list(only) and not capsule.foreign(manifest)
        whole = same and manifest["params"] == asked.to_json() and not changed_files(folder, state)
    except (NetraAnalysisError, KeyError, TypeError):
        return None
    return state if whole else None
