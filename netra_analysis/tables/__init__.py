"""Raw entries → the analysis tables, with every lost row counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis import schema
from netra_analysis.coverage import Coverage
from netra_analysis.errors import SourceError
from netra_analysis.params import LONGEST_REQUEST, Params
from netra_analysis.query import Bound
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.load import Progress, Raw, Say, load, survey
from netra_analysis.tables import application, ledger, platform


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Tables:
    """The analysis tables of one service over window and baseline, and the ledger of the load."""

    entries: pa.Table
    requests: pa.Table
    app_logs: pa.Table
    exceptions: pa.Table
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


def from_params(params: Params, base: Path, progress: Progress | None = None, say: Say | None = None) -> Tables:
    """Loads the source of `params` (paths relative to `base`) and builds the tables."""
    return build(load(params, base, progress, say), params)


def looked_at(params: Params, base: Path, progress: Progress, say: Say) -> Coverage:
    """What the source of `params` holds and what reading it costs; one that costs nothing is read for it."""
    if found := survey(params, base, say):
        return ledger.surveyed(found[0], _metrics(found[1], params))
    return from_params(params, base, progress, say).coverage


def build(raw: Raw, params: Params) -> Tables:
    """The tables of `params.service` out of `raw`."""
    entries, assigned = _own(raw, params.service)
    engine = Engine()
    engine.register("entries", entries)
    scope: dict[str, Bound] = {
        "service": params.service,
        "start": params.scope.start,
        "end": params.scope.end,
    }
    metrics = _metrics(raw.metrics, params)
    app_logs, told = application.app_logs(engine, scope)
    deploys = platform.deploys(engine, scope)
    return Tables(
        entries=_in_scope(entries, deploys["id"], params),
        requests=platform.requests(engine, scope),
        app_logs=app_logs,
        exceptions=told,
        lifecycle=platform.lifecycle(engine, scope),
        deploys=deploys,
        metrics=metrics,
        coverage=ledger.ledger(engine, raw, metrics, assigned, params),
    )


def _own(raw: Raw, service: str) -> tuple[pa.Table, int]:
    """Entries with the service filled in where the whole export names none (reduced projections)."""
    entries = raw.entries
    services = {*pc.unique(entries["service"]).to_pylist(), *raw.services}
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


def _in_scope(entries: pa.Table, deploys: pa.ChunkedArray, params: Params) -> pa.Table:
    """The service's own entries, and those of its deploys, which may name it in their payload only."""
    start, end = params.scope.start - LONGEST_REQUEST, params.scope.end
    keep = pc.and_(
        pc.or_(pc.equal(entries["service"], params.service), pc.is_in(entries["id"], deploys.combine_chunks())),
        pc.and_(
            pc.greater_equal(entries["time"], pa.scalar(start, schema.TIME)),
            pc.less(entries["time"], pa.scalar(end, schema.TIME)),
        ),
    )
    return schema.ENTRIES.conform(entries if pc.all(keep).as_py() else entries.filter(keep))


def _metrics(points: pa.Table | None, params: Params) -> pa.Table:
    if points is None:
        return schema.METRICS.empty()
    scope = params.scope
    keep = pc.and_(
        pc.greater_equal(points["time"], pa.scalar(scope.start, schema.TIME)),
        pc.less(points["time"], pa.scalar(scope.end, schema.TIME)),
    )
    return schema.METRICS.conform(points.filter(keep))
