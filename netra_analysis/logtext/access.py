"""An access line of the application itself: which request it tells of, how it ended, how long the handler took.

Frameworks write it as text (uvicorn, morgan, middlewares) or as fields of a JSON payload (pino, winston, structlog,
zap). A duration without a unit is in milliseconds, as the loggers that write so have it; one that says its unit is
read by it. Bare `latency` numbers are left alone: loggers disagree about their unit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from netra_analysis.logtext.names import stored, stored_name


@dataclass(frozen=True, slots=True)
class Access:
    """One request by the application's own account; `path` without its query, `seconds` None where it says none."""

    method: str
    path: str
    status: int
    seconds: float | None


_METHOD: Final = r"(?P<method>GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)"
_LINES: Final = (
    # an application middleware: Request: GET /health | Status: 200 | Duration: 31.49ms
    re2.compile(
        rf"{_METHOD}\s+(?P<path>/\S*)\s*\|\s*Status:\s*(?P<status>\d{{3}})\s*\|\s*Duration:\s*(?P<ms>[\d.]+)\s*ms"
    ),
    # morgan, express and the like: GET /x 200 12.3 ms
    re2.compile(rf"{_METHOD}\s+(?P<path>/\S*)\s+(?P<status>\d{{3}})\s+(?P<ms>[\d.]+)\s*ms"),
    # uvicorn, gunicorn, nginx: "GET /x HTTP/1.1" 200
    re2.compile(rf'"{_METHOD}\s+(?P<path>/\S*)\s+HTTP/[\d.]+"\s+(?P<status>\d{{3}})'),
)
_ANSWERED: Final = (  # further forms, which tell of an answer and need not tell how long it took
    # Ktor: 200 OK: GET - /x in 12ms
    re2.compile(
        rf"\b(?P<status>[1-5]\d\d)(?: [A-Z][A-Za-z ]{{1,40}})?: {_METHOD} - (?P<path>/\S*)(?: in (?P<ms>\d+)ms)?"
    ),
    # lograge and other key=value lines
    re2.compile(
        rf"\bmethod=\"?{_METHOD}\b.{{0,200}}?\b(?:path|uri|url)=\"?(?P<path>/[^\s\"]*).{{0,300}}?"
        r"\bstatus(?:_code)?=\"?(?P<status>[1-5]\d\d)\b(?:.{0,100}?\bduration(?:_ms)?=\"?(?P<ms>\d+(?:\.\d+)?))?"
    ),
    # GET /x status=200; GET /x -> 200 OK. Other numbers that follow a path are none: of milliseconds, rows, bytes
    re2.compile(rf"{_METHOD}\s+(?P<path>/\S*)(?:\s+\w+=\S+){{0,6}}?\s+status(?:_code)?[=: ]+(?P<status>[1-5]\d\d)\b"),
    re2.compile(
        rf"{_METHOD}\s+(?P<path>/\S*)\s+(?:(?:->|=>|-|\x{{2192}}|:)\s*)?(?P<status>[1-5]\d\d)(?:$|[\s,;)]+(?:[A-Z(]|$))"
    ),
)
_SOCKET: Final = re2.compile(r'"WebSocket (?P<path>/\S*)" (?:\[accepted\]|(?P<status>\d{3}))')
FAILED_JSON: Final = r'(?i)"(?:\w*status(?:_?code)?|code)" ?: ?"?5[0-9][0-9]\b'
_METHODS: Final = ("method", "http_method", "requestMethod", "req.method", "request.method", "http.method")
_PATHS: Final = (
    *("url", "path", "uri", "request_uri", "http_path", "requestUrl", "originalUrl"),
    *("req.url", "req.path", "request.url", "request.path", "http.url", "http.path", "url.path"),
)
_STATUSES: Final = (
    *("status", "statusCode", "status_code", "code", "http_status"),
    *("res.statusCode", "res.status", "response.status", "response.status_code", "http.status_code", "http.status"),
)
_ADDRESSES: Final = (
    *("url", "uri", "endpoint", "target", "href", "upstream"),
    *("request_url", "requestUrl", "target_url", "upstream_url"),
    *("req.url", "request.url", "http.url", "url.full", "config.url"),
)
CALLED_JSON: Final = r'(?i)"[\w.]*(?:url|uri|endpoint|target|href|upstream|full)" ?: ?"https?://'
TOLD_JSON: Final = r'(?i)"[\w.]*method" ?: ?"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)"'
_DURATIONS: Final = {  # key and how many of its unit make a second
    **dict.fromkeys(("responseTime", "response_time", "duration", "elapsed", "took", "http.duration"), 1000.0),
    **dict.fromkeys(
        ("duration_ms", "durationMs", "elapsed_ms", "latency_ms", "latencyMs", "took_ms", "time_ms"), 1000.0
    ),
    **dict.fromkeys(("responseTimeMs", "response_time_ms", "request_time_ms", "elapsedMs", "executionTime"), 1000.0),
    **dict.fromkeys(("duration_s", "elapsed_s", "duration_seconds", "latency_s", "request_time"), 1.0),
}
_UNITS: Final = {"ns": 1e9, "us": 1e6, "µs": 1e6, "ms": 1e3, "s": 1.0, "sec": 1.0, "": 1e3}
_AMOUNT: Final = re2.compile(r"^([\d.]+)\s*(ns|us|µs|ms|sec|s|)$")
# What a payload has to hold to be looked into: one of the keys of a duration, or a status that is a failure.
# A BigQuery sink has them in lower case.
TIMED_JSON: Final = (
    r'(?i)"(?:' + "|".join(sorted({name.rpartition(".")[2] for name in _DURATIONS} | {"latency"})) + r')"'
)


