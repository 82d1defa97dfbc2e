"""Parquet: a BigQuery sink's table or shard, or a Log Analytics extract, one row group after the other.

Each file is read by its own schema, so shards may differ. A row group that cannot be read costs its own rows
only, and each of them is counted.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.schema import ENTRIES
from netra_analysis.sources.reading.columnar import Refused, entries_of, selection
from netra_analysis.sources.reading.parquet_sql import holds_entries
from netra_analysis.sources.reading.reason import Reason

MAGIC: Final = b"PAR1"
_UNREADABLE: Final = (pa.ArrowException, OSError, duckdb.Error, ValueError)


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read_parquet(path: Path, tally: Counter[str]) -> Iterator[tuple[pa.Table, list[Refused]]]:
    """Entries and refused rows of one row group after the other; nothing where it is no table of entries."""
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except _UNREADABLE as error:
        yield ENTRIES.empty(), [(1, Reason.UNREADABLE_PARQUET, str(error))]
        return
    if holds_entries(schema):
        yield from _groups(file, schema, tally)


def _groups(file: pq.ParquetFile, schema: pa.Schema, tally: Counter[str]) -> Iterator[tuple[pa.Table, list[Refused]]]:
    select = selection(schema)
    before = 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        try:
            yield entries_of(file.read_row_group(number), select, before, tally)
        except _UNREADABLE as error:
            lost = range(before + 1, before + rows + 1)
            yield ENTRIES.empty(), [(row, Reason.UNREADABLE_PARQUET, str(error)) for row in lost]
        before += rows
