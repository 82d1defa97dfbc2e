"""The SQL of one table: its SELECT list from the live schema, its window always on the partitioning column.

Two shapes: a sink's tables (camelCase, records, user keys in lower case) and Log Analytics' view (snake_case,
JSON). What a table does not have is not selected; `reading.parquet_sql` gives it as NULL, as it does for the
same tables exported to Parquet, so that there is one reading of both. Constructs are GoogleSQL as documented.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from netra_analysis.query import Bound, Query
from netra_analysis.sources.bigquery.columns import Column, at, named, payload, resource_name
from netra_analysis.sources.bigquery.discover import LogTable
from netra_analysis.window import TimeWindow

_SIMPLE: Final = ("logName", "logId", "insertId", "timestamp", "receiveTimestamp", "severity", "textPayload")
_CONTEXT: Final = ("trace", "spanId")
_PLACE: Final = ("service_name", "revision_name", "project_id", "location")
_HTTP: Final = (
    *("requestMethod", "requestUrl", "status", "latency", "userAgent", "remoteIp"),
    *("requestSize", "responseSize"),
)
_LATEST: Final = timedelta(days=2)  # how long after its time an entry may arrive, and still be looked for
_KEY: Final = ("logName", "logId", "timestamp", "insertId")


def rows_of(table: LogTable, service: str, window: TimeWindow) -> Query:
    """Every entry of `service` that is dated in `window`, each once; `copies` says how often it was there."""
    columns = ",\n  ".join([*listed(table), f"{copies_of(table)} AS copies"])
    sql = (
        f"SELECT\n  {columns}\nFROM {table.path}\nWHERE {where(table)}\n  AND {of_service(table)}\n"
        f"QUALIFY {first_of_copies(table)}"
    )
    return Query(sql, {**bounds(table, window), **scope(table, service)})


def survey_of(table: LogTable, window: TimeWindow) -> Query:
    """What the table holds in `window`, by service and log: rows, first and last. Reads three columns at most."""
    service, log = _service(table), named(table.columns, "logId")  # a sink's table is one log, and named after it
    told = [f"COALESCE({service}, '') AS service"] if service else []
    told += [f"{log.name} AS log"] if log else []
    groups = ", ".join(column.rpartition(" ")[2] for column in told)
    told += ["COUNT(*) AS entries", f"MIN({_time(table)}) AS first", f"MAX({_time(table)}) AS last"]
    columns = ",\n  ".join(told)
    sql = f"SELECT\n  {columns}\nFROM {table.path}\nWHERE {where(table)}" + (f"\nGROUP BY {groups}" if groups else "")
    return Query(sql, bounds(table, window))


def count_of(table: LogTable, window: TimeWindow) -> Query:
    """How many rows the table holds in `window`: for entries that the sink could not write."""
    sql = f"SELECT COUNT(*) AS entries\nFROM {table.path}\nWHERE {where(table)}"
    return Query(sql, bounds(table, window))


def bounds(table: LogTable, window: TimeWindow) -> dict[str, Bound]:
    bound: dict[str, Bound] = {"start": window.start, "end": window.end}
    if table.by_arrival:
        day = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
        bound |= {"from_day": day, "to_day": window.end + _LATEST}
    return bound


def scope(table: LogTable, service: str) -> dict[str, Bound]:
    """What `of_service` binds."""
    more: dict[str, Bound] = {"resource_pattern": resource_pattern(service)} if resource_name(table.columns) else {}
    return {"service": service, **more}


def copies_of(table: LogTable) -> str:
    """How often an entry is there, as one of its columns."""
    return f"COUNT(*) OVER (PARTITION BY {_key(table)})"


def first_of_copies(table: LogTable) -> str:
    """The condition that leaves one of each entry's copies."""
    received = named(table.columns, "receiveTimestamp")
    first = received.name if received else _time(table)
    return f"ROW_NUMBER() OVER (PARTITION BY {_key(table)} ORDER BY {first}) = 1"


def _key(table: LogTable) -> str:
    return ", ".join(column.name for name in _KEY if (column := named(table.columns, name)))


def resource_pattern(service: str) -> str:
    """Audit entries that lost the service's label name it in their resource; the same rule as `audit.sql`."""
    return rf"/(?:services|revisions)/{service}(?:-[0-9]{{5}}-[a-z0-9]{{3}})?$"


def where(table: LogTable) -> str:
    time = _time(table)
    window = f"{time} >= @start AND {time} < @end"
    if not table.by_arrival:
        return window
    # A row that is still in the streaming buffer has no partition yet.
    arrival = "_PARTITIONTIME >= @from_day AND _PARTITIONTIME < @to_day"
    return f"{window}\n  AND ({arrival} OR _PARTITIONTIME IS NULL)"


def of_service(table: LogTable) -> str:
    service, resource = _service(table), resource_name(table.columns)
    tests = [f"{service} = @service"] if service else []
    tests += [f"REGEXP_CONTAINS({resource}, @resource_pattern)"] if resource else []
    return f"({' OR '.join(tests)})"


def _time(table: LogTable) -> str:
    return _at(table, "timestamp").name


def _service(table: LogTable) -> str | None:
    """The service's name; None where no entry of the table ever had one (an audit table of other services)."""
    resource, labels = _at(table, "resource"), _at(table, "resource.labels")
    if labels.type == "JSON":
        return f"JSON_VALUE({resource.name}.{labels.name}, '$.service_name')"
    leaf = labels.member("service_name")
    return f"{resource.name}.{labels.name}.{leaf.name}" if leaf else None


def _at(table: LogTable, path: str) -> Column:
    found = at(table.columns, path)
    if found is None:
        raise LookupError(f"{table.path} has no {path}")  # discover lets no such table through
    return found


def listed(table: LogTable) -> Iterator[str]:
    yield from (column.name for name in (*_SIMPLE, *_CONTEXT) if (column := named(table.columns, name)))
    yield _resource(table)
    for name in ("labels", "errorGroups"):
        if column := named(table.columns, name):
            yield column.name
    for field in ("jsonPayload", "protoPayload"):
        if column := payload(table.columns, field):
            yield column.name
    http = named(table.columns, "httpRequest")
    members = [f"{http.name}.{m.name}" for name in _HTTP if (m := http.member(name))] if http else []
    if http and members:
        yield f"STRUCT({', '.join(members)}) AS {http.name}"


def _resource(table: LogTable) -> str:
    resource, labels = _at(table, "resource"), _at(table, "resource.labels")
    kind = resource.member("type")
    parts = [f"{resource.name}.{kind.name}"] if kind else []
    place = f"{resource.name}.{labels.name}"
    if labels.type == "JSON":
        parts.append(place)
    else:
        leaves = ", ".join(f"{place}.{m.name}" for name in _PLACE if (m := labels.member(name)))
        parts.append(f"STRUCT({leaves}) AS {labels.name}")
    return f"STRUCT({', '.join(parts)}) AS {resource.name}"
