"""Twenty incidents, two at a time, killed in the middle and started again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netra_analysis.run import history
from netra_analysis.run.verify import verify
from tests.run.scheduled import NOW, scheduled

N = 20


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_a_batch_that_was_killed_is_whole_after_another_start(tmp_path: Path) -> None:
    params, out = tmp_path / "params", tmp_path / "out"
    params.mkdir()
    for i in range(N):
        scheduled(params, f"day-{i:02}", failing=i % 10 == 0)
    command = [sys.executable, "-m", "netra_analysis.cli", "run", str(params), "--out", str(out), "--jobs", "2"]
    command += ["--now", NOW, "--resume", "--json"]

    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as first:
        wait_for(lambda: len(list(out.glob("day-*/run.json"))) >= N // 3, 1500)
        os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: not at_work(out), 15)  # no process of it outlives it
    before = {path.parent.name: path.read_bytes() for path in out.glob("day-*/run.json")}
    assert N // 3 <= len(before) < N, "it was killed in the middle"
    for name in before:
        assert verify(out / name) == [], name

    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    rows = json.loads(second.stdout)
    assert sorted(row["incident"] for row in rows) == [f"day-{i:02}" for i in range(N)]
    assert {row["incident"] for row in rows if row["again"]} == set(before), "none is made twice"
    for i in range(N):
        name = f"day-{i:02}"
        assert verify(out / name) == [], name
        assert len(history.read(out, name)) <= 1, name
        assert name not in before or (out / name / "run.json").read_bytes() == before[name]
    assert not [path.name for path in out.iterdir() if path.name.endswith((".part", ".old"))]
    listed = re.findall(r'<tr data-state="done"><td><a href="(day-\d\d)/', (out / "index.html").read_text())
    assert listed == [f"day-{i:02}" for i in range(N)]  # a row that says why stands below some of them


@pytest.mark.long
def test_the_death_of_one_incident_s_process_ends_that_incident_only(tmp_path: Path) -> None:
    killed, whole = scheduled(tmp_path, "day-killed"), scheduled(tmp_path, "day-whole")
    command = [sys.executable, "-m", "netra_analysis.cli", "run", str(killed), str(whole), "--jobs", "2"]
    command += ["--out", str(tmp_path / "out"), "--now", NOW, "--json"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as driver:
        wait_for(lambda: holders(tmp_path / "out/.locks/day-killed.lock"), 60)
        os.kill(*holders(tmp_path / "out/.locks/day-killed.lock"), signal.SIGKILL)
        said, errors = driver.communicate(timeout=300)

    rows = {Path(row["params"]).stem: row for row in json.loads(said)}
    assert driver.returncode == 4, errors
    assert rows["day-killed"]["state"] == "refused"
    assert "was killed" in rows["day-killed"]["why"]
    assert rows["day-whole"]["state"] == "done"
    assert verify(tmp_path / "out/day-whole") == []


def holders(file: Path) -> list[int]:
    """The processes that have `file` open."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if any(link.readlink() == file for link in (entry / "fd").iterdir()):
                found.append(int(entry.name))
        except OSError:  # it ended while we looked
            continue
    return found


def at_work(out: Path) -> list[str]:
    """Processes whose command line or working folder lies in `out`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(out) in (entry / "cmdline").read_text() or str(out) in str((entry / "cwd").readlink()):
                found.append(entry.name)
        except OSError:  # it ended while we looked
            continue
    return found


def wait_for(holds: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
