"""Raw Cloud Logging entries: the envelope, the request log, and what delivery does to them.

Shapes follow real exports of the service: sizes and latencies as strings, `insertId` made of the entry's
own time, no severity on plain text lines, trace names on requests alone, some entries delivered twice.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from netra_analysis.casebook.incident import Target
from netra_analysis.casebook.signals import Arrival, Fate, Place, Reply
from netra_analysis.casebook.texts import MALFORMED

REQUESTS: Final = "run.googleapis.com%2Frequests"
STDOUT: Final = "run.googleapis.com%2Fstdout"
STDERR: Final = "run.googleapis.com%2Fstderr"
SYSTEM: Final = "run.googleapis.com%2Fvarlog%2Fsystem"
ACTIVITY: Final = "cloudaudit.googleapis.com%2Factivity"
SYSTEM_EVENT: Final = "cloudaudit.googleapis.com%2Fsystem_event"

_TROUBLE: Final = (
    " Additional troubleshooting documentation can be found at: https://cloud.google.com/run/docs/troubleshooting"
)
REASONS: Final = {
    Fate.KILLED: MALFORMED,
    Fate.NO_INSTANCE: f"The request was aborted because there was no available instance.{_TROUBLE}#abort-request",
    Fate.STARTUP: "The request failed because the instance could not start successfully.",
    Fate.TIMEOUT: "The request has been terminated because it has reached the maximum request timeout. To change this "
    "limit, see https://cloud.google.com/run/docs/configuring/request-timeout",
}


def _body_bytes(asked: Arrival) -> int:
    """What the client sent: the route's usual body, and what is special about this one."""
    return asked.route.request_bytes + int(asked.size_mib * 2**20)


@dataclass(slots=True, eq=False)
class LogWriter:
    """Collects entries. `until` is the record's end: what lies after it was not yet written."""

    target: Target
    origin: datetime
    until: float
    rng: Random
    entries: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)
    trace: str = ""  # the name of the last request's trace, for programs that log it
    _batches: dict[tuple[str, int], str] = field(default_factory=dict)

    def moment(self, at: float) -> datetime:
        """Seconds after the origin as a time, to the microsecond."""
        return self.origin + timedelta(microseconds=round(at * 1e6))

    def stamp(self, at: float) -> str:
        return f"{self.moment(at):%Y-%m-%dT%H:%M:%S.%f}Z"

    def write(
        self,
        at: float,
        log: str,
        place: Place,
        payload: Mapping[str, Any],
        *,
        severity: str = "",
        labels: Mapping[str, str] | None = None,
        known: float | None = None,
        service: str = "",
        insert_id: str = "",
    ) -> str:
        """One entry of `place` at `at`; `known` is when it could be written, where that was later."""
        name = insert_id or self._insert_id(at)
        tags = {"instanceId": place.instance} if place.instance else {}
        entry: dict[str, Any] = {
            "insertId": name,
            "labels": {**tags, **(labels or {})},
            "logName": f"projects/{self.target.project}/logs/{log}",
            "receiveTimestamp": self._received(known or at, place.instance),
            "resource": self._resource(place.revision, service or self.target.service),
            "timestamp": self.stamp(at),
            **payload,
        }
        if severity:
            entry["severity"] = severity
        if (known or at) < self.until:
            self.entries.append((at, len(self.entries), entry))
        return name

    def request(self, reply: Reply, *, service: str = "") -> str:
        """The platform's own entry for a request, written when it ended, dated when it started."""
        place = Place(reply.place.revision) if reply.fate is Fate.NO_INSTANCE else reply.place
        http = self._http(reply)
        self.trace = f"projects/{self.target.project}/traces/{self._hex(128)}"
        payload: dict[str, Any] = {
            "httpRequest": http,
            "trace": self.trace,
            "spanId": self._hex(64),
        }
        if self.rng.random() < 0.13:
            payload["traceSampled"] = True
        words = reply.words or (REASONS.get(reply.fate, "") if reply.fate else "")
        if words:
            payload["textPayload"] = words
        severity = "ERROR" if reply.status >= 500 else "WARNING" if reply.status >= 400 else "INFO"
        return self.write(
            reply.arrival.time,
            REQUESTS,
            place,
            payload,
            severity=severity,
            known=reply.ended,
            service=service,
        )

    def lines(self, duplicate_share: float) -> tuple[list[str], int]:
        """All entries as JSON lines, newest first as the command line gives them, and how many came twice."""
        delivered = [json.dumps(e, sort_keys=True, ensure_ascii=False) for e in self._in_order()]
        twice = [self.rng.random() < duplicate_share for _ in delivered]
        out = [line for line, again in zip(delivered, twice, strict=True) for _ in range(1 + again)]
        return out, sum(twice)

    def _in_order(self) -> Iterator[dict[str, Any]]:
        for _, _, entry in sorted(self.entries, key=lambda item: item[:2], reverse=True):
            yield entry

    def _http(self, reply: Reply) -> dict[str, Any]:
        asked = reply.arrival
        failed = reply.status >= 500
        return {
            "latency": f"{reply.latency_s:.9f}s",
            "protocol": "HTTP/1.1",
            "remoteIp": asked.client.ip,
            "requestMethod": asked.route.method,
            "requestSize": str(_body_bytes(asked) + self.rng.randint(-9, 9)),
            "requestUrl": asked.url,
            "responseSize": str(95 if failed else max(0, asked.route.response_bytes + self.rng.randint(-5, 5))),
            "serverIp": "198.51.100.159",
            "status": reply.status,
            "userAgent": asked.client.agent,
        }

    def _resource(self, revision: str, service: str) -> dict[str, Any]:
        labels = {
            "configuration_name": service if revision else "",
            "location": self.target.region,
            "project_id": self.target.project,
            "revision_name": revision,
            "service_name": service,
        }
        return {"labels": labels, "type": "cloud_run_revision"}

    def _insert_id(self, at: float) -> str:
        moment = self.moment(at)
        return f"{int(moment.timestamp()):08x}{moment.microsecond:08x}{self._hex(32)}"

    def _received(self, at: float, instance: str) -> str:
        """Entries leave an instance in batches, a few each second; a batch is received at one time."""
        batch = (instance, int(at / 0.3))
        if batch not in self._batches:
            moment = self.moment((batch[1] + 1) * 0.3 + self.rng.triangular(0.004, 0.25, 0.05))
            self._batches[batch] = f"{moment:%Y-%m-%dT%H:%M:%S.%f}{self.rng.randrange(1000):03d}Z"
        return self._batches[batch]

    def _hex(self, bits: int) -> str:
        return f"{self.rng.getrandbits(bits):0{bits // 4}x}"
