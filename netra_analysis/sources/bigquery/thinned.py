"""Thinning in BigQuery: of a table with more entries than may be kept, the ones that matter, and some for the others.

The rules are those of Parquet files (`sql/marks.sql` and what follows it), so that one reading of either means the
same. Two statements: where instances were in trouble, over all tables, which reads few columns; then for each table
that is too large its rows, already chosen and weighed, in one statement and so in one scan. GoogleSQL as documented.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from netra_analysis.query import Bound, Query
from netra_analysis.sources import strata
from netra_analysis.sources.bigquery.columns import named
from netra_analysis.sources.bigquery.discover import LogTable
from netra_analysis.sources.bigquery.select import bounds, copies_of, first_of_copies, listed, of_service, scope, where
from netra_analysis.sources.bigquery.told import briefly, told
from netra_analysis.sources.questions import question
from netra_analysis.sources.reading.columnar import WEIGHT
from netra_analysis.window import TimeWindow

REPRESENTED: Final = "netra_represented"  # copies of all that a row stands for
CELL: Final = "netra_cell_s"
BY_INSTANCE: Final = "netra_by_instance"
ABOUT: Final = (REPRESENTED, CELL, BY_INSTANCE)
_TELLING: Final = ("run.googleapis.com/requests", "run.googleapis.com/varlog/system")
_BACK: Final = range(-1, 7)  # the cells around a crowded one that `near.sql` keeps whole

_KEPT: Final = """
WITH told AS (
{told}
),
marked AS (
{marks}
),
common AS (
{common}
),
edges AS (
{edges}
),
crowded AS (
SELECT
  CAST(SPLIT(one, ' ')[OFFSET(0)] AS INT64) AS instance,
  CAST(SPLIT(one, ' ')[OFFSET(1)] AS INT64) AS cell,
  1 AS grave,
  0 AS slow
FROM UNNEST(@crowded) AS one
),
near AS (
{near}
),
judged AS (
{judged}
),
-- The finest cells with which about as many are kept as may be, or the coarsest there are.
counted AS (
SELECT
  @most - COUNTIF(NOT sparse) AS room,
  {counts}
FROM judged
),
cells AS (
SELECT
  CASE {lengths} END AS cell_us,
  CASE {parts} END AS by_instance
FROM counted
),
-- One entry for each stratum, and what is kept whole is a stratum of its own. Which one is drawn by a Lehmer generator
-- (Park & Miller 1988) from its time, so that it is the same each time and anywhere in the cell.
drawn AS (
SELECT
  *,
  IF(shape = 0, -1 - DIV(ended, DIV(cell_us, 10)), DIV(ended, cell_us)) AS cell,
  IF(by_instance, instance, 0) AS part,
  MOD(MOD(began, 2147483647) * 48271, 2147483647) * 2147483648 + ({id} & 2147483647) AS lot
FROM judged
CROSS JOIN cells
),
kept AS (
SELECT
  ANY_VALUE(key HAVING MIN lot) AS key,
  COUNT(*) AS {weight},
  SUM(key.copies) AS {represented},
  DIV(ANY_VALUE(cell_us), 1000000) AS {cell_s},
  ANY_VALUE(by_instance) AS {instances}
FROM drawn
GROUP BY sparse, kind, shape, cell, part, IF(sparse, 0, lot)
)
SELECT key.*, {weight}, {represented}, {cell_s}, {instances}
FROM kept
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Ten seconds of one instance, as fingerprint and cell, in which it died or many slow requests ended."""

    instance: int
    cell: int
    slow: int
    grave: int
    entries: int


def shares(counts: Sequence[int], most: int) -> list[int | None]:
    """How many rows each table may keep, of `most` over all; None for one so small that it is read whole."""
    found: list[int | None] = [None] * len(counts)
    left, large = most, sorted(range(len(counts)), key=lambda place: -counts[place])
    while large and counts[large[-1]] <= left // len(large):
        left -= counts[large.pop()]
    for place in large:
        found[place] = max(1, left // len(large))
    return found


def trouble_of(tables: Iterable[LogTable], service: str, window: TimeWindow) -> Query | None:
    """Where instances died or were slow, one row an instance and ten seconds; None where no table could tell."""
    telling = [table for table in tables if named(table.columns, "logId") or briefly(table)["log"][1:-1] in _TELLING]
    if not telling:
        return None
    params: dict[str, Bound] = {"least": strata.TOGETHER[0]}
    for table in telling:
        params |= {**bounds(table, window), **scope(table, service)}
    rows = "\nUNION ALL\n".join(_told(table, {"key": "0", "copy": "0", **briefly(table)}) for table in telling)
    marks, crowded = question("marks").sql, question("crowded").sql
    return Query(f"WITH told AS (\n{rows}\n),\nmarked AS (\n{marks}\n)\n{crowded}", params)


def kept_of(table: LogTable, service: str, window: TimeWindow, rows: int, most: int, near: Sequence[str] = ()) -> Query:
    """About `most` of the `rows` that `service` has in `table`, each with the number it stands for.

    `rows` counts all tables. `near` are the cells in trouble, as `chosen` gives them.
    """
    key = f"STRUCT(\n    {_members(table)}\n  )"
    asked = {"key": key, "copy": "0", **told(table)}
    insert_id = named(table.columns, "insertId")
    sql = _KEPT.format(
        told=_told(table, asked) + f"\nQUALIFY {first_of_copies(table)}",
        **{name: question(name).sql for name in ("marks", "common", "edges", "near", "judged")},
        counts=",\n  ".join(f"{_count(*cell)} AS c{place}" for place, cell in enumerate(strata.CELLS)),
        lengths=_finest([str(seconds * 1_000_000) for seconds, _ in strata.CELLS]),
        parts=_finest([str(own).upper() for _, own in strata.CELLS]),
        id=f"FARM_FINGERPRINT(COALESCE(key.{insert_id.name}, ''))" if insert_id else "0",
        weight=WEIGHT,
        represented=REPRESENTED,
        cell_s=CELL,
        instances=BY_INSTANCE,
    )
    bound = {**bounds(table, window), **scope(table, service), **strata.thresholds(rows, most)}
    return Query(sql, {**bound, "most": most, "crowded": tuple(near), "together": strata.TOGETHER[0]})


def chosen(found: Iterable[Mapping[str, Any]], rows: int, most: int) -> tuple[str, ...]:
    """Of the cells in trouble those around which nothing is thinned; of slow ones fewer, where many are.

    How many rows lie there is an estimate: as many in each cell as requests in the ones that were looked at, twice.
    """
    known = [Trouble(**row) for row in found]
    wanted: list[Trouble] = []
    for together in strata.TOGETHER:
        wanted = [one for one in known if one.grave or one.slow >= together]
        around = {(one.instance, one.cell - back) for one in wanted for back in _BACK}
        each = 2 * sum(one.entries for one in wanted) / max(1, len(wanted))
        if ceil(len(around) * each) <= strata.near_deaths(min(rows, most)):
            break
    return tuple(sorted(f"{one.instance} {one.cell}" for one in wanted))


def _told(table: LogTable, asked: Mapping[str, str]) -> str:
    columns = ",\n  ".join(f"{sql} AS {name}" for name, sql in asked.items())
    return f"SELECT\n  {columns}\nFROM {table.path}\nWHERE {where(table)}\n  AND {of_service(table)}"


def _members(table: LogTable) -> str:
    return ",\n    ".join([*listed(table), f"{copies_of(table)} AS copies"])


def _count(seconds: int, by_instance: bool) -> str:
    """How many strata there are with cells of this length."""
    length = seconds * 1_000_000
    cell = f"IF(shape = 0, -1 - DIV(ended, {length // 10}), DIV(ended, {length}))"
    parts = ["kind", "shape", *(["instance"] if by_instance else []), cell]
    text = ", ' ', ".join(f"CAST({part} AS STRING)" for part in parts)
    return f"APPROX_COUNT_DISTINCT(IF(sparse, FARM_FINGERPRINT(CONCAT({text})), NULL))"


def _finest(values: Sequence[str]) -> str:
    """The value of the first of the cells whose strata there is room for."""
    tests = [f"WHEN c{place} <= room THEN {value}" for place, value in enumerate(values[:-1])]
    return " ".join([*tests, f"ELSE {values[-1]}"])
