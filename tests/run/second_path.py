"""The claims of `evidence.json` computed again by other code: a bare DuckDB over Parquet files, and other formatting.

Nothing of the package is imported here: neither its engine and its dialect, nor its way to write numbers. What this
cannot do again are the proof tables of findings, which the package computes; they come as files too.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_MOMENT = r"((?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC)"
_SPANS = (("between", " and"), ("from", " to"), ("(?:the )?first at", ", (?:the )?last at"))
_QUANTILE = re.compile(r"APPROX_QUANTILES\((.+?), (\d+)\)\[OFFSET\((\d+)\)\]")


def differences(claims: list[dict[str, Any]], tables: Path) -> list[str]:
    """What differs between `claims` and what the files of `tables` (one Parquet file a table) give."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    for file in sorted(tables.glob("*.parquet")):
        database.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM read_parquet('{file}')")  # noqa: S608
    return [line for claim in claims for line in _differs(claim, database)]


def _differs(claim: Mapping[str, Any], database: duckdb.DuckDBPyConnection) -> Iterator[str]:
    row = _row(claim["recompute"], database)
    row |= {c: 0 for c, said in claim["values"].items() if row.get(c) is None and said == 0}  # COUNTIF of no row
    name = claim["id"]
    for column, said in claim["values"].items():
        if not _equal(row.get(column), said):
            yield f"{name}: {column} is {said!r}, the second path finds {row.get(column)!r}"
    if not _equal(row.get(claim["value_column"]), claim["value"]):
        yield f"{name}: its value is {claim['value']!r}, the second path finds {row.get(claim['value_column'])!r}"
    text = _sentence(claim["template"], row)
    if text != claim["text"]:
        yield f"{name}: it says {claim['text']!r}, the second path {text!r}"


def _row(query: Mapping[str, Any], database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    exact = _QUANTILE.sub(lambda m: f"QUANTILE_CONT({m[1]}, {int(m[3]) / int(m[2])})", query["sql"])
    sql = sqlglot.parse_one(exact, read="bigquery").transform(_least_of_a_tie).sql(dialect="duckdb")
    used = {name: _bound(value) for name, value in query["params"].items() if f"${name}" in sql}
    found = database.execute(sql, used)
    columns = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    return dict(zip(columns, rows[0], strict=True)) if len(rows) == 1 else {"rows": len(rows)}


def _least_of_a_tie(node: Any) -> Any:
    """BigQuery leaves open which of the rows that tie for MAX_BY is told; a report has to say the same each time."""
    if not isinstance(node, exp.ArgMax | exp.ArgMin):
        return node
    name = "ARG_MAX" if isinstance(node, exp.ArgMax) else "ARG_MIN"
    what, by = node.this.sql(dialect="duckdb"), node.expression.sql(dialect="duckdb")
    return sqlglot.parse_one(f"{name}({what}, {by} ORDER BY {what})", read="duckdb")


def _bound(value: Any) -> Any:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    return [_bound(one) for one in value] if isinstance(value, list) else value


def _equal(found: Any, said: Any) -> bool:
    """Equal as JSON would hold it, fractions to twelve digits."""
    if isinstance(found, datetime):
        return bool(isinstance(said, str) and found == datetime.fromisoformat(said))
    if isinstance(found, float) and isinstance(said, int | float):
        return math.isclose(found, said, rel_tol=1e-12) or (math.isnan(found) and math.isnan(said))
    return bool(json.loads(json.dumps(found, default=str)) == said)


def _sentence(template: str, row: Mapping[str, Any]) -> str:
    def filled(match: re.Match[str]) -> str:
        return _words(row.get(match[1]), match[2] or "")

    said = re.sub(r"\{(\w+)(?::([^{}]*))?\}", filled, template)
    for first, last in _SPANS:  # what was at one moment is one moment
        said = re.sub(rf"\b{first} {_MOMENT}{last} \1", r"at \1", said)
    return re.sub(r"(?<![\d.])(\d+\.\d %) to \1", r"\1", said)


def _words(value: Any, how: str) -> str:
    if value is None and not how.startswith("#"):
        return "unknown"
    if how in ("time", "day"):
        return f"{value.astimezone(UTC):{'%H:%M:%S UTC' if how == 'time' else '%Y-%m-%d %H:%M:%S UTC'}}"
    if how == "pct":
        return f"{value * 100:.1f} %"
    if how == "dur":
        return _length(value)
    if how == "p":
        return "< 0.001" if value < 0.001 else f"= {_number(value)}"
    if how == "text":
        return f"{value}"
    if how.startswith("# "):
        return _many(value, how[2:])
    return format(value, how) if how else _number(value)


def _number(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    if value == int(value):
        return format(int(value), ",")
    if abs(value) < 0.0001:
        return "< 0.0001" if value > 0 else "> -0.0001"
    return format(round(value), ",") if abs(value) >= 1000 else format(value, ".3g")


def _many(value: Any, noun: str) -> str:
    value = value or 0
    if value == 1:
        return f"1 {noun}"
    plural = re.sub("y$", "ies", noun) if re.search("[^aeou]y$", noun) else noun + "s"
    return f"{_number(value)} {plural}"


def _length(seconds: float) -> str:
    if seconds < 0:
        return f"-{_length(-seconds)}"
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return re.sub(r"\.0 s$", " s", f"{seconds:.1f} s")
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = whole // 60
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
