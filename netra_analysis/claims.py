"""Statements → claims: each sentence's query is run, and its one row is what the sentence may say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from netra_analysis.errors import QueryError, VerificationError
from netra_analysis.finding import Claim, Finding, Statement
from netra_analysis.query import digest
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
    return distinct([back(said, engine) for finding in findings for said in finding.statements])


def distinct(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """`claims`, when no two of them have the same id: what a reader follows must lead to one place."""
    ids = [claim.id for claim in claims]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise VerificationError(f"claim ids must be unique; given twice: {', '.join(twice)}")
    return tuple(claims)


def result_hash(row: Mapping[str, Any]) -> str:
    """The hash of a result row; floats to twelve significant digits, so that it survives another machine."""
    return digest({name: float(f"{v:.12g}") if isinstance(v, float) else v for name, v in row.items()})
