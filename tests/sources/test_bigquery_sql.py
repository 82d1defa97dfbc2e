"""The SQL of each shape of table, whole and in a file: what a reviewer pastes into the console.

A local server shows that the SQL means what it should; that BigQuery takes it rests on these texts, which use
functions of the GoogleSQL reference alone. After a change that is meant: NETRA_ANALYSIS_GOLDEN=write pytest.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from netra_analysis.errors import QueryError
from netra_analysis.query import Query
from netra_analysis.sources.bigquery import pruning
from netra_analysis.sources.bigquery.discover import LogTable, described
from netra_analysis.sources.bigquery.names import Dataset
from netra_analysis.sources.bigquery.select import rows_of, survey_of
from netra_analysis.sources.bigquery.thinned import kept_of, trouble_of
from netra_analysis.window import TimeWindow

DATA = Path(__file__).parents[1] / "data" / "bigquery"
WINDOW = TimeWindow(datetime(2025, 9, 2, 9, tzinfo=UTC), datetime(2025, 9, 2, 18, 30, tzinfo=UTC))
TABLES = sorted(path.stem for path in DATA.glob("*.json"))
# https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
DOCUMENTED = {
    *("ANY_VALUE", "APPROX_COUNT_DISTINCT", "CAST", "COALESCE", "CONCAT", "COUNT", "COUNTIF", "DIV"),
    *("FARM_FINGERPRINT", "GENERATE_ARRAY", "IF", "JSON_QUERY", "JSON_TYPE", "JSON_VALUE", "LEAST", "LEFT", "LOWER"),
    *("MAX", "MIN", "MOD", "NULLIF", "OFFSET", "REGEXP_CONTAINS", "REGEXP_EXTRACT", "REGEXP_REPLACE", "REPLACE"),
    *("ROUND", "ROW_NUMBER", "SAFE_CAST", "SPLIT", "STARTS_WITH", "STRUCT", "SUM", "TO_JSON_STRING", "UNIX_MICROS"),
    *("UNNEST", "UPPER"),
}
KEYWORDS = {"AND", "AS", "BY", "FROM", "IN", "JOIN", "NOT", "OR", "OVER", "THEN", "WHERE"}  # before a bracket
RULES = "),\nmarked AS (\n"
ROWS, MOST = 10_000_000, 50_000


def table(name: str) -> LogTable:
    answer = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    reference = answer["tableReference"]
    return described(answer, Dataset(reference["projectId"], reference["datasetId"]))


def written(query: Query) -> str:
    bound = "".join(f"-- @{name} = {value}\n" for name, value in sorted(query.to_json()["params"].items()))
    return f"{bound}{query.sql};\n"


def queries(name: str) -> list[Query]:
    """All that can be asked of one table: what it holds, its rows, where instances were in trouble, chosen rows."""
    one = table(name)
    asked = [survey_of(one, WINDOW), rows_of(one, "netra-backend", WINDOW)]
    trouble = trouble_of([one], "netra-backend", WINDOW)
    chosen = kept_of(one, "netra-backend", WINDOW, ROWS, MOST, ("17 175680000",))
    return [*asked, *([trouble] if trouble else []), chosen]


def rules(query: Query) -> str:
    """What follows the part that is made from the table's schema; the same for every shape but for one name."""
    return query.sql.partition(RULES)[2].replace("insert_id", "insertId")


def held(file: str, text: str) -> None:
    golden = DATA / file
    if os.environ.get("NETRA_ANALYSIS_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_the_sql_is_the_one_that_was_reviewed(name):
    """Of the last two only what differs by shape; their rules stand once, in `thinned.sql`."""
    shown = [Query(query.sql.partition(RULES)[0], query.params) for query in queries(name)]
    held(f"{name}.sql", "\n".join(written(query) for query in shown))


def test_the_rules_of_thinning_are_the_same_for_every_table_and_were_reviewed():
    kept = {rules(queries(name)[-1]) for name in TABLES}
    trouble = {rules(query) for name in TABLES for query in queries(name)[2:-1]}
    assert (len(kept), len(trouble)) == (1, 1)
    held(
        "thinned.sql",
        f"-- where instances were in trouble\n{RULES}{trouble.pop()};\n\n-- chosen rows\n{RULES}{kept.pop()};\n",
    )


@pytest.mark.parametrize("name", TABLES)
def test_only_documented_functions_named_parameters_and_a_bounded_time(name):
    for query in queries(name):
        pruning.check(query)
        tree = sqlglot.parse_one(query.sql, read="bigquery")
        sql = re.sub(r"--.*|r?'[^']*'", "", query.sql)
        assert set(re.findall(r"\b([A-Z_]+) ?\(", sql)) - KEYWORDS <= DOCUMENTED
        assert {parameter.name for parameter in tree.find_all(exp.Parameter)} == set(query.params)
        assert "netra-backend" not in query.sql, "values are bound, never written"


def test_what_a_table_lacks_is_not_asked_for():
    sql = rows_of(table("arrival_requests_before_a_latency_came"), "x", WINDOW).sql
    assert "latency" not in sql
    assert "labels AS labels" not in sql
    assert "_PARTITIONTIME >= @from_day" in sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t",
        "SELECT * FROM t WHERE timestamp >= @start",
        "SELECT * FROM t WHERE DATE(timestamp) >= @start AND DATE(timestamp) < @end",
        "SELECT * FROM t WHERE timestamp >= @start AND timestamp < @end OR TRUE",
        "SELECT * FROM (SELECT * FROM t) WHERE timestamp >= @start AND timestamp < @end",
        "SELECT * FROM t WHERE timestamp >= @s AND timestamp < @e UNION ALL SELECT * FROM u",
        "DELETE FROM t WHERE timestamp >= @start AND timestamp < @end",
    ],
)
def test_a_query_that_could_read_everything_is_refused(sql):
    with pytest.raises(QueryError, match="nothing was sent"):
        pruning.check(Query(sql))
