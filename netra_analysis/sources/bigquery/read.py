"""A dataset in BigQuery, read for one service and window: surveyed, estimated, then only its own rows fetched."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.errors import SourceError
from netra_analysis.params import Params
from netra_analysis.sources import cloud
from netra_analysis.sources.bigquery import refusal
from netra_analysis.sources.bigquery.discover import Found, LogTable, discover
from netra_analysis.sources.bigquery.gateway import Asked, Gateway
from netra_analysis.sources.bigquery.names import dataset
from netra_analysis.sources.bigquery.select import count_of, rows_of, survey_of
from netra_analysis.sources.pulled import Pulled, Survey
from netra_analysis.sources.reading import FileNote
from netra_analysis.sources.reading.columnar import entries_of, selection
from netra_analysis.sources.reading.intake import Intake
from netra_analysis.sources.scan import Scan

Say = Callable[[str], None]
_LOST: Final = (
    "entries could not be written by the sink, because their fields had other types than its table: "
    "they are in export_errors, and not here"
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The queries of one reading with their estimates: what each table holds, its rows, and lost entries."""

    surveys: tuple[tuple[LogTable, Asked], ...]
    rows: tuple[tuple[LogTable, Asked], ...]
    lost: tuple[Asked, ...]
    notes: tuple[str, ...]


def read(params: Params, place: str, intake: Intake, say: Say) -> Pulled:
    """Every entry of `params.service` in the dataset `place`, through `intake`; every query in the ledger."""
    gateway, plan = _planned(params, place, say)
    services, _ = _surveyed(gateway, plan)
    duplicates = 0
    notes = []
    for table, asked in plan.rows:
        before = intake.read
        duplicates += _take(table, gateway.rows(asked), intake)
        notes.append(FileNote(table.name, "bigquery", "", intake.read - before))
    entries, quarantine = intake.tables()
    if not entries.num_rows:
        raise _absent(params, place, services)
    others = {name: count for name, count in services.items() if name != params.service}
    return Pulled(
        entries=entries,
        quarantine=quarantine,
        files=tuple(notes),
        read=intake.read + duplicates,
        warnings=(*plan.notes, *_lost(gateway, plan), *_told(intake)),
        duplicates=duplicates,
        services=others,
        scans=tuple(gateway.scans),
    )


def estimate(params: Params, place: str, say: Say) -> Survey:
    """The cost of each query of a reading, and what the dataset holds for the window; no row is fetched."""
    gateway, plan = _planned(params, place, say)
    services, streams = _surveyed(gateway, plan)
    if params.service not in services:
        raise _absent(params, place, services)
    asked = [asked for _, asked in (*plan.surveys, *plan.rows)] + list(plan.lost)
    own = tuple(row for row in streams if row["service"] == params.service)
    warnings = (*plan.notes, *_lost(gateway, plan))
    return Survey(tuple(Scan(one.name, one.query, one.estimate) for one in asked), own, services, warnings)


def _planned(params: Params, place: str, say: Say) -> tuple[Gateway, _Plan]:
    """Everything that a reading will ask, estimated as a whole, before any of it is run."""
    names = dataset(place)
    client = cloud.bigquery(names.project)
    try:
        found = discover(client, names, params.reach)
    except refusal.errors() as error:
        raise refusal.explained(error, f"the dataset {names}") from error
    labels = {"tool": "netra-analysis", "incident": params.incident}
    gateway = Gateway(client, params.budget.bytes, labels, say, storage=cloud.bigquery_storage())
    return gateway, _plan(gateway, found, params)


def _plan(gateway: Gateway, found: Found, params: Params) -> _Plan:
    window, size = params.reach, len(found.logs)
    queries = [(f"survey of {table.name}", survey_of(table, window)) for table in found.logs]
    queries += [(f"rows of {table.name}", rows_of(table, params.service, window)) for table in found.logs]
    queries += [(f"lost entries in {table.name}", count_of(table, window)) for table in found.lost]
    asked = gateway.plan(queries)
    return _Plan(
        tuple(zip(found.logs, asked[:size], strict=True)),
        tuple(zip(found.logs, asked[size : 2 * size], strict=True)),
        tuple(asked[2 * size :]),
        found.notes,
    )


def _surveyed(gateway: Gateway, plan: _Plan) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Entries by service, and by service and log."""
    services: Counter[str] = Counter()
    streams = []
    for table, asked in plan.surveys:
        for found in _dicts(gateway.rows(asked)):
            row = {"service": "", "log": log_of(table.base)} | found
            if row["entries"]:
                services[row["service"]] += row["entries"]
                streams.append(row)
    return dict(services), streams


def log_of(base: str) -> str:
    """The log id that a sink's table is named after: `run_googleapis_com_varlog_system` has lost its slashes."""
    owner, found, log = base.partition("_googleapis_com_")
    return f"{owner}.googleapis.com/{log.replace('varlog_', 'varlog/')}" if found else base


def _take(table: LogTable, batches: Iterator[pa.RecordBatch], intake: Intake) -> int:
    """Entries out of a table's rows; how many copies the query left out."""
    copies = rows = 0
    for batch in batches:
        found = pa.Table.from_batches([batch])
        copies += pc.sum(found["copies"]).as_py() or 0
        found = found.drop_columns(["copies"])
        entries, refused = entries_of(found, selection(found.schema), rows, intake.tally)
        rows += found.num_rows
        intake.extend(table.name, entries)
        for position, reason, sample in refused:
            intake.refuse(table.name, position, reason, sample)
    return copies - rows


def _lost(gateway: Gateway, plan: _Plan) -> list[str]:
    lost = sum(row["entries"] for asked in plan.lost for row in _dicts(gateway.rows(asked)))
    return [f"{lost} {_LOST}"] if lost else []


def _told(intake: Intake) -> list[str]:
    return [f"{count} {sentence}" for sentence, count in sorted(intake.tally.items()) if count]


def _dicts(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from batch.to_pylist()


def _absent(params: Params, place: str, services: dict[str, int]) -> SourceError:
    found = ", ".join(sorted(name or "(no service)" for name in services)[:10])
    there = f"it holds entries of {found}" if found else "it holds no entry at all in that time"
    return SourceError(
        f"service {params.service!r} has no entry in bigquery:{place} dated {params.reach}; {there}; "
        "set service or the window to what is there, or give another source"
    )
