"""One run of an incident at a time: a lock that goes when its process does, however that ends.

It is taken before anything heavy is imported, so that of many starters all but one are gone at once. Advisory
locks of the system (`flock`), because a file that merely exists would outlive a killed run.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from netra_analysis.errors import LockedError, RequestError

FOLDER = ".locks"
# How nearly every params file names its incident: a line of YAML, or the first key of a JSON object.
_NAMED = re.compile(
    r"""^(?:\{[ \t]*)?(["']?)incident\1[ \t]*:[ \t]*(["']?)([a-z0-9][a-z0-9-]{0,62})\2[ \t]*(?:[,#}].*)?$""",
    re.MULTILINE,
)
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that is held: whose, and in which output folder."""

    out: Path
    incident: str

    def covers(self, out: Path, incident: str) -> bool:
        return (self.out, self.incident) == (out, incident)


@contextmanager
def taken(out: Path, incident: str) -> Iterator[Lock]:
    """Holds the incident's lock in `out`; another holder is a `LockedError` at once."""
    try:
        (out / FOLDER).mkdir(parents=True, exist_ok=True)
        file = os.open(out / FOLDER / f"{incident}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise RequestError(f"cannot write to {out}: {error.strerror or error}; give a writable --out") from error
    try:
        _take(file, out, incident)
        yield Lock(out, incident)
    finally:
        os.close(file)  # the lock goes with it; the file stays, for a file taken away could be locked twice


def _take(file: int, out: Path, incident: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LockedError(
            f"another run of {incident} is at work in {out}; wait for it to end, or give another --out"
        ) from error
    except OSError as error:
        raise RequestError(
            f"cannot lock {incident} in {out}: {error.strerror or error}; give an --out on a file system with locks"
        ) from error


@contextmanager
def taken_early(out: Path, params: Path) -> Iterator[Lock | None]:
    """The lock of the incident that the file `params` plainly names; None where only its full reading can tell."""
    incident = named(params)
    if incident is None:
        yield None
        return
    with taken(out, incident) as lock:
        yield lock


def named(params: Path) -> str | None:
    """The incident that the params file plainly names, without understanding the rest of it."""
    try:
        if not params.is_file():  # its reading tells what it is
            return None
        with params.open(encoding="utf-8") as file:
            found = _NAMED.findall(file.read(_LONGEST))
    except (OSError, UnicodeDecodeError):
        return None  # told by the full reading, in one sentence
    return found[0][2] if len(found) == 1 else None
