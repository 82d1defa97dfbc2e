"""Answers of cloud sources, kept for the next run of the same question: redacted, for a while, for this user only.

The key is a fingerprint of the queries with their bound values, of the redaction and of this version's
tables. Only what is settled is kept: of a window that ends now, the next answer may hold more.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.query import digest, plain
from netra_analysis.schema import ENTRIES, QUARANTINE
from netra_analysis.sources.pulled import Pulled
from netra_analysis.sources.reading import FileNote
from netra_analysis.sources.scan import Scan
from netra_analysis.sources.strata import Thinned

VARIABLE: Final = "NETRA_ANALYSIS_CACHE"
SETTLED: Final = timedelta(minutes=75)  # the longest request, and the time in which exports arrive
_KEPT_S: Final = 14 * 24 * 3600
_ABOUT: Final = b"netra-analysis"


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of kept answers; without a folder nothing is kept and nothing found."""

    folder: Path | None

    def get(self, key: str) -> Pulled | None:
        """What was kept under `key`; one that cannot be read is as good as none."""
        if self.folder is None:
            return None
        try:
            return _read(pq.ParquetFile(self._path(key)))
        except (OSError, pa.ArrowException, KeyError, ValueError, TypeError):
            return None

    def put(self, key: str, pulled: Pulled) -> None:
        """Keeps `pulled`, whole or not at all; a full disk only means that it is asked for again."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _remove(_old(self.folder))
            path = self._path(key)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            pq.write_table(_described(pulled), draft, compression="zstd")
            draft.replace(path)
        except OSError:
            return

    def drop(self, keys: Iterable[str]) -> None:
        """Forgets what is kept under `keys`."""
        if self.folder is not None:
            _remove(self._path(key) for key in keys)

    def _path(self, key: str) -> Path:
        return (self.folder or Path()) / f"{key.removeprefix('sha256:')}.parquet"


def cache() -> Cache:
    """The user's: NETRA_ANALYSIS_CACHE names another folder, or is `off`."""
    named = os.environ.get(VARIABLE, "")
    if named == "off":
        return Cache(None)
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Cache(Path(named).expanduser() if named else Path(home).expanduser() / "netra-analysis")


def key(*parts: Any) -> str:
    """One fingerprint of all `parts`."""
    version = metadata.version("netra-analysis")
    columns = [(column.name, str(column.type)) for column in ENTRIES.columns]
    return digest([version, columns, plain(list(parts))])


def settled(end: datetime) -> bool:
    """Whether nothing more is expected of the time before `end`."""
    return end < datetime.now(UTC) - SETTLED


def _described(pulled: Pulled) -> pa.Table:
    about = {
        "quarantine": pulled.quarantine.to_pylist(),
        "files": [[note.name, note.format, note.encoding, note.values, note.note] for note in pulled.files],
        "read": pulled.read,
        "warnings": list(pulled.warnings),
        "duplicates": pulled.duplicates,
        "passed": pulled.passed,
        "thinned": asdict(pulled.thinned),
        "services": dict(pulled.services),
        "scans": [scan.to_json() for scan in pulled.scans],
        "redactions": dict(pulled.redactions or {}),
        "token": pulled.token,
    }
    return pulled.entries.replace_schema_metadata({_ABOUT: json.dumps(about).encode()})


def _read(file: pq.ParquetFile) -> Pulled:
    about = json.loads(file.schema_arrow.metadata[_ABOUT])
    scans = (Scan.from_json(scan) for scan in about["scans"])
    return Pulled(
        entries=ENTRIES.conform(file.read()),
        quarantine=pa.Table.from_pylist(about["quarantine"], schema=QUARANTINE.arrow),
        files=tuple(FileNote(*note) for note in about["files"]),
        read=about["read"],
        warnings=tuple(about["warnings"]),
        duplicates=about["duplicates"],
        passed=about["passed"],
        thinned=Thinned(**about["thinned"]),
        services=about["services"],
        scans=tuple(replace(scan, bytes=0, cached=True) for scan in scans),
        redactions=about["redactions"],
        token=about["token"],
    )


def _old(folder: Path) -> Iterator[Path]:
    now = time.time()
    return (path for path in folder.glob("*.parquet") if now - path.stat().st_mtime > _KEPT_S)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)
