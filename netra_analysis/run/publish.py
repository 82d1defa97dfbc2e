"""Publishing: a folder appears whole or not at all."""

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from netra_analysis.run import earlier

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
# What a system, or one of its file systems, says when it cannot exchange two folders in one step.
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


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
            retired.rename(out / incident)  # killed between the two renames of `_exchange`: the old one stands
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
        _exchange(stage, final, retired)
    else:
        stage.rename(final)
    _sync(out)
    for old in (stage, retired):
        if old.exists():
            earlier.put_by(old, out, incident, keep)
    return final


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """`data` as readable JSON, written beside `path` and moved there."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """`text` at `path`, whole or not at all, also when the machine stops."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _exchange(stage: Path, final: Path, retired: Path) -> None:
    """The new folder where the old one was, and the old one in the stage's place: there is always one to be read."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    fault = errno.ENOSYS
    if rename is not None:
        if rename(_HERE, os.fsencode(stage), _HERE, os.fsencode(final), _EXCHANGE) == 0:
            return
        fault = ctypes.get_errno()
    if fault not in _CANNOT:
        raise OSError(fault, os.strerror(fault), str(final))
    final.rename(retired)
    try:
        stage.rename(final)
    except OSError:
        retired.rename(final)
        raise


def _stage(out: Path, incident: str) -> Path:
    return out / f".{incident}.part"


def _retired(out: Path, incident: str) -> Path:
    return out / f".{incident}.old"


def _flush(folder: Path) -> None:
    """Every file, and every folder's list of them, on disk before the rename that makes them visible."""
    for path in [*sorted(folder.rglob("*")), folder]:
        if path.is_file() or path.is_dir():
            _sync(path)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
