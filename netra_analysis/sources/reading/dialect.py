"""Other spellings of a log entry: snake_case dumps, BigQuery's names, reduced projections, bare messages.

`canonical` gives the entry under the API's own field names. It is the slow way round, taken only by values
that have a key the API does not know.
"""

import ast
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from netra_analysis.sources.reading.jsonvalue import decode_line, depth
from netra_analysis.sources.reading.reason import DEEPEST_VALUE

LONGEST_REPR: Final = 200_000
UNKNOWN: Final = "fields that no column holds were left out: "

# The fields of Cloud Logging's LogEntry, as the API writes them.
FIELDS: Final = frozenset(
    [
        "apphub",
        "apphubDestination",
        "apphubSource",
        "errorGroups",
        "httpRequest",
        "insertId",
        "jsonPayload",
        "labels",
        "logName",
        "metadata",
        "operation",
        "protoPayload",
        "receiveTimestamp",
        "resource",
        "severity",
        "sourceLocation",
        "spanId",
        "split",
        "textPayload",
        "timestamp",
        "trace",
        "traceSampled",
    ]
)
_OTHER_NAMES: Final = {
    "time": "timestamp",
    "receivetime": "receiveTimestamp",
    "logid": "logName",
    "level": "severity",
    "loglevel": "severity",
    "payload": "payload",
    "rawpayload": "payload",
    "message": "message",
    "msg": "message",
    "text": "message",
}
# `gcloud --format=csv(resource.labels.service_name)` heads its column with the last name only.
_HOISTED: Final = {
    "servicename": ("resource", "labels", "service_name"),
    "revisionname": ("resource", "labels", "revision_name"),
    "projectid": ("resource", "labels", "project_id"),
    "instanceid": ("labels", "instanceId"),
    "requestmethod": ("httpRequest", "requestMethod"),
    "requesturl": ("httpRequest", "requestUrl"),
    "latency": ("httpRequest", "latency"),
    "useragent": ("httpRequest", "userAgent"),
    "remoteip": ("httpRequest", "remoteIp"),
    "status": ("httpRequest", "status"),
}
_PAYLOADS: Final = ("textPayload", "jsonPayload", "protoPayload", "httpRequest")
_RESOURCE = re.compile(r"Resource\(type='([^']*)', labels=(\{.*\})\)", re.DOTALL)


def fold(key: str) -> str:
    """The key without case and underscores: insert_id, insertid and insertId are one name."""
    return key.replace("_", "").lstrip("@").lower()


_BY_FOLD: Final = {fold(name): name for name in FIELDS} | _OTHER_NAMES


def field_name(key: str) -> str | None:
    """The API's name for `key`, if it is one of an entry's fields in any spelling."""
    folded = fold(key)
    if name := _BY_FOLD.get(folded):
        return name
    if folded.startswith(("protopayloadauditlog", "protopayloadtype")):
        return "protoPayload"
    return "jsonPayload" if folded.startswith("jsonpayloadtype") else None


def is_field(key: str) -> bool:
    return field_name(key) is not None


def canonical(value: Mapping[str, Any], tally: Counter[str] | None = None) -> dict[str, Any]:
    """`value` under the API's field names; a key that is none of them is kept in a payload or counted."""
    entry: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, item in value.items():
        if item is None:
            continue
        name = field_name(str(key))
        if name is None:
            extra[str(key)] = item
        elif key == name:
            entry[name] = item
        else:
            entry.setdefault(name, item)
    _hoist(entry, extra)
    _settle_payload(entry, extra)
    if tally is not None and extra:
        tally.update(UNKNOWN + key[:60] for key in extra)
    return entry


def _hoist(entry: dict[str, Any], extra: dict[str, Any]) -> None:
    for key in list(extra):
        path = _HOISTED.get(fold(key))
        if path is None or isinstance(extra[key], list | dict) or not _fits(path[-1], extra[key]):
            continue
        _put(entry, path, extra.pop(key))


def _fits(leaf: str, item: Any) -> bool:
    return leaf != "status" or re.fullmatch(r"[1-5]\d\d", str(item), re.ASCII) is not None


def _put(entry: dict[str, Any], path: tuple[str, ...], item: Any) -> None:
    """Sets the leaf at `path`, copying what is on the way; what is there already stays."""
    for step in path[:-1]:
        inner = entry.get(step)
        entry[step] = dict(inner) if isinstance(inner, Mapping) else {}
        entry = entry[step]
    entry.setdefault(path[-1], item)


def _settle_payload(entry: dict[str, Any], extra: dict[str, Any]) -> None:
    """Puts `payload`, `message` and keys without a place where the API would have put them."""
    if (payload := entry.pop("payload", None)) is not None:
        entry.setdefault(*_typed(payload))
    message = entry.pop("message", None)
    bare = not any(entry.get(name) is not None for name in _PAYLOADS)
    if message is not None and bare and not extra:
        entry.setdefault(*_typed(message))
    elif bare and (extra or message is not None):
        entry["jsonPayload"] = extra | ({} if message is None else {"message": message})
        extra.clear()
    elif message is not None:
        extra["message"] = message


def _typed(payload: Any) -> tuple[str, Any]:
    """The payload with the field it belongs in; text that is the repr of a dict is read as the dict."""
    if isinstance(payload, str):
        payload = from_repr(payload)
    if isinstance(payload, Mapping):
        return ("protoPayload" if "auditlog" in fold(str(payload.get("@type", ""))) else "jsonPayload"), payload
    return "textPayload", payload


def from_repr(text: str) -> Any:
    """The dict that Python wrote as `text` (JSON is no repr: it stays text), or `text` itself."""
    if not text.startswith(("{'", "OrderedDict(")) or not text.endswith(("}", ")")):
        return text
    return literal(text.removeprefix("OrderedDict(").removesuffix(")"), text)


def literal(text: str, default: Any) -> Any:
    """The Python literal in `text`, within limits of size and depth; `default` where it is none."""
    if len(text) > LONGEST_REPR or text.count("{") + text.count("[") + text.count("(") > 1000:
        return default
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return default
    return value if isinstance(value, dict) and depth(value) <= DEEPEST_VALUE else default


def as_mapping(value: Any) -> Mapping[str, Any]:
    """`value` as an object: itself, JSON text of one, a Python repr of one, or the client's `Resource(…)`."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str) or len(value) > LONGEST_REPR:
        return {}
    text = value.strip()
    if found := _RESOURCE.fullmatch(text):
        return {"type": found[1], "labels": literal(found[2], {})}
    if not text.startswith("{"):
        return {}
    parsed = decode_line(text)
    return parsed if isinstance(parsed, dict) else dict(literal(text, {}))
