"""GoogleSQL for DuckDB: parse, refuse what would differ silently, translate.

The SQL in this package is written once, in BigQuery's dialect. BigQuery runs it as it stands; DuckDB runs
sqlglot's translation. Constructs whose translation is known to differ without an error are refused here
(`TIMESTAMP_DIFF` other than in microseconds, `FORMAT`, approximate aggregates other than quantiles, …).
"""

from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from netra_analysis.errors import QueryError

_REFUSED: dict[type[exp.Expression], str] = {
    exp.Format: "FORMAT is returned unchanged by DuckDB; format in Python",
    exp.ApproxTopK: "approximate counts differ between engines; count and order instead",
    exp.ApproxDistinct: "approximate counts differ between engines; use COUNT(DISTINCT …)",
    exp.Command: "only SELECT statements are run",
    exp.Create: "only SELECT statements are run",
    exp.Insert: "only SELECT statements are run",
    exp.Copy: "only SELECT statements are run",
}
_REFUSED_NAMES = frozenset({"TIMESTAMP_BUCKET", "FARM_FINGERPRINT", "APPROX_TOP_COUNT", "READ_CSV", "READ_TEXT"})


@lru_cache(maxsize=512)
def to_duckdb(sql: str) -> str:
    """`sql` (one SELECT in GoogleSQL, `@name` parameters) as DuckDB's SQL with `$name` parameters."""
    try:
        statements = sqlglot.parse(sql, read="bigquery")
    except SqlglotError as error:
        raise QueryError(f"this is not GoogleSQL: {error}") from error
    if len(statements) != 1 or statements[0] is None:
        raise QueryError(f"one statement at a time; found {len(statements)}")
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise QueryError(f"only SELECT statements are run; this is {type(tree).__name__}")
    _check(tree)
    return str(tree.transform(_portable).sql(dialect="duckdb"))


@lru_cache(maxsize=512)
def tables_of(sql: str) -> tuple[str, ...]:
    """Names of the tables that `sql` reads, its own WITH parts left out."""
    tree = sqlglot.parse_one(sql, read="bigquery")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return tuple(sorted({table.name for table in tree.find_all(exp.Table)} - own))


def _check(tree: Any) -> None:
    for node in tree.walk():
        for kind, why in _REFUSED.items():
            if isinstance(node, kind):
                raise QueryError(why)
        if isinstance(node, exp.TimestampDiff) and str(node.args.get("unit")).upper() != "MICROSECOND":
            raise QueryError("TIMESTAMP_DIFF counts whole units here and boundaries there; use MICROSECOND")
        if isinstance(node, exp.Anonymous) and node.name.upper() in _REFUSED_NAMES:
            raise QueryError(f"{node.name} is not in the dialect that both engines share")
        if isinstance(node, exp.Dot) and str(node.this).upper() == "SAFE":
            raise QueryError("SAFE. functions are not in the dialect that both engines share")


def _portable(node: Any) -> Any:
    """What sqlglot translates in name only.

    Quantiles become exact ones, because ours must repeat; of rows that tie for MAX_BY and MIN_BY the least value is
    told, for the same reason; COUNTIF over no rows is 0, as BigQuery has it.
    """
    if isinstance(node, exp.ArgMax | exp.ArgMin):
        by = exp.Order(this=node.expression.copy(), expressions=[exp.Ordered(this=node.this.copy())])
        return exp.Anonymous(this=type(node).sql_name(), expressions=[node.this.copy(), by])
    if isinstance(node, exp.CountIf) and not isinstance(node.parent, exp.Coalesce | exp.Window):
        return exp.func("COALESCE", node.copy(), exp.Literal.number(0))
    if isinstance(node, exp.Coalesce) and isinstance(node.this, exp.RegexpExtract) and _or_empty(node):
        return exp.Coalesce(this=_extract(node.this), expressions=node.expressions)
    if isinstance(node, exp.Bracket) and isinstance(node.this, exp.ApproxQuantiles):
        quantiles, offset = node.this, node.expressions[0]
        share = int(offset.name) / int(quantiles.expression.name)
        return exp.func("QUANTILE_CONT", quantiles.this.copy(), exp.Literal.number(share))
    return node


def _or_empty(node: exp.Coalesce) -> bool:
    return len(node.expressions) == 1 and node.expressions[0] == exp.Literal.string("")


def _extract(node: exp.RegexpExtract) -> exp.Anonymous:
    """DuckDB's own function gives '' where nothing matches, in less time than it takes to tell that apart."""
    parts = [node.this, node.expression, *filter(None, [node.args.get("group")])]
    return exp.Anonymous(this="REGEXP_EXTRACT", expressions=[part.copy() for part in parts])
