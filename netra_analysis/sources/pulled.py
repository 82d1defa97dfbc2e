"""What every source gives, whatever it is: entries, what was refused, and what it said of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from netra_analysis.sources.reading import FileNote
from netra_analysis.sources.scan import Scan
from netra_analysis.sources.strata import NOT_THINNED, Thinned


@dataclass(frozen=True, slots=True, eq=False)
class Pulled:
    """One reading of a source, not yet redacted.

    `read` counts every entry that was seen: rows of `entries`, of `quarantine`, `duplicates` that the source
    itself took out, and `passed`: entries of another service or time, counted and not kept. `services` are
    the counts, by service, of entries that are not in `entries`; `streams` has those that were `passed` by
    service and log, with their first and last time; `thinned` entries are represented by others.
    """

    entries: pa.Table
    quarantine: pa.Table
    files: tuple[FileNote, ...]
    read: int
    warnings: tuple[str, ...] = ()
    duplicates: int = 0
    passed: int = 0
    services: Mapping[str, int] = field(default_factory=dict)
    streams: tuple[Mapping[str, Any], ...] = ()
    scans: tuple[Scan, ...] = ()
    thinned: Thinned = NOT_THINNED
    redactions: Mapping[str, int] | None = None  # how many of each kind, where it was done already
    token: str = ""  # of the page that follows, where a source gives pages


@dataclass(frozen=True, slots=True)
class Survey:
    """What a source says of itself before it is read: the estimate of each query, and its rows by log and service."""

    scans: tuple[Scan, ...]
    streams: tuple[Mapping[str, Any], ...]
    services: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    metric_series: int = 0  # where the metrics come from an API, of which a survey reads no point
