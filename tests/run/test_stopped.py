"""Real runs, with their kernels, that are killed, stopped or not alone."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from netra_analysis.run import history, lock
from netra_analysis.run.verify import verify
from tests.run.reports import incident, quick

COMMAND = (sys.executable, "-m", "netra_analysis.cli", "run")
Contents = dict[str, bytes]


def started(asked: Path, *arguments: object) -> "subprocess.Popen[str]":
    command = [*COMMAND, str(asked), "--out", str(asked.parent / "out"), *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )


def children(pid: int) -> set[int]:
    """Every process below `pid`, kernels included."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = {int(child) for child in task.read_text().split()}
        except OSError:  # it ended meanwhile
            continue
        found |= below.union(*map(children, below))
    return found


def at_work(run: "subprocess.Popen[str]") -> set[int]:
    """Waits until notebooks are executed; the processes that do it."""
    deadline = time.monotonic() + 90
    assert run.stderr is not None
    for line in run.stderr:
        if ": running " in line:
            break
    while time.monotonic() < deadline:
        below = children(run.pid)
        if len(below) >= 3:  # the nursery, a job, its kernel
            return below
        time.sleep(0.05)
    raise AssertionError("no kernel was begun")


def alive(pids: set[int]) -> set[int]:
    """Those that still run; what is dead and not yet collected does not."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


def outlive(pids: set[int], seconds: float) -> set[int]:
    """Those that still run `seconds` later."""
    deadline = time.monotonic() + seconds
    while (left := alive(pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def contents(folder: Path) -> Contents:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report that stands; its params file lies beside `out`."""
    return quick(tmp_path_factory.mktemp("earlier"))


@pytest.fixture
def running(earlier: Path) -> Iterator["subprocess.Popen[str]"]:
    run = started(earlier.parent.parent / "made-up.yaml", "--only", "00")
    yield run
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


@pytest.mark.long
def test_a_killed_run_leaves_no_process_and_the_earlier_report_as_it_was(
    earlier: Path, running: "subprocess.Popen[str]"
) -> None:
    before, begun = contents(earlier), at_work(running)
    os.kill(running.pid, signal.SIGKILL)
    assert outlive(begun, 10) == set()
    assert contents(earlier) == before
    assert verify(earlier) == []
    with lock.taken(earlier.parent, "made-up"):
        pass


@pytest.mark.long
def test_a_run_that_is_asked_to_end_says_so_within_ten_seconds(earlier: Path, running: "subprocess.Popen[str]") -> None:
    before, begun = contents(earlier), at_work(running)
    began = time.monotonic()
    running.terminate()
    _, said = running.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert running.returncode == 4
    assert said.splitlines()[-1] == (
        "netra-analysis: made-up: the run could not be finished: it was stopped (SIGTERM) before it was finished"
    )
    assert alive(begun) == set()
    assert contents(earlier) == before
    out = earlier.parent
    assert history.read(out, "made-up")[-1]["state"] == "failed"
    assert "a later run failed" in (out / "index.html").read_text()
    assert not (out / ".made-up.part").exists()
    with lock.taken(out, "made-up"):
        pass


@pytest.mark.long
def test_a_first_run_that_is_asked_to_end_leaves_a_page_that_says_incomplete(tmp_path: Path) -> None:
    run = started(incident(tmp_path), "--only", "00")
    assert run.stderr is not None
    next(line for line in run.stderr if ": reading " in line)
    run.terminate()
    run.communicate(timeout=60)
    folder = tmp_path / "out" / "made-up"
    page = (folder / "postmortem.html").read_text()
    body = page[page.index("<body>") :].splitlines()
    assert run.returncode == 4
    assert "<title>INCOMPLETE, FAILED" in page
    assert body[1].startswith('<p class="banner" role="alert"><strong>INCOMPLETE, FAILED</strong>')
    assert json.loads((folder / "run.json").read_text())["state"] == "failed"
    assert verify(folder) != []
    assert "failed" in (tmp_path / "out" / "index.html").read_text()


def test_of_many_starters_all_but_one_are_gone_before_anything_heavy_is_loaded(earlier: Path) -> None:
    """At most 0.25 s of a processor each, so that twenty of them are gone within two seconds on two."""
    out = earlier.parent
    asked = out.parent / "made-up.yaml"
    with lock.taken(out, "made-up"):
        runs = [started(asked) for _ in range(5)]
        ended = [os.wait4(run.pid, 0) for run in runs]
    for run, (_, status, used) in zip(runs, ended, strict=True):
        run.returncode = os.waitstatus_to_exitcode(status)
        assert run.returncode == 75
        assert used.ru_utime + used.ru_stime < 0.25
        assert run.communicate()[1].count("another run of made-up is at work") == 1


ROUNDS = [pytest.param(n, marks=pytest.mark.long if n < 5 else pytest.mark.release) for n in range(100)]


