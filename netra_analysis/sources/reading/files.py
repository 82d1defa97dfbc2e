"""Which files a location names: one file, all in a folder, or all that a pattern matches."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import Final

from netra_analysis.errors import SourceError
from netra_analysis.sources.reading.reason import safe

_NO_LOGS: Final = frozenset(
    [
        ".bmp",
        ".css",
        ".dll",
        ".doc",
        ".docx",
        ".exe",
        ".gif",
        ".htm",
        ".html",
        ".ico",
        ".ipynb",
        ".jpeg",
        ".jpg",
        ".js",
        ".lock",
        ".pdf",
        ".png",
        ".py",
        ".pyc",
        ".sh",
        ".so",
        ".sql",
        ".svg",
        ".toml",
        ".ts",
        ".whl",
        ".woff2",
        ".xls",
        ".xlsx",
        ".zip",
    ]
)
_NO_LOG_NAMES: Final = ("readme", "license", "changelog", "makefile", "dockerfile", "manifest")

_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISFIFO, "a named pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


@dataclass(frozen=True, slots=True)
class Located:
    """The files to read, and those passed over with the reason; in the order of their paths."""

    files: tuple[Path, ...]
    ignored: tuple[tuple[str, str], ...]


def locate(location: str, base: Path) -> Located:
    """The files that `location`, relative to `base`, names; `SourceError` where there are none."""
    try:
        return _located(location, base)
    except OSError as error:
        raise SourceError(safe(f"file:{location} cannot be reached: {error.strerror or error}")) from error
    except (ValueError, NotImplementedError, RecursionError) as error:
        raise SourceError(safe(f"file:{location} is no path or pattern: {error}")) from error


def _located(location: str, base: Path) -> Located:
    path = (base / _expanded(location)).absolute()
    if path.is_dir():
        return _of_folder(path, location)
    if path.exists():
        if what := _irregular(path):
            raise SourceError(safe(f"file:{location} is {what}, no regular file; copy what it gives into a file"))
        return Located((path,), ())
    if has_magic(location):
        return _of_pattern(path, location)
    missing = f"file:{location} does not exist{_nearby(path)}; check the path, relative to {_short(base)}"
    raise SourceError(safe(missing))


def _expanded(location: str) -> Path:
    """The path with its ~ replaced; one that names no user is a name like any other."""
    try:
        return Path(location).expanduser()
    except RuntimeError:
        return Path(location)


def _irregular(path: Path) -> str | None:
    """What `path` is if it is no regular file: to open a pipe, a socket or a device may wait for ever."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link to nothing"
    if stat.S_ISREG(mode):
        return None
    return next((name for test, name in _KINDS if test(mode)), "something else")


def _of_folder(folder: Path, location: str) -> Located:
    found = sorted(path for path in folder.rglob("*") if not path.is_dir())
    ignored = [(path, why) for path in found if (why := _ignored(path.relative_to(folder)) or _irregular(path))]
    passed = {path for path, _ in ignored}
    files = tuple(path for path in found if path not in passed)
    if not files:
        raise SourceError(
            safe(f"the folder file:{location} holds no file to read ({len(found)} files, all passed over); ")
            + "put the exports in it, or name one file"
        )
    return Located(files, tuple((safe(path.name), why) for path, why in ignored))


def _of_pattern(pattern: Path, location: str) -> Located:
    root = Path(pattern.anchor)
    found = root.glob(str(pattern.relative_to(root)))
    files = tuple(sorted(path for path in found if path.is_file() and not path.name.startswith(".")))
    if not files:
        raise SourceError(safe(f"no file matches file:{location}; check the pattern, or name a file or a folder"))
    return Located(files, ())


def _ignored(path: Path) -> str | None:
    if any(part.startswith((".", "__")) for part in path.parts):
        return "hidden"
    if path.suffix.lower() in _NO_LOGS or path.stem.lower().startswith(_NO_LOG_NAMES):
        return "no log file by its name"
    return None


def _nearby(path: Path) -> str:
    """What the folder does hold, so that a slip of the pen is seen at once."""
    if not path.parent.is_dir():
        return f" (nor does its folder {_short(path.parent)})"
    names = sorted(child.name for child in path.parent.iterdir() if not child.name.startswith("."))[:5]
    return f" (its folder holds {', '.join(names)})" if names else " (its folder is empty)"


def _short(path: Path) -> str:
    return path.name or str(path)
