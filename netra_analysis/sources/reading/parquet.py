"""Parquet: a BigQuery sink's table or shard, or a Log Analytics extract, projected by DuckDB.

Each file is read by its own schema, so shards may differ. A row group that cannot be read costs its own rows
only, and each of them is counted.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from netra_analysis.schema import ENTRIES
from netra_analysis.sources.reading.dialect import as_mapping
from netra_analysis.sources.reading.entry import RECEIVED, content_id
from netra_analysis.sources.reading.logid import inferred
from netra_analysis.sources.reading.parquet_sql import columns, holds_entries, quoted
from netra_analysis.sources.reading.reason import SAMPLE, Reason

MAGIC: Final = b"PAR1"
_UNREADABLE: Final = (pa.ArrowException, OSError, duckdb.Error, ValueError)

Refused = tuple[int, Reason, str]


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read_parquet(path: Path, tally: Counter[str]) -> Iterator[tuple[pa.Table, list[Refused]]]:
    """Entries and refused rows of one row group after the other; nothing where it is no table of entries."""
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except _UNREADABLE as error:
        yield _empty(), [(1, Reason.UNREADABLE_PARQUET, str(error))]
        return
    if holds_entries(schema):
        yield from _groups(file, schema, tally)


def _groups(file: pq.ParquetFile, schema: pa.Schema, tally: Counter[str]) -> Iterator[tuple[pa.Table, list[Refused]]]:
    select = _select(schema)
    before = 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        try:
            found = _project(file.read_row_group(number), select)
            yield _split(found, before, tally)
        except _UNREADABLE as error:
            lost = range(before + 1, before + rows + 1)
            yield _empty(), [(row, Reason.UNREADABLE_PARQUET, str(error)) for row in lost]
        before += rows


def _select(schema: pa.Schema) -> str:
    listed = columns(schema)
    sample = f"CASE WHEN {listed['time']} IS NULL THEN left(CAST(to_json(t) AS VARCHAR), {10 * SAMPLE}) END"
    named = [f"{sql} AS {quoted(name)}" for name, sql in {**listed, "sample": sample}.items()]
    return f"SELECT {', '.join(named)} FROM t"  # noqa: S608 - names come from the schema, quoted


def _project(table: pa.Table, select: str) -> pa.Table:
    """`select` over `table`, by an engine that can reach nothing else."""
    with duckdb.connect(config={"enable_external_access": "false"}) as engine:
        engine.register("t", _utc(table))
        return engine.sql(select).to_arrow_table()


def _utc(table: pa.Table) -> pa.Table:
    """Timestamps as UTC without a zone, in microseconds: what `epoch_us` reads the same everywhere."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            plain = table.column(index).cast(pa.timestamp("us", field.type.tz), safe=False).cast(pa.int64())
            table = table.set_column(index, field.name, plain.cast(pa.timestamp("us")))
    return table


def _split(found: pa.Table, before: int, tally: Counter[str]) -> tuple[pa.Table, list[Refused]]:
    timed = pc.is_valid(found["time"])
    entries = _entries(found.filter(timed))
    tally[RECEIVED] += pc.sum(pc.and_(timed, pc.invert(found["asked"]))).as_py() or 0
    bad = pc.indices_nonzero(pc.invert(timed)).to_pylist()
    return entries, [_refused(found, index, before) for index in bad]


def _refused(found: pa.Table, index: int, before: int) -> Refused:
    asked = found["asked"][index].as_py()
    reason = Reason.BAD_TIMESTAMP if asked else Reason.NO_TIMESTAMP
    return before + index + 1, reason, found["sample"][index].as_py() or ""


def _entries(found: pa.Table) -> pa.Table:
    arrays = [_column(found[column.name], column.type) for column in ENTRIES.columns]
    schema = pa.schema([pa.field(column.name, column.type) for column in ENTRIES.columns])
    table = pa.Table.from_arrays(arrays, schema=schema)
    lacking = pc.or_(pc.equal(table["id"], ""), pc.equal(table["log"], ""))
    if not pc.any(lacking).as_py():
        return table
    completed = [_completed(row) for row in table.filter(lacking).to_pylist()]
    return pa.concat_tables([table.filter(pc.invert(lacking)), pa.Table.from_pylist(completed, schema=schema)])


def _column(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return values.cast(pa.int64()).cast(kind) if pa.types.is_timestamp(kind) else values.cast(kind)


def _completed(row: dict[str, Any]) -> dict[str, Any]:
    """A row that lost its log id or its own id, with what the content gives; these are few."""
    request = {"status": row["status"]} if row["status"] or row["method"] else {}
    row["log"] = row["log"] or inferred(row["text"], request, _audit(row["audit"]))
    row["id"] = row["id"] or content_id(row)
    return row


def _audit(text: str | None) -> dict[str, Any]:
    return dict(as_mapping(text)) if text else {}


def _empty() -> pa.Table:
    return ENTRIES.empty()
