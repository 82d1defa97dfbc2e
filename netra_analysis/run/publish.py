"""Publishing: a folder appears whole or not at all, and only one run of an incident is at work on it."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from netra_analysis.errors import LockedError, RequestError
from netra_analysis.run import earlier


@contextmanager
def locked(out: Path, incident: str) -> Iterator[None]:
    """Holds the incident's lock in `out`; another holder is a `LockedError` at once."""
    folder = out / ".locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{incident}.lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"another run of {incident} is at work in {out}; wait for it to end, or give another --out"
        ) from error
    except OSError as error:
        raise RequestError(f"cannot write to {out}: {error.strerror or error}; give a writable --out") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def staged(out: Path, incident: str) -> Iterator[Path]:
    """An empty stage, taken away again when what fills it fails: only a killed run leaves one behind."""
    stage = prepare(out, incident)
    try:
        yield stage
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def prepare(out: Path, incident: str) -> Path:
    """An empty stage for a new run. What an earlier run left behind when it was killed is set right first."""
    stage, retired = _stage(out, incident), _retired(out, incident)
    if retired.exists():
        if not (out / incident).exists():
            retired.rename(out / incident)  # killed between the two renames of `publish`: the old one stands
        else:
            shutil.rmtree(retired)
    if stage.exists():
        shutil.rmtree(stage)
    stage.mkdir()
    return stage


def publish(out: Path, incident: str, keep: int = 0) -> Path:
    """Puts the finished stage in the incident's place; until then the earlier report stands untouched.

    `keep` is how many earlier reports stay, in a folder beside it.
    """
    final, stage, retired = out / incident, _stage(out, incident), _retired(out, incident)
    _flush(stage)
    if final.exists():
        final.rename(retired)
    stage.rename(final)
    if retired.exists():
        earlier.put_by(retired, out, incident, keep)
    return final


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """`data` as readable JSON, written beside `path` and moved there."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", errors="replace")
    part.replace(path)


def _stage(out: Path, incident: str) -> Path:
    return out / f".{incident}.part"


def _retired(out: Path, incident: str) -> Path:
    return out / f".{incident}.old"


def _flush(folder: Path) -> None:
    """Every file on disk before the rename that makes them visible."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
