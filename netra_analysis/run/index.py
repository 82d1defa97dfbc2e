"""`DIR/index.html`: every incident in a folder, its state first."""

import json
from pathlib import Path
from typing import Any

from netra_analysis.report.page import render_index
from netra_analysis.run.publish import write_text
from netra_analysis.run.verify import RUN


def write_index(out: Path) -> Path:
    """Writes the index of all published folders in `out`."""
    rows = [_row(folder) for folder in sorted(out.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
    path = out / "index.html"
    write_text(path, render_index([row for row in rows if row]))
    return path


def _row(folder: Path) -> dict[str, Any] | None:
    """What the index says of one folder; a folder without a readable `run.json` is shown as unknown, not left out."""
    try:
        state = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None  # not one of ours
    except (OSError, ValueError):
        state = {"state": "unknown"}
    known = ("state", "verdict", "service", "failed_requests", "onset", "finished", "synthetic", "data_until")
    row = {"incident": folder.name, **{key: state.get(key) for key in known}, **(state.get("window") or {})}
    return row | {"reason": "; ".join(state.get("failed") or [])}
