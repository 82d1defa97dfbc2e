"""Raw entries → the analysis tables, with every lost row counted."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis import schema
from netra_analysis.coverage import Coverage, Stream, blind_spots, gaps
from netra_analysis.errors import SchemaError, SourceError
from netra_analysis.logtext.line import read_line
from netra_analysis.logtext.platform import read_event
from netra_analysis.logtext.route import route_template
from netra_analysis.logtext.traceback import find_exceptions
from netra_analysis.logtext.user_agent import client_class
from netra_analysis.params import Params
from netra_analysis.query import Bound
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.load import Progress, Raw, load, quarantine_counts
from netra_analysis.sources.questions import question
from netra_analysis.window import TimeWindow

LONGEST_REQUEST = timedelta(minutes=60)  # Cloud Run's highest request time-out
_ROUND_LIMITS = (50, 100, 200, 250, 300, 500, 1000, 2000, 5000, 10000)
_STREAM_NAMES = {
    "run.googleapis.com/requests": "requests",
    "run.googleapis.com/stdout": "stdout",
    "run.googleapis.com/stderr": "stderr",
    "run.googleapis.com/varlog/system": "system",
    "cloudaudit.googleapis.com/activity": "audit",
    "cloudaudit.googleapis.com/system_event": "audit",
}


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The analysis tables of one service over window and baseline, and the ledger of the load."""

    entries: pa.Table
    requests: pa.Table
    app_logs: pa.Table
    lifecycle: pa.Table
    deploys: pa.Table
    metrics: pa.Table
    coverage: Coverage

    def items(self) -> Iterable[tuple[str, pa.Table]]:
        return ((s.name, getattr(self, s.name)) for s in schema.TABLES)

    def engine(self) -> Engine:
        """An engine that knows every table by its name."""
        engine = Engine()
        for name, table in self.items():
            engine.register(name, table)
        return engine


def from_params(params: Params, base: Path, progress: Progress | None = None) -> Tables:
    """Loads the source of `params` (paths relative to `base`) and builds the tables."""
    return build(load(params, base, progress), params)


def build(raw: Raw, params: Params) -> Tables:
    """The tables of `params.service` out of `raw`."""
    entries, assigned = _own(raw.entries, params.service)
    engine = Engine()
    engine.register("entries", entries)
    scope: dict[str, Bound] = {
        "service": params.service,
        "start": params.scope.start,
        "end": params.scope.end,
    }
    tables = Tables(
        entries=_in_scope(entries, params),
        requests=_requests(engine, scope),
        app_logs=_app_logs(engine, scope),
        lifecycle=_lifecycle(engine, scope),
        deploys=_deploys(engine, scope),
        metrics=_metrics(raw.metrics, params),
        coverage=_ledger(raw, assigned),
    )
    return replace(tables, coverage=_streams(engine, raw, tables, params))


def _own(entries: pa.Table, service: str) -> tuple[pa.Table, int]:
    """Entries with the service filled in where the whole export names none (reduced projections)."""
    services = set(pc.unique(entries["service"]).to_pylist())
    if service in services:
        return entries, 0
    if services == {""}:
        index = entries.schema.get_field_index("service")
        column = pa.array([service] * entries.num_rows, pa.string())
        return entries.set_column(index, entries.schema.field("service"), column), entries.num_rows
    found = ", ".join(sorted(name or "(no service)" for name in services)[:10])
    raise SourceError(
        f"service {service!r} is not in the source; it holds entries of {found}; "
        "set service to one of these, or give another source"
    )


def _in_scope(entries: pa.Table, params: Params) -> pa.Table:
    start, end = params.scope.start - LONGEST_REQUEST, params.scope.end
    keep = pc.and_(
        pc.equal(entries["service"], params.service),
        pc.and_(
            pc.greater_equal(entries["time"], pa.scalar(start, schema.TIME)),
            pc.less(entries["time"], pa.scalar(end, schema.TIME)),
        ),
    )
    return schema.ENTRIES.conform(entries.filter(keep))


def _mapped(column: pa.ChunkedArray, function: Callable[[Any], str]) -> pa.Array:
    """`function` over the column, called once for each distinct value."""
    encoded = column.combine_chunks().dictionary_encode()
    values = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, values).cast(pa.string())


