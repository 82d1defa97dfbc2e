"""Thinning: of a source larger than what may be kept, the rows that matter, and some that stand for the others.

Kept whole is what an incident is made of: failed requests, tracebacks, loud lines, all that the platform wrote, and
all of an instance around its death. Successes and ordinary lines are kept one for each stratum (what is alike, in one
cell of time), with the number that it stands for as its weight. So counts are exact by cell and kind, what is read
from single successes is an estimate, and memory follows the incident and the length of the window, not the traffic.

The rules are SQL (`sql/marks.sql` and those that follow it), run here by DuckDB over the Parquet files themselves, on a
table of marks of which only so much lies in memory.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.query import Bound
from netra_analysis.sources import strata
from netra_analysis.sources.dialect import to_duckdb
from netra_analysis.sources.questions import question
from netra_analysis.sources.reading.aside import Passed, Scope
from netra_analysis.sources.reading.dialect import field_name
from netra_analysis.sources.reading.parquet_sql import quoted, told
from netra_analysis.sources.strata import CELLS, TOGETHER, Thinned

_PART: Final = 5_000_000  # keys that are compared at once
_SETTINGS: Final = (
    "memory_limit = '500MB'",
    "preserve_insertion_order = false",
    "TimeZone = 'UTC'",
    "enable_progress_bar = false",  # it would be written to stdout, where answers go
)
_MARKED: Final = (
    "key BIGINT, copy UBIGINT, began BIGINT, ended BIGINT, instance UBIGINT, whole BOOLEAN, loud BOOLEAN, "
    "slow BOOLEAN, grave BOOLEAN, shape UBIGINT, kind UBIGINT"
)
_OTHERS: Final = "key BIGINT, copy UBIGINT, began BIGINT, service VARCHAR, log VARCHAR, known BOOLEAN"
_TELLING: Final = "began IS NOT NULL AND id != ''"
_OWN: Final = "service IN ($service, '') AND began >= $start AND began < $end"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Which rows are kept: numbers over all files, in order, and how many each stands for.

    `weights` sum to the rows in scope less their repeats; `thinned` of these are only represented.
    """

    keys: np.ndarray
    weights: np.ndarray
    thinned: int
    passed: Passed
    cell_s: int  # how long a cell of time is
    by_instance: bool

    @property
    def represented(self) -> Thinned:
        """The entries that are only represented, and what is exact and what is not."""
        how = strata.told(len(self.keys), self.thinned, self.cell_s, self.by_instance)
        return Thinned(self.thinned, self.cell_s, how)


