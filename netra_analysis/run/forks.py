"""The process from which a run's jobs are forked, its imports done: `python -m netra_analysis.run.forks`.

It is started while the parent still reads the source, with an environment that holds no credentials, and it never
opens a capsule itself: each job is a child of its own, in a process group of its own, that shares nothing with
another but the code. Jobs come as lines of JSON on stdin and their ends go as lines to stdout; when stdin closes,
the parent is gone or done, and what still runs is killed.
"""

import ctypes
import gc
import json
import os
import re
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import netra_analysis._fast_imports  # noqa: F401 (before papermill: saves over a second)

LOOK_EVERY_S = 1.0
_PR_SET_PDEATHSIG = 1
_HEAD = re.compile(r"[A-Za-z_][\w.]*: \S")  # of an exception as a traceback prints it
IMPORTS = (
    *("papermill", "nbclient", "ipykernel.ipkernel", "ipykernel.kernelapp"),
    *("netra_analysis.incident", "netra_analysis.run.verify", "netra_analysis.run.worker"),
)
HOMES = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "XDG_CACHE_HOME")


def notebook(asked: dict[str, Any]) -> None:
    """One notebook, executed."""
    from netra_analysis.run.worker import execute

    execute(Path(asked["notebook"]), Path(asked["output"]), asked["incident"], asked["cell_timeout"])


def evidence(asked: dict[str, Any]) -> None:
    """The evidence that a capsule gives, computed by nobody who computed it before."""
    from netra_analysis import capsule
    from netra_analysis.run.verify import rebuilt

    found = rebuilt(capsule.read(Path(asked["capsule"])))
    Path(asked["output"]).write_text(json.dumps(found), encoding="utf-8")


KINDS: dict[str, Callable[[dict[str, Any]], None]] = {"notebook": notebook, "evidence": evidence}


def warm() -> None:
    """Everything that a job would import, imported. Nothing is opened, and no thread of ours is started."""
    socket.has_ipv6 = False  # or papermill's HTTP client opens a socket to find out; no job calls anybody
    for name in IMPORTS:
        import_module(name)
    gc.collect()
    gc.freeze()  # so that children do not copy pages only to count references in them


@dataclass(slots=True)
class Job:
    """A job that runs: its child, since when, and when it has to end."""

    id: int
    pid: int
    home: Path
    began: float
    deadline_s: float
    late: bool = False


@dataclass(slots=True)
class Forks:
    """The jobs that wait and those that run, never more than `workers` at once."""

    workers: int
    waiting: list[dict[str, Any]] = field(default_factory=list)
    running: dict[int, Job] = field(default_factory=dict)

    def begin(self) -> None:
        while self.waiting and len(self.running) < self.workers:
            asked = self.waiting.pop(0)
            pid = os.fork()
            if pid == 0:
                _child(asked)
            _own_group(pid)
            job = Job(asked["id"], pid, Path(asked["home"]), time.monotonic(), asked["deadline_s"])
            self.running[pid] = job

    def ended(self) -> list[dict[str, Any]]:
        """What ended since the last look, as lines for the parent."""
        found = []
        for pid, job in list(self.running.items()):
            if not job.late and time.monotonic() - job.began > job.deadline_s:
                job.late = True
                _kill(pid)
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                _kill(pid)  # what it left behind in its group
                del self.running[pid]
                found.append({"id": job.id, "seconds": time.monotonic() - job.began, "said": _said(job)})
        return found

    def stop(self) -> None:
        for pid in self.running:
            _kill(pid)


def _said(job: Job) -> str:
    """The last words of a job that did not end well; nothing for one that did."""
    if job.late:
        return f"stopped after {job.deadline_s:.0f} s"
    try:
        lines = (job.home / "said").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except FileNotFoundError:
        return "it died before it could say a word"
    headed = [line for line in lines if _HEAD.match(line)]  # a message of many lines ends in anything
    return (headed or lines)[-1][:300] if lines else ""


def _child(asked: dict[str, Any]) -> None:
    """The job, in a new process that has nothing of its parent's but the imports. Never returns."""
    code = 1
    try:
        home = Path(asked["home"])
        home.mkdir(parents=True)
        _own_group(0)
        end_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.update(dict.fromkeys(HOMES, str(home)))
        with (home / "said").open("wb") as said, Path(os.devnull).open("r+b") as nothing:
            for fd, file in ((0, nothing), (1, nothing), (2, said)):
                os.dup2(file.fileno(), fd)
        KINDS[asked["kind"]](asked)
        code = 0
    except BaseException:  # noqa: BLE001 (whatever it was, it is told on stderr, which the parent reads)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def end_with_parent() -> None:
    """Has this process killed when its parent dies, where the system can do that; elsewhere pipes tell it later."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _own_group(pid: int) -> None:
    """Both sides ask for it, because either may be first; the second is refused where the child moved on."""
    try:
        os.setpgid(pid, pid)
    except (PermissionError, ProcessLookupError):
        return


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def main() -> None:
    """Warms up, then does jobs until stdin closes."""
    woken, wake = os.pipe()
    for fd in (woken, wake):
        os.set_blocking(fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    warm()
    forks, unread = Forks(int(sys.argv[1])), b""
    while True:
        ready, _, _ = select.select([0, woken], [], [], LOOK_EVERY_S)
        if woken in ready:
            os.read(woken, 4096)
        if 0 in ready:
            come = os.read(0, 65536)
            if not come:
                forks.stop()
                return
            *lines, unread = (unread + come).split(b"\n")
            forks.waiting += [json.loads(line) for line in lines]
        for line in forks.ended():
            os.write(1, json.dumps(line).encode() + b"\n")
        forks.begin()


if __name__ == "__main__":
    main()
