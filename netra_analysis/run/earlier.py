"""Retention: the reports that newer ones replaced, in `DIR/<incident>.earlier/<when it was finished>/`.

Only whole reports come here, and only they are ever taken away: neither the newest report, nor a run at work, nor
what people wrote, which lie elsewhere.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netra_analysis.capsule import read_json
from netra_analysis.errors import VerificationError

SUFFIX = ".earlier"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?")


def folder(out: Path, incident: str) -> Path:
    return out / f"{incident}{SUFFIX}"


def reports(out: Path, incident: str) -> list[Path]:
    """The earlier reports that are kept, oldest first."""
    shelf = folder(out, incident)
    found = [one for one in shelf.iterdir() if _NAME.fullmatch(one.name)] if shelf.is_dir() else []
    return sorted(found)


def put_by(old: Path, out: Path, incident: str, keep: int) -> None:
    """Puts the replaced report `old` with the earlier ones and takes away all but the newest `keep` of them."""
    when = name_of(old)
    if keep and when:
        shelf = folder(out, incident)
        shelf.mkdir(exist_ok=True)
        old.rename(_free(shelf, when))
    else:
        shutil.rmtree(old)
    kept = reports(out, incident)
    for one in kept[: max(0, len(kept) - keep)]:
        shutil.rmtree(one)
    if not keep and folder(out, incident).is_dir() and not any(folder(out, incident).iterdir()):
        folder(out, incident).rmdir()


def name_of(report: Path) -> str:
    """When the report was finished, as its folder among the earlier ones is named; empty for no finished report."""
    try:
        return named(read_json(report / "run.json"))
    except VerificationError:
        return ""


def named(state: Mapping[str, Any]) -> str:
    """The same from what `run.json` says."""
    when = re.sub(r"[-:]|\.[0-9]+", "", str(state.get("finished") or ""))
    return when if _NAME.fullmatch(when) and state.get("state") in ("done", "failed") else ""


def _free(shelf: Path, when: str) -> Path:
    """A place for a report of that second that is not taken yet."""
    place, number = shelf / when, 1
    while place.exists():
        number += 1
        place = shelf / f"{when}-{number}"
    return place