@pytest.mark.parametrize("round_", ROUNDS)
def test_of_twenty_starters_exactly_one_runs(tmp_path: Path, round_: int) -> None:
    asked = incident(tmp_path)
    runs = [started(asked, "--only", "00") for _ in range(20)]
    codes = [run.wait() for run in runs]
    assert sorted(codes) == [0] + 19 * [75]
    assert verify(tmp_path / "out" / "made-up") == []


@pytest.mark.long
def test_without_a_lock_several_run(tmp_path: Path) -> None:
    """The control: starters whose lock always is free."""
    asked = incident(tmp_path)
    free = "import fcntl; fcntl.flock = lambda *_: None\nfrom netra_analysis.cli import main\nmain()"
    command = [sys.executable, "-c", free, "run", str(asked), "--out", str(tmp_path / "out"), "--only", "00"]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(5)]
    assert [run.wait() for run in runs].count(75) == 0


@pytest.mark.long
def test_four_incidents_in_parallel_do_not_cross(tmp_path: Path) -> None:
    asked = []
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
        path = incident(tmp_path / name)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"incident": f"made-up-{name}"}))
        asked.append(path)
    command = [*COMMAND, *map(str, asked), "--out", str(tmp_path / "out"), "--only", "00", "--jobs", "4", "--json"]
    rows: list[dict[str, Any]] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert [row["state"] for row in rows] == 4 * ["done"]
    for name in ("a", "b", "c", "d"):
        folder = tmp_path / "out" / f"made-up-{name}"
        assert verify(folder) == []
        others = {f"made-up-{other}" for other in "abcd" if other != name}
        text = b"\n".join(contents(folder).values()).decode(errors="replace")
        assert not [other for other in others if other in text]


# --- many kills ------------------------------------------------------------------------------------------------------


KILLED = [pytest.param(n, marks=pytest.mark.long if not n else pytest.mark.release) for n in range(20)]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", KILLED)
def test_kills_at_random_points_of_real_runs(earlier: Path, seed: int) -> None:
    """Fifty of them: of the driver, of its process group, of one of the processes below it."""
    rng, out = random.Random(8 + seed), earlier.parent  # noqa: S311
    asked, ends = out.parent / "made-up.yaml", set()
    assert started(asked, "--only", "00").wait() == 0
    before = contents(earlier)
    files = set(before)
    for number in range(50):
        whom = ("driver", "group", "below")[number % 3]
        run = started(asked, "--only", "00")
        time.sleep(rng.uniform(0.1, 12))
        below = children(run.pid)
        if whom == "below" and below:
            for pid in rng.sample(sorted(below), 1):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        elif whom == "driver":
            run.kill()
        else:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=300)
        ends.add(run.returncode)
        assert outlive(below, 10) == set(), (number, whom)
        now = contents(earlier)
        if run.returncode == 4 and now != before:  # a notebook died, and what was made is published as failed
            assert "<title>INCOMPLETE, FAILED" in next((earlier / "notebooks").glob("*.html")).read_text()
            assert verify(earlier) != [], (number, whom)
        elif run.returncode == 0 or now != before:  # finished, or killed when all was published: it is whole
            assert verify(earlier) == [], (number, whom, run.returncode)
            assert set(now) == files, (number, whom, run.returncode)
            assert not [name for name in files if b"<title>INCOMPLETE" in now[name]]
        before = now
    assert -signal.SIGKILL in ends
    assert started(asked, "--only", "00").wait() == 0
    assert verify(earlier) == []
    assert not (out / ".made-up.part").exists()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_papermill_and_nbconvert_alone_make_clean_pages_of_killed_runs(tmp_path: Path) -> None:
    """The control: a page that shows no sign of it, of at least half the runs that were killed half-way."""
    cells = [nbformat.v4.new_code_cell(f"import time; time.sleep(0.5); print('section', {n})") for n in range(8)]
    source, clean = tmp_path / "source.ipynb", 0
    nbformat.write(nbformat.v4.new_notebook(cells=cells), source)
    for number in range(6):
        made = tmp_path / f"{number}.ipynb"
        run = subprocess.Popen(
            [sys.executable, "-m", "papermill", source, made, "-k", "python3"], stderr=subprocess.PIPE, process_group=0
        )
        deadline = time.monotonic() + 60
        while "section 1" not in (made.read_text() if made.exists() else "") and time.monotonic() < deadline:
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        page = tmp_path / f"{number}.html"
        convert = [sys.executable, "-m", "nbconvert", "--to", "html", str(made), "--output", page.name]
        subprocess.run(convert, capture_output=True, check=False)
        shown = page.read_text() if page.exists() else ""
        body = shown[shown.find("<body") :]
        clean += "<pre>section 1" in body and "<pre>section 7" not in body and "error" not in body.lower()
    assert clean >= 3