def _requests(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    timeout = int(LONGEST_REQUEST.total_seconds() * 1_000_000)
    rows = engine.run(question("requests", **scope, timeout_us=timeout))
    rows = rows.append_column("route", _mapped(rows["path"], route_template))
    pairs = zip(rows["method"].to_pylist(), rows["user_agent"].to_pylist(), strict=True)
    rows = rows.append_column("client", pa.array([client_class(m, a or "") for m, a in pairs], pa.string()))
    return schema.REQUESTS.conform(rows)


def _app_logs(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    rows = engine.run(question("app_logs", **scope))
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    columns = (rows["severity"].to_pylist(), rows["text"].to_pylist(), rows["json"].to_pylist())
    parsed = []
    for key in zip(*columns, strict=True):
        if key not in seen:
            seen[key] = _read_app_line(*key)
        parsed.append(seen[key])
    fields = ("level", "level_from", "logger", "message", "exception_type", "exception_message", "truncated")
    for name in fields:
        rows = rows.append_column(
            name, pa.array([line[name] for line in parsed], schema.APP_LOGS.arrow.field(name).type)
        )
    return schema.APP_LOGS.conform(rows)


def _read_app_line(severity: str | None, text: str | None, payload: str | None) -> dict[str, Any]:
    data = json.loads(payload) if payload else None
    line = read_line(severity, text, data if isinstance(data, Mapping) else None)
    raised = find_exceptions(line.message)
    last = raised[-1] if raised else None
    return {
        "level": line.level,
        "level_from": line.level_from,
        "logger": line.logger,
        "message": line.message,
        "exception_type": last.type if last else None,
        "exception_message": last.message if last else None,
        "truncated": any(exception.truncated for exception in raised),
    }


def _lifecycle(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    rows = engine.run(question("system", **scope))
    events = [read_event(text) for text in rows["text"].to_pylist()]
    for name in ("event", "reason", "code", "limit_mib", "used_mib"):
        kind = schema.LIFECYCLE.arrow.field(name).type
        rows = rows.append_column(name, pa.array([getattr(event, name) for event in events], kind))
    return schema.LIFECYCLE.conform(rows)


def _deploys(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    """Audit entries where there are any; else the first sight of each revision but the first."""
    audited = [_deploy(row) for row in engine.run(question("audit", **scope)).to_pylist()]
    found = [row for row in audited if row]
    named = {row["revision"] for row in found}
    for position, row in enumerate(engine.run(question("first_seen", **scope)).to_pylist()):
        if position and row["revision"] not in named:
            text = f"first entry of revision {row['revision']}"
            found.append({**row, "kind": "first_seen", "evidence": "first_seen", "text": text})
    return schema.DEPLOYS.conform(pa.Table.from_pylist(found, schema=_nullable(schema.DEPLOYS)))


def _deploy(row: Mapping[str, Any]) -> dict[str, Any] | None:
    resource = row["resource_name"].rsplit("/", 1)
    is_revision = resource[0].endswith("revisions")
    revision = resource[1] if is_revision else row["revision"] or row["created_revision"]
    if row["log"].endswith("/activity"):
        changes = (
            "ReplaceService",
            "CreateService",
            "UpdateService",
            "DeleteService",
            "ReplaceInternalService",
        )
        if not row["method_name"].endswith(changes):
            return None
        kind = "requested"
    else:
        failed = row["severity"] == "ERROR" or bool(row["status_code"])
        kind = "failed" if failed else "ready"
        if not is_revision and not failed:
            return None  # the service's own Ready follows its revision's and would count the deploy twice
    text = row["status_text"] or row["method_name"]
    return {
        "time": row["time"],
        "id": row["id"],
        "revision": revision,
        "kind": kind,
        "evidence": "audit",
        "text": text,
    }


def _nullable(table: schema.TableSchema) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in table.columns])


def _metrics(points: pa.Table | None, params: Params) -> pa.Table:
    if points is None:
        return schema.METRICS.empty()
    scope = params.scope
    keep = pc.and_(
        pc.greater_equal(points["time"], pa.scalar(scope.start, schema.TIME)),
        pc.less(points["time"], pa.scalar(scope.end, schema.TIME)),
    )
    return schema.METRICS.conform(points.filter(keep))


def _ledger(raw: Raw, assigned: int) -> Coverage:
    reasons = quarantine_counts(raw.quarantine)
    quarantined = raw.quarantine.num_rows
    if raw.read != raw.entries.num_rows + raw.duplicates + quarantined:
        raise SchemaError(
            f"rows were lost: {raw.read} read, but {raw.entries.num_rows} loaded + {raw.duplicates} "
            f"duplicates + {quarantined} quarantined; please report it with the file"
        )
    notes = [f"{assigned} entries name no service and were taken as this one's"] if assigned else []
    lost = quarantine_counts(raw.metric_quarantine)
    notes += [f"{number} metric points could not be used: {reason}" for reason, number in lost.items()]
    return Coverage(
        entries=raw.read,
        loaded=raw.entries.num_rows,
        duplicates=raw.duplicates,
        quarantined=reasons,
        services={},
        streams={},
        blind_spots=(),
        redactions=raw.redactions,
        files=tuple(_note(note) for note in raw.files),
        warnings=(*raw.warnings, *notes),
    )


def _note(note: Any) -> dict[str, Any]:
    return {
        "name": note.name,
        "format": note.format,
        "encoding": note.encoding,
        "values": note.values,
        "note": note.note,
    }


def _streams(engine: Engine, raw: Raw, tables: Tables, params: Params) -> Coverage:
    streams: dict[str, Stream] = {}
    for row in engine.run(question("streams", service=params.service)).to_pylist():
        name = _STREAM_NAMES.get(row["stream"], row["stream"].rsplit("/", 1)[-1])
        streams[name] = _joined(streams.get(name), Stream(row["entries"], row["first"], row["last"]))
    if tables.metrics.num_rows:
        times = tables.metrics["time"]
        streams["metrics"] = Stream(tables.metrics.num_rows, pc.min(times).as_py(), pc.max(times).as_py())
    services = {row["service"]: row["entries"] for row in engine.run(question("services")).to_pylist()}
    capped = {note.name: note.values for note in raw.files if note.values in _ROUND_LIMITS}
    spots = blind_spots(streams, params.asked, memory_gaps(tables, params.asked), capped)
    return replace(tables.coverage, services=services, streams=streams, blind_spots=spots)


def memory_gaps(tables: Tables, window: TimeWindow) -> tuple[tuple[datetime, datetime], ...]:
    """Holes of the memory metric inside `window`."""
    named = pc.ends_with(tables.metrics["metric"], "container/memory/utilizations")
    times = sorted({time for time in tables.metrics.filter(named)["time"].to_pylist() if time in window})
    return gaps(times)


def _joined(a: Stream | None, b: Stream) -> Stream:
    if a is None:
        return b
    firsts = [t for t in (a.first, b.first) if t]
    lasts = [t for t in (a.last, b.last) if t]
    return Stream(a.rows + b.rows, min(firsts, default=None), max(lasts, default=None))
