"""Every query names its time: checked on the parsed text, so that no statement can read a table from end to end."""

from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from netra_analysis.errors import QueryError
from netra_analysis.query import Query


def check(query: Query) -> None:
    """Refuses a query whose every table is not bounded by `timestamp >= @… AND timestamp < @…`."""
    if fault := _fault(query.sql):
        raise QueryError(f"{fault}; nothing was sent; its text: {query.sql}")


@lru_cache(maxsize=512)
def _fault(sql: str) -> str:
    tree = sqlglot.parse_one(sql, read="bigquery")
    if not isinstance(tree, exp.Select):
        return "only SELECT statements are sent to BigQuery"
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    reading = [select for select in tree.find_all(exp.Select) if _is_table(_source(select), own)]
    loose = [select for select in reading if not _bounded(select)]
    if any(_is_table(join.this, own) for join in tree.find_all(exp.Join)):
        return "a query to BigQuery joins a table, whose time no window bounds"
    return "a query to BigQuery has no window on its timestamp" if loose or not reading else ""


def _is_table(source: Any, own: set[str]) -> bool:
    """Whether it is a table of a dataset, and no part of the query's own WITH: those are named without a dataset.

    Nothing else may be: no query is sent with a default dataset, so that BigQuery knows no other short name.
    """
    return isinstance(source, exp.Table) and (bool(source.db) or source.name not in own)


def _source(select: exp.Select) -> Any:
    clause = select.args.get("from_") or select.args.get("from")
    return clause.this if clause else None


def _bounded(select: exp.Select) -> bool:
    where = select.args.get("where")
    wanted = {exp.GTE, exp.LT}
    for part in where.this.flatten() if where and isinstance(where.this, exp.And) else ():
        if type(part) in wanted and part.this.name == "timestamp" and isinstance(part.expression, exp.Parameter):
            wanted.discard(type(part))
    return not wanted
