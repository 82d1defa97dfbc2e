"""Entries that come in columns, under a sink's or Log Analytics' names: projected by DuckDB to ours.

Parquet files and BigQuery's answers go through here alike.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.schema import ENTRIES
from netra_analysis.sources.quiet import quiet
from netra_analysis.sources.reading.dialect import as_mapping
from netra_analysis.sources.reading.entry import RECEIVED, content_id
from netra_analysis.sources.reading.jsonvalue import canonical, decode_line
from netra_analysis.sources.reading.logid import inferred
from netra_analysis.sources.reading.parquet_sql import columns, quoted
from netra_analysis.sources.reading.reason import SAMPLE, Reason

Refused = tuple[int, Reason, str]
_JSON: Final = ("labels", "json", "audit")


def entries_of(
    table: pa.Table, select: str, numbers: Sequence[int], tally: Counter[str]
) -> tuple[pa.Table, list[Refused]]:
    """Entries of `table` by its `selection`, and the rows that are none; `numbers` are the rows' places, from 1."""
    return _split(project(table, select), numbers, tally)


WEIGHT: Final = "netra_weight"  # the column that carries the weights of rows that were thinned


def selection(schema: pa.Schema) -> str:
    """The SELECT for a table of this schema, over the table `t`."""
    listed = columns(schema)
    sample = f"CASE WHEN {listed['time']} IS NULL THEN left(CAST(to_json(t) AS VARCHAR), {10 * SAMPLE}) END"
    weight = {"weight": WEIGHT} if WEIGHT in schema.names else {}
    named = [f"{sql} AS {quoted(name)}" for name, sql in {**listed, "sample": sample, **weight}.items()]
    return f"SELECT {', '.join(named)} FROM t"  # noqa: S608 - names come from the schema, quoted


def project(table: pa.Table, select: str) -> pa.Table:
    """`select` over `table`, by an engine that can reach nothing else."""
    with duckdb.connect(config={"enable_external_access": "false"}) as engine:
        quiet(engine).register("t", _utc(table))
        return engine.sql(select).to_arrow_table()


def _utc(table: pa.Table) -> pa.Table:
    """Timestamps as UTC without a zone, in microseconds: what `epoch_us` reads the same everywhere."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            plain = table.column(index).cast(pa.timestamp("us", field.type.tz), safe=False).cast(pa.int64())
            table = table.set_column(index, field.name, plain.cast(pa.timestamp("us")))
    return table


def _split(found: pa.Table, numbers: Sequence[int], tally: Counter[str]) -> tuple[pa.Table, list[Refused]]:
    timed = pc.is_valid(found["time"])
    entries = _entries(found.filter(timed))
    tally[RECEIVED] += pc.sum(pc.and_(timed, pc.invert(found["asked"]))).as_py() or 0
    bad = pc.indices_nonzero(pc.invert(timed)).to_pylist()
    return entries, [_refused(found, index, numbers) for index in bad]


def _refused(found: pa.Table, index: int, numbers: Sequence[int]) -> Refused:
    asked = found["asked"][index].as_py()
    reason = Reason.BAD_TIMESTAMP if asked else Reason.NO_TIMESTAMP
    return numbers[index], reason, found["sample"][index].as_py() or ""


def _entries(found: pa.Table) -> pa.Table:
    found = ENTRIES.filled(found)
    arrays = [column_of(found[column.name], column.type) for column in ENTRIES.columns]
    for place, column in enumerate(ENTRIES.columns):
        if column.name in _JSON:
            arrays[place] = _one_form(arrays[place])
    schema = pa.schema([pa.field(column.name, column.type) for column in ENTRIES.columns])
    table = pa.Table.from_arrays(arrays, schema=schema)
    lacking = pc.or_(pc.equal(table["id"], ""), pc.equal(table["log"], ""))
    if not pc.any(lacking).as_py():
        return table
    completed = [_completed(row) for row in table.filter(lacking).to_pylist()]
    return pa.concat_tables([table.filter(pc.invert(lacking)), pa.Table.from_pylist(completed, schema=schema)])


def column_of(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """The column as `kind`; times come as microseconds."""
    return values.cast(pa.int64()).cast(kind) if pa.types.is_timestamp(kind) else values.cast(kind)


def _completed(row: dict[str, Any]) -> dict[str, Any]:
    """A row that lost its log id or its own id, with what the content gives; these are few."""
    request = {"status": row["status"]} if row["status"] or row["method"] else {}
    row["log"] = row["log"] or inferred(row["text"], request, _audit(row["audit"]))
    row["id"] = row["id"] or content_id(row)
    return row


def _audit(text: str | None) -> dict[str, Any]:
    return dict(as_mapping(text)) if text else {}


def _one_form(texts: pa.ChunkedArray) -> pa.Array:
    """JSON as every other format's reader leaves it: sorted keys, whole numbers without a point."""
    encoded = texts.combine_chunks().dictionary_encode()
    values = pa.array([_canonical(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, values).cast(pa.string())


def _canonical(text: str) -> str:
    value = decode_line(text)
    return text if isinstance(value, Reason) else canonical(_without_nulls(value))


def _without_nulls(value: Any) -> Any:
    """A record has every member that any row ever had, also inside of lists; a list that is absent is an empty one."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None and item != []}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
