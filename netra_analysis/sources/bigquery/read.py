"""A dataset in BigQuery, read for one service and window: surveyed, estimated, then only its own rows fetched."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.errors import SourceError
from netra_analysis.params import Params
from netra_analysis.query import Query
from netra_analysis.sources import cloud, refusal
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


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one reading of a dataset will ask: what each table holds, its rows, and how many entries were lost."""

    params: Params
    place: str
    client: Any
    found: Found
    surveys: tuple[tuple[str, Query], ...]
    rows: tuple[tuple[str, Query], ...]
    lost: tuple[tuple[str, Query], ...]

    @property
    def queries(self) -> list[tuple[str, Query]]:
        return [*self.surveys, *self.rows, *self.lost]

    def pull(self, intake: Intake, check: Callable[[int], None], say: Say) -> Pulled:
        """Every entry of the service, through `intake`; every query in the ledger.

        `check` is told how many there are before any row is asked for.
        """
        gateway, surveys, rows, lost = self._planned(say)
        services, _ = _surveyed(gateway, self.found, surveys)
        check(services.get(self.params.service, 0))
        duplicates, notes = 0, []
        for table, asked in zip(self.found.logs, rows, strict=True):
            before = intake.read
            duplicates += _take(table, gateway.rows(asked), intake)
            notes.append(FileNote(table.name, "bigquery", "", intake.read - before))
        entries, quarantine = intake.tables()
        if not entries.num_rows:
            raise self._absent(services)
        return Pulled(
            entries=entries,
            quarantine=quarantine,
            files=tuple(notes),
            read=intake.read + duplicates,
            warnings=(*self.found.notes, *_lost(gateway, lost), *_told(intake)),
            duplicates=duplicates,
            services={name: count for name, count in services.items() if name != self.params.service},
            scans=tuple(gateway.scans),
        )

    def survey(self, say: Say) -> Survey:
        """The cost of each query, and what the dataset holds for the window; no row is fetched."""
        gateway, surveys, rows, lost = self._planned(say)
        services, streams = _surveyed(gateway, self.found, surveys)
        if self.params.service not in services:
            raise self._absent(services)
        scans = tuple(Scan(one.name, one.query, one.estimate, one.estimate) for one in (*surveys, *rows, *lost))
        own = tuple(row for row in streams if row["service"] == self.params.service)
        return Survey(scans, own, services, (*self.found.notes, *_lost(gateway, lost)))

    def _planned(self, say: Say) -> tuple[Gateway, list[Asked], list[Asked], list[Asked]]:
        """Everything is estimated as a whole before any of it is run."""
        labels = {"tool": "netra-analysis", "incident": self.params.incident}
        storage = cloud.bigquery_storage()
        gateway = Gateway(self.client, self.params.budget.bytes, labels, say, storage=storage)
        asked = gateway.plan(self.queries)
        first, second = len(self.surveys), len(self.surveys) + len(self.rows)
        return gateway, asked[:first], asked[first:second], asked[second:]

    def _absent(self, services: dict[str, int]) -> SourceError:
        found = ", ".join(sorted(name or "(no service)" for name in services)[:10])
        there = f"it holds entries of {found}" if found else "it holds no entry at all in that time"
        asked = f"service {self.params.service!r} has no entry in bigquery:{self.place} dated {self.params.reach}"
        return SourceError(f"{asked}; {there}; set service or the window to what is there, or give another source")


def reading(params: Params, place: str) -> Reading:
    """The reading of `PROJECT.DATASET` for `params`: its tables are looked up, which costs nothing."""
    names = dataset(place)
    client = cloud.bigquery(names.project)
    window = params.reach
    try:
        found = discover(client, names, window)
    except refusal.errors() as error:
        raise refusal.explained(error, f"the dataset {names}") from error
    return Reading(
        params,
        place,
        client,
        found,
        surveys=tuple((f"survey of {table.name}", survey_of(table, window)) for table in found.logs),
        rows=tuple((f"rows of {table.name}", rows_of(table, params.service, window)) for table in found.logs),
        lost=tuple((f"lost entries in {table.name}", count_of(table, window)) for table in found.lost),
    )


def _surveyed(gateway: Gateway, found: Found, surveys: Sequence[Asked]) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Entries by service, and by service and log."""
    services: Counter[str] = Counter()
    streams = []
    for table, asked in zip(found.logs, surveys, strict=True):
        for counted in _dicts(gateway.rows(asked)):
            row = {"service": "", "log": log_of(table.base)} | counted
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
        entries, refused = entries_of(
            found, selection(found.schema), range(rows + 1, rows + found.num_rows + 1), intake.tally
        )
        rows += found.num_rows
        intake.extend(table.name, entries)
        for position, reason, sample in refused:
            intake.refuse(table.name, position, reason, sample)
    return copies - rows


def _lost(gateway: Gateway, counts: Sequence[Asked]) -> list[str]:
    lost = sum(row["entries"] for asked in counts for row in _dicts(gateway.rows(asked)))
    return [f"{lost} {_LOST}"] if lost else []


def _told(intake: Intake) -> list[str]:
    return [f"{count} {sentence}" for sentence, count in sorted(intake.tally.items()) if count]


def _dicts(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from batch.to_pylist()
