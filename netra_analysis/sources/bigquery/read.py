"""A dataset in BigQuery, read for one service and window: surveyed, estimated, then only its own rows fetched."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from netra_analysis.errors import SourceError
from netra_analysis.params import Params
from netra_analysis.query import Query
from netra_analysis.sources import cloud, refusal, strata
from netra_analysis.sources.bigquery.discover import Found, LogTable, discover
from netra_analysis.sources.bigquery.gateway import Asked, Gateway
from netra_analysis.sources.bigquery.names import dataset, log_of
from netra_analysis.sources.bigquery.select import count_of, rows_of, survey_of
from netra_analysis.sources.bigquery.taken import coarsest, take
from netra_analysis.sources.bigquery.thinned import chosen, kept_of, shares, trouble_of
from netra_analysis.sources.pulled import Pulled, Survey
from netra_analysis.sources.reading.intake import Intake
from netra_analysis.sources.scan import Scan

Say = Callable[[str], None]
_MANY: Final = "{:,} entries, and {:,} are kept: BigQuery thins them, the others are represented by like ones"
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

    def pull(self, intake: Intake, check: Callable[[int], None], most: int, say: Say) -> Pulled:
        """The entries of the service, through `intake`; every query in the ledger.

        Where there are more than `most`, tables that are too large are thinned; else `check` is told how many there
        are before any row is asked for.
        """
        gateway, surveys, rows, lost = self._planned(say)
        held = _surveyed(gateway, self.found, surveys)
        thinning = self._thinning(held, most)
        if thinning:
            rows = thinning.asked(gateway, rows)
        else:
            check(held.services.get(self.params.service, 0))
        taken = [take(table, gateway.rows(asked), intake) for table, asked in zip(self.found.logs, rows, strict=True)]
        entries, quarantine = intake.tables()
        if not entries.num_rows:
            raise self._absent(held.services)
        copies, thinned = sum(one.copies for one in taken), sum(one.thinned for one in taken)
        return Pulled(
            entries=entries,
            quarantine=quarantine,
            files=tuple(one.note for one in taken),
            read=intake.read + copies + thinned,
            warnings=(*self.found.notes, *_lost(gateway, lost), *_told(intake)),
            duplicates=copies,
            services=held.others(self.params.service),
            scans=tuple(gateway.scans),
            thinned=coarsest(taken, entries.num_rows, thinned) if thinning else strata.NOT_THINNED,
        )

    def survey(self, most: int, say: Say) -> Survey:
        """The cost of each query, and what the dataset holds for the window; no row is fetched."""
        gateway, surveys, rows, lost = self._planned(say)
        held = _surveyed(gateway, self.found, surveys)
        if self.params.service not in held.services:
            raise self._absent(held.services)
        said = [*self.found.notes, *_lost(gateway, lost)]
        if thinning := self._thinning(held, most):
            rows = [*thinning.looked(gateway, rows), *thinning.estimated(gateway, rows, ())]
            said.append(_MANY.format(held.services[self.params.service], most))
        scans = tuple(Scan(one.name, one.query, one.estimate, one.estimate) for one in (*surveys, *rows, *lost))
        own = tuple(row for row in held.streams if row["service"] == self.params.service)
        return Survey(scans, own, held.services, tuple(said))

    def _planned(self, say: Say) -> tuple[Gateway, list[Asked], list[Asked], list[Asked]]:
        """Everything is estimated as a whole before any of it is run."""
        labels = {"tool": "netra-analysis", "incident": self.params.incident}
        storage = cloud.bigquery_storage()
        gateway = Gateway(self.client, self.params.budget.bytes, labels, say, storage=storage)
        asked = gateway.plan(self.queries)
        first, second = len(self.surveys), len(self.surveys) + len(self.rows)
        return gateway, asked[:first], asked[first:second], asked[second:]

    def _thinning(self, held: "Held", most: int) -> "Thinning | None":
        """How the tables are thinned, where they hold more than `most` of the service."""
        counts = [table.get(self.params.service, 0) for table in held.by_table]
        if sum(counts) <= most:
            return None
        return Thinning(self.params, self.found.logs, tuple(shares(counts, most)), sum(counts), most)

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


@dataclass(frozen=True, slots=True)
class Thinning:
    """Which tables are thinned, to how many of their rows; None for one that is read whole."""

    params: Params
    tables: tuple[LogTable, ...]
    shares: tuple[int | None, ...]
    rows: int
    most: int

    def asked(self, gateway: Gateway, whole: Sequence[Asked]) -> list[Asked]:
        """The rows to ask for of each table, when it is known where instances were in trouble."""
        found = [row for asked in self.looked(gateway, whole) for row in _dicts(gateway.rows(asked))]
        return self.estimated(gateway, whole, chosen(found, self.rows, self.most))

    def looked(self, gateway: Gateway, whole: Sequence[Asked]) -> list[Asked]:
        """Where instances were in trouble: one query, or none where no table could tell."""
        query = trouble_of(self.tables, self.params.service, self.params.reach)
        return gateway.plan([("where instances were in trouble", query)], whole) if query else []

    def estimated(self, gateway: Gateway, whole: Sequence[Asked], near: tuple[str, ...]) -> list[Asked]:
        """`whole` with the query of every table that is thinned in its place, estimated again."""
        service, reach = self.params.service, self.params.reach
        queries = {
            place: (f"{one.name}, thinned", kept_of(table, service, reach, self.rows, share, near))
            for place, (one, table, share) in enumerate(zip(whole, self.tables, self.shares, strict=True))
            if share is not None
        }
        read_whole = [one for place, one in enumerate(whole) if place not in queries]
        planned = dict(zip(queries, gateway.plan(list(queries.values()), read_whole), strict=True))
        return [planned.get(place, one) for place, one in enumerate(whole)]


@dataclass(frozen=True, slots=True)
class Held:
    """What a dataset holds for the window: entries by service, by service in each table, and by service and log."""

    services: dict[str, int]
    by_table: list[Counter[str]]
    streams: list[dict[str, Any]]

    def others(self, own: str) -> dict[str, int]:
        return {name: count for name, count in self.services.items() if name != own}


def _surveyed(gateway: Gateway, found: Found, surveys: Sequence[Asked]) -> Held:
    by_table: list[Counter[str]] = []
    streams = []
    for table, asked in zip(found.logs, surveys, strict=True):
        counts: Counter[str] = Counter()
        for counted in _dicts(gateway.rows(asked)):
            row = {"service": "", "log": log_of(table.base)} | counted
            if row["entries"]:
                counts[row["service"]] += row["entries"]
                streams.append(row)
        by_table.append(counts)
    return Held(dict(sum(by_table, Counter())), by_table, streams)


def _lost(gateway: Gateway, counts: Sequence[Asked]) -> list[str]:
    lost = sum(row["entries"] for asked in counts for row in _dicts(gateway.rows(asked)))
    return [f"{lost} {_LOST}"] if lost else []


def _told(intake: Intake) -> list[str]:
    return [f"{count} {sentence}" for sentence, count in sorted(intake.tally.items()) if count]


def _dicts(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from batch.to_pylist()
