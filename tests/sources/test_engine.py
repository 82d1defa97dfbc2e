"""One GoogleSQL text: DuckDB answers it, or refuses loudly; and nothing but the tables is within reach."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from netra_analysis.errors import QueryError
from netra_analysis.query import Query
from netra_analysis.sources.dialect import tables_of, to_duckdb
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.questions import NAMES, question

NOON = datetime(2025, 9, 2, 12, tzinfo=UTC)


@pytest.fixture
def engine() -> Engine:
    made = Engine()
    times = pa.array([NOON + timedelta(seconds=i) for i in range(4)], pa.timestamp("us", "UTC"))
    made.register(
        "t", pa.table({"time": times, "status": [200, 500, 503, None], "text": ["a\nb 512\nc", "", None, "x"]})
    )
    return made


def test_counts_and_sums_are_whole_numbers(engine: Engine) -> None:
    row = engine.row(Query("SELECT COUNTIF(status >= @low) AS n, SUM(status) AS total FROM t", {"low": 500}))
    assert row == {"n": 2, "total": 1203}
    assert all(isinstance(value, int) for value in row.values())


def test_times_are_bound_and_come_back_in_utc(engine: Engine) -> None:
    row = engine.row(Query("SELECT MAX(time) AS last FROM t WHERE time < @end", {"end": NOON + timedelta(seconds=2)}))
    assert row["last"] == NOON + timedelta(seconds=1)
    assert row["last"].utcoffset() == timedelta(0)


def test_quantiles_are_exact_so_that_they_repeat(engine: Engine) -> None:
    sql = "SELECT APPROX_QUANTILES(status, 100)[OFFSET(50)] AS p50 FROM t"
    assert engine.row(Query(sql))["p50"] == 500
    assert "quantile_cont" in to_duckdb(sql).lower()


def test_no_match_is_null_and_a_match_ends_at_its_line(engine: Engine) -> None:
    rows = engine.run(Query(r"SELECT REGEXP_EXTRACT(text, r'(\d+)') AS number FROM t ORDER BY time"))
    assert rows["number"].to_pylist() == ["512", None, None, None]


def test_lists_are_bound(engine: Engine) -> None:
    query = Query("SELECT COUNT(*) AS n FROM t WHERE status IN UNNEST(@wanted)", {"wanted": (200, 503)})
    assert engine.row(query)["n"] == 2


def test_values_are_never_part_of_the_text(engine: Engine) -> None:
    hostile = "x' OR '1'='1"
    assert engine.row(Query("SELECT COUNT(*) AS n FROM t WHERE text = @text", {"text": hostile}))["n"] == 0


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT TIMESTAMP_DIFF(time, time, MINUTE) AS d FROM t",
        "SELECT FORMAT('%d', status) AS f FROM t",
        "SELECT APPROX_COUNT_DISTINCT(status) AS n FROM t",
        "SELECT SAFE.SUBSTR(text, 1) AS s FROM t",
        "SELECT 1; SELECT 2",
        "COPY t TO 'somewhere'",
        "CREATE TABLE u AS SELECT 1",
        "DELETE FROM t WHERE TRUE",
        "SELECT FROM WHERE",
    ],
)
def test_what_would_differ_or_change_something_is_refused(engine: Engine, sql: str) -> None:
    with pytest.raises(QueryError):
        engine.run(Query(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{path}')",
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM `{path}`",
        "SELECT * FROM glob('{path}*')",
        "SELECT getenv('HOME')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
    ],
)
def test_no_file_no_network_no_environment(engine: Engine, sql: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    with pytest.raises(QueryError):
        engine.run(Query(sql.format(path=secret)))


@pytest.mark.parametrize("rows", [[("b", 3), ("a", 3), ("c", 1)], [("c", 1), ("a", 3), ("b", 3)]])
def test_of_rows_that_tie_the_least_is_told_in_whatever_order_they_come(rows: list[tuple[str, int]]) -> None:
    engine = Engine()
    engine.register("tied", pa.table({"route": [route for route, _ in rows], "n": [n for _, n in rows]}))
    found = engine.row(Query("SELECT MAX_BY(route, n) AS most, MIN_BY(route, IF(n > 1, n, NULL)) AS least FROM tied"))
    assert found == {"most": "a", "least": "a"}


def test_the_lock_cannot_be_opened_again(engine: Engine) -> None:
    with pytest.raises(QueryError):
        engine.run(Query("SET enable_external_access = true"))


def test_an_unknown_column_is_named(engine: Engine) -> None:
    with pytest.raises(QueryError, match="nothing"):
        engine.run(Query("SELECT nothing FROM t"))


READS = {
    "entries": ("raw_entries",),
    "repeated": ("raw_keys",),
    # Thinning, in its steps.
    "marks": ("told",),
    "crowded": ("marked",),
    "near": ("crowded",),
    "common": ("marked",),
    "edges": ("marked",),
    "judged": ("common", "edges", "marked", "near"),
    "thinned": ("judged",),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_question_of_the_package_is_in_the_shared_dialect(name: str) -> None:
    assert to_duckdb(question(name).sql)
    assert tables_of(question(name).sql) == READS.get(name, ("entries",))


def test_a_status_code_that_is_no_integer_is_none_and_refuses_nothing(engine: Engine) -> None:
    codes = ['"abc"', "true", str(2**70), "{}", "7"]
    rows = [
        {
            "time": NOON,
            "id": str(number),
            "log": "cloudaudit.googleapis.com/activity",
            "severity": "ERROR",
            "service": "s",
            "revision": "",
            "audit": f'{{"status": {{"code": {code}}}}}',
        }
        for number, code in enumerate(codes)
    ]
    engine.register("entries", pa.Table.from_pylist(rows))
    asked = question("audit", service="s", start=NOON, end=NOON + timedelta(seconds=1))
    assert engine.run(asked)["status_code"].to_pylist() == [None, None, None, None, 7]
    assert "TRY_CAST" in to_duckdb(asked.sql)


GREEDY = """
import sys
import pyarrow as pa
from netra_analysis.errors import QueryError
from netra_analysis.query import Query
from netra_analysis.sources import engine
engine.memory = lambda: int(sys.argv[1])
made = engine.Engine()
made.register("t", pa.table({"n": list(range(600_000))}))
try:
    made.run(Query("SELECT ARRAY_AGG(CONCAT(CAST(n AS STRING), REPEAT('x', 300)) ORDER BY n DESC) AS a FROM t"))
    print("finished")