@lru_cache(maxsize=65536)
def told_by_line(message: str) -> Access | None:
    """The request that a line of text tells of, or None."""
    if "/" not in message:
        return None
    for pattern in _LINES:
        match = pattern.search(message)
        if match:
            return _read(match.groupdict())
    match = _SOCKET.search(message)
    return Access("GET", _bare(match["path"]), int(match["status"] or 101), None) if match else None


@lru_cache(maxsize=65536)
def answered_by_line(message: str) -> tuple[str, Access] | None:
    """The request that a line of text tells of, in any form that is known, with the name of that form; or None."""
    if "/" not in message:
        return None
    for number, pattern in enumerate((*_LINES, *_ANSWERED)):
        match = pattern.search(message)
        if match:
            return f"line {number}", _read(match.groupdict())
    return None


def _read(parts: Mapping[str, str | None]) -> Access:
    """A match's parts as a request; a bare number of a duration is of milliseconds."""
    took = parts.get("ms")
    seconds = float(took) / 1000 if took else None
    return Access(str(parts["method"]), _bare(str(parts["path"])), int(parts["status"] or 0), seconds)


@lru_cache(maxsize=65536)
def told_by_payload(payload: str) -> Access | None:
    """The request that a JSON payload tells of; None without method, path and status."""
    fields = _fields(payload)
    method, path, status = _first(fields, _METHODS), _first(fields, _PATHS), _status(fields)
    if not isinstance(method, str) or not isinstance(path, str) or not status:
        return None
    return Access(method.upper(), _bare(path), status, _seconds(fields))


@lru_cache(maxsize=65536)
def called_by_payload(payload: str) -> tuple[str, int] | None:
    """The path and status of a call to an address with a host that a JSON payload tells of; None without both."""
    fields = _fields(payload)
    named = (_at(fields, name) for name in _ADDRESSES)
    address = next((one for one in named if isinstance(one, str) and "://" in one[:8]), None)
    status = _status(fields)
    return (_bare(address), status) if address and status else None


def _fields(payload: str) -> Mapping[str, Any]:
    """The members of a JSON payload, as stored; none of what is no object."""
    try:
        fields = stored(json.loads(payload))
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _status(fields: Mapping[str, Any]) -> int | None:
    """A status as a number or as three digits; a log may hold any other thing there, `NaN` among them."""
    said = _first(fields, _STATUSES)
    if isinstance(said, str):
        said = int(said) if len(said) == 3 and said.isascii() and said.isdigit() else 0
    return int(said) if isinstance(said, int | float) and 100 <= said <= 599 else None


def _bare(path: str) -> str:
    """The path of a path or address, without host and query."""
    rest = path.partition("://")[2]
    path = "/" + rest.partition("/")[2] if rest else path
    return path.partition("?")[0]


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    found = (_at(fields, name) for name in names)
    return next((value for value in found if value is not None and not isinstance(value, dict | list)), None)


def _at(fields: Mapping[str, Any], name: str) -> Any:
    """The value under a key, or under a key of an object under a key (`res.statusCode`); `fields` as stored."""
    if (whole := stored_name(name)) in fields:
        return fields[whole]
    outer, _, inner = name.partition(".")
    held = fields.get(stored_name(outer))
    return held.get(stored_name(inner)) if inner and isinstance(held, dict) else None


def _seconds(fields: Mapping[str, Any]) -> float | None:
    for name, unit in _DURATIONS.items():
        value = _at(fields, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) / unit if value >= 0 else None
        if isinstance(value, str) and (said := _said(value)) is not None:
            return said
    text = fields.get("latency")
    return _said(text) if isinstance(text, str) else None


def _said(text: str) -> float | None:
    match = _AMOUNT.search(text.strip())
    if not match:
        return None
    try:
        return float(match[1]) / _UNITS[match[2]]
    except ValueError:
        return None
