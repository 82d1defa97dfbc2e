"""From a source to one set of raw entries: read, redacted, each once, with every lost row counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.params import Params, place
from netra_analysis.redact import Redactor, redact_column
from netra_analysis.schema import ENTRIES, METRICS, QUARANTINE, TEXT, TableSchema
from netra_analysis.sources import bigquery, logging_api, monitoring
from netra_analysis.sources.cache import Cache, cache, key, settled
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.frozen import is_capsule, read_capsule, read_frozen_metrics
from netra_analysis.sources.metrics import of_service, read_metrics
from netra_analysis.sources.pulled import Pulled, Survey
from netra_analysis.sources.questions import question
from netra_analysis.sources.reading import Checks, FileNote, Reading, read_entries
from netra_analysis.sources.reading.aside import Scope
from netra_analysis.sources.reading.intake import Intake
from netra_analysis.sources.room import room, thin_over
from netra_analysis.sources.salt import redaction_key
from netra_analysis.sources.scan import Scan
from netra_analysis.sources.strata import NOT_THINNED, Thinned

Progress = Callable[[str, int], None]
Say = Callable[[str], None]
# Every text that a client or an application may have written; the service is what was asked for.
_REDACTED = {
    ENTRIES.name: tuple(c.name for c in ENTRIES.columns if c.type == TEXT and c.name not in ("service", "severity")),
    METRICS.name: tuple(c.name for c in METRICS.columns if c.type == TEXT),
    QUARANTINE.name: ("sample",),
}
_IDS = ("id", "trace", "span_id")  # nearly every row has its own, so that they are told from secrets all at once


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """What a source held, before any question is asked of it.

    `read` = rows of `entries` + those `thinned` + `passed` + `duplicates` + rows of `quarantine`;
    `metric_quarantine` is apart.
    `passed` entries are of another service or time: counted, by service in `services`, and not kept.
    """

    entries: pa.Table
    metrics: pa.Table | None
    quarantine: pa.Table
    read: int
    duplicates: int
    metric_quarantine: pa.Table
    files: tuple[FileNote, ...]
    redactions: Mapping[str, int]
    warnings: tuple[str, ...]
    passed: int = 0
    thinned: Thinned = NOT_THINNED  # entries that rows of `entries` stand for beside themselves
    services: Mapping[str, int] = field(default_factory=dict)
    streams: tuple[Mapping[str, Any], ...] = ()
    scans: tuple[Scan, ...] = ()


def load(params: Params, base: Path, progress: Progress | None = None, say: Say | None = None) -> Raw:
    """Everything that `params.source` and `params.metrics` name, paths relative to `base`.

    `progress` is told how many entries were read so far, `say` what a cloud source has to tell, such as costs.
    """
    redactor = Redactor(redaction_key(params), params.redact.fields)
    told = say or (lambda _text: None)
    pulled = _pulled(params, base, progress or (lambda _name, _count: None), told, redactor)
    entries = distinct(pulled.entries)
    metrics, metric_quarantine, noted = _metrics(params, base, told, redactor)
    return Raw(
        entries=entries,
        metrics=metrics,
        quarantine=pulled.quarantine,
        read=pulled.read,
        duplicates=pulled.duplicates + pulled.entries.num_rows - entries.num_rows,
        metric_quarantine=metric_quarantine,
        files=pulled.files,
        redactions=dict(sorted((pulled.redactions or {}).items())),
        warnings=(*pulled.warnings, *noted),
        passed=pulled.passed,
        thinned=pulled.thinned,
        services=pulled.services,
        streams=pulled.streams,
        scans=pulled.scans,
    )


def survey(params: Params, base: Path, say: Say) -> tuple[Survey, pa.Table] | None:
    """What the source would cost and holds, without reading it, and the metrics; None where reading costs nothing."""
    kind, location = place(params.source, Path())
    if kind == "file":
        return None
    if kind == "bigquery":
        found = bigquery.reading(params, location).survey(thin_over(params), say)
    else:
        found = logging_api.reading(params, location, Cache(None), "").survey(say)
    measured, project = place(params.metrics, Path())
    if measured == "monitoring":
        series, notes = monitoring.count(params, project, say)
        return replace(found, metric_series=series, warnings=(*found.warnings, *notes)), METRICS.empty()
    metrics, _, _ = _metrics(params, base, say, Redactor(redaction_key(params), params.redact.fields))
    return found, METRICS.empty() if metrics is None else metrics


def _pulled(params: Params, base: Path, progress: Progress, say: Say, redactor: Redactor) -> Pulled:
    """The source, read and redacted."""
    kind, location = place(params.source, Path())
    if kind == "bigquery":
        return _from_bigquery(params, location, progress, say, redactor)
    if kind == "logging":
        name = key("logging", location, logging_api.filter_of(params.service, params.reach), redactor.fingerprint)
        pages = logging_api.reading(params, location, cache(), name)
        return pages.pull(lambda page: _redacted(page, redactor), _check(params), progress, say)
    if is_capsule(base / location):
        return read_capsule(base / location)
    scope, most = Scope(params.service, params.reach), thin_over(params)
    checks = Checks(_check(params), _check(params, thinned=True))
    reading = read_entries(location, base, progress, redactor, scope, checks, most)
    return _redacted(_from_files(reading), redactor)


def _check(params: Params, *, thinned: bool = False) -> Callable[[int], None]:
    """Ends a load that would keep more than there is room for."""
    allowed = room(params, thinned=thinned)
    return lambda kept: allowed.check(kept, params)


def _from_files(reading: Reading) -> Pulled:
    passed, services = reading.passed, Counter[str]()
    for stream in passed.streams:
        services[stream["service"]] += stream["entries"]
    return Pulled(
        reading.entries,
        reading.quarantine,
        reading.files,
        reading.read,
        reading.warnings,
        duplicates=passed.duplicates,
        passed=passed.rows - passed.duplicates,
        services=services,
        streams=passed.streams,
        thinned=reading.thinned,
    )


def _from_bigquery(params: Params, location: str, progress: Progress, say: Say, redactor: Redactor) -> Pulled:
    reading = bigquery.reading(params, location)
    kept = cache() if settled(params.reach.end) else Cache(None)
    most = thin_over(params)
    name = key([query.fingerprint for _, query in reading.queries], redactor.fingerprint, most)
    if found := kept.get(name):
        say(f"bigquery: {len(found.scans)} answers kept from an earlier run, nothing is scanned")
        return found
    intake = Intake(redactor, progress, check=_check(params, thinned=True))
    pulled = _redacted(reading.pull(intake, _check(params), most, say), redactor)
    kept.put(name, pulled)
    return pulled


def _redacted(pulled: Pulled, redactor: Redactor) -> Pulled:
    before = Counter(redactor.counts)
    entries = redacted(pulled.entries, redactor)
    return replace(pulled, entries=entries, redactions=dict(redactor.counts - before))


def _metrics(
    params: Params, base: Path, say: Say, redactor: Redactor
) -> tuple[pa.Table | None, pa.Table, tuple[str, ...]]:
    """Points, what was no point, and what the source said; names and labels are redacted as entries are."""
    kind, location = place(params.metrics, Path())
    if kind == "none":
        return None, QUARANTINE.empty(), ()
    if kind == "file" and is_capsule(base / location):
        return read_frozen_metrics(base / location), QUARANTINE.empty(), ()
    reading = monitoring.read(params, location, say) if kind == "monitoring" else read_metrics(location, base)
    points = METRICS.conform(of_service(reading.points, params.service))
    lost = redacted(reading.quarantine, redactor, QUARANTINE)
    return redacted(points, redactor, METRICS), lost, tuple(map(redactor, reading.warnings))


def redacted(entries: pa.Table, redactor: Redactor, known: TableSchema = ENTRIES) -> pa.Table:
    """`entries`, or the rows of another `known` table, with secrets replaced in every column that can hold one.

    Each distinct value is looked at once, so the counts are of distinct values and not of rows.
    """
    for name in _REDACTED[known.name]:
        column = entries.column(name).combine_chunks().dictionary_encode()
        clean = redact_column(column.dictionary, redactor, ids=name in _IDS)
        index = entries.schema.get_field_index(name)
        decoded = pa.DictionaryArray.from_arrays(column.indices, clean).cast(pa.string())
        entries = entries.set_column(index, entries.schema.field(name), decoded)
    return entries


def distinct(entries: pa.Table) -> pa.Table:
    """`entries` without repeats of (log, time, id). Only rows that share a key are looked at whole."""
    engine = Engine()
    engine.register("raw_keys", entries.select(["log", "time", "id"]))
    keys = engine.run(question("repeated"))
    if not keys.num_rows:
        return ENTRIES.conform(entries)
    repeated = pc.is_in(entries["id"], keys["id"].combine_chunks())
    engine.register("raw_entries", entries.filter(repeated))
    once = engine.run(question("entries")).select(list(ENTRIES.names)).cast(entries.schema)
    return ENTRIES.conform(pa.concat_tables([entries.filter(pc.invert(repeated)), once]))


def quarantine_counts(quarantine: pa.Table) -> dict[str, int]:
    """Reason to number of rows, by reason."""
    reasons = QUARANTINE.conform(quarantine)["reason"].to_pylist()
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}
