"""The capsule: the frozen, redacted copy of the tables that a report stands on, and its manifest.

A folder with one Parquet file a table and `manifest.json`, which holds the parameters, the ledger of the
load, each query that was sent to a cloud source with its parameters, job and bytes, each query of the package
with its hash, row counts, file hashes and versions. Notebooks read the
capsule and nothing else; `verify` needs no network and no source.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis import schema
from netra_analysis.coverage import Coverage
from netra_analysis.errors import RequestError, SchemaError, VerificationError
from netra_analysis.params import Params, parse
from netra_analysis.query import digest, plain
from netra_analysis.sources.questions import NAMES, question
from netra_analysis.tables import Tables
from netra_analysis.tables.platform import failed

FORMAT = 1
MANIFEST = "manifest.json"
_PACKAGES = ("netra-analysis", "pandas", "pyarrow", "duckdb", "sqlglot", "numpy", "scipy", "altair", "papermill")


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """What a capsule holds, read back."""

    params: Params
    tables: Tables
    manifest: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """One hash over all that counts: tables, parameters and ledger."""
        return capsule_hash(self.manifest)


def write(folder: Path, params: Params, tables: Tables, request: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Writes the capsule into `folder` (made new) and returns its manifest.

    `request` is how a relative window was made absolute; it is kept for the record and counts in no hash.
    """
    folder.mkdir(parents=True)
    described = {}
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd")
        described[name] = {"file": path.name, "rows": table.num_rows, "sha256": file_hash(path)}
    manifest = {
        "format": FORMAT,
        "params": params.to_json(),
        "request": dict(request or {}),
        "coverage": tables.coverage.to_json(),
        "tables": described,
        "queries": {name: {"sql": question(name).sql, "hash": question(name).fingerprint} for name in NAMES},
        "scans": [dict(scan) for scan in tables.coverage.scans],
        "bytes_scanned": tables.coverage.cost["bytes"],
        "schema": schema_hash(),
        "versions": {package: metadata.version(package) for package in _PACKAGES},
    }
    text = json.dumps(plain(manifest), indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def is_capsule(path: Path) -> bool:
    return (path / MANIFEST).is_file()


def read(folder: Path) -> Capsule:
    """The capsule in `folder`; a file that does not match its hash is refused by name."""
    manifest = read_manifest(folder)
    damaged = damage(folder, manifest)
    if damaged:
        changed = f"the capsule {folder} was changed after it was frozen: {'; '.join(damaged)}"
        raise VerificationError(foreign(manifest) or changed)
    return read_unchecked(folder)


def read_unchecked(folder: Path) -> Capsule:
    """The capsule as it lies there, its hashes not looked at; for `verify`, which names what differs."""
    manifest = read_manifest(folder)
    named = {known.name: _table(folder, known, manifest) for known in schema.TABLES}
    try:
        params = parse(manifest["params"], f"{folder.name}/{MANIFEST}")
        coverage = Coverage.from_json(manifest["coverage"], manifest["scans"])
    except RequestError as error:
        raise VerificationError(f"the capsule's parameters cannot be read: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise VerificationError(f"the coverage in {folder / MANIFEST} cannot be read: {what}") from error
    return Capsule(params, Tables(**named, coverage=coverage), manifest)


def _table(folder: Path, known: schema.TableSchema, manifest: Mapping[str, Any]) -> pa.Table:
    try:
        table = pq.read_table(folder / f"{known.name}.parquet")
        if known is schema.REQUESTS:  # derived, so that a changed status changes all that is said of it
            table = table.set_column(table.column_names.index("failed"), "failed", failed(table))
        return known.conform(table)
    except SchemaError as error:
        raise VerificationError(foreign(manifest) or f"the capsule's {error}") from error
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise VerificationError(f"the capsule's table {known.name} cannot be read: {error}") from error


def read_manifest(folder: Path) -> Mapping[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise RequestError(f"no capsule at {folder}: it has no {MANIFEST}; give the capsule/ folder of a report")
    manifest = read_json(path)
    if manifest.get("format") != FORMAT:
        raise VerificationError(f"{path} is not a manifest of format {FORMAT}; run the incident again")
    for part in ("params", "coverage", "tables", "queries", "versions"):
        if not isinstance(manifest.get(part), dict):
            raise VerificationError(f"{path} is no whole manifest: it has no {part}; run the incident again")
    return manifest


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`, which anybody may have touched: whatever else it holds is told in one sentence."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_each_key_once)
    except RecursionError as error:
        raise VerificationError(f"{path} cannot be read: it is nested too deep; run the incident again") from error
    except (OSError, ValueError) as error:
        raise VerificationError(f"{path} cannot be read: {error}; run the incident again") from error
    if not isinstance(data, dict):
        raise VerificationError(f"{path} holds {type(data).__name__}, not an object; run the incident again")
    return data


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON readers disagree on which of two equal keys counts, so a file with both says two things."""
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("an object names a key twice")
    return data


def foreign(manifest: Mapping[str, Any]) -> str | None:
    """Why this installation cannot compute the capsule again: another version made it. None when it can."""
    made, ours = manifest["versions"].get("netra-analysis"), metadata.version("netra-analysis")
    if manifest.get("schema") != schema_hash():
        difference = "with other tables"
    elif made != ours:
        difference = f"and this is {ours}"
    else:
        return None
    return (
        f"this report was made by netra-analysis {made} {difference}; "
        "verify it with that version, or run the incident again"
    )


def schema_hash() -> str:
    """One hash over every table's columns, types and nullability: equal hashes mean that tables can be read."""
    return digest({known.name: [(c.name, str(c.type), c.nullable) for c in known.columns] for known in schema.TABLES})


def damage(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The tables whose files are not what the manifest says."""
    found = []
    for known in schema.TABLES:
        path, described = folder / f"{known.name}.parquet", manifest["tables"].get(known.name)
        if not path.is_file():
            found.append(f"table {known.name} is missing")
        elif not isinstance(described, dict) or file_hash(path) != described.get("sha256"):
            found.append(f"table {known.name} differs from its hash")
    return found


def file_hash(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def capsule_hash(manifest: Mapping[str, Any]) -> str:
    kept = {key: manifest[key] for key in ("params", "coverage", "tables", "queries")}
    text = json.dumps(plain(kept), sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
