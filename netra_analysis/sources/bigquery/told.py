"""What `marks.sql` asks of a row, in GoogleSQL, from a table's live schema; the same questions as of Parquet.

Nothing of it is null but status and latency. What a table does not have is the constant that says so.
"""

from collections.abc import Iterator
from typing import Final

from netra_analysis.logtext.line import LEVEL_KEYS, MESSAGE_KEYS, STACK_KEYS
from netra_analysis.sources.bigquery.columns import Column, at, named, payload
from netra_analysis.sources.bigquery.discover import LogTable
from netra_analysis.sources.bigquery.names import is_column, log_of
from netra_analysis.sources.reading.entry import INSTANCE_KEYS

NOTHING: Final = "''"
_NO_STATUS: Final = "CAST(NULL AS INT64)"
_NO_LATENCY: Final = "CAST(NULL AS FLOAT64)"


def told(table: LogTable) -> dict[str, str]:
    """Column of `marks.sql` → SQL over `table`, `key` and `copy` apart."""
    http, said = named(table.columns, "httpRequest"), payload(table.columns, "jsonPayload")
    resource, place = named(table.columns, "resource"), at(table.columns, "resource.labels")
    return {
        **briefly(table),
        "severity": _severity(table, said),
        "method": _or_nothing(_of(http, "requestMethod")),
        "url": _or_nothing(_of(http, "requestUrl")),
        "agent": _or_nothing(_of(http, "userAgent")),
        "text": _or_nothing(_column(table, "textPayload"), *_messages(said)),
        "stack": _any_of(said, STACK_KEYS),
        "revision": _or_nothing(_of(place, "revision_name", resource.name if resource else "")),
    }


def briefly(table: LogTable) -> dict[str, str]:
    """As `told`, of the few columns that say when an instance was in trouble; the others are constants."""
    http, labels = named(table.columns, "httpRequest"), named(table.columns, "labels")
    log = log_of_rows(table)
    return {
        "began": f"UNIX_MICROS({_name(table, 'timestamp')})",
        "log": log,
        "instance": _or_nothing(*(_of(labels, key) for key in INSTANCE_KEYS)),
        "status": _whole(http.member("status"), http.name) if http else _NO_STATUS,
        "latency_s": _seconds(http.member("latency"), http.name) if http else _NO_LATENCY,
        "text": f"IF({log} = 'run.googleapis.com/varlog/system', {_or_nothing(_column(table, 'textPayload'))}, '')",
        **dict.fromkeys(("severity", "method", "url", "agent", "revision"), NOTHING),
        "stack": "FALSE",
    }


def log_of_rows(table: LogTable) -> str:
    """The log that a row is of: its log id; without one, what its table is named after."""
    if column := named(table.columns, "logId"):
        return _or_nothing(column.name)
    return f"'{log_of(table.base)}'"  # of letters, dots and slashes alone: the name was validated


def _name(table: LogTable, name: str) -> str:
    column = named(table.columns, name)
    if column is None:
        raise LookupError(f"{table.path} has no {name}")  # discover lets no such table through
    return column.name


def _column(table: LogTable, name: str) -> str | None:
    column = named(table.columns, name)
    return _text(column.name, column.type) if column else None


def _text(sql: str, kind: str) -> str:
    return f"NULLIF({sql}, '')" if kind == "STRING" else f"CAST({sql} AS STRING)"


def _of(column: Column | None, key: str, holder: str = "") -> str | None:
    """A member as text: of a record, or of JSON; None where the schema has no such member."""
    if column is None:
        return None
    place = f"{holder}.{column.name}" if holder else column.name
    if column.type == "JSON":
        return f"NULLIF(JSON_VALUE({place}, '{_json_path(key)}'), '')"
    member = column.member(key)
    return _text(f"{place}.{member.name}", member.type) if member and _is_plain(member) else None


def _json_path(key: str) -> str:
    return f"$.{key}" if is_column(key) else f'$."{key}"'


def _is_plain(column: Column) -> bool:
    return not column.repeated and column.type not in ("RECORD", "JSON")


def _or_nothing(*found: str | None) -> str:
    """The first that is there, else an empty text."""
    there = dict.fromkeys(sql for sql in found if sql)
    return f"COALESCE({', '.join([*there, NOTHING])})" if there else NOTHING


def _messages(said: Column | None) -> Iterator[str]:
    """What a payload says in words; all of it where it has none of the usual names for that."""
    if said is None:
        return
    yield from filter(None, (_of(said, key) for key in MESSAGE_KEYS))
    yield f"TO_JSON_STRING({said.name})"


def _severity(table: LogTable, said: Column | None) -> str:
    """The entry's severity, or the level that its payload names where it has none."""
    stated = _column(table, "severity")
    levels = [f"UPPER({level})" for key in LEVEL_KEYS if (level := _of(said, key))]
    return _or_nothing(f"NULLIF({stated}, 'DEFAULT')" if stated else None, *levels)


def _any_of(said: Column | None, keys: tuple[str, ...]) -> str:
    """Whether a payload has one of these members, whatever it holds."""
    if said is None:
        return "FALSE"
    if said.type == "JSON":
        found = [f"JSON_TYPE(JSON_QUERY({said.name}, '{_json_path(key)}'))" for key in keys]
        tests = [f"COALESCE(LOWER({kind}), 'null') != 'null'" for kind in found]
    else:
        tests = [_is_there(said, member) for key in keys if (member := said.member(key))]
    return f"({' OR '.join(dict.fromkeys(tests))})" if tests else "FALSE"


def _is_there(holder: Column, member: Column) -> str:
    place = f"{holder.name}.{member.name}"
    return f"ARRAY_LENGTH({place}) > 0" if member.repeated else f"{place} IS NOT NULL"


def _whole(column: Column | None, holder: str) -> str:
    if column is None:
        return _NO_STATUS
    place = f"{holder}.{column.name}"
    return place if column.type == "INTEGER" else f"SAFE_CAST({place} AS INT64)"


def _seconds(column: Column | None, holder: str) -> str:
    """A latency: FLOAT in a sink, a record of seconds and nanoseconds in Log Analytics, text in some old tables."""
    if column is None:
        return _NO_LATENCY
    place = f"{holder}.{column.name}"
    if column.type == "RECORD":
        whole, parts = column.member("seconds"), column.member("nanos")
        listed = [f"COALESCE({place}.{one.name}, 0){by}" for one, by in ((whole, ""), (parts, " / 1e9")) if one]
        return f"IF({place} IS NULL, NULL, {' + '.join(listed)})" if listed else _NO_LATENCY
    if column.type == "STRING":
        return f"SAFE_CAST(REGEXP_REPLACE({place}, r's$', '') AS FLOAT64)"
    return f"CAST({place} AS FLOAT64)"
