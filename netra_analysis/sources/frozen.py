"""A capsule as a source: the entries and metrics of an earlier report, already redacted, each once."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from netra_analysis.errors import SchemaError, SourceError
from netra_analysis.schema import ENTRIES, METRICS, QUARANTINE, TableSchema
from netra_analysis.sources.pulled import Pulled
from netra_analysis.sources.reading import FileNote
from netra_analysis.sources.reading.reason import safe
from netra_analysis.sources.strata import Thinned

MANIFEST: Final = "manifest.json"


def is_capsule(folder: Path) -> bool:
    """Whether `folder` is one that a report stands on: its manifest names the table of entries."""
    if not (folder / MANIFEST).is_file() or not (folder / "entries.parquet").is_file():
        return False
    return isinstance(_manifest(folder).get("tables"), dict)


def read_capsule(folder: Path) -> Pulled:
    """The entries as they were frozen; what was redacted then is not redacted again, so that its marks stay."""
    entries = _table(folder, ENTRIES)
    note = FileNote("entries.parquet", "capsule", "", entries.num_rows, "frozen by an earlier run")
    coverage = _manifest(folder).get("coverage", {})
    lost = coverage.get("quarantined", {})
    told = [f"{count} values of the original source could not be used: {reason}" for reason, count in lost.items()]
    stood_for = pc.sum(entries["weight"]).as_py() or 0
    return Pulled(
        entries,
        QUARANTINE.empty(),
        (note,),
        stood_for,
        tuple(told),
        thinned=Thinned(stood_for - entries.num_rows, coverage.get("cell_s", 0), coverage.get("thinned", "")),
        redactions={},
    )


def read_frozen_metrics(folder: Path) -> pa.Table:
    return _table(folder, METRICS)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _table(folder: Path, known: TableSchema) -> pa.Table:
    """A table of the capsule; one that was changed after it was frozen is refused."""
    path = folder / f"{known.name}.parquet"
    described = _manifest(folder)["tables"].get(known.name) or {}
    try:
        data = path.read_bytes()
        if "sha256:" + hashlib.sha256(data).hexdigest() != described.get("sha256"):
            raise SourceError(
                f"the capsule {folder.name} was changed after it was frozen: {path.name} differs from its hash; "
                "give a report's whole capsule, or the original source"
            )
        return known.conform(pq.read_table(pa.BufferReader(data)))
    except (OSError, pa.ArrowException, SchemaError, AttributeError) as error:
        raise SourceError(safe(f"the capsule's table {known.name} cannot be read: {error}")) from error
