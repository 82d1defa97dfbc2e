"""The file in which people write: beside the folder that is replaced, so that no run touches it."""

from pathlib import Path

from netra_analysis.errors import RequestError
from netra_analysis.notes import LONGEST, SUFFIX, Notes, parse


def notes_path(out: Path, incident: str) -> Path:
    """Where people write about `incident`."""
    return out / f"{incident}{SUFFIX}"


def read_notes(out: Path, incident: str) -> Notes:
    """What people wrote; nothing where there is no file. One that cannot be understood is refused before a run."""
    path = notes_path(out, incident)
    try:
        with path.open(encoding="utf-8-sig") as file:
            return parse(file.read(LONGEST + 1), str(path))
    except FileNotFoundError:
        return Notes()
    except UnicodeDecodeError as error:
        raise RequestError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror or error}; make it a readable file") from error