class Marks:
    """What thinning looks at, of every row in scope; on disk from some size on, so that memory does not follow it."""

    def __init__(self, scope: Scope) -> None:
        self._folder = TemporaryDirectory(prefix="netra-analysis-")
        # In memory up to its limit, and beyond it in the folder: a database in a file would compress what it writes.
        self._engine = duckdb.connect(config={"temp_directory": self._folder.name})
        for setting in _SETTINGS:
            self._engine.execute(f"SET {setting}")
        self._engine.execute(f"CREATE TABLE marked ({_MARKED}); CREATE TABLE others ({_OTHERS})")
        start, end = (int(time.timestamp() * 1_000_000) for time in (scope.window.start, scope.window.end))
        self._scope: dict[str, Any] = {"service": scope.service, "start": start, "end": end}
        self._first = 0  # the number of the next file's first row

    def __enter__(self) -> "Marks":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()
        self._folder.cleanup()

    def add(self, path: Path) -> int:
        """Marks the rows of a Parquet file; the number of its first one. `duckdb.Error` where it cannot be read."""
        file, first = pq.ParquetFile(path), self._first
        listed = ", ".join(f"{sql} AS {name}" for name, sql in self._told(path, file.schema_arrow).items())
        read = (
            f"SELECT {first} + t.file_row_number AS key, {listed} "  # noqa: S608 - names come from the schema, quoted
            "FROM read_parquet($path, file_row_number = true) AS t"
        )
        values = {"path": str(path), **self._scope}
        known = f"SELECT *, hash(log, began, id) AS copy FROM ({read}) WHERE {_TELLING} AND {_OWN}"  # noqa: S608
        marks = _duckdb("marks")
        self._engine.execute(f"INSERT INTO marked WITH told AS ({known}) {marks}", values)
        rows = file.metadata.num_rows
        if self._count("marked", f"key >= {first}") < rows:
            known = f"COALESCE({_TELLING}, FALSE)"
            self._engine.execute(
                f"INSERT INTO others SELECT key, hash(log, began, id), began, service, log, {known} "  # noqa: S608
                f"FROM ({read}) WHERE NOT COALESCE({_TELLING} AND {_OWN}, FALSE)",
                values,
            )
        self._first += rows
        return first

    def _told(self, path: Path, schema: pa.Schema) -> dict[str, str]:
        """What the marks ask of a row. A sink's table is of one log: then its name is no question for each row."""
        asked = told(schema)
        named = [quoted(name) for name in schema.names if field_name(name) in ("logName", "logId")]
        if named:
            some = f"SELECT DISTINCT {', '.join(named)} FROM read_parquet($path)"  # noqa: S608 - as above
            sql = f"SELECT DISTINCT {asked['log']} FROM ({some}) AS t"  # noqa: S608
            logs = self._engine.execute(sql, {"path": str(path)}).fetchall()
            if len(logs) == 1:
                return {**asked, "log": "'" + logs[0][0].replace("'", "''") + "'"}
        return asked

    def added(self, path: Path) -> int | None:
        """As `add`; None for a file that DuckDB cannot read, of which nothing is marked then."""
        try:
            return self.add(path)
        except duckdb.Error:
            for table in ("marked", "others"):
                self._engine.execute(f"DELETE FROM {table} WHERE key >= {self._first}")  # noqa: S608
            return None

    @property
    def rows(self) -> int:
        """How many rows are in scope, repeats among them."""
        return self._count("marked", "TRUE")

    def choose(self, most: int) -> Chosen:
        """The rows to keep: about `most`, and more where those that are kept whole are more."""
        repeats = self._without_repeats("marked")
        passed = self._passed(repeats)
        rows = self.rows
        self._judge(rows, most)
        cell_s, by_instance = self._cell(most)
        self._make("thinned", {"cell_us": cell_s * 1_000_000, "by_instance": by_instance})
        found = self._table(
            "SELECT key, weight FROM thinned UNION ALL SELECT key, 1 FROM judged WHERE NOT sparse "
            "UNION ALL SELECT key, 1 FROM others WHERE NOT known ORDER BY key"
        )
        keys, weights = found["key"].to_numpy(), found["weight"].to_numpy()
        unknown = self._count("others", "NOT known")
        return Chosen(keys, weights, rows + unknown - len(keys), passed, cell_s, by_instance)

    def _judge(self, rows: int, most: int) -> None:
        """What may be thinned: not near a death, not what is rare and loud, and not the first and last of its kind."""
        self._make("common", strata.thresholds(rows, most))
        self._make("crowded", {"least": TOGETHER[0]})
        near = "marked AS m JOIN near AS n ON m.instance = n.instance AND m.ended // 10000000 = n.cell"
        for together in TOGETHER:  # where answers are slow on any day, only the largest groups are looked at closely
            self._make("near", {"together": together})
            if self._count(near, "TRUE") <= strata.near_deaths(most):
                break
        self._make("edges", {})
        self._make("judged", {})

    def _cell(self, most: int) -> tuple[int, bool]:
        """The finest cells with which about `most` are kept, or the coarsest there are."""
        listed = ", ".join(f"approx_count_distinct({_stratum(*cell)})" for cell in CELLS)
        counts = self._engine.execute(f"SELECT {listed} FROM judged WHERE sparse").fetchall()[0]  # noqa: S608
        left = most - self._count("judged", "NOT sparse")
        return next((cell for cell, count in zip(CELLS, counts, strict=True) if count <= left), CELLS[-1])

    def _without_repeats(self, table: str) -> int:
        """Takes out all but the first row of each key; how many. In parts, so that comparing needs little room."""
        parts = self._count(table, "TRUE") // _PART + 1
        found = 0
        for part in range(parts):
            copies = self._table(f"SELECT copy FROM {table} WHERE copy % {parts} = {part}")["copy"].to_numpy()  # noqa: S608
            ordered = np.sort(copies)
            more = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
            if len(more):
                found += len(copies) - len(np.unique(ordered))
                self._engine.register("more", pa.table({"copy": more}))
                self._engine.execute(
                    f"DELETE FROM {table} WHERE key IN (SELECT key FROM (SELECT key, MIN(key) OVER (PARTITION BY copy) "  # noqa: S608
                    f"AS first FROM {table} SEMI JOIN more USING (copy)) WHERE key != first)"
                )
        return found

    def _passed(self, repeats: int) -> Passed:
        """What is not in scope, and what was there before."""
        if not self._count("others", "known"):
            return Passed(repeats, repeats)
        rows = self._count("others", "known")
        self._engine.execute("CREATE OR REPLACE TEMP TABLE aside AS SELECT * FROM others WHERE known")
        again = self._without_repeats("aside")
        streams = self._table(
            "SELECT service, log, COUNT(*) AS entries, make_timestamptz(MIN(began)) AS first, "
            "make_timestamptz(MAX(began)) AS last FROM aside GROUP BY service, log ORDER BY service, log"
        )
        return Passed(rows + repeats, again + repeats, tuple(streams.to_pylist()))

    def _make(self, name: str, bound: dict[str, Bound]) -> None:
        self._engine.execute(f"CREATE OR REPLACE TABLE {name} AS {_duckdb(name)}", bound)

    def _count(self, table: str, where: str) -> int:
        return self._number(f"SELECT COUNT(*) FROM {table} WHERE {where}")  # noqa: S608 - the package's own names

    def _number(self, sql: str) -> int:
        (number,) = self._engine.execute(sql).fetchall()[0]
        return int(number)

    def _table(self, sql: str) -> pa.Table:
        return self._engine.sql(sql).to_arrow_table()


def _stratum(cell_s: int, by_instance: bool) -> str:
    """What `thinned.sql` groups by, as one number."""
    part = "instance" if by_instance else "0"
    cell = f"CASE WHEN shape = 0 THEN -1 - ended // {cell_s * 100_000} ELSE ended // {cell_s * 1_000_000} END"
    return f"hash(kind, shape, {part}, {cell})"


def _duckdb(name: str) -> str:
    """A question in DuckDB's words. A fingerprint only groups what is alike, so DuckDB's own hash will do."""
    return to_duckdb(question(name).sql.replace("FARM_FINGERPRINT(", "HASH("))
