"""`verify`: computes every published claim again from the capsule, offline, and says which differ."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netra_analysis import capsule, claims
from netra_analysis.errors import RequestError, VerificationError
from netra_analysis.incident import Incident
from netra_analysis.sources.dialect import tables_of

EVIDENCE, RUN = "evidence.json", "run.json"


def verify(folder: Path) -> list[str]:
    """What differs between the report in `folder` and what its capsule gives now; empty when nothing does."""
    published = _json(folder / EVIDENCE)
    state = _json(folder / RUN)
    found = [f"run.json says {state.get('state')!r}, not 'done'"] if state.get("state") != "done" else []
    found += changed_files(folder, state.get("files", {}))
    return found + changed_claims(folder / "capsule", published.get("claims", []))


def changed_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Published files that are missing or not what they were."""
    if not files:
        return ["run.json lists no files; the report was never finished"]
    found = []
    for name, expected in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif capsule.file_hash(path) != expected:
            found.append(f"{name} was changed after it was published")
    return found


def changed_claims(folder: Path, published: Sequence[Mapping[str, Any]]) -> list[str]:
    """Claims that the capsule in `folder` no longer gives; a changed table names the claims that rest on it."""
    held = capsule.read_unchecked(folder)
    incident = Incident(held.params, held.tables)
    damaged = capsule.damage(folder, held.manifest)
    found = [f"{what}; on it rest {_resting(what, published)}" for what in damaged]
    claims.introduce(incident.engine, incident.evidence)
    found += claims.differences(published, incident.engine)
    again = {said.id for finding in incident.evidence for said in finding.statements}
    missing = sorted(again - {str(claim.get("id")) for claim in published})
    return found + [f"{name}: the data say it, the report does not" for name in missing]


def _resting(what: str, published: Sequence[Mapping[str, Any]]) -> str:
    table = what.split()[1]
    names = [
        str(claim["id"])
        for claim in published
        if any(read == table or read.startswith("finding_") for read in tables_of(claim["recompute"]["sql"]))
    ]
    return ", ".join(names) or "no claim"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RequestError(
            f"no report at {path.parent}: {path.name} is missing; give the folder of one incident, such as reports/x"
        ) from error
    except (OSError, ValueError) as error:
        raise VerificationError(f"{path} cannot be read: {error}; run the incident again") from error
