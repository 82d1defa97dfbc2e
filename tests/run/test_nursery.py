"""The process from which notebooks are forked: what a notebook shares with another, and what it cannot."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.run import notebooks
from netra_analysis.run.nursery import Nursery

WRITES = "import builtins, os, pathlib; builtins.left = 1; os.environ['LEFT'] = '1'"
LOOKS = "import builtins, os; print([hasattr(builtins, 'left'), 'LEFT' in os.environ])"
WHERE = "import os, pathlib; print(sorted([os.getppid(), os.getpgid(0)]), pathlib.Path.home())"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(1) as warm:
        yield warm


def notebook(folder: Path, name: str, *source: str) -> Path:
    cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
             for i, s in enumerate(("incident = ''", *source))]  # fmt: skip
    cells[0]["metadata"] = {"tags": ["parameters"]}
    kernel = {"name": "python3", "display_name": "x", "language": "python"}
    path = folder / f"{name}.source.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


def ran(nursery: Nursery, folder: Path, **sources: tuple[str, ...]) -> dict[str, str]:
    """What each notebook printed, in the order in which they were begun."""
    chosen = {name: notebook(folder, name, *source) for name, source in sources.items()}
    running = notebooks.begin(chosen, folder, "../capsule", nursery)
    return {name: printed(one.result().content) for name, one in running.items()}


def printed(content: dict[str, Any] | None) -> str:
    assert content is not None
    outputs = [output for cell in content["cells"] for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def test_the_parameter_cell_is_injected_as_papermill_does(nursery: Nursery, tmp_path: Path) -> None:
    assert ran(nursery, tmp_path, a=("print(incident)",)) == {"a": "../capsule\n"}


def test_what_one_notebook_leaves_in_its_process_no_other_finds(nursery: Nursery, tmp_path: Path) -> None:
    said = ran(nursery, tmp_path, later=(LOOKS,), first=(WRITES, LOOKS))  # the last in name is begun first
    assert said == {"first": "[True, True]\n", "later": "[False, False]\n"}


def test_each_notebook_has_a_home_of_its_own(nursery: Nursery, tmp_path: Path) -> None:
    said = ran(nursery, tmp_path, a=(WHERE,), b=(WHERE,))
    homes = {text.split()[-1] for text in said.values()}
    assert len(homes) == 2
    assert str(Path.home()) not in homes


def test_imports_are_done_before_a_notebook_begins(nursery: Nursery, tmp_path: Path) -> None:
    said = ran(nursery, tmp_path, a=("import sys; print('netra_analysis.incident' in sys.modules)",))
    assert said == {"a": "True\n"}


def test_a_notebook_over_its_deadline_is_ended_and_others_go_on(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebooks, "NOTEBOOK_TIMEOUT_S", 6)
    hung = notebook(tmp_path, "hung", "import os; print(os.getpid(), flush=True)", "import time; time.sleep(600)")
    one = notebooks.begin({"hung": hung}, tmp_path, "../capsule", nursery)["hung"].result()
    assert one.fault is not None
    assert "stopped after 6 s" in one.fault
    kernel = int(printed(one.content))
    assert gone(kernel), "its kernel still runs"
    assert ran(nursery, tmp_path, a=("print(1)",)) == {"a": "1\n"}


@pytest.mark.parametrize("victim", ["nursery", "parent"])
def test_no_process_outlives_the_run(victim: str, tmp_path: Path) -> None:
    begun = tmp_path / "kernel"
    source = f"import os, pathlib; pathlib.Path({str(begun)!r}).write_text(str(os.getpid()))"
    path = notebook(tmp_path, "busy", source, "import time; time.sleep(600)")
    with Nursery(1) as warm:
        running = notebooks.begin({"busy": path}, tmp_path, "../capsule", warm)["busy"]
        deadline = time.monotonic() + 90
        while not (begun.exists() and begun.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        kernel = int(begun.read_text())
        if victim == "nursery":
            os.kill(warm.pid, signal.SIGKILL)
            assert "died" in str(running.result(timeout=30).fault)
    assert gone(kernel)  # a parent that leaves closes the pipe, as the system does for one that is killed


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.1)
    return False


def test_who_gives_it_no_job_does_not_wait_for_its_imports() -> None:
    """A source that is not there is told at once: the imports take seconds, and the run has nothing for them to do."""
    began = time.monotonic()
    with Nursery(1) as unused:
        pass
    assert time.monotonic() - began < 1.0
    with pytest.raises(ProcessLookupError):
        os.kill(unused.pid, 0)


def test_a_cell_that_takes_too_long_is_told_by_its_limit_and_not_by_the_last_line_of_a_message(
    nursery: Nursery, tmp_path: Path
) -> None:
    source = notebook(tmp_path, "slow", "import time\ntime.sleep(60)")
    asked = {"notebook": str(source), "output": str(tmp_path / "slow.ipynb"), "incident": ""}
    ended = nursery.submit("notebook", 60, cell_timeout=1, **asked).result(timeout=60)
    assert "CellTimeoutError" in ended.said
    assert "1 seconds" in ended.said
