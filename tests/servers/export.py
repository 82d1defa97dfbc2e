"""Log entries as Cloud Logging's own exports hold them: a sink's tables in BigQuery, and Log Analytics' view.

Only what facts about those exports say is done to the entries: user keys in lower case without special
characters, numbers as FLOAT, one table a log, latencies as seconds or as a record, columns only for what came.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

Entry = Mapping[str, Any]
JSON_TYPE = pa.field("", pa.string(), metadata={"type": "JSON"})
_WHOLE = ("requestSize", "responseSize", "status")


@dataclass(frozen=True)
class Stored:
    """One table of a dataset: its rows, and how `tables.get` describes what the rows do not tell."""

    rows: pa.Table
    json_columns: frozenset[str] = frozenset()
    partitioning: Mapping[str, Any] | None = None
    view: bool = False


def moment(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def partitioned(entries: Iterable[Entry], field: str | None = "timestamp") -> dict[str, Stored]:
    """A sink with partitioned tables: by the entry's time, or (old ones, `field` None) by its arrival."""
    cut = {"type": "DAY", **({"field": field} if field else {})}
    return {name: Stored(_arrived(rows) if not field else rows, partitioning=cut) for name, rows in _tables(entries)}


def sharded(entries: Iterable[Entry]) -> dict[str, Stored]:
    """A sink with one table a log and day, each with the columns that its own entries had."""
    by_day: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_day[f"{moment(entry['timestamp']):%Y%m%d}"].append(entry)
    return {f"{name}_{day}": Stored(rows) for day, some in by_day.items() for name, rows in _tables(some)}


def linked(entries: Iterable[Entry]) -> dict[str, Stored]:
    """Log Analytics: one view over all logs, snake_case, user keys as they were, payloads and labels as JSON."""
    rows = pa.Table.from_pylist([_analytics(entry) for entry in entries], schema=_ANALYTICS)
    return {"_AllLogs": Stored(rows, frozenset({"json_payload", "labels", "resource.labels"}), view=True)}


def log_id(entry: Entry) -> str:
    return unquote(entry["logName"].partition("/logs/")[2])


def _tables(entries: Iterable[Entry]) -> list[tuple[str, pa.Table]]:
    by_log: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        by_log[re.sub(r"[./]", "_", log_id(entry))].append(_sink(entry))
    return [(name, pa.Table.from_pylist(rows, schema=_schema(rows))) for name, rows in sorted(by_log.items())]


def _sink(entry: Entry) -> dict[str, Any]:
    row = {**entry, "timestamp": moment(entry["timestamp"])}
    if "receiveTimestamp" in entry:
        row["receiveTimestamp"] = moment(entry["receiveTimestamp"])
    for name in ("labels", "jsonPayload"):
        if entry.get(name):
            row[name] = _user(entry[name])
    if http := entry.get("httpRequest"):
        row["httpRequest"] = http | {name: int(http[name]) for name in _WHOLE if name in http}
        if "latency" in http:
            row["httpRequest"]["latency"] = float(http["latency"].removesuffix("s"))
    if audit := row.pop("protoPayload", None):
        row["protopayload_auditlog"] = _audit(audit)
    return {key: value for key, value in row.items() if value not in (None, {}, [])}


