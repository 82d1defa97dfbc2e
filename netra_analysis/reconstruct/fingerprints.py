"""What was told, by kind: failures by their fingerprint, other loud lines by their template.

Messages are masked and counted by the engine; Python sees their distinct shapes only. Each kind is compared
with the baseline: new, grown (three times its rate and more than chance), as before; where the baseline
holds no application line, that is unknown.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from scipy.special import pdtrc

from netra_analysis.logtext.grouping import group
from netra_analysis.logtext.template import mask_sql
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import table
from netra_analysis.schema import INT, TEXT, TIME
from netra_analysis.sources.engine import Engine
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

GROWN, CHANCE = 3.0, 0.01
FINGERPRINTS = pa.schema(
    [
        ("id", TEXT), ("kind", TEXT), ("title", TEXT), ("level", TEXT), ("count", INT), ("before", INT),
        ("state", TEXT), ("first", TIME), ("last", TIME), ("instances", INT), ("failed_requests", INT),
        ("sample", TEXT), ("why", TEXT),
    ]
)  # fmt: skip
_FAILURES_SQL = """
SELECT fingerprint AS id, 'exception' AS kind, ANY_VALUE(title) AS title, 'ERROR' AS level,
  COUNTIF(time >= @start AND time < @end) AS count,
  COUNTIF(time >= @before_start AND time < @before_end) AS before,
  MIN(IF(time >= @start AND time < @end, time, NULL)) AS first,
  MAX(IF(time >= @start AND time < @end, time, NULL)) AS last,
  COUNT(DISTINCT IF(time >= @start AND time < @end, instance, NULL)) AS instances,
  MIN_BY(CONCAT(COALESCE(type, 'cut'), ': ', message), time) AS sample, MIN(why) AS why
FROM exceptions
GROUP BY fingerprint
ORDER BY count DESC, id
"""
_SHAPES_SQL = f"""
SELECT {mask_sql("message")} AS shape, level,
  COALESCE(SUM(IF(time >= @start AND time < @end, weight, 0)), 0) AS count,
  COALESCE(SUM(IF(time >= @before_start AND time < @before_end, weight, 0)), 0) AS before,
  MIN(IF(time >= @start AND time < @end, time, NULL)) AS first,
  MAX(IF(time >= @start AND time < @end, time, NULL)) AS last,
  COUNT(DISTINCT IF(time >= @start AND time < @end, instance, NULL)) AS instances,
  MIN_BY(message, time) AS sample
FROM app_logs
WHERE level IN ('WARNING', 'ERROR', 'CRITICAL') AND failure IS NULL AND message != ''
GROUP BY shape, level
ORDER BY count DESC, shape, level
"""  # noqa: S608 (the expression is the package's own)
_BEFORE_SQL = "SELECT COALESCE(SUM(weight), 0) AS n FROM app_logs WHERE time >= @before_start AND time < @before_end"


@dataclass(frozen=True, slots=True)
class Spans:
    """The window, what it is compared with, and whether anything is known of that."""

    window: TimeWindow
    baseline: TimeWindow
    known: bool

    def state(self, count: int, before: int) -> str:
        """new, grown, as before or unknown; `gone` for what only the baseline has."""
        if not self.known:
            return "unknown"
        if not count:
            return "gone"
        if not before:
            return "new"
        usual = before * (self.window.duration / self.baseline.duration)
        return "grown" if count >= GROWN * usual and pdtrc(count - 1, usual) < CHANCE else "as before"


def fingerprints(tables: Tables, failed: pa.Table, window: TimeWindow, baseline: TimeWindow) -> pa.Table:
    """One row a kind, the most frequent failures first, then other loud lines.

    `failed` is the table of failed requests: a failure that one of them met explains it.
    """
    engine = tables.engine()
    bound = _bound(window, baseline)
    known = bool(engine.row(Query(_BEFORE_SQL, bound))["n"])
    spans = Spans(window, baseline, known)
    met = _met(failed, tables.exceptions)
    rows = [_finished(row, spans, met.get(row["id"], 0)) for row in engine.run(Query(_FAILURES_SQL, bound)).to_pylist()]
    rows += [_finished(row, spans, 0) for row in _templates(engine, Query(_SHAPES_SQL, bound))]
    return table([row for row in rows if row["count"] or row["state"] == "gone"], FINGERPRINTS)


_MEMBERS_SQL = f"""
SELECT id FROM app_logs
WHERE {mask_sql("message")} IN UNNEST(@shapes) AND level IN ('WARNING', 'ERROR', 'CRITICAL') AND failure IS NULL
ORDER BY time, id
"""  # noqa: S608 (the expression is the package's own)


def members(tables: Tables, window: TimeWindow, baseline: TimeWindow, kind: str) -> tuple[str, ...]:
    """The ids of the entries that told of one kind, in window and baseline: tracebacks whole, or the lines alone."""
    told = tables.exceptions
    mine = [i for i, mark in enumerate(told["fingerprint"].to_pylist()) if mark == kind]
    if mine:
        return tuple(name for entries in told["entries"].take(mine).to_pylist() for name in json.loads(entries))
    engine = tables.engine()
    shapes = engine.run(Query(_SHAPES_SQL, _bound(window, baseline))).to_pylist()
    named = group({row["shape"]: row["count"] + row["before"] for row in shapes})
    chosen = tuple(sorted({row["shape"] for row in shapes if named[row["shape"]].id == kind}))
    return tuple(engine.run(Query(_MEMBERS_SQL, {"shapes": chosen}))["id"].to_pylist()) if chosen else ()


def _bound(window: TimeWindow, baseline: TimeWindow) -> dict[str, datetime]:
    return {
        "start": window.start, "end": window.end,
        "before_start": baseline.start, "before_end": baseline.end,
    }  # fmt: skip


def _met(failed: pa.Table, told: pa.Table) -> dict[str, int]:
    """Fingerprint to the number of failed requests that met it."""
    mark = dict(zip(told["id"].to_pylist(), told["fingerprint"].to_pylist(), strict=True))
    counts: dict[str, int] = {}
    for entry in failed["app_entry"].to_pylist():
        if entry in mark:
            counts[mark[entry]] = counts.get(mark[entry], 0) + 1
    return counts


def _finished(row: Mapping[str, Any], spans: Spans, met: int) -> dict[str, Any]:
    state = spans.state(row["count"], row["before"])
    return {**row, "state": state, "failed_requests": met, "sample": row["sample"][:500]}


def _templates(engine: Engine, query: Query) -> Iterable[dict[str, Any]]:
    """Shapes that are one kind of message, put together."""
    shapes = engine.run(query).to_pylist()
    named = group({row["shape"]: row["count"] + row["before"] for row in shapes})
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for row in shapes:
        kind = named[row["shape"]]
        key = (kind.id, row["level"])
        if key not in merged:
            merged[key] = {**row, "id": kind.id, "kind": "message", "title": kind.text[:200], "why": kind.why}
        else:
            _add(merged[key], row)
    return sorted(merged.values(), key=lambda row: (-row["count"], row["id"]))


def _add(into: dict[str, Any], row: Mapping[str, Any]) -> None:
    into["count"] += row["count"]
    into["before"] += row["before"]
    into["first"] = _least(into["first"], row["first"], min)
    into["last"] = _least(into["last"], row["last"], max)
    into["instances"] = max(into["instances"], row["instances"])


def _least(a: datetime | None, b: datetime | None, choose: Any) -> datetime | None:
    present = [moment for moment in (a, b) if moment]
    return choose(present) if present else None
