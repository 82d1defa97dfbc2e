"""A fault at one step after another of a run: it finishes, or ends with a code and INCOMPLETE, and nothing is torn.

The steps are the calls by which the run opens for writing, writes, syncs, makes folders and renames below its output
folder, its native parts included (`faults/shim.c`). Sixty of them with each fault and every one with a kill in
`make test-long`, every one with every fault in `make test-release`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Stepped = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`shim.c`, compiled."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("faults are injected on Linux, by a library that a C compiler (cc) makes")
    made = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).parent / "faults" / "shim.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.fixture
def stepped(shim: Path, tmp_path: Path) -> Stepped:
    def steps(**plan: Any) -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "tests.run.faults.stepped", tmp_path, json.dumps(plan), tmp_path / "result"]
        env = os.environ | {"LD_PRELOAD": str(shim)}
        subprocess.run(list(map(str, command)), check=True, cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
        found: list[dict[str, Any]] = json.loads((tmp_path / "result").read_text())
        return found

    return steps


def broken(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [step for step in steps if step["broken"]]


@pytest.mark.long
def test_a_fault_at_a_step_leaves_nothing_torn(stepped: Stepped) -> None:
    steps = stepped(faults=["ENOSPC", "KILL", "MEMORY"], parts=3, earlier=[True])
    assert broken(steps) == []
    assert {step["code"] for step in steps} >= {4, -9}, "faults were met"


@pytest.mark.long
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("earlier", [True, False], ids=["over an earlier report", "first report"])
def test_a_kill_at_every_step_leaves_nothing_torn_and_the_next_run_cleans_up(stepped: Stepped, earlier: bool) -> None:
    steps = stepped(faults=["KILL"], parts=0, earlier=[earlier], next_runs=20)
    assert broken(steps) == []
    assert len(steps) >= 300
    assert sum(step["code"] == -9 for step in steps) >= 0.95 * len(steps)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "parts", [pytest.param(60, marks=pytest.mark.long), pytest.param(0, marks=pytest.mark.release, id="all")]
)
@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EFBIG", "EROFS", "MEMORY"])
def test_a_fault_at_many_steps_leaves_nothing_torn(stepped: Stepped, fault: str, parts: int) -> None:
    steps = stepped(faults=[fault], parts=parts, earlier=[True, False], next_runs=50)
    assert broken(steps) == []
    assert sum(step["code"] == 4 for step in steps) >= 0.8 * len(steps)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["ENOSPC", "KILL"])
def test_a_run_that_writes_in_place_is_caught(stepped: Stepped, fault: str) -> None:
    """The control: the same steps without a stage break the promise more often than not."""
    steps = stepped(faults=[fault], parts=20, earlier=[True], control=True)
    assert len(broken(steps)) >= 0.5 * len(steps)