def _user(value: Any) -> Any:
    """Keys of the service's own: lower case, nothing special; numbers are FLOAT."""
    if isinstance(value, Mapping):
        return {re.sub(r"[^a-z0-9_]", "_", key.lower()).lstrip("_"): _user(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_user(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _audit(payload: Mapping[str, Any]) -> dict[str, Any]:
    bodies = {name: f"{name}Json" for name in ("request", "response", "metadata", "serviceData")}
    return {
        bodies.get(key, key): json.dumps(value) if key in bodies else value
        for key, value in payload.items()
        if key != "@type"
    }


def _schema(rows: list[dict[str, Any]]) -> pa.Schema:
    """The columns that any row has, times as such."""
    found = pa.Table.from_pylist(rows, schema=None).schema if rows else pa.schema([])
    names = sorted({name for row in rows for name in row})
    fields = {field.name: field.type for field in found}
    for name in names:
        if name not in fields:
            fields[name] = pa.array([row.get(name) for row in rows]).type
    for name in ("timestamp", "receiveTimestamp"):
        if name in fields:
            fields[name] = pa.timestamp("us", "UTC")
    return pa.schema(sorted(fields.items()))


def _arrived(rows: pa.Table) -> pa.Table:
    """With the pseudo-column of ingestion time; the newest rows are in the streaming buffer and have none."""
    days = [t.replace(hour=0, minute=0, second=0, microsecond=0) for t in rows["timestamp"].to_pylist()]
    days[-1] = None
    return rows.append_column("_PARTITIONTIME", pa.array(days, pa.timestamp("us", "UTC")))


_TEXT = pa.string()
_ANALYTICS = pa.schema(
    [
        *((name, _TEXT) for name in ("log_id", "log_name", "insert_id", "severity", "text_payload", "json_payload")),
        *((name, pa.timestamp("us", "UTC")) for name in ("timestamp", "receive_timestamp")),
        ("trace", _TEXT),
        ("span_id", _TEXT),
        ("labels", _TEXT),
        ("resource", pa.struct([("type", _TEXT), ("labels", _TEXT)])),
        (
            "http_request",
            pa.struct(
                [
                    *(
                        (name, _TEXT)
                        for name in ("request_method", "request_url", "user_agent", "remote_ip", "protocol")
                    ),
                    *((name, pa.int64()) for name in ("request_size", "response_size", "status")),
                    ("latency", pa.struct([("seconds", pa.int64()), ("nanos", pa.int64())])),
                ]
            ),
        ),
        (
            "proto_payload",
            pa.struct(
                [
                    (
                        "audit_log",
                        pa.struct(
                            [
                                *((name, _TEXT) for name in ("method_name", "resource_name", "service_name")),
                                (
                                    "authentication_info",
                                    pa.struct([("principal_email", _TEXT), ("principal_subject", _TEXT)]),
                                ),
                                (
                                    "authorization_info",
                                    pa.list_(
                                        pa.struct([("granted", pa.bool_()), ("permission", _TEXT), ("resource", _TEXT)])
                                    ),
                                ),
                                (
                                    "request_metadata",
                                    pa.struct([("caller_ip", _TEXT), ("caller_supplied_user_agent", _TEXT)]),
                                ),
                                ("resource_location", pa.struct([("current_locations", pa.list_(_TEXT))])),
                                ("status", pa.struct([("code", pa.int64()), ("message", _TEXT)])),
                                ("request", _TEXT),
                                ("response", _TEXT),
                            ]
                        ),
                    )
                ]
            ),
        ),
        ("error_groups", pa.list_(pa.struct([("id", _TEXT)]))),
    ]
)


def _snake(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {re.sub(r"[A-Z]", lambda c: "_" + c[0].lower(), key): _snake(item) for key, item in value.items()}
    return value


def _analytics(entry: Entry) -> dict[str, Any]:
    row = {_snake({key: 0}).popitem()[0]: value for key, value in entry.items()}
    row["log_id"] = log_id(entry)
    for name in ("timestamp", "receive_timestamp"):
        row[name] = moment(row[name]) if row.get(name) else None
    for name in ("json_payload", "labels"):
        row[name] = json.dumps(row[name]) if row.get(name) else None
    row["resource"] = {"type": entry["resource"]["type"], "labels": json.dumps(entry["resource"]["labels"])}
    if http := entry.get("httpRequest"):
        row["http_request"] = _snake(http) | {_snake({k: 0}).popitem()[0]: int(http[k]) for k in _WHOLE if k in http}
        if "latency" in http:
            seconds, _, nanos = http["latency"].removesuffix("s").partition(".")
            row["http_request"]["latency"] = {"seconds": int(seconds), "nanos": int(nanos.ljust(9, "0") or 0)}
    if audit := entry.get("protoPayload"):
        bodies = {k: json.dumps(audit[k]) for k in ("request", "response") if k in audit}
        row["proto_payload"] = {"audit_log": _snake({k: v for k, v in audit.items() if k not in bodies}) | bodies}
    return row
