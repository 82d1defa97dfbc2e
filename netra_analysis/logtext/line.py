"""A log line: its level, its logger and its message, whatever wrote it.

Cloud Run gives plain text no severity, so the level has to be read from the text: a severity filter alone
drops the very lines that matter. Formats are data: a name, the RE2 pattern of a line's head, and the logger
that it implies. What follows the head is the message.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from netra_analysis.logtext.colour import plain_text
from netra_analysis.logtext.head import Head, read_head
from netra_analysis.logtext.level import CRITICAL, ERROR, UNKNOWN, level_of, level_of_number, level_of_syslog

HEADER: Final = "Traceback (most recent call last):"
_RAISED: Final = (HEADER, "During handling of the above exception", "The above exception was the direct cause")
MESSAGE_KEYS: Final = (
    "message",
    "msg",
    "textPayload",
    "textpayload",
    "text",
    "event",
    "log",
    "full_message",
    "short_message",
    "m",
    "mt",
)
LEVEL_KEYS: Final = ("severity", "level", "levelname", "log.level", "log_level", "lvl", "loglevel", "level_name", "l")
STACK_KEYS: Final = (
    "exception", "exc_info", "stack_trace", "stacktrace", "stack", "traceback", "exc_text", "error", "err", "x",
)  # fmt: skip
_LOGGER_KEYS: Final = ("logger", "logger_name", "loggerName", "loggername", "name", "context", "category", "caller")
_TIME_KEYS: Final = ("timestamp", "time", "@timestamp", "ts", "asctime")
_ERROR_KEYS: Final = ("error", "err", "error_message", "errormessage", "exception_message", "cause")
_LONGEST_JSON: Final = 262_144
_LONGEST_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Line:
    """`level_from` says where the level was read: severity, json, text or none."""

    level: str
    level_from: str
    logger: str | None
    message: str
    time_text: str | None


def read_line(severity: str | None, text: str | None, payload: Mapping[str, Any] | None) -> Line:
    """The line that an entry's `severity`, `textPayload` and `jsonPayload` make."""
    if payload is None and text:
        payload = _json_object(text)
    if payload is not None:
        return _from_payload(level_of(severity), unwrapped(payload))
    return _from_text(level_of(severity), text or "")


def unwrapped(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """`payload` with what its dialect keeps elsewhere where others have it.

    Rust's `tracing` nests the message and the error under `fields`; the levels of GELF are those of syslog.
    """
    if isinstance(payload.get("short_message"), str) and isinstance(level := payload.get("level"), int):
        return {**payload, "level": level_of_syslog(level)}
    inner = payload.get("fields")
    if isinstance(inner, Mapping) and not _first_text(payload, MESSAGE_KEYS):
        return {**inner, **payload}
    return payload


def error_text(payload: Mapping[str, Any]) -> str:
    """What a payload says in a field of its own about why: `error`, `err`, their message, a cause. Its first line."""
    for key in _ERROR_KEYS:
        value = payload.get(key)
        said = _first_text(value, MESSAGE_KEYS) if isinstance(value, Mapping) else value
        if isinstance(said, str) and said.strip():
            return said.strip().partition("\n")[0][:_LONGEST_ERROR]
    return ""


def _json_object(text: str) -> Mapping[str, Any] | None:
    """The object that a text line holds, when a logger wrote JSON and nothing parsed it."""
    if not text.startswith("{") or len(text) > _LONGEST_JSON or not text.rstrip().endswith("}"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and any(key in found for key in (*MESSAGE_KEYS, "fields")) else None


def _from_text(severity: str, text: str) -> Line:
    clean = plain_text(text)
    head = read_head(clean)
    message = clean[head.length :].strip()
    level, level_from = _settled(severity, head, message)
    return Line(level, level_from, head.logger, message, head.time)


def _settled(severity: str, head: Head, message: str) -> tuple[str, str]:
    """A stated level beats the stream's; a traceback that the platform grouped stays an error."""
    grouped = severity in {ERROR, CRITICAL} and HEADER in message
    if head.level != UNKNOWN and not grouped:
        return head.level, "text"
    if severity != UNKNOWN:
        return severity, "severity"
    if head.implied != UNKNOWN:
        return head.implied, "text"
    return (ERROR, "text") if any(phrase in message for phrase in _RAISED) else (UNKNOWN, "none")


def _from_payload(severity: str, payload: Mapping[str, Any]) -> Line:
    """`error` objects are not looked at: one dialect attaches an empty one to every INFO line."""
    inner = _first_text(payload, MESSAGE_KEYS) or ""
    stated = _payload_level(payload)
    if severity == UNKNOWN and stated == UNKNOWN:
        line = _from_text(UNKNOWN, inner)
        return Line(
            line.level,
            line.level_from,
            _payload_logger(payload) or line.logger,
            line.message,
            _first_text(payload, _TIME_KEYS) or line.time_text,
        )
    level, level_from = (severity, "severity") if severity != UNKNOWN else (stated, "json")
    message = plain_text(inner).strip()
    return Line(level, level_from, _payload_logger(payload), message, _first_text(payload, _TIME_KEYS))


def _first_text(payload: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = payload.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def _payload_level(payload: Mapping[str, Any]) -> str:
    """The level that the object itself states, as a word or as a number (pino, `levelno`)."""
    for key in LEVEL_KEYS:
        value = payload.get(key)
        if isinstance(value, str) and (level := level_of(value)) != UNKNOWN:
            return level
        if isinstance(value, int | float) and not isinstance(value, bool):
            return level_of_number(value)
    number = payload.get("levelno")
    return level_of_number(number + 10) if isinstance(number, int) else UNKNOWN


def _payload_logger(payload: Mapping[str, Any]) -> str | None:
    """`module:function:line` where the labels have them, else the logger's name."""
    labels, context = payload.get("labels"), payload.get("context")
    if isinstance(labels, Mapping) and isinstance(labels.get("module"), str):
        parts = [str(labels[key]) for key in ("module", "function", "line") if labels.get(key)]
        name = context.get("name") if isinstance(context, Mapping) else None
        # The standard library's own frames say nothing about who logged.
        return str(name) if name and labels["module"] == "logging" else ":".join(parts)
    if isinstance(context, Mapping) and isinstance(context.get("name"), str):
        return str(context["name"])
    return _first_text(payload, _LOGGER_KEYS)
