"""Statements → claims: each sentence's query is run, and its one row is what the sentence may say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from netra_analysis.errors import QueryError, VerificationError
from netra_analysis.finding import Claim, Finding, Standing, Statement
from netra_analysis.query import Query, digest, plain
from netra_analysis.sources.engine import Engine

SAMPLE = 5  # rows that travel with a claim; its evidence query shows all of them


def introduce(engine: Engine, findings: Iterable[Finding]) -> None:
    """Makes the proof table of each finding known to queries under its name."""
    for finding in findings:
        engine.register(finding.name, finding.proof)


def back(statement: Statement, engine: Engine) -> Claim:
    """The claim that `statement` makes on this data."""
    row = engine.row(statement.query)
    if statement.value not in row:
        raise QueryError(f"claim {statement.id}: its query gives {sorted(row)}, not {statement.value}")
    if statement.evidence is None:
        return Claim(statement, row, result_hash(row), rows=1)
    rows = engine.run(statement.evidence)
    return Claim(statement, row, result_hash(row), rows.num_rows, tuple(rows.slice(0, SAMPLE).to_pylist()))


def back_all(findings: Sequence[Finding], engine: Engine) -> tuple[Claim, ...]:
    """Every claim of every finding, in reading order. Two claims with one id are refused."""
    introduce(engine, findings)
    claims = tuple(back(said, engine) for finding in findings for said in finding.statements)
    ids = [claim.id for claim in claims]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise VerificationError(f"claim ids must be unique; given twice: {', '.join(twice)}")
    return claims


def result_hash(row: Mapping[str, Any]) -> str:
    """The hash of a result row; floats to twelve significant digits, so that it survives another machine."""
    return digest({name: float(f"{v:.12g}") if isinstance(v, float) else v for name, v in row.items()})


def from_json(data: Mapping[str, Any]) -> Statement:
    """The statement behind a claim in `evidence.json`, so that it can be backed again."""
    low, high = data.get("interval_columns") or (None, None)
    return Statement(
        id=data["id"],
        template=data["template"],
        query=_query(data["recompute"]),
        value=data["value_column"],
        unit=data["unit"],
        method=data["method"],
        standing=Standing(data["verdict"]),
        evidence=_query(data["evidence"]) if data.get("evidence") else None,
        low=low,
        high=high,
        at=data.get("at_column"),
        counter=tuple(data.get("counter", ())),
    )


def _query(data: Mapping[str, Any]) -> Query:
    return Query(data["sql"], {name: _bound(value) for name, value in data["params"].items()})


def _bound(value: Any) -> Any:
    """JSON has no times: a bound string that is one was one."""
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return tuple(value) if isinstance(value, list) else value


def differences(published: Sequence[Mapping[str, Any]], engine: Engine) -> list[str]:
    """What a recomputation of the published claims does not find again, one line a claim.

    `engine` knows the tables and proof tables of the capsule.
    """
    found = []
    for data in published:
        name = str(data.get("id", "a claim without id"))
        try:
            again = plain(back(from_json(data), engine).to_json())
        except (KeyError, ValueError, QueryError, pa.ArrowException) as error:
            found.append(f"{name}: cannot be computed again: {error}")
            continue
        changed = sorted(key for key in again if again[key] != data.get(key))
        if changed:
            what = changed[0] if "text" not in changed else "text"
            found.append(
                f"{name}: {', '.join(changed)} differ; published {data.get(what)!r}, computed again {again[what]!r}"
            )
    return found
