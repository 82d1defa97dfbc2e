"""`verify`: computes a published report again from its capsule, offline, and says what differs.

Nothing in the folder is believed: what may be said, and the queries behind it, come from this code and the
capsule's tables; the report is only held against them. What no hash inside the folder can show is a forger
who changes tables, evidence and every hash together; that takes a copy of `run.json` kept elsewhere.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from netra_analysis import capsule, schema
from netra_analysis.capsule import Capsule
from netra_analysis.errors import NetraAnalysisError, RequestError, VerificationError
from netra_analysis.investigation import Investigation
from netra_analysis.run.evidence import evidence, failures
from netra_analysis.sources.dialect import tables_of

EVIDENCE, RUN, CAPSULE = "evidence.json", "run.json", "capsule"
_POSTMORTEM_NOTEBOOK, _POSTMORTEM = "notebooks/90_postmortem.ipynb", "postmortem.html"
_REQUIRED = (EVIDENCE, f"{CAPSULE}/{capsule.MANIFEST}", *(f"{CAPSULE}/{t.name}.parquet" for t in schema.TABLES))
_LONGEST_VALUE = 200


def verify(folder: Path) -> list[str]:
    """What differs between the report in `folder` and what its capsule gives now; empty when nothing does."""
    _present(folder)
    try:
        return _differences(folder)
    except NetraAnalysisError as error:
        return [str(error)]


def _present(folder: Path) -> None:
    """A folder with any part of a report is a report, perhaps a damaged one; anything else is a wrong request."""
    try:
        found = folder.is_dir() and any((folder / part).exists() for part in (RUN, EVIDENCE, CAPSULE))
    except OSError as error:
        raise RequestError(f"cannot read {folder}: {error.strerror or error}") from error
    if not found:
        what = "it is a file" if folder.is_file() else f"no {RUN} is there"
        raise RequestError(f"no report at {folder}: {what}; give the folder of one incident, such as reports/x")


def _differences(folder: Path) -> list[str]:
    """Differences, the one that explains the others first; what cannot be read at all is told alone."""
    state = _state(folder)
    published = _evidence(folder)
    manifest = _manifest(folder)
    other = capsule.foreign(manifest)
    found = [other] if other else []
    found += [f"run.json says {state.get('state')!r}, not 'done'"] if state.get("state") != "done" else []
    if manifest.get("schema") != capsule.schema_hash():
        return found + changed_files(folder, state)
    held = capsule.read_unchecked(folder / CAPSULE)
    again = rebuilt(held)
    found += changed_files(folder, state)
    found += _damage(folder / CAPSULE, held, again)
    found += changed_evidence(published, again)
    return found + _changed_run(state, again, held.hash)


def _state(folder: Path) -> dict[str, Any]:
    path = folder / RUN
    if not path.exists():
        raise VerificationError(f"{RUN} is missing; run the incident again")
    state = capsule.read_json(path)
    files, only = state.get("files"), state.get("only", [])
    if not isinstance(files, dict) or not all(isinstance(expected, str) for expected in files.values()):
        raise VerificationError(f"{path}: files is no list of files with their hashes; run the incident again")
    if not isinstance(only, list) or not all(isinstance(name, str) for name in only):
        raise VerificationError(f"{path}: only is no list of notebooks; run the incident again")
    return state


def _evidence(folder: Path) -> dict[str, Any]:
    path = folder / EVIDENCE
    if not path.exists():
        raise VerificationError(f"{EVIDENCE} is missing; run the incident again")
    published = capsule.read_json(path)
    claims = published.get("claims")
    if not isinstance(claims, list) or not all(isinstance(c, dict) and isinstance(c.get("id"), str) for c in claims):
        raise VerificationError(f"{path}: claims is no list of claims with their ids; run the incident again")
    return published


def _manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest; that a report has none is damage, where for `open` it would be a wrong path."""
    if not (folder / CAPSULE / capsule.MANIFEST).is_file():
        raise VerificationError(f"{CAPSULE}/{capsule.MANIFEST} is missing; run the incident again")
    return capsule.read_manifest(folder / CAPSULE)


def changed_files(folder: Path, state: Mapping[str, Any]) -> list[str]:
    """Files that are missing, were changed, or came after the report was published."""
    files: Mapping[str, str] = state["files"]
    if not files:
        return ["run.json lists no files; the report was never finished"]
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if _counts(path)}
    there.pop(RUN, None)
    found = []
    for name in sorted({*files, *there, *_required(there, state)}):
        if name not in there:
            found.append(f"{name} is missing")
        elif name not in files:
            found.append(f"{name} is not one of the files that run.json lists")
        elif _hash(there[name]) != files[name]:
            found.append(f"{name} was changed after it was published")
    return found


def _counts(path: Path) -> bool:
    return path.is_symlink() or not path.is_dir()


