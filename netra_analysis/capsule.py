"""The capsule: the frozen, redacted copy of the tables that a report stands on, and its manifest.

A folder with one Parquet file a table and `manifest.json`, which holds the parameters, the ledger of the
load, each query of the package with its hash, row counts, file hashes and versions. Notebooks read the
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
from netra_analysis.errors import RequestError, VerificationError
from netra_analysis.params import Params, parse
from netra_analysis.query import plain
from netra_analysis.sources.questions import NAMES, question
from netra_analysis.tables import Tables

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


def write(folder: Path, params: Params, tables: Tables) -> Mapping[str, Any]:
    """Writes the capsule into `folder` (made new) and returns its manifest."""
    folder.mkdir(parents=True)
    described = {}
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd")
        described[name] = {"file": path.name, "rows": table.num_rows, "sha256": file_hash(path)}
    manifest = {
        "format": FORMAT,
        "params": params.to_json(),
        "coverage": tables.coverage.to_json(),
        "tables": described,
        "queries": {name: {"sql": question(name).sql, "hash": question(name).fingerprint} for name in NAMES},
        "bytes_scanned": 0,
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
        raise VerificationError(f"the capsule {folder} was changed after it was frozen: {'; '.join(damaged)}")
    return read_unchecked(folder)


def read_unchecked(folder: Path) -> Capsule:
    """The capsule as it lies there, its hashes not looked at; for `verify`, which names what differs."""
    manifest = read_manifest(folder)
    named: dict[str, pa.Table] = {}
    for known in schema.TABLES:
        try:
            named[known.name] = known.conform(pq.read_table(folder / f"{known.name}.parquet"))
        except (OSError, pa.ArrowException, KeyError) as error:
            raise VerificationError(f"the capsule's table {known.name} cannot be read: {error}") from error
    params = parse(manifest["params"], f"{folder.name}/{MANIFEST}")
    tables = Tables(**named, coverage=Coverage.from_json(manifest["coverage"]))
    return Capsule(params, tables, manifest)


def read_manifest(folder: Path) -> Mapping[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RequestError(
            f"no capsule at {folder}: it has no {MANIFEST}; give the capsule/ folder of a report"
        ) from error
    except (OSError, ValueError) as error:
        raise VerificationError(f"{path} cannot be read: {error}; run the incident again") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise VerificationError(f"{path} is not a manifest of format {FORMAT}; run the incident again")
    return manifest


def damage(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The tables whose files are not what the manifest says."""
    found = []
    for name, described in manifest["tables"].items():
        path = folder / f"{name}.parquet"
        if not path.is_file():
            found.append(f"table {name} is missing")
        elif file_hash(path) != described["sha256"]:
            found.append(f"table {name} differs from its hash")
    return found


def file_hash(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def capsule_hash(manifest: Mapping[str, Any]) -> str:
    kept = {key: manifest[key] for key in ("params", "coverage", "tables", "queries")}
    text = json.dumps(plain(kept), sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
