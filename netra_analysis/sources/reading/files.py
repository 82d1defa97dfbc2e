"""Which files a location names: one file, all in a folder, or all that a pattern matches."""

from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import Final

from netra_analysis.errors import SourceError

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


@dataclass(frozen=True, slots=True)
class Located:
    """The files to read, and those passed over with the reason; in the order of their paths."""

    files: tuple[Path, ...]
    ignored: tuple[tuple[str, str], ...]


def locate(location: str, base: Path) -> Located:
    """The files that `location`, relative to `base`, names; `SourceError` where there are none."""
    path = (base / Path(location).expanduser()).absolute()
    try:
        if path.is_dir():
            return _of_folder(path, location)
        if path.exists():
            return Located((path,), ())
        if has_magic(location):
            return _of_pattern(path, location)
    except OSError as error:
        raise SourceError(f"file:{location} cannot be reached: {error.strerror or error}") from error
    raise SourceError(f"file:{location} does not exist{_nearby(path)}; check the path, relative to {_short(base)}")


def _of_folder(folder: Path, location: str) -> Located:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    ignored = [(path, why) for path in found if (why := _ignored(path.relative_to(folder)))]
    passed = {path for path, _ in ignored}
    files = tuple(path for path in found if path not in passed)
    if not files:
        raise SourceError(
            f"the folder file:{location} holds no log file ({len(found)} files, all passed over); "
            "put the exports in it, or name one file"
        )
    return Located(files, tuple((path.name, why) for path, why in ignored))


def _of_pattern(pattern: Path, location: str) -> Located:
    root = Path(pattern.anchor)
    found = root.glob(str(pattern.relative_to(root)))
    files = tuple(sorted(path for path in found if path.is_file() and not path.name.startswith(".")))
    if not files:
        raise SourceError(f"no file matches file:{location}; check the pattern, or name a file or a folder")
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
