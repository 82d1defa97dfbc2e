"""Runs the suite on the bundled incident and keeps the outputs in the notebooks: `make outputs`.

What differs from run to run (times, papermill's and nbclient's metadata) is left out, and a row of a table or of a
chart's data is one line, so that a diff shows a changed answer and nothing else.
"""

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

import netra_analysis._fast_imports  # noqa: F401
from netra_analysis.run.notebooks import fault_of

FOLDER = Path(__file__).parents[1] / "notebooks"


def refresh(path: Path) -> None:
    """The notebook at `path` with the outputs of a run just now; a fault in it is an error."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    fault = fault_of(notebook.cells)
    if fault:
        raise SystemExit(f"{path.name}: {fault}")
    path.write_text(written(notebook) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB\n")


def written(node: Any, depth: int = 0) -> str:
    """`node` as JSON, indented by one, what holds neither objects nor lists in one line."""
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if not any(isinstance(value, dict | list) for value in inside):
        return json.dumps(node, ensure_ascii=False, sort_keys=True)
    step = "\n" + " " * (depth + 1)
    if isinstance(node, dict):
        parts = [f"{json.dumps(key)}: {written(value, depth + 1)}" for key, value in sorted(node.items())]
    else:
        parts = [written(value, depth + 1) for value in node]
    left, right = "{}" if isinstance(node, dict) else "[]"
    return left + ",".join(step + part for part in parts) + step[:-1] + right


if __name__ == "__main__":
    for each in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb")):
        refresh(each)
