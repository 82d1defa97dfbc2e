"""No progress bar from the engine: stdout is for results.

DuckDB draws one on stdout during a long query where it takes the process for an interactive one, as it does with
workers of a process pool, whose main module has no file.
"""

import duckdb

_ASK = "SELECT current_setting('enable_progress_bar')"


def quiet(engine: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """`engine`, with its progress bar off. Asked first: in Jupyter without widgets it is off and refuses to be set."""
    if engine.execute(_ASK).fetchall() == [(True,)]:
        engine.execute("SET enable_progress_bar = false")
    return engine
