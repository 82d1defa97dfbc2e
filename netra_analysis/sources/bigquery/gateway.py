"""The one door to BigQuery: nothing is sent that was not estimated, bounded, labelled and written down.

Each query is dry-run first and its bytes summed; a sum over the budget is refused before anything is billed.
What is sent carries the rest of the budget as `maximum_bytes_billed`, so that an estimate that was wrong
cannot cost more either.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from netra_analysis.errors import SourceError
from netra_analysis.query import Query
from netra_analysis.sources import refusal
from netra_analysis.sources.bigquery import pruning
from netra_analysis.sources.cloud import importable
from netra_analysis.sources.scan import ASSUMED, Scan, human, usd

JOB_SECONDS: Final = 600
CALL_SECONDS: Final = 60
TRIES: Final = 4
PAGE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with the name that people know it by, and the bytes that its dry run said."""

    name: str
    query: Query
    estimate: int


@dataclass(slots=True, eq=False)
class Gateway:
    """Sends queries to BigQuery within one budget, and keeps the ledger of them."""

    client: Any
    budget: int
    labels: Mapping[str, str]
    say: Callable[[str], None] = lambda _text: None
    pause: Callable[[float], None] = time.sleep
    storage: Any = None
    scans: list[Scan] = field(default_factory=list)

    @property
    def billed(self) -> int:
        return sum(scan.bytes for scan in self.scans)

    def plan(self, queries: Sequence[tuple[str, Query]], besides: Sequence[Asked] = ()) -> list[Asked]:
        """Each query with its estimate; `SourceError` when together they are over what is left of the budget.

        `besides` are to be run too, and were estimated before.
        """
        asked = [Asked(name, query, self._estimate(name, query)) for name, query in queries]
        total = sum(one.estimate for one in asked)
        for one in asked:
            self.say(f"bigquery: {one.name}: {human(one.estimate)}")
        self.say(f"bigquery: {len(asked)} queries, {human(total)} together, about ${usd(total):.2f} ({ASSUMED})")
        total += sum(one.estimate for one in besides)
        if self.billed + total > self.budget:
            raise SourceError(_over([*asked, *besides], total, self.billed, self.budget))
        return asked

    def rows(self, asked: Asked) -> Iterator[pa.RecordBatch]:
        """The rows of a query, batch by batch; it is in the ledger as soon as it was billed."""
        job = self._done(asked)
        self.scans.append(_scan(asked, job))
        place, rows = len(self.scans) - 1, 0
        for batch in self._batches(job, asked):
            rows += batch.num_rows
            self.scans[place] = replace(self.scans[place], rows=rows)
            yield batch

    def _estimate(self, name: str, query: Query) -> int:
        pruning.check(query)
        dry = self._config(query, dry_run=True, use_query_cache=False)
        job = self._call(lambda: self.client.query(query.sql, job_config=dry, **self._how()), f"the dry run of {name}")
        return int(job.total_bytes_processed or 0)

    def _done(self, asked: Asked) -> Any:
        left = self.budget - self.billed
        if left <= 0:
            raise SourceError(_over([asked], asked.estimate, self.billed, self.budget))
        config = self._config(asked.query, maximum_bytes_billed=left, job_timeout_ms=JOB_SECONDS * 1000)
        return self._call(lambda: self._run(asked, config), asked.name)

    def _run(self, asked: Asked, config: Any) -> Any:
        job = self.client.query(asked.query.sql, job_config=config, **self._how())
        job.result(max_results=0, timeout=JOB_SECONDS, retry=self._retry(), job_retry=None)
        return job

    def _batches(self, job: Any, asked: Asked) -> Iterator[pa.RecordBatch]:
        """Over the Storage API where there is one that answers, else page by page over REST."""
        result = job.result(page_size=PAGE, timeout=JOB_SECONDS, retry=self._retry(), job_retry=None)
        try:
            first = None
            stream = iter(result.to_arrow_iterable(self.storage)) if self.storage else None
            first = next(stream, None) if stream else None
        except refusal.errors() as error:
            if not refusal.forbidden(error):
                raise refusal.explained(error, asked.name) from error
            self.say("bigquery: the Storage API is not permitted (bigquery.readsessions.create); reading over REST")
            self.storage, stream = None, None
            result = job.result(page_size=PAGE, timeout=JOB_SECONDS, retry=self._retry(), job_retry=None)
        try:
            if first is not None:
                yield first
            yield from stream if stream else result.to_arrow_iterable()
        except refusal.errors() as error:
            raise refusal.explained(error, asked.name) from error

    def _call(self, send: Callable[[], Any], what: str) -> Any:
        """`send`, again where the reason says that it may go better; each try is within the same budget."""
        for attempt in range(1, TRIES + 1):
            try:
                return send()
            except refusal.errors() as error:
                if attempt == TRIES or not refusal.may_pass(error):
                    raise refusal.explained(error, what) from error
                self.say(f"bigquery: {what}: {refusal.reason(error)}, trying again")
                self.pause(refusal.patience(error, attempt))
        raise AssertionError  # the loop returns or raises

    def _how(self) -> dict[str, Any]:
        return {"timeout": CALL_SECONDS, "retry": self._retry(), "job_retry": None}

    def _retry(self) -> Any:
        """The client's own retry of single calls (by reason, never of a refusal), not for ten minutes."""
        return importable("google.cloud.bigquery").DEFAULT_RETRY.with_timeout(120)

    def _config(self, query: Query, **more: Any) -> Any:
        bigquery = importable("google.cloud.bigquery")
        parameters = [_parameter(bigquery, name, value) for name, value in sorted(query.params.items())]
        return bigquery.QueryJobConfig(query_parameters=parameters, labels=dict(self.labels), **more)


def _parameter(bigquery: Any, name: str, value: Any) -> Any:
    kinds = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING", datetime: "TIMESTAMP"}
    if isinstance(value, tuple):
        return bigquery.ArrayQueryParameter(name, kinds[type(value[0])] if value else "STRING", list(value))
    return bigquery.ScalarQueryParameter(name, kinds[type(value)], value)


def _scan(asked: Asked, job: Any) -> Scan:
    billed = int(job.total_bytes_billed or 0)
    return Scan(asked.name, asked.query, asked.estimate, bytes=billed, job=str(job.job_id))


def _over(asked: Sequence[Asked], total: int, billed: int, budget: int) -> str:
    largest = max(asked, key=lambda one: one.estimate)
    spent = f", after {human(billed)} already billed" if billed else ""
    return (
        f"over the budget: {len(asked)} quer{'y' if len(asked) == 1 else 'ies'} would scan {human(total)}{spent}, "
        f"and budget.bytes allows {human(budget)}; the largest is {largest.name} with {human(largest.estimate)}; "
        f"nothing of it was run; raise budget: {{bytes: …}}, or ask for a shorter window or baseline"
    )