def _hash(path: Path) -> str | None:
    """None for what is no file of the report's own: a link shows what lies elsewhere, a pipe never ends."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return capsule.file_hash(path)
    except OSError:
        return None


def _required(there: Mapping[str, Path], state: Mapping[str, Any]) -> tuple[str, ...]:
    """What a report cannot be without; the postmortem only where its notebook was to run."""
    whole = _POSTMORTEM_NOTEBOOK in there or not state.get("only")
    return (*_REQUIRED, _POSTMORTEM) if whole else _REQUIRED


def rebuilt(held: Capsule) -> dict[str, Any]:
    """The evidence that the capsule gives now, in the form in which it is read back from a file."""
    try:
        again: dict[str, Any] = json.loads(json.dumps(evidence(Investigation(held.params, held.tables))))
    except Exception as error:  # tables that somebody changed can break any step, and every break means the same
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise VerificationError(f"the capsule cannot be computed again: {_cut(what)}") from error
    return again


def changed_evidence(published: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """Claims and other parts of the evidence that are not what the capsule gives."""
    found = _changed_claims(published["claims"], again["claims"])
    for part in [name for name in {**again, **published} if name != "claims"]:
        if part not in published:
            found.append(f"{part}: the data say it, the report does not")
        elif part not in again:
            found.append(f"{part}: the report says it, the data do not")
        elif not _same(published[part], again[part]):
            found.append(_first_difference(part, published[part], again[part]))
    return found


def _changed_claims(published: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    said, expected = [claim["id"] for claim in published], {claim["id"]: claim for claim in again}
    for claim in published:
        name = claim["id"]
        if name not in expected:
            found.append(f"{name}: the report says it, the data do not")
        elif changed := _changed_fields(claim, expected[name]):
            what = "text" if "text" in changed else changed[0]
            was, now = _shown(claim.get(what)), _shown(expected[name].get(what))
            found.append(f"{name}: {', '.join(changed)} differ; published {was}, computed again {now}")
    found += [f"{name}: the report says it more than once" for name in sorted(set(said)) if said.count(name) > 1]
    found += [f"{name}: the data say it, the report does not" for name in sorted(set(expected) - set(said))]
    return found or ([] if said == list(expected) else ["claims: the report has them in another order"])


def _changed_fields(claim: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    keys = {*claim, *expected}
    return sorted(k for k in keys if k not in claim or k not in expected or not _same(claim[k], expected[k]))


def _changed_run(state: Mapping[str, Any], again: Mapping[str, Any], frozen: str) -> list[str]:
    """What `run.json` says of the incident, which schedulers read and the index shows, held against the rest."""
    if state.get("state") == "running":  # told already, and nothing was said yet
        return []
    expected = {name: again[name] for name in ("verdict", "onset", "window", "service", "synthetic")}
    expected |= {"failed_requests": failures(again), "capsule": frozen}
    return [
        _first_difference(f"run.json: {name}", state.get(name), value)
        for name, value in expected.items()
        if not _same(state.get(name), value)
    ]


def _damage(folder: Path, held: Capsule, again: Mapping[str, Any]) -> list[str]:
    """Tables that are not what was frozen, each with the claims that rest on it."""
    return [f"{what}; on it rest {_resting(what, again)}" for what in capsule.damage(folder, held.manifest)]


def _resting(what: str, again: Mapping[str, Any]) -> str:
    table = what.split()[1]
    names = [
        str(claim["id"])
        for claim in again["claims"]
        if any(read == table or read.startswith("finding_") for read in tables_of(claim["recompute"]["sql"]))
    ]
    return ", ".join(names) or "no claim"


def _same(published: Any, again: Any) -> bool:
    """Equal as JSON, where true is not 1 and NaN is itself."""
    try:
        return json.dumps(published, sort_keys=True) == json.dumps(again, sort_keys=True)
    except RecursionError:  # nested deeper than anything that we write
        return False


def _first_difference(where: str, published: Any, again: Any) -> str:
    """The first place at or below `where` in which the two differ, with both values."""
    for name, was, now in _parts(published, again):
        if not _same(was, now):
            return _first_difference(f"{where}{name}", was, now)
    return f"{where}: published {_shown(published)}, computed again {_shown(again)}"


def _parts(published: Any, again: Any) -> Iterator[tuple[str, Any, Any]]:
    """The parts of two values of one shape, side by side; nothing where the shapes differ."""
    if isinstance(published, dict) and isinstance(again, dict) and published.keys() == again.keys():
        yield from ((f".{name}", published[name], again[name]) for name in again)
    if isinstance(published, list) and isinstance(again, list) and len(published) == len(again):
        yield from ((f"[{i}]", was, now) for i, (was, now) in enumerate(zip(published, again, strict=True)))


def _shown(value: Any) -> str:
    try:
        return _cut(repr(value))
    except RecursionError:
        return "something nested too deep"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
