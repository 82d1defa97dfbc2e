"""Runs the main job with a fault at one step after another: `python stepped.py`, with `shim.c` loaded ahead of libc.

One process does its imports once and forks a child for each step, so that a step costs a fraction of a second. The
notebooks are stand-ins and the evidence is computed once; all that reads, writes, syncs and renames is real.
"""

import contextlib
import ctypes
import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from netra_analysis import cli
from netra_analysis.report import runtime
from netra_analysis.run import job, lock, notebooks, publish, verify
from tests.run import reports

KILL, MEMORY = 9999, 9998
NAMES = {errno.ENOSPC: "ENOSPC", errno.EIO: "EIO", errno.EFBIG: "EFBIG", errno.EROFS: "EROFS"} | {
    KILL: "KILL",
    MEMORY: "MEMORY",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One run with one fault: how it ended, and what of the promise it broke."""

    fault: str
    at: int
    earlier: bool
    code: int
    seconds: float
    broken: tuple[str, ...]


class Place:
    """The folder in which runs are made, put back as it was before each step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out, self.kept = folder, folder / "out", folder / "kept"
        self.asked = reports.incident(folder)
        self.report = self.out / "made-up"

    def reset(self, earlier: bool) -> None:
        shutil.rmtree(self.out, ignore_errors=True)
        if earlier:
            shutil.copytree(self.kept, self.out)

    def run(self, before: Callable[[], object] = lambda: None) -> int:
        """The exit code of a run in a child; minus the signal where one ended it."""
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                nothing = os.open(os.devnull, os.O_RDWR)
                os.dup2(nothing, 1)
                os.dup2(nothing, 2)
                before()
                cli.main(["run", str(self.asked), "--out", str(self.out)])
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def remember(kept: Path) -> None:
    """Evidence computed once, by whichever process comes first, since the data of every step are the same; and no
    second process to compute it again in."""
    real = job.evidence

    def evidence(held: Any) -> dict[str, Any]:
        if not kept.exists():
            kept.write_text(json.dumps(real(held)))
        found: dict[str, Any] = json.loads(kept.read_text())
        return found

    job.evidence = verify.evidence = evidence
    notebooks.begin = reports._stand_ins
    job.Nursery = contextlib.nullcontext
    job.second_look = lambda stage, nursery: lambda found: verify.changed_evidence(found, evidence(None))


def armed(shim: ctypes.CDLL, place: Place, fault: int, at: int, lasting: bool) -> Callable[[], int]:
    """Sets the fault; returns what says how many steps were counted since."""
    if fault == MEMORY:
        return no_memory(place, at)
    shim.faults_arm(os.fsencode(place.out), at, fault, int(lasting))
    return lambda: int(shim.faults_counted())


def no_memory(place: Place, at: int) -> Callable[[], int]:
    """`MemoryError` where Python is about to open, rename or make the file with number `at`."""
    root, seen = str(place.out), 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in ("open", "os.rename", "os.mkdir") and str(arguments[0]).startswith(root):
            seen += 1
            if seen == at:
                raise MemoryError

    sys.addaudithook(hook)
    return lambda: seen


class Text(HTMLParser):
    """Whether a page reached its end."""

    whole = False

    def handle_endtag(self, tag: str) -> None:
        self.whole = tag == "html"


def torn(out: Path) -> list[str]:
    """Files at their final place that are not whole; what is hidden is nobody's yet."""
    found = []
    for path in sorted(out.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(out).parts):
            if path.suffix in (".json", ".ipynb"):
                with contextlib.suppress(ValueError):
                    json.loads(path.read_text())
                    continue
                found.append(path.name)
            elif path.suffix == ".html":
                page = Text()
                page.feed(path.read_text())
                found += [] if page.whole else [path.name]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def broken(place: Place, code: int, earlier: dict[str, bytes] | None) -> list[str]:
    """What of the promise does not hold after a run that ended with `code`."""
    found = [f"torn: {name}" for name in torn(place.out)]
    there = place.report.exists()
    holds = there and verify.verify(place.report) == []
    if code == 0 and not holds:
        found.append("said done, and does not verify")
    if code not in (0, 2, 4, -9):
        found.append(f"ended with {code}")
    if not there:
        return found + (["the earlier report is gone"] if earlier else [])
    if earlier is not None and contents(place.report) == earlier:
        return found + (["said done, and the report is the old one"] if code == 0 else [])
    if not holds:
        page = (place.report / "postmortem.html").read_text() if (place.report / "postmortem.html").exists() else ""
        if "<title>INCOMPLETE" not in page or earlier is not None:
            found.append("neither whole, nor INCOMPLETE, nor the earlier report")
    return found


def settled(place: Place) -> list[str]:
    """What a next run, without a fault, does not set right."""
    code = place.run()
    left = [path.name for path in place.out.iterdir() if path.name.startswith(".") and path.name != lock.FOLDER]
    wrong = [f"the next run ended with {code}"] if code else []
    wrong += [f"the next run left {name}" for name in left]
    return wrong + ([] if code or verify.verify(place.report) == [] else ["the next report does not verify"])


def in_place() -> None:
    """The control: files are written at their final place, in the order in which they come."""

    def write_text(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")

    def prepare(out: Path, incident: str) -> Path:
        shutil.rmtree(out / incident, ignore_errors=True)
        (out / incident).mkdir()
        return out / incident

    publish.write_text = write_text
    publish.prepare = prepare
    publish.publish = lambda out, incident, keep: out / incident


def main(folder: Path, plan: dict[str, Any]) -> list[Step]:
    """Every planned step: `faults` by name; `parts` of the steps, spread evenly, 0 for all; with an `earlier` report
    or without one; a next run after every so many steps (`next_runs`); `control` writes without protection."""
    shim, place = ctypes.CDLL(None), Place(folder)
    remember(folder / "evidence")
    runtime.script()  # two seconds, kept by the process: once for all children
    if place.run() != 0 or verify.verify(place.report):
        raise SystemExit("a run without a fault failed")
    place.out.rename(place.kept)
    if plan.get("control"):
        in_place()
    wanted = [number for number, name in NAMES.items() if name in plan["faults"]]
    return [
        step(shim, place, fault, at, earlier, plan.get("next_runs", 0))
        for fault in wanted
        for earlier in plan["earlier"]
        for at in spread(counted(shim, place, fault, earlier), plan["parts"])
    ]


def step(shim: ctypes.CDLL, place: Place, fault: int, at: int, earlier: bool, next_runs: int) -> Step:
    """One run whose step number `at` fails; a disk that is full, or read-only, stays so for every second one."""
    began = time.monotonic()
    place.reset(earlier)
    lasting = fault in (errno.ENOSPC, errno.EROFS) and at % 2 == 0
    code = place.run(lambda: armed(shim, place, fault, at, lasting))
    wrong = broken(place, code, contents(place.kept / "made-up") if earlier else None)
    if next_runs and at % next_runs == 0:
        wrong += settled(place)
    return Step(NAMES[fault], at, earlier, code, time.monotonic() - began, tuple(wrong))


def counted(shim: ctypes.CDLL, place: Place, fault: int, earlier: bool) -> int:
    """How many steps a run has; a child counts them and tells in a file."""
    told = place.folder / "counted"
    place.reset(earlier)

    def count() -> None:
        so_far, real = armed(shim, place, fault, -1, lasting=False), publish.publish

        def counting(out: Path, incident: str, keep: int) -> Path:
            folder = real(out, incident, keep)
            told.write_text(str(so_far()))
            return folder

        publish.publish = counting

    if place.run(count) != 0:
        raise SystemExit("a run that was only counted failed")
    return int(told.read_text())


def spread(total: int, parts: int) -> list[int]:
    if not parts or parts >= total:
        return list(range(1, total + 1))
    return sorted({1 + round(i * (total - 1) / (parts - 1)) for i in range(parts)})


if __name__ == "__main__":
    done = main(Path(sys.argv[1]), json.loads(sys.argv[2]))
    Path(sys.argv[3]).write_text(json.dumps([asdict(step) for step in done]))
