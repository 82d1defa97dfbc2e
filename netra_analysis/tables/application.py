"""What the application wrote: its lines with their levels, whatever dialect they are in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from netra_analysis import schema
from netra_analysis.logtext.line import STACK_KEYS, Line, error_text, read_line, unwrapped
from netra_analysis.logtext.names import stored
from netra_analysis.logtext.stitch import LogLine
from netra_analysis.logtext.traceback import exception_of_payload, find_exceptions
from netra_analysis.query import Bound
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.questions import question
from netra_analysis.tables import exceptions


def app_logs(engine: Engine, scope: Mapping[str, Bound]) -> tuple[pa.Table, pa.Table]:
    """The `app_logs` and `exceptions` tables of one service in the scope."""
    rows = engine.run(question("app_logs", **scope)).to_pylist()
    lines = _read(rows)
    messages = {row["id"]: line.message for row, line in zip(rows, lines, strict=True)}
    told = exceptions.failures(_log_lines(rows, lines), messages, {row["id"]: row["revision"] for row in rows})
    failure = exceptions.failure_of(told)
    kept = [
        {
            **{name: row[name] for name in ("time", "id", "revision", "instance", "stream", "trace", "weight")},
            **{name: getattr(line, name) for name in ("level", "level_from", "logger", "message")},
            "failure": failure.get(row["id"]),
        }
        for row, line in zip(rows, lines, strict=True)
    ]
    table = schema.APP_LOGS.conform(pa.Table.from_pylist(kept, schema=schema.APP_LOGS.loose))
    return table, schema.EXCEPTIONS.conform(pa.Table.from_pylist(told, schema=schema.EXCEPTIONS.loose))


def _read(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Each distinct payload is read once."""
    seen: dict[tuple[Any, ...], Line] = {}
    lines = []
    for row in rows:
        key = (row["severity"], row["text"], row["json"])
        if key not in seen:
            payload = stored(json.loads(row["json"])) if row["json"] else None
            seen[key] = _line(row, payload if isinstance(payload, Mapping) else None)
        lines.append(seen[key])
    return lines


def _line(row: Mapping[str, Any], payload: Mapping[str, Any] | None) -> Line:
    """The line, with the reason that a JSON logger keeps in a field put behind its message, and the stack under it."""
    line = read_line(row["severity"], row["text"], payload)
    if payload is None:
        return line
    payload = unwrapped(payload)
    stack, reason = stack_of(payload), error_text(payload) if line.level in exceptions.LOUD else ""
    if stack:
        return replace(line, message=f"{line.message}\n{stack}") if stack not in line.message else line
    if reason and reason not in line.message:
        return replace(line, message=f"{line.message}: {reason}" if line.message else reason)
    return line


def stack_of(payload: Mapping[str, Any]) -> str:
    """The traceback in a payload's own field, or `Type: message` of its error object; empty when there is none."""
    for key in STACK_KEYS:
        value = payload.get(key)
        if isinstance(value, Mapping):
            value = next((value[name] for name in STACK_KEYS if isinstance(value.get(name), str) and value[name]), None)
        if isinstance(value, str) and value.strip() and find_exceptions(value):
            return value.strip()
    raised = exception_of_payload(payload)
    return f"{raised.type}: {raised.message}" if raised and raised.type else ""


def _log_lines(rows: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> list[LogLine]:
    """For stitching: text as it was written, because a line's head tells where another record starts."""
    return [
        LogLine(row["time"], row["id"], row["instance"], row["stream"], _told(row, line), line.level)
        for row, line in zip(rows, lines, strict=True)
    ]


def _told(row: Mapping[str, Any], line: Line) -> str:
    return row["text"] if row["text"] is not None and row["json"] is None else line.message
