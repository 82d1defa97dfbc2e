"""Five log entries, and every format in which people have such entries."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.sources.reading import Reading, read_entries

INSTANCE = "0069c7a988f1"
RESOURCE = {
    "type": "cloud_run_revision",
    "labels": {
        "service_name": "shop",
        "revision_name": "shop-00007-abc",
        "project_id": "demo",
        "location": "europe-west1",
        "configuration_name": "shop",
    },
}


def _entry(number: int, log: str, **fields: Any) -> dict[str, Any]:
    return {
        "insertId": f"68b6d2a0000{number}",
        "labels": {"instanceId": INSTANCE, "commit-sha": "4f2a"},
        "logName": "projects/demo/logs/" + log.replace("/", "%2F"),
        "receiveTimestamp": f"2025-09-02T12:37:3{number}.912345678Z",
        "resource": RESOURCE,
        "timestamp": f"2025-09-02T12:37:3{number}.123456Z",
        **fields,
    }


ENTRIES: list[dict[str, Any]] = [
    _entry(0, "run.googleapis.com/stderr", textPayload='Zeile "eins" — ümläut 🚨\n  File "a.py", line 3, in <module>'),
    _entry(
        1,
        "run.googleapis.com/requests",
        severity="ERROR",
        trace="projects/demo/traces/" + "a" * 32,
        spanId="0000000000000123",
        httpRequest={
            "requestMethod": "POST",
            "requestUrl": "https://shop.example/api/orders?page=2",
            "status": 500,
            "latency": "0.075250s",
            "userAgent": "Mozilla/5.0, like Gecko",
            "remoteIp": "192.0.2.7",
            "requestSize": "754",
            "responseSize": "314",
        },
    ),
    _entry(
        2,
        "run.googleapis.com/stdout",
        severity="WARNING",
        jsonPayload={"message": "pool at 15 of 15", "logger": "db", "context": {"name": "pool"}},
        errorGroups=[{"id": "CKq7wYz"}],
    ),
    _entry(3, "run.googleapis.com/varlog/system", severity="WARNING", textPayload="Container called exit(3)."),
    _entry(4, "run.googleapis.com/stdout", severity="INFO", textPayload='{"looks": "like JSON"}'),
]

# What every format keeps, what those without log names keep, and what a projection of three fields keeps.
ALL = [
    "time",
    "receive_time",
    "log",
    "id",
    "severity",
    "resource_type",
    "project",
    "service",
    "revision",
    "location",
    "instance",
    "trace",
    "span_id",
    "labels",
    "text",
    "json",
    "error_group",
    "method",
    "url",
    "status",
    "latency_s",
    "user_agent",
    "remote_ip",
    "request_bytes",
    "response_bytes",
]
NO_LOG = [name for name in ALL if name not in ("log", "receive_time", "project")]
SINK = [name for name in ALL if name != "labels"]
PROJECTION = ["time", "severity", "text"]


def read(tmp_path: Path, content: bytes, name: str = "export.txt", **options: Any) -> Reading:
    (tmp_path / name).write_bytes(content)
    return read_entries(name, tmp_path, **options)


def rows(reading: Reading, columns: list[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(reading.entries[name].to_pylist() for name in columns), strict=True))


def ndjson(entries: list[dict[str, Any]] | None = None) -> str:
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries or ENTRIES)


def pretty(entries: list[dict[str, Any]] | None = None) -> str:
    return json.dumps(entries or ENTRIES, indent=2, ensure_ascii=False)


def snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def snake_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {snake(key): snake_keys(item) for key, item in value.items()}
    return value


def python_dump(entry: dict[str, Any], *, as_repr: bool = False) -> dict[str, Any]:
    """As scripts with the Python client write entries: snake_case, payload under one name, no log name."""
    out = {snake(key): item for key, item in entry.items() if key in ("insertId", "timestamp", "trace", "spanId")}
    out["timestamp"] = entry["timestamp"].replace("Z", "+00:00")
    out["labels"], out["error_groups"] = entry["labels"], entry.get("errorGroups")
    out["resource"] = f"Resource(type='cloud_run_revision', labels={RESOURCE['labels']!r})" if as_repr else RESOURCE
    if "httpRequest" in entry:
        out["http_request"] = snake_keys(entry["httpRequest"])
    payload = entry.get("textPayload", entry.get("jsonPayload"))
    if as_repr and payload is not None:
        out["raw_payload"] = payload if isinstance(payload, str) else repr(payload)
    elif payload is not None:
        out["text_payload" if isinstance(payload, str) else "json_payload"] = payload
    return out


def by_severity(nested: bool, *, as_repr: bool = False) -> str:
    groups: dict[str, Any] = {}
    for entry in ENTRIES:
        groups.setdefault(entry.get("severity", "DEFAULT"), []).append(python_dump(entry, as_repr=as_repr))
    return json.dumps({"logs": groups} if nested else groups, indent=1)


def flat(value: Any, path: str = "", brackets: bool = True) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else key, brackets)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flat(item, f"{path}[{index}]" if brackets else f"{path}.{index}", brackets)
    else:
        yield path, str(value)


def explorer_csv(*, brackets: bool = True, extra: int = 0, delimiter: str = ",") -> str:
    """The Logs Explorer's download: one column per leaf, guard quotes before headers and cells."""
    records = [dict(flat(entry, "", brackets)) for entry in ENTRIES]
    header = sorted({key for record in records for key in record}) + [f"jsonPayload.f{n}" for n in range(extra)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(["'jsonPayload.@type", *header])
    for record in records:
        writer.writerow(["", *(record.get(key, "") for key in header)])
    return out.getvalue()


def lines_csv(header: str, *fields: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header.split(","))
    writer.writerows([entry.get(field, "") for field in fields] for entry in ENTRIES)
    return out.getvalue()


def gcloud_yaml(*, as_list: bool = False, crlf: bool = False) -> str:
    """Block style by hand, in the manner of gcloud: plain, quoted and folded scalars."""
    documents = ["\n".join(_yaml(entry)) for entry in ENTRIES]
    if as_list:
        text = "".join("- " + document.replace("\n", "\n  ") + "\n" for document in documents)
    else:
        text = "---\n" + "\n---\n".join(documents) + "\n"
    return text.replace("\n", "\r\n") if crlf else text


def _yaml(value: dict[str, Any]) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield f"{key}:"
            yield from ("  " + line for line in _yaml(item))
        elif isinstance(item, list):
            yield f"{key}:"
            for one in item:
                yield from (("- " if n == 0 else "  ") + line for n, line in enumerate(_yaml(one)))
        elif isinstance(item, str) and (item.isdigit() or not item.replace(".", "").replace("-", "").isalnum()):
            # Times and paths are written plain, everything with quotes or braces in double quotes.
            plain = not any(c in item for c in "\"'{}\n,#") and not item.isdigit() and item[0].isalnum()
            yield f"{key}: {item}" if plain else f"{key}: {json.dumps(item, ensure_ascii=False)}"
        else:
            yield f"{key}: {item}"


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def sink_table(latency: str = "float") -> pa.Table:
    """The BigQuery sink's shape: lower-cased user keys, timestamps as such, records for payloads."""
    return pa.Table.from_pylist([_sink_row(entry, latency) for entry in ENTRIES], schema=sink_schema(latency))


def sink_schema(latency: str = "float") -> pa.Schema:
    kinds = {
        "float": pa.float64(),
        "text": pa.string(),
        "struct": pa.struct([("seconds", pa.int64()), ("nanos", pa.int64())]),
    }
    http = [(name, pa.string()) for name in ("requestMethod", "requestUrl", "userAgent", "remoteIp")]
    http += [(name, pa.int64()) for name in ("requestSize", "responseSize", "status")] + [("latency", kinds[latency])]
    place = [(name, pa.string()) for name in RESOURCE["labels"]]
    context = pa.struct([("name", pa.string()), ("never_set", pa.string())])
    return pa.schema(
        [
            ("logName", pa.string()),
            ("resource", pa.struct([("type", pa.string()), ("labels", pa.struct(place))])),
            ("textPayload", pa.string()),
            ("jsonPayload", pa.struct([("message", pa.string()), ("logger", pa.string()), ("context", context)])),
            ("timestamp", pa.timestamp("us", "UTC")),
            ("receiveTimestamp", pa.timestamp("us", "UTC")),
            ("severity", pa.string()),
            ("insertId", pa.string()),
            ("httpRequest", pa.struct(http)),
            ("labels", pa.struct([("instanceid", pa.string()), ("commit_sha", pa.string())])),
            ("trace", pa.string()),
            ("spanId", pa.string()),
            ("errorGroups", pa.list_(pa.struct([("id", pa.string())]))),
        ]
    )


def _sink_row(entry: dict[str, Any], latency: str) -> dict[str, Any]:
    row = {**entry, "labels": {"instanceid": INSTANCE, "commit_sha": "4f2a"}, **_times(entry)}
    if "httpRequest" in entry:
        shapes = {"float": 0.07525, "text": "0.075250s", "struct": {"seconds": 0, "nanos": 75_250_000}}
        sizes = {name: int(entry["httpRequest"][name]) for name in ("requestSize", "responseSize")}
        row["httpRequest"] = entry["httpRequest"] | sizes | {"latency": shapes[latency]}
    return row


def _times(entry: dict[str, Any]) -> dict[str, Any]:
    from datetime import datetime

    return {key: datetime.fromisoformat(entry[key]) for key in ("timestamp", "receiveTimestamp")}


def analytics_table() -> pa.Table:
    """Log Analytics' shape: snake_case, JSON as text, log_id."""
    made = []
    for entry in ENTRIES:
        times = _times(entry)
        http = snake_keys(entry.get("httpRequest")) if "httpRequest" in entry else None
        if http:
            http |= {"request_size": 754, "response_size": 314, "latency": {"seconds": 0, "nanos": 75_250_000}}
        made.append(
            {
                "log_name": entry["logName"],
                "log_id": entry["logName"].rpartition("/logs/")[2].replace("%2F", "/"),
                "insert_id": entry["insertId"],
                "timestamp": times["timestamp"],
                "receive_timestamp": times["receiveTimestamp"],
                "severity": entry.get("severity"),
                "text_payload": entry.get("textPayload"),
                "json_payload": json.dumps(entry["jsonPayload"], sort_keys=True) if "jsonPayload" in entry else None,
                "http_request": http,
                "resource": {"type": RESOURCE["type"], "labels": json.dumps(RESOURCE["labels"])},
                "labels": json.dumps(entry["labels"]),
                "trace": entry.get("trace"),
                "span_id": entry.get("spanId"),
                "error_groups": entry.get("errorGroups"),
            }
        )
    return pa.Table.from_pylist(made)


def bigquery_ndjson() -> str:
    """`bq extract` as NDJSON: INT64 as text, times with a space and UTC, lower-cased labels."""
    made = []
    for entry in ENTRIES:
        row = {**entry, "labels": {"instanceid": INSTANCE, "commit-sha": "4f2a"}}
        for key in ("timestamp", "receiveTimestamp"):
            row[key] = entry[key].replace("T", " ").replace("678Z", "Z").replace("Z", " UTC")
        if "httpRequest" in entry:
            row["httpRequest"] = entry["httpRequest"] | {"status": "500", "latency": 0.07525}
        made.append(row)
    return ndjson(made)


def epochs(factor: int) -> str:
    """Times as numbers: microseconds since 1970 multiplied or divided."""
    made = []
    for entry in ENTRIES:
        micros = int(_times(entry)["timestamp"].timestamp()) * 1_000_000 + 123_456
        made.append({**entry, "timestamp": micros * factor if factor > 0 else micros / -factor})
    return ndjson(made)


def markdown() -> str:
    blocks = "\n\nand then:\n\n".join(
        "```json\n" + json.dumps(e, indent=4, ensure_ascii=False) + "\n```" for e in ENTRIES
    )
    return f'# What we saw [draft]\n\nThe {{service}} failed (see "below"):\n\n{blocks}\n\nThat was all, 5 of {{}}.\n'


def packed(text: str) -> bytes:
    return gzip.compress(text.encode())
