"""The parent's side of `forks`: a process with its imports done, started ahead, and the jobs it is given."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from netra_analysis.run.forks import HOMES

# What a job may know of the environment: nothing that could be a credential.
_ALLOWED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP", "PYTHONHASHSEED")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended: how long it took, and its last words when it did not end well."""

    seconds: float
    said: str


class Nursery:
    """A context in which jobs are forked, `workers` at a time, in the order in which they are given."""

    def __init__(self, workers: int) -> None:
        self._private = tempfile.TemporaryDirectory(prefix="netra-run-")
        self.folder = Path(self._private.name)
        self._jobs: dict[int, Future[Ended]] = {}
        self._lock = threading.Lock()
        self._gone = False
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "netra_analysis.run.forks", str(max(1, workers))],
            env=_environment(self.folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends the process and, with it, every job that still runs; one without a job is not waited for."""
        assert self._process.stdin is not None  # noqa: S101 (it was asked for)
        if not self._jobs:  # it may still be importing what nobody needs now, and a user waits for a sentence
            os.killpg(self._process.pid, signal.SIGKILL)
        try:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join()
        self._private.cleanup()

    @property
    def pid(self) -> int:
        return self._process.pid

    def submit(self, kind: str, deadline_s: float, **asked: Any) -> Future[Ended]:
        """Gives one job; its end is the future's result, also when the process behind it dies."""
        job: Future[Ended] = Future()
        with self._lock:
            number = len(self._jobs)
            self._jobs[number] = job
            home = str(self.folder / f"job-{number}")
            line = json.dumps({"id": number, "kind": kind, "home": home, "deadline_s": deadline_s, **asked})
            if self._gone or not self._send(line):
                _end(job, Ended(0.0, _GONE))
        return job

    def _send(self, line: str) -> bool:
        assert self._process.stdin is not None  # noqa: S101 (it was asked for)
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 (it was asked for)
        for line in self._process.stdout:
            said = json.loads(line)
            _end(self._jobs[said["id"]], Ended(said["seconds"], said["said"]))
        with self._lock:
            self._gone = True
            for job in self._jobs.values():
                _end(job, Ended(0.0, _GONE))


_GONE = "the process that runs the notebooks died"


def _end(job: Future[Ended], ended: Ended) -> None:
    if not job.done():
        job.set_result(ended)


def _environment(private: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ALLOWED if name in os.environ}
    return kept | dict.fromkeys(HOMES, str(private)) | {"PYTHONDONTWRITEBYTECODE": "", "NO_GCE_CHECK": "true"}
