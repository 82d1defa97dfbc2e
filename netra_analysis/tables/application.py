"""What the application wrote: its lines with their levels, read from whatever dialect they are in."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from netra_analysis import schema
from netra_analysis.logtext.line import read_line
from netra_analysis.logtext.traceback import find_exceptions
from netra_analysis.query import Bound
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.questions import question


def app_logs(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    rows = engine.run(question("app_logs", **scope))
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    columns = (rows["severity"].to_pylist(), rows["text"].to_pylist(), rows["json"].to_pylist())
    parsed = []
    for key in zip(*columns, strict=True):
        if key not in seen:
            seen[key] = _read_app_line(*key)
        parsed.append(seen[key])
    fields = ("level", "level_from", "logger", "message", "exception_type", "exception_message", "truncated")
    for name in fields:
        rows = rows.append_column(
            name, pa.array([line[name] for line in parsed], schema.APP_LOGS.arrow.field(name).type)
        )
    return schema.APP_LOGS.conform(rows)


def _read_app_line(severity: str | None, text: str | None, payload: str | None) -> dict[str, Any]:
    data = json.loads(payload) if payload else None
    line = read_line(severity, text, data if isinstance(data, Mapping) else None)
    raised = find_exceptions(line.message)
    last = raised[-1] if raised else None
    return {
        "level": line.level,
        "level_from": line.level_from,
        "logger": line.logger,
        "message": line.message,
        "exception_type": last.type if last else None,
        "exception_message": last.message if last else None,
        "truncated": any(exception.truncated for exception in raised),
    }
