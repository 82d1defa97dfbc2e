"""The file in which people write: beside the folder that is replaced, so that no run touches it."""

from pathlib import Path

from netra_analysis import capsule
from netra_analysis.errors import RequestError
from netra_analysis.notes import LONGEST, SUFFIX, Notes, Pin, parse, with_pin
from netra_analysis.run.lock import taken
from netra_analysis.run.publish import write_text


def notes_path(out: Path, incident: str) -> Path:
    """Where people write about `incident`."""
    return out / f"{incident}{SUFFIX}"


def read_notes(out: Path, incident: str) -> Notes:
    """What people wrote; nothing where there is no file. One that cannot be understood is refused before a run."""
    path = notes_path(out, incident)
    return parse(_text(path), str(path))


def keep(out: Path, incident: str, pin: Pin) -> Path:
    """Adds a pin to what people wrote about `incident` in `out`, and says where; nothing else there is touched."""
    path = notes_path(out, incident)
    with taken(out, incident):
        before = _text(path)
        after = with_pin(before, pin, str(path))
        if after != before:
            write_text(path, after)
    return path


def reports_of(where: Path) -> Path:
    """The folder of reports that belongs to a capsule, or the nearest `reports/` above a params file."""
    where = where.resolve()
    if capsule.is_capsule(where) and not where.parent.name.startswith("."):
        return where.parents[1]
    found = next((folder / "reports" for folder in where.parents if (folder / "reports").is_dir()), None)
    if found is None or capsule.is_capsule(where):
        raise RequestError(f"{where} has no folder of reports to write to; run the incident first, or name one: out=…")
    return found


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(LONGEST + 1)
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise RequestError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror or error}; make it a readable file") from error