except QueryError as error:
    print("refused", "Out of Memory" in str(error))
"""


@pytest.mark.parametrize(("memory", "said"), [(2**30, "refused True"), (64 * 2**30, "finished")])
def test_a_query_that_needs_too_much_is_refused_and_writes_nothing(memory: int, said: str, tmp_path: Path) -> None:
    """A quarter of what there is; the second case is the control: the same query, where there is more, finishes."""
    command = [sys.executable, "-c", GREEDY, str(memory)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True, timeout=120)
    assert ended.stdout.split("\n")[-2].removesuffix("\n").endswith(said)  # a bar of progress may stand before it
    assert list(tmp_path.iterdir()) == []


def test_threads_memory_and_extensions_are_set_and_locked(engine: Engine) -> None:
    known = "threads", "enable_external_access", "autoload_known_extensions", "lock_configuration", "temp_directory"
    settings = [engine._connection.execute(f"SELECT current_setting('{name}')").fetchone() for name in known]
    assert settings == [(1,), (False,), (False,), (True,), ("",)]
    with pytest.raises(duckdb.Error):
        engine._connection.execute("SET memory_limit = '100GB'")
    with pytest.raises(duckdb.Error):
        engine._connection.execute("LOAD httpfs")


def test_a_worker_without_a_main_file_draws_no_progress_bar_among_the_results() -> None:
    asked = "from netra_analysis.sources.engine import Engine; e = Engine()._connection; " + (
        "print(e.sql(\"SELECT current_setting('enable_progress_bar')\").fetchall())"
    )
    # `-c` is how a process pool starts its workers; without the engine's care DuckDB says True here
    bare = "import duckdb; print(duckdb.connect().sql(\"SELECT current_setting('enable_progress_bar')\").fetchall())"
    said = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
        for code in (asked, bare)
    ]
    assert said == ["[(False,)]", "[(True,)]"]
