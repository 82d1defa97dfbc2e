"""Running the suite's notebooks on a capsule, and judging for ourselves whether each ran to its end.

papermill's metadata call a notebook whose kernel died complete. So each executed notebook is read back: every
code cell must have run, in order, without an error, and the last must have left the sentinel.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from netra_analysis.errors import RequestError
from netra_analysis.run.nursery import Ended, Nursery

SENTINEL = "application/vnd.netra.end+json"
QUIET = ("00_overview",)  # what a scheduled run shows of a day on which nothing happened
OF_TWO = ("95_compare",)  # asks about two incidents, so no run of one can answer it
CELL_TIMEOUT_S = 300
NOTEBOOK_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Executed:
    """One notebook after its run: what it holds, how long it took, and what went wrong, if anything."""

    name: str
    content: dict[str, Any] | None
    seconds: float
    fault: str | None


def suite() -> dict[str, Path]:
    """Name to path of the packaged notebooks that ask about one incident, in order."""
    packaged = Path(str(resources.files("netra_analysis"))) / "_notebooks"
    folder = packaged if packaged.is_dir() else packaged.parents[1] / "notebooks"
    every = {path.stem: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    found = {name: path for name, path in every.items() if name not in OF_TWO}
    if not found:
        raise RequestError(f"no notebooks at {folder}; install netra-analysis again")
    return found


def selected(only: Sequence[str]) -> dict[str, Path]:
    """The notebooks to run: all, or those that `only` names (by name or number)."""
    every = suite()
    if not only:
        return every
    chosen = {name: path for name, path in every.items() if any(name == o or name.split("_")[0] == o for o in only)}
    unknown = [o for o in only if not any(name == o or name.split("_")[0] == o for name in every)]
    if unknown:
        raise RequestError(f"no notebook {', '.join(unknown)}; there is {', '.join(every)}")
    return chosen


def begin(
    chosen: Mapping[str, Path],
    folder: Path,
    capsule: str,
    nursery: Nursery,
    told: Callable[[Executed], None] = lambda _: None,
) -> dict[str, Future[Executed]]:
    """Begins every notebook, each to be executed into `folder`; `capsule` is where it lies as seen from there.

    The last in name is begun first: later ones conclude from more, take longer, and would else be waited for alone.
    """
    running: dict[str, Future[Executed]] = {name: Future() for name in chosen}
    for name in reversed(list(chosen)):
        output = folder / f"{name}.ipynb"
        asked = {"notebook": str(chosen[name]), "output": str(output), "incident": capsule}
        job = nursery.submit("notebook", NOTEBOOK_TIMEOUT_S, cell_timeout=CELL_TIMEOUT_S, **asked)
        job.add_done_callback(partial(_settle, running[name], name, output, told))
    return running


def _settle(
    running: Future[Executed], name: str, output: Path, told: Callable[[Executed], None], job: Future[Ended]
) -> None:
    """Reads back what a job left; whatever goes wrong with that is the waiter's to hear."""
    try:
        one = _executed(name, output, job.result())
        told(one)
    except BaseException as error:  # noqa: BLE001 (handed on, not handled)
        running.set_exception(error)
    else:
        running.set_result(one)


def _executed(name: str, output: Path, ended: Ended) -> Executed:
    content, fault = read_back(output)
    if content is not None:
        output.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    if fault and ended.said and ended.said not in fault:
        fault = f"{fault} ({ended.said})"
    return Executed(name, content, ended.seconds, fault)


def read_back(path: Path) -> tuple[dict[str, Any] | None, str | None]:
    """The executed notebook without what differs from run to run, and its fault, if it has one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = content["cells"]
    except FileNotFoundError:
        return None, "the notebook was never written"
    except (OSError, ValueError, KeyError) as error:
        return None, f"the executed notebook cannot be read: {error}"
    content["metadata"].pop("papermill", None)
    for cell in cells:
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            cell["id"] = "injected-parameters"  # papermill draws a new id each time
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k not in ("papermill", "execution")}
    return content, fault_of(cells)


def fault_of(cells: Sequence[Mapping[str, Any]]) -> str | None:
    """Why these executed cells are no complete run; None when they are one."""
    code = [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    for number, cell in enumerate(code, start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return f"code cell {number} failed: {output.get('ename')}: {str(output.get('evalue'))[:200]}"
        if cell.get("execution_count") != number:
            return f"code cell {number} of {len(code)} did not run to its end; the kernel died or was stopped"
    last = code[-1].get("outputs", []) if code else []
    if not any(SENTINEL in output.get("data", {}) for output in last):
        return "the notebook did not reach its last cell"
    return None


def emitted_claims(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every claim that the notebook showed, in order."""
    mime = "application/vnd.netra.claims+json"
    outputs = (output for cell in content["cells"] for output in cell.get("outputs", []))
    shown = (output.get("data", {}).get(mime) for output in outputs)
    return [claim for bundle in shown if bundle for claim in bundle["claims"]]
