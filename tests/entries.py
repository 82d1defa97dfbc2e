"""Small hand-made incidents for tests: log entries as the platform writes them, opened through the real path."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import netra_analysis as na
from netra_analysis.incident import Incident
from netra_analysis.window import stamp

SERVICE = "shop"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_count = iter(range(10**9))


def at(seconds: float) -> datetime:
    """`seconds` after noon, the start of every window here."""
    return NOON + timedelta(seconds=seconds)


def entry(
    seconds: float, log: str, instance: str = "a", revision: str = "shop-00001-abc", **fields: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "insertId": f"{next(_count):024x}",
        "timestamp": stamp(at(seconds)),
        "logName": f"projects/p/logs/run.googleapis.com%2F{log.replace('/', '%2F')}",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "service_name": SERVICE,
                "revision_name": revision,
                "project_id": "p",
                "location": "us-central1",
            },
        },
    }
    if instance:
        made["labels"] = {"instanceId": f"00{instance}"}
    return made | fields


def request(seconds: float, status: int, path: str = "/api/x", latency: float = 0.05, **fields: Any) -> dict[str, Any]:
    """A request that STARTED `seconds` after noon."""
    http = {
        "requestMethod": fields.pop("method", "GET"),
        "requestUrl": f"https://shop.example{path}",
        "status": status,
        "latency": f"{latency:.9f}s",
        "userAgent": fields.pop("agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0"),
    }
    return entry(seconds, "requests", httpRequest=http, **fields)


def system(seconds: float, text: str, severity: str = "INFO", **fields: Any) -> dict[str, Any]:
    return entry(seconds, "varlog/system", textPayload=text, severity=severity, **fields)


def said(seconds: float, text: str, **fields: Any) -> dict[str, Any]:
    return entry(seconds, fields.pop("stream", "stderr"), textPayload=text, **fields)


START = "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling factors"
PROBE_OK = 'Default STARTUP TCP probe succeeded after 1 attempt for container "shop-1" on port 8080.'
MALFORMED = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error."
)
OOM = "Memory limit of 1024 MiB exceeded with 1051 MiB used. Consider increasing the memory limit"


def gauge(metric: str, values: Sequence[float | None], unit: str = "1") -> dict[str, Any]:
    """One series, a point a minute from noon; None is a point that is not there."""
    points = [
        {"interval": {"endTime": stamp(at(60 * (i + 1)))}, "value": {"doubleValue": value}}
        for i, value in enumerate(values)
        if value is not None
    ]
    resource = {"type": "cloud_run_revision", "labels": {"service_name": SERVICE, "revision_name": "shop-00001-abc"}}
    return {"metric": {"type": metric}, "resource": resource, "unit": unit, "points": points[::-1]}


def counts(metric: str, values: Sequence[int], **labels: str) -> dict[str, Any]:
    """One series of counts with labels of its own, a point a minute from noon."""
    series = gauge(metric, values)
    for point in series["points"]:
        point["value"] = {"int64Value": str(int(point["value"]["doubleValue"]))}
    series["metric"]["labels"] = labels
    return series | {"metricKind": "DELTA", "valueType": "INT64"}


def memory(*values: float | None) -> dict[str, Any]:
    return gauge("run.googleapis.com/container/memory/utilizations", values, "10^2.%")


def pool(*values: float | None) -> dict[str, Any]:
    return gauge("custom.googleapis.com/shop/db_pool/in_use", values)


def write(folder: Path, entries: Sequence[Any], series: Sequence[Any] = (), **params: Any) -> Path:
    """The params file of an incident of one hour from noon, with its data beside it."""
    (folder / "entries.ndjson").write_text("".join(json.dumps(e) + "\n" for e in entries))
    asked = {
        "incident": "made-up",
        "project": "p",
        "service": SERVICE,
        "start": stamp(NOON),
        "end": stamp(at(3600)),
        "source": "file:entries.ndjson",
        "synthetic": True,
    } | params
    if series:
        (folder / "metrics.json").write_text(json.dumps({"timeSeries": list(series)}))
        asked["metrics"] = "file:metrics.json"
    path = folder / "made-up.yaml"
    path.write_text(json.dumps(asked))
    return path


def opened(folder: Path, entries: Sequence[Any], series: Sequence[Any] = (), **params: Any) -> Incident:
    return na.open(write(folder, entries, series, **params))
