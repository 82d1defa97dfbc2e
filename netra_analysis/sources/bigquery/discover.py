"""Which tables of a dataset hold log entries, how each is cut by time, and which of them the window needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from netra_analysis.errors import SourceError
from netra_analysis.sources.bigquery.columns import Column, at, named, of_schema, resource_name
from netra_analysis.sources.bigquery.names import Dataset, is_table, shard
from netra_analysis.window import TimeWindow

ERRORS: Final = "export_errors"
ALL_LOGS: Final = "_AllLogs"
# Reads of data by anybody, often the largest log of a project: nothing here asks about them.
_NOT_READ: Final = frozenset({"cloudaudit_googleapis_com_data_access"})
_NEEDED: Final = ("timestamp", "resource.labels")


@dataclass(frozen=True, slots=True)
class LogTable:
    """One table, shard or view of log entries."""

    name: str
    base: str
    path: str
    columns: tuple[Column, ...]
    by_arrival: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a dataset holds for a window: tables to read, tables of lost entries, and what was passed over."""

    logs: tuple[LogTable, ...]
    lost: tuple[LogTable, ...]
    notes: tuple[str, ...]


def discover(client: Any, dataset: Dataset, window: TimeWindow) -> Found:
    """The tables of `dataset` that can hold entries dated in `window`; `client` is BigQuery's own."""
    names = [item.table_id for item in client.list_tables(str(dataset)) if is_table(item.table_id)]
    if not names:
        raise SourceError(f"the dataset {dataset} holds no table; give the dataset that the log sink writes to")
    if ALL_LOGS in names:
        names = [ALL_LOGS]
    wanted, passed = _wanted(names, window)
    tables = [described(client.get_table(f"{dataset}.{name}").to_api_repr(), dataset) for name in wanted]
    logs = tuple(table for table in tables if table.base != ERRORS and _holds_entries(table))
    lost = tuple(table for table in tables if table.base == ERRORS and named(table.columns, "timestamp"))
    if not logs:
        shown = ", ".join(sorted({shard(name)[0] for name in names})[:10])
        raise SourceError(
            f"the dataset {dataset} holds no log entries of Cloud Run dated {window}; its tables: {shown}; "
            "give the dataset of the log sink, or a window that it covers"
        )
    return Found(logs, lost, (*passed, *_notes(tables)))


def _wanted(names: Iterable[str], window: TimeWindow) -> tuple[list[str], list[str]]:
    """The tables and those shards whose day (UTC) meets the window."""
    last = (window.end - timedelta(microseconds=1)).date()
    wanted, passed = [], []
    for name in sorted(names):
        base, day = shard(name)
        if base in _NOT_READ:
            passed.append(base)
        elif day is None or window.start.date() <= day <= last:
            wanted.append(name)
    return wanted, [f"{base} is not read: no question here asks about it" for base in sorted(set(passed))]


def described(table: dict[str, Any], dataset: Dataset) -> LogTable:
    """The table of an answer of `tables.get`."""
    name = table["tableReference"]["tableId"]
    base, day = shard(name)
    cut = table.get("timePartitioning")
    return LogTable(
        name=name,
        base=base,
        path=dataset.table(name),
        columns=of_schema(table.get("schema", {}).get("fields", ())),
        by_arrival=cut is not None and not cut.get("field"),
        whole=cut is None and day is None and table.get("type", "TABLE") == "TABLE",
    )


def _holds_entries(table: LogTable) -> bool:
    if any(at(table.columns, path) is None for path in _NEEDED):
        return False
    labels = at(table.columns, "resource.labels")
    named_by_label = labels is not None and (labels.type == "JSON" or labels.member("service_name") is not None)
    return named_by_label or resource_name(table.columns) is not None


def _notes(tables: Iterable[LogTable]) -> list[str]:
    return [
        f"{table.name} is neither partitioned nor sharded by day: a query reads all of it"
        for table in tables
        if table.whole and _holds_entries(table)
    ]
