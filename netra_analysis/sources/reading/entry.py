"""One log entry from whatever an export holds for it: the columns of `schema.ENTRIES`.

The fast way is for entries under the API's own names, which nearly all are; everything else goes through
`dialect.canonical` first. Nothing is guessed that is not certain, and nothing is raised: a value without a
usable time is answered with the reason.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from typing import Any, Final

from netra_analysis.sources.reading.audit import audit_payload
from netra_analysis.sources.reading.dialect import FIELDS, as_mapping, canonical, fold
from netra_analysis.sources.reading.jsonvalue import canonical as as_json
from netra_analysis.sources.reading.logid import inferred, named
from netra_analysis.sources.reading.moment import read_moment
from netra_analysis.sources.reading.number import as_int, as_seconds
from netra_analysis.sources.reading.reason import Reason

RECEIVED: Final = "entries without a timestamp took receiveTimestamp for it"
ODD: Final = "values of the wrong type were left out: "
INSTANCE_KEYS: Final = ("instanceId", "instanceid", "instance_id", "run.googleapis.com/instance_id")
SEVERITIES: Final = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")

_HTTP: Final = frozenset(
    [
        "requestMethod",
        "requestUrl",
        "requestSize",
        "status",
        "responseSize",
        "userAgent",
        "remoteIp",
        "serverIp",
        "referer",
        "latency",
        "protocol",
        "cacheLookup",
        "cacheHit",
        "cacheValidatedWithOriginServer",
        "cacheFillBytes",
    ]
)
_HTTP_BY_FOLD: Final = {fold(name): name for name in _HTTP}
_NOTHING: Final[Mapping[str, Any]] = {}


def to_row(
    value: Mapping[str, Any], tally: Counter[str] | None = None, group: str | None = None
) -> dict[str, Any] | Reason:
    """`value` as a row of ENTRIES, or why it is none.

    `group` is the severity that a wrapper gave to all entries beneath it. What had to be assumed or left
    out is counted in `tally`, by sentence.
    """
    if not value.keys() <= FIELDS:
        value = canonical(value, tally)
    received = read_moment(value.get("receiveTimestamp"), tally)
    time = _time(value.get("timestamp"), received, tally)
    if isinstance(time, Reason):
        return time
    get = value.get
    resource = _mapping(get("resource"), "resource", tally)
    place = _mapping(resource.get("labels"), "resource.labels", tally)
    http = _http(get("httpRequest"), tally)
    audit = audit_payload(get("protoPayload")) if get("protoPayload") else _NOTHING
    text, payload = _payload(get("textPayload"), get("jsonPayload"))
    instance, labels = _labels(_mapping(get("labels"), "labels", tally))
    name = get("logName")
    log, project = named(name) if type(name) is str else ("", None)
    row = {
        "time": time,
        "receive_time": received,
        "log": log or inferred(text, http, audit),
        "id": _text(get("insertId")) or "",
        "severity": _severity(get("severity"), group),
        "resource_type": _text(resource.get("type")),
        "project": _text(place.get("project_id")) or project,
        "service": _text(place.get("service_name")) or "",
        "revision": _text(place.get("revision_name")) or "",
        "location": _text(place.get("location")),
        "instance": instance,
        "trace": _text(get("trace")),
        "span_id": _text(get("spanId")),
        "labels": labels,
        "text": text,
        "json": payload,
        "audit": as_json(audit) if audit else None,
        "error_group": _error_group(get("errorGroups")),
    }
    if http:
        _add_http(row, http, tally)
    if not row["id"]:
        row["id"] = content_id(row)
    return row


def content_id(row: Mapping[str, Any]) -> str:
    """An id for an entry that lost its own: equal for equal content, whatever the format and key order.

    Log and project are left out, because one export may name them where another leaves them to be inferred;
    so are quotes, because CSV has text where JSON has numbers.
    """
    parts = [f"{name}={row[name]}" for name in sorted(row) if name not in _UNSTABLE and row[name] not in _EMPTY]
    content = "\n".join(parts).replace('"', "")
    return "sha1:" + sha1(content.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


_UNSTABLE: Final = frozenset({"id", "log", "project"})
_EMPTY: Final = (None, "")


def _time(value: Any, received: datetime | None, tally: Counter[str] | None) -> datetime | Reason:
    if value is None or value == "":
        if received is not None and tally is not None:
            tally[RECEIVED] += 1
        return received or Reason.NO_TIMESTAMP
    return read_moment(value, tally) or Reason.BAD_TIMESTAMP


def _payload(text: Any, payload: Any) -> tuple[str | None, str | None]:
    """Text and JSON. A jsonPayload that is text of an object is the object; any other text is text."""
    if isinstance(payload, str):
        parsed = as_mapping(payload)
        text, payload = (text, parsed) if parsed else (text or payload, None)
    if text is not None and not isinstance(text, str):
        text = as_json(text)
    return text, as_json(payload) if payload is not None else None


def _labels(labels: Mapping[str, Any]) -> tuple[str, str | None]:
    """The instance, and the other labels as JSON."""
    if not labels:
        return "", None
    key = next((key for key in INSTANCE_KEYS if key in labels), None)
    instance = _text(labels[key]) or "" if key else ""
    rest = {name: item for name, item in labels.items() if name != key and item is not None}
    return instance, as_json(rest) if rest else None


def _severity(value: Any, group: str | None) -> str:
    """As exported; a protobuf number by its name; the group's where the entry has none."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int | float) and value in range(0, 900, 100):
        return SEVERITIES[int(value) // 100]
    return group or "DEFAULT"


def _error_group(groups: Any) -> str | None:
    first = groups[0] if isinstance(groups, list) and groups else None
    return _text(first.get("id")) if isinstance(first, Mapping) else None


def _http(value: Any, tally: Counter[str] | None) -> Mapping[str, Any]:
    if value is None:
        return _NOTHING
    http = _mapping(value, "httpRequest", tally)
    if not http.keys() <= _HTTP:
        http = {_HTTP_BY_FOLD.get(fold(str(key)), key): item for key, item in http.items()}
    return http


def _add_http(row: dict[str, Any], http: Mapping[str, Any], tally: Counter[str] | None) -> None:
    get = http.get
    row["method"] = _text(get("requestMethod"))
    row["url"] = _text(get("requestUrl"))
    row["status"] = _number(as_int, get("status"), "httpRequest.status", tally)
    row["latency_s"] = _number(as_seconds, get("latency"), "httpRequest.latency", tally)
    row["user_agent"] = _text(get("userAgent"))
    row["remote_ip"] = _text(get("remoteIp"))
    row["request_bytes"] = _number(as_int, get("requestSize"), "httpRequest.requestSize", tally)
    row["response_bytes"] = _number(as_int, get("responseSize"), "httpRequest.responseSize", tally)


def _number(read: Any, value: Any, what: str, tally: Counter[str] | None) -> Any:
    if value is None or value == "":
        return None
    number = read(value)
    if number is None and tally is not None:
        tally[ODD + what] += 1
    return number


def _mapping(value: Any, what: str, tally: Counter[str] | None) -> Mapping[str, Any]:
    if type(value) is dict:
        return value
    if value is None or value == "":
        return _NOTHING
    found = as_mapping(value)
    if not found and value != {} and tally is not None:
        tally[ODD + what] += 1
    return found


def _text(value: Any) -> str | None:
    if type(value) is str:
        return value or None
    return None if value is None else value if isinstance(value, str) else as_json(value)
