"""The embedded engine: DuckDB over Arrow tables, locked down, answering GoogleSQL."""

from typing import Any

import duckdb
import pyarrow as pa

from netra_analysis.errors import QueryError
from netra_analysis.query import Query
from netra_analysis.sources.dialect import to_duckdb
from netra_analysis.sources.quiet import quiet
from netra_analysis.sources.room import memory

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET threads = 1",  # one thread: float sums and ties come out the same in every run
    "SET preserve_insertion_order = true",
    "SET temp_directory = ''",  # what does not fit into memory is refused, and never written anywhere
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


_MOST, _LEAST = 2_000, 256  # MB
_SHARE = 0.25  # of the memory there is: tables, frames and kernels need the rest


def memory_limit() -> int:
    """MB that one engine may use."""
    return int(min(_MOST, max(_LEAST, _SHARE * memory() / 1e6)))


class Engine:
    """Tables by name, and queries over them.

    Nothing outside the registered tables can be reached: no file, no network, no extension.
    """

    def __init__(self) -> None:
        self._connection = quiet(duckdb.connect(":memory:"))
        for setting in (f"SET memory_limit = '{memory_limit()}MB'", *_SETTINGS):
            self._connection.execute(setting)
        self._tables: dict[str, pa.Table] = {}

    def register(self, name: str, table: pa.Table) -> None:
        """Makes `table` known to queries as `name`, replacing an earlier one."""
        self._tables[name] = table
        self._connection.register(name, table)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self._tables)

    def run(self, query: Query) -> pa.Table:
        """The rows of `query`. A query that fails raises `QueryError` with the engine's own reason."""
        sql = to_duckdb(query.sql)
        named = {name: _bindable(value) for name, value in query.params.items() if f"${name}" in sql}
        try:
            return _narrow(self._connection.sql(sql, params=named).to_arrow_table())
        except duckdb.Error as error:
            raise QueryError(f"the query failed: {error}; its text: {query.sql}") from error

    def row(self, query: Query) -> dict[str, Any]:
        """The one row of `query`; any other number of rows is an error."""
        rows = self.run(query).to_pylist()
        if len(rows) != 1:
            raise QueryError(f"one row was asked for, {len(rows)} came; the query: {query.sql}")
        return dict(rows[0])


def _narrow(table: pa.Table) -> pa.Table:
    """DuckDB widens integer sums to 128 bits, BigQuery does not; back to INT64, as the question meant."""
    for index, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type) and column.type.scale == 0:
            table = table.set_column(index, column.name, table.column(index).cast(pa.int64()))
    return table


def _bindable(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
