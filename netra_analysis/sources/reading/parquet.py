"""Parquet: a BigQuery sink's table or shard, or a Log Analytics extract, one row group after the other.

Each file is read by its own schema, so shards may differ. A row group that cannot be read costs its own rows
only, and each of them is counted. Of a group with few rows in the scope only these are read in full.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from netra_analysis.errors import SourceError
from netra_analysis.schema import ENTRIES
from netra_analysis.sources.quiet import quiet
from netra_analysis.sources.reading.aside import KEY, Scope
from netra_analysis.sources.reading.columnar import WEIGHT, Refused, column_of, entries_of, project, selection
from netra_analysis.sources.reading.dialect import field_name
from netra_analysis.sources.reading.parquet_sql import holds_entries
from netra_analysis.sources.reading.reason import Reason, safe
from netra_analysis.sources.reading.thinning import Chosen

MAGIC: Final = b"PAR1"
_WORTH_A_LOOK: Final = 10_000  # rows; a smaller group is read whole
_KEY_FIELDS: Final = frozenset({"timestamp", "receiveTimestamp", "logName", "insertId", "resource"})
_CHOSEN: Final = """
SELECT * FROM read_parquet($path, file_row_number = true) JOIN wanted USING (file_row_number) ORDER BY file_row_number
"""
_UNREADABLE: Final = (pa.ArrowException, OSError, duckdb.Error, ValueError)


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def rows_of(path: Path) -> int:
    """How many rows a file has by its own account; 0 where it is no table of entries that can be read."""
    try:
        file = pq.ParquetFile(path)
        return int(file.metadata.num_rows) if holds_entries(file.schema_arrow) else 0
    except _UNREADABLE:
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One row group: its entries, the rows that are none, and what was laid aside (the columns of its key)."""

    entries: pa.Table
    refused: list[Refused]
    passed: pa.Table | None = None


def read_parquet(path: Path, tally: Counter[str], scope: Scope | None = None) -> Iterator[Group]:
    """One row group after the other; nothing where the file is no table of entries."""
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except _UNREADABLE as error:
        yield Group(ENTRIES.empty(), [(1, Reason.UNREADABLE_PARQUET, str(error))])
        return
    if holds_entries(schema):
        yield from _groups(file, schema, tally, scope)


def read_chosen(path: Path, tally: Counter[str], first: int, chosen: Chosen) -> Group:
    """The rows that were chosen of a file whose first row has the number `first`, with their weights.

    DuckDB joins them while it reads, and so decodes a few of the rows instead of all of them. A damaged column is a
    `SourceError`: rows that stand for others cannot be done without.
    """
    here = slice(*np.searchsorted(chosen.keys, [first, first + rows_of(path)]))
    wanted = pa.table({"file_row_number": chosen.keys[here] - first, WEIGHT: chosen.weights[here]})
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        quiet(engine).register("wanted", wanted)
        try:
            table = engine.sql(_CHOSEN, params={"path": str(path)}).to_arrow_table()
        except duckdb.Error as error:
            raise SourceError(safe(f"{path.name} cannot be read: {error}; export it again, or leave it out")) from error
    places = [place + 1 for place in table["file_row_number"].to_pylist()]
    table = table.drop_columns(["file_row_number"])
    return Group(*entries_of(table, selection(table.schema), places, tally))


def _groups(file: pq.ParquetFile, schema: pa.Schema, tally: Counter[str], scope: Scope | None) -> Iterator[Group]:
    select, narrow = selection(schema), _narrow(schema)
    before = 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        numbers = range(before + 1, before + rows + 1)
        try:
            if scope and rows >= _WORTH_A_LOOK:
                yield _sifted(file, number, select, narrow, numbers, tally, scope)
            else:
                yield Group(*entries_of(file.read_row_group(number), select, numbers, tally))
        except _UNREADABLE as error:
            yield Group(ENTRIES.empty(), [(row, Reason.UNREADABLE_PARQUET, str(error)) for row in numbers])
        before += rows


def _sifted(
    file: pq.ParquetFile,
    number: int,
    select: str,
    narrow: list[str],
    numbers: range,
    tally: Counter[str],
    scope: Scope,
) -> Group:
    """A row group of which only the columns of the key are read at first, and the rest for the rows in scope."""
    slim = file.read_row_group(number, columns=narrow)
    found = project(slim, selection(slim.schema))
    key = pa.table({name: column_of(found[name], ENTRIES.arrow.field(name).type) for name in KEY})
    # A row without a time or an id of its own has to be looked at whole.
    told = pc.and_(pc.is_valid(found["time"]), pc.not_equal(found["id"], ""))
    aside = pc.and_(told, pc.invert(pc.fill_null(scope.holds(key), fill_value=True)))
    passed, wanted = key.filter(aside), pc.indices_nonzero(pc.invert(aside))
    if not len(wanted):
        return Group(ENTRIES.empty(), [], passed)
    table = file.read_row_group(number).take(wanted)
    return Group(*entries_of(table, select, [numbers[i] for i in wanted.to_pylist()], tally), passed)


def _narrow(schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if field_name(name) in _KEY_FIELDS]
