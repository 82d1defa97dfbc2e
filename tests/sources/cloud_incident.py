"""One small incident across midnight, with everything in it that a source could lose or change."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from netra_analysis import casebook
from netra_analysis.window import stamp
from tests.entries import MALFORMED, OOM, PROBE_OK, SERVICE, START, entry, request, said, system, write

PROJECT = "p-shop"
WINDOW = {"start": "2026-03-04T23:30:00Z", "end": "2026-03-05T00:30:00Z", "project": PROJECT}
_BEGIN = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)  # of the baseline; `tests.entries` counts from noon
_SHIFT = (_BEGIN - datetime(2026, 3, 4, 12, tzinfo=UTC)).total_seconds()
LABELS = {"instanceId": "00a"}
TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/shop/prices.py", line 9, in price',
    "    raise LookupError(order)",
    "LookupError: no price for this order",
]


def entries() -> list[dict[str, Any]]:
    """In no order, some twice, some of another service, some that no question is about."""
    made = [*_traffic(), *_failures(), *_lines(), *_audit(), *_noise()]
    made = [_moved(one) for one in made]
    made += [dict(one) for one in made[::17]]
    return sorted(made, key=lambda one: one["insertId"][::-1])


@cache
def rows() -> list[dict[str, Any]]:
    """`entries`, made once: what their ids are depends on how many were made before."""
    return entries()


def _moved(one: dict[str, Any]) -> dict[str, Any]:
    moment = datetime.fromisoformat(one["timestamp"]) + timedelta(seconds=_SHIFT)
    name = one["logName"].replace("projects/p/", f"projects/{PROJECT}/")
    return {
        **one,
        "timestamp": stamp(moment),
        "receiveTimestamp": stamp(moment + timedelta(seconds=1.25)),
        "logName": name,
    }


def _traffic() -> list[dict[str, Any]]:
    made = [request(i, 200, f"/api/orders/{i}", latency=0.05 + i / 7919) for i in range(5, 7200, 40)]
    made += [request(i, 204, "/api/orders", method="OPTIONS") for i in range(60, 7200, 600)]
    made += [request(i, 200, "/healthz", agent="GoogleStackdriverMonitoring-UptimeChecks") for i in range(0, 7200, 300)]
    # Began in the baseline, ended in the window; and began before all that is asked about.
    return [*made, request(3590, 200, "/api/report", latency=30.25), request(-1200, 504, "/api/slow", latency=1300.5)]


def _failures() -> list[dict[str, Any]]:
    made = [request(5400 + i, 500, "/api/pay", method="POST", latency=0.3) for i in range(6)]
    for i in range(6):
        made += [said(5400.29 + i + n * 1e-5, text) for n, text in enumerate(TRACE)]
    made += [
        system(6000, OOM, "ERROR"),
        system(
            6000.2,
            "Container terminated on signal 9.",
            "WARNING",
            labels={"instanceId": "00a", "container_name": "shop-1"},
        ),
        request(5999, 503, latency=1.4, textPayload=MALFORMED),
        system(6003, START, instance="c"),
        system(6006, PROBE_OK, instance="c"),
    ]
    return made


def _lines() -> list[dict[str, Any]]:
    """Application lines of every kind of payload."""
    rich = {
        "message": "pool at 15 of 15",
        "Logger": "shop.db",
        "poolSize": 15,
        "ratio": 0.5,
        "seconds": 86.0,  # whole: one number, however it is written
        "context": {"requestId": "r-7", "nested": {"Deep": True}},
        "tags": ["a", "b"],
        "steps": [{"name": "one"}, {"name": "two", "ms": 3}],
    }
    made = [entry(4000 + i, "stdout", severity="WARNING", jsonPayload=rich | {"poolSize": 15 + i}) for i in range(5)]
    made += [
        entry(4100 + i, "stdout", severity="ERROR", jsonPayload={"message": f"charge {i} failed: card refused"})
        for i in range(4)
    ]
    made += [
        said(i, f'INFO:     10.0.0.9:0 - "GET /api/orders/{i} HTTP/1.1" 200 OK', stream="stdout")
        for i in range(5, 7200, 90)
    ]
    made += [
        said(4200, ""),
        said(4201, "  Zeile “eins” — ümläut 🚨\twith password=hunter2hunter2 and mail a.b@example.com"),
    ]
    made += [
        said(4202, '{"looks": "like JSON"}'),
        said(4300, "worker lost", labels={"instanceId": "00a", "commit-sha": "4f2a"}),
    ]
    made[3]["errorGroups"] = [{"id": "CKq7wYz"}]
    made[4]["trace"], made[4]["spanId"] = f"projects/{PROJECT}/traces/{'a' * 32}", "00000000000001f3"
    for i in range(6005, 7000, 80):  # a handler's own account, in a dialect whose names a sink lowers
        asked = {"req": {"method": "GET", "url": f"/api/orders/{i}"}, "res": {"statusCode": 200}}
        told = asked | {"responseTime": 4.5, "msg": "request completed"}
        made.append(entry(i + 0.052 + i / 7919, "stdout", severity="INFO", jsonPayload=told))
    made.append(entry(4400, "app.v2", severity="NOTICE", jsonPayload={"message": "a log of its own"}))
    return made


def _audit() -> list[dict[str, Any]]:
    ready = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": "/Services.ReplaceService",
        "resourceName": f"namespaces/{PROJECT}/revisions/{SERVICE}-00002-xyz",
        "serviceName": "run.googleapis.com",
        "status": {"message": f"Ready condition status changed to True for Revision {SERVICE}-00002-xyz."},
        "response": {"kind": "Revision", "status": {"conditions": [{"type": "Ready", "status": "True"}]}},
    }
    asked = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": "google.cloud.run.v1.Services.ReplaceService",
        "resourceName": f"namespaces/{PROJECT}/services/{SERVICE}",
        "serviceName": "run.googleapis.com",
        "authenticationInfo": {"principalEmail": "dev@example.com"},
        "request": {"service": {"spec": {"template": {"spec": {"containerConcurrency": 80}}}}},
        "response": {"status": {"latestCreatedRevisionName": f"{SERVICE}-00002-xyz"}},
    }
    made = [_audit_entry(5000, "activity", asked, "NOTICE"), _audit_entry(5030, "system_event", ready, "INFO")]
    del made[1]["resource"]["labels"]["service_name"]  # some lose it: the resource name tells
    return made


def _audit_entry(seconds: float, log: str, payload: Mapping[str, Any], severity: str) -> dict[str, Any]:
    made = entry(seconds, "x", instance="", revision="", protoPayload=dict(payload), severity=severity)
    made["logName"] = f"projects/p/logs/cloudaudit.googleapis.com%2F{log}"
    return made


def _noise() -> list[dict[str, Any]]:
    """Another service's requests and errors."""
    made = [request(i, 500 if i % 3 else 200, "/other") for i in range(100, 4000, 300)]
    for one in made:
        one["resource"] = {**one["resource"], "labels": {**one["resource"]["labels"], "service_name": "billing"}}
    return made


BUNDLED = "staging-2025-09-02"
PLANTED = (  # six more: other causes, stacks, platforms' lines and lengths of a window
    "reports-at-once", "agents-keep-sessions", "module-not-in-image", "poisoned-task", "sockets-cut", "quiet-orders",
)  # fmt: skip


def planted(name: str, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The parameters and the entries of an incident of the casebook, which is written into `folder`."""
    asked: dict[str, Any] = yaml.safe_load(casebook.write(name, folder).read_text())
    with gzip.open(folder / asked["source"].removeprefix("file:"), "rt") as lines:
        return asked, [json.loads(line) for line in lines]


def files(folder: Path, rows: list[dict[str, Any]] | None = None, **params: Any) -> Path:
    """The params file of the incident, with its entries and metrics as files beside it."""
    return write(folder, rows or entries(), json.loads("[]"), **WINDOW | params)
