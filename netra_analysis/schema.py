"""The tables: columns, types, units, grain and which columns may be null. Stated here and nowhere else.

`time` is tz-aware UTC everywhere, with microseconds; units are suffixes (`latency_s`, `used_mib`); no
meaning hides in an index; rows are sorted by (time, instance, id) where those columns exist.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.errors import SchemaError

TIME: Final = pa.timestamp("us", tz="UTC")
TEXT: Final = pa.string()
INT: Final = pa.int64()
FLOAT: Final = pa.float64()
BOOL: Final = pa.bool_()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name (with its unit), Arrow type, whether it may be null, and what it holds."""

    name: str
    type: pa.DataType
    nullable: bool
    doc: str
    default: int | None = None  # of every row of a table that lacks the column


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's name, the sentence that says what one row is, and its columns."""

    name: str
    grain: str
    columns: tuple[Column, ...]

    @property
    def arrow(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, c.nullable) for c in self.columns])

    @property
    def loose(self) -> pa.Schema:
        """Columns and types without nullability: what rows are made into before they are checked."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def empty(self) -> pa.Table:
        return self.arrow.empty_table()

    def conform(self, table: pa.Table) -> pa.Table:
        """`table` cast to this schema and sorted; a missing column, a bad cast or a null says which."""
        table = self.filled(table)
        absent = [c.name for c in self.columns if c.name not in table.column_names]
        if absent:
            raise SchemaError(f"table {self.name} lacks {', '.join(absent)}; it has {table.column_names}")
        try:
            # Nullability is checked below, with counts, so the cast itself goes to the loose types.
            table = table.select(list(self.names)).cast(self.loose)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SchemaError(f"table {self.name} does not fit its schema: {error}") from error
        for column in self.columns:
            nulls = table.column(column.name).null_count
            if nulls and not column.nullable:
                raise SchemaError(f"table {self.name}: {nulls} nulls in {column.name}, which may hold none")
        return self.sort(table.cast(self.arrow))

    def filled(self, table: pa.Table) -> pa.Table:
        """`table` with the columns that have a default and are not there yet."""
        for column in self.columns:
            if column.default is not None and column.name not in table.column_names:
                table = table.append_column(
                    pa.field(column.name, column.type), pa.repeat(pa.scalar(column.default, column.type), len(table))
                )
        return table

    def sort(self, table: pa.Table) -> pa.Table:
        order = ("time", "instance", "metric", "id", "labels")
        keys = [(name, "ascending") for name in order if name in self.names]
        if not keys or len(table) < 2:
            return table
        places = pc.sort_indices(table, sort_keys=keys)
        in_order = pc.all(pc.equal(places, pa.array(np.arange(len(table)), places.type))).as_py()
        return table if in_order else table.take(places)  # a large table that is in order is not copied


def _c(name: str, type_: pa.DataType, doc: str, *, null: bool = True, default: int | None = None) -> Column:
    return Column(name, type_, null, doc, default)


_WEIGHT: Final = _c(
    "weight",
    INT,
    "how many rows it stands for, itself included: 1, or more where a large source was thinned (`sources.thinning`); "
    "a count of rows is the sum of their weights",
    null=False,
    default=1,
)


ENTRIES: Final = TableSchema(
    "entries",
    "one log entry, whatever its source, after duplicates were removed",
    (
        _c("time", TIME, "the entry's timestamp; for a request its START", null=False),
        _c("receive_time", TIME, "when Cloud Logging received it"),
        _c("log", TEXT, "log id, decoded: run.googleapis.com/requests; empty when lost", null=False),
        _c("id", TEXT, "insertId, or sha1:… of the entry when the export lost it", null=False),
        _c("severity", TEXT, "as exported; DEFAULT when absent", null=False),
        _c("resource_type", TEXT, "cloud_run_revision, …"),
        _c("project", TEXT, "resource.labels.project_id"),
        _c("service", TEXT, "resource.labels.service_name; empty when absent", null=False),
        _c("revision", TEXT, "resource.labels.revision_name; empty when absent", null=False),
        _c("location", TEXT, "resource.labels.location"),
        _c("instance", TEXT, "labels.instanceId; empty when absent", null=False),
        _c("trace", TEXT, "projects/P/traces/HEX"),
        _c("span_id", TEXT, "16 hex digits, kept as text"),
        _c("labels", TEXT, "the entry's labels without instanceId, JSON"),
        _c("text", TEXT, "textPayload"),
        _c("json", TEXT, "jsonPayload, JSON"),
        _c("audit", TEXT, "protoPayload, JSON"),
        _c("error_group", TEXT, "first errorGroups[].id"),
        _c("method", TEXT, "httpRequest.requestMethod"),
        _c("url", TEXT, "httpRequest.requestUrl"),
        _c("status", INT, "httpRequest.status"),
        _c("latency_s", FLOAT, "httpRequest.latency"),
        _c("user_agent", TEXT, "httpRequest.userAgent"),
        _c("remote_ip", TEXT, "httpRequest.remoteIp, keyed hash after redaction"),
        _c("request_bytes", INT, "httpRequest.requestSize"),
        _c("response_bytes", INT, "httpRequest.responseSize"),
        _WEIGHT,
    ),
)

REQUESTS: Final = TableSchema(
    "requests",
    "one HTTP request as the platform logged it, at the edge",
    (
        _c("time", TIME, "when the request started", null=False),
        _c("end_time", TIME, "start + latency: when it succeeded or failed", null=False),
        _c("id", TEXT, "the entry's id", null=False),
        _c("revision", TEXT, "empty when it never reached one", null=False),
        _c("instance", TEXT, "empty when it never reached one", null=False),
        _c("method", TEXT, "GET, POST, OPTIONS, …", null=False),
        _c("path", TEXT, "URL path without host and query", null=False),
        _c("route", TEXT, "the path with its ids replaced: /api/threads/{id}", null=False),
        _c("status", INT, "HTTP status; null when the entry has none"),
        _c("failed", BOOL, "answered with a 5xx, or turned away with a 429 for want of an instance", null=False),
        _c("latency_s", FLOAT, "at the edge, seconds"),
        _c("client", TEXT, "browser, uptime_check, preflight, test_client, script, other", null=False),
        _c("user_agent", TEXT, "as sent"),
        _c("trace", TEXT, "Cloud Trace name"),
        _c("platform_text", TEXT, "the platform's own reason, when it failed the request itself"),
        _WEIGHT,
    ),
)

APP_LOGS: Final = TableSchema(
    "app_logs",
    "one line or grouped block that the application wrote",
    (
        _c("time", TIME, "entry timestamp", null=False),
        _c("id", TEXT, "the entry's id", null=False),
        _c("revision", TEXT, "", null=False),
        _c("instance", TEXT, "", null=False),
        _c("stream", TEXT, "stdout, stderr, or the log id's last part", null=False),
        _c("level", TEXT, "DEBUG … CRITICAL, read from text where severity is absent; UNKNOWN", null=False),
        _c("level_from", TEXT, "severity, json, text or none: where the level was read", null=False),
        _c("logger", TEXT, "module:function:line, or the logger's name"),
        _c("message", TEXT, "the message without colours, time and level", null=False),
        _c("trace", TEXT, "Cloud Trace name, where the application set it"),
        _c("failure", TEXT, "id of the exception whose traceback this is part of, or repeats"),
        _WEIGHT,
    ),
)

EXCEPTIONS: Final = TableSchema(
    "exceptions",
    "one failure that the application told: a traceback whole again, its repeats and wrappers folded into it",
    (
        _c("time", TIME, "of its first entry", null=False),
        _c("id", TEXT, "of its first entry", null=False),
        _c("revision", TEXT, "", null=False),
        _c("instance", TEXT, "", null=False),
        _c("stream", TEXT, "", null=False),
        _c("type", TEXT, "of the exception behind the chain; null when its line was never seen"),
        _c("message", TEXT, "", null=False),
        _c("chain", TEXT, "types in the order in which they were raised, JSON", null=False),
        _c("frames", TEXT, "the service's own frames, outermost first, JSON", null=False),
        _c("function", TEXT, "where it failed, when an own frame shows it"),
        _c("place", TEXT, "file and line of that frame"),
        _c("complete", BOOL, "false when the exception's own line was never seen", null=False),
        _c("fingerprint", TEXT, "type and own frames", null=False),
        _c("coarse", TEXT, "type and failing function", null=False),
        _c("title", TEXT, "for people", null=False),
        _c("why", TEXT, "what the fingerprint looked at", null=False),
        _c("tellings", INT, "how often it was told: groups of entries folded into this one", null=False),
        _c("entries", TEXT, "ids of all its entries, JSON", null=False),
    ),
)

LIFECYCLE: Final = TableSchema(
    "lifecycle",
    "one event in the life of an instance, from the platform's system log",
    (
        _c("time", TIME, "", null=False),
        _c("id", TEXT, "the entry's id", null=False),
        _c("revision", TEXT, "", null=False),
        _c("instance", TEXT, "", null=False),
        _c(
            "event",
            TEXT,
            "start, probe_ok, probe_failed, exit, signal, memory_limit, shutdown, exec_failed, "
            "truncated_response, sql_unreachable, other",
            null=False,
        ),
        _c("reason", TEXT, "AUTOSCALING, …; CANCELLED, …; STARTUP or LIVENESS before a colon"),
        _c("code", INT, "exit code or signal number"),
        _c("limit_mib", FLOAT, "memory limit named in the message, MiB"),
        _c("used_mib", FLOAT, "memory used named in the message, MiB"),
        _c("text", TEXT, "the message", null=False),
    ),
)

DEPLOYS: Final = TableSchema(
    "deploys",
    "one change of the service: an audit entry, or the first sight of a revision",
    (
        _c("time", TIME, "", null=False),
        _c("id", TEXT, "the entry's id", null=False),
        _c("revision", TEXT, "empty for a request to change the service", null=False),
        _c("kind", TEXT, "requested, ready, failed, first_seen", null=False),
        _c("evidence", TEXT, "audit, label or first_seen: how we know", null=False),
        _c("text", TEXT, "the platform's sentence", null=False),
    ),
)

METRICS: Final = TableSchema(
    "metrics",
    "one point of one series",
    (
        _c("time", TIME, "end of the point's interval", null=False),
        _c("metric", TEXT, "full metric type", null=False),
        _c("statistic", TEXT, "value, mean, p50, p95, p99, max, count", null=False),
        _c("value", FLOAT, "in `unit`", null=False),
        _c("unit", TEXT, "MiB, ratio, connections, requests, …", null=False),
        _c("revision", TEXT, "", null=False),
        _c("labels", TEXT, "the other labels, JSON with sorted keys", null=False),
    ),
)

QUARANTINE: Final = TableSchema(
    "quarantine",
    "one piece of input that could not be used, with the reason",
    (
        _c("file", TEXT, "file name without its folder", null=False),
        _c("position", INT, "line number, or the value's number in its file; from 1", null=False),
        _c("reason", TEXT, "from a closed list", null=False),
        _c("sample", TEXT, "the first 200 characters, redacted", null=False),
    ),
)

TABLES: Final = (ENTRIES, REQUESTS, APP_LOGS, EXCEPTIONS, LIFECYCLE, DEPLOYS, METRICS)
