"""Did an instance die, how, and who went with it?

What counts as a death is in `reconstruct.episodes`: the platform says so, a traceback alone does not.
"""

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.episodes import EPISODES, crash_episodes
from netra_analysis.reconstruct.frames import table
from netra_analysis.tables import Tables

NAME = "crashes"


def detect(tables: Tables, settings: Settings) -> Finding:
    """Crash episodes in the window, one row each, and what may be said of them."""
    proof = crash_episodes(tables, settings.window)
    if not proof.num_rows and not settings.holds(tables.lifecycle):
        return Finding(NAME, Verdict.NO_DATA, table([], EPISODES), (_no_data(settings),), missing=("system",))
    if not proof.num_rows:
        return Finding(NAME, Verdict.CLEAR, proof, _clear(settings))
    said = _fired(proof, requests=tables.coverage.has("requests")) + _at_the_edge(tables, proof)
    return Finding(NAME, Verdict.FIRED, proof, said, strength=1.0, time=proof["start_time"][0].as_py())


def _no_data(settings: Settings) -> Statement:
    return Statement(
        "CR1",
        "Whether an instance crashed cannot be told: the window holds {n} entries of the platform's system log.",
        Query("SELECT COUNT(*) AS n FROM lifecycle WHERE time >= @start AND time < @end", settings.bound()),
        value="n",
        unit="entries",
        method="count of system log entries",
        standing=Standing.UNTESTABLE,
    )


_CLEAR_SQL = """
SELECT
  COUNT(*) AS n,
  COUNTIF(event = 'shutdown') AS orderly,
  (SELECT COUNT(*) FROM exceptions WHERE time >= @start AND time < @end) AS tracebacks
FROM lifecycle
WHERE time >= @start AND time < @end
"""


def _clear(settings: Settings) -> tuple[Statement, ...]:
    return (
        Statement(
            "CR1",
            "No crash: none of the {n} system log entries in the window is an exit with an error, a signal, "
            "a passed memory limit or a failed probe.",
            Query(_CLEAR_SQL, settings.bound()),
            value="n",
            unit="entries",
            method="every entry of the system log read by the platform's wording",
            evidence=Query(
                "SELECT * FROM lifecycle WHERE time >= @start AND time < @end ORDER BY time", settings.bound()
            ),
        ),
        Statement(
            "CR2",
            "{tracebacks} exceptions were logged and {orderly} instances were shut down in order; neither is a crash.",
            Query(_CLEAR_SQL, settings.bound()),
            value="tracebacks",
            unit="exceptions",
            method="tracebacks stitched from their entries, each failure once; shutdown lines",
        ),
    )


_ALL_SQL = """
SELECT COUNT(*) AS n, MIN(start_time) AS first, MAX(start_time) AS last, COUNT(DISTINCT revision) AS revisions,
  COALESCE(SUM(victims), 0) AS victims
FROM finding_crashes
"""
_KIND_WORDS = {
    "oom": "{n} of the deaths: killed over the memory limit, {used} MiB used of {limit_mib} MiB at the most.",
    "exit": "{n} of the deaths: the server process exited by itself ({exits}).",
    "signal": "{n} of the deaths: ended by a signal ({exits}) without a word about memory.",
    "startup": "{n} of the deaths: while starting ({exits}), {least:dur} to {longest:dur} after the start.",
    "probe": "{n} of the deaths: shut down after failed liveness probes.",
}
_KIND_SQL = """
SELECT COUNT(*) AS n, MAX(used_mib) AS used, MAX(limit_mib) AS limit_mib,
  STRING_AGG(DISTINCT exit, ', ' ORDER BY exit) AS exits, MIN(lived_s) AS least, MAX(lived_s) AS longest
FROM finding_crashes
WHERE kind = @kind
"""
_LOOP_SQL = """
SELECT COUNT(*) AS n, MIN(start_time) AS first, MAX(start_time) AS last,
  ANY_VALUE(revision) AS revision, ANY_VALUE(exit) AS exit,
  TIMESTAMP_DIFF(MAX(start_time), MIN(start_time), MICROSECOND) / 1000000 AS span,
  TIMESTAMP_DIFF(MAX(start_time), MIN(start_time), MICROSECOND) / 1000000 / (COUNT(*) - 1) AS period
FROM finding_crashes
WHERE loop = @loop
"""
_WORDS_SQL = """
SELECT last_words AS words, COUNT(*) AS n
FROM finding_crashes
WHERE last_words IS NOT NULL
GROUP BY last_words
ORDER BY n DESC, words
LIMIT 1
"""
_ROWS = Query("SELECT * FROM finding_crashes ORDER BY start_time")


_ROWS_SQL = "SELECT * FROM finding_crashes ORDER BY start_time"
_KIND_ROWS_SQL = "SELECT * FROM finding_crashes WHERE kind = @kind ORDER BY start_time"
_LOOP_ROWS_SQL = "SELECT * FROM finding_crashes WHERE loop = @loop ORDER BY start_time"


def _fired(proof: pa.Table, *, requests: bool) -> tuple[Statement, ...]:
    method = "system log lines of one instance within half a minute make one death; a traceback alone is none"
    victims = "{victims:# request} failed with their instance."
    if not requests:
        victims = "how many requests failed with them is not known, because the request log is missing."
    said = [
        Statement(
            "CR1",
            "{n:# crash episode}, the first at {first:time}, the last at {last:time}; " + victims,
            Query(_ALL_SQL),
            value="n",
            unit="episodes",
            method=method,
            evidence=Query(_ROWS_SQL),
            at="first",
        )
    ]
    said += [_of_kind(kind, method) for kind in sorted(set(proof["kind"].to_pylist()))]
    said += [_of_loop(loop) for loop in sorted(set(proof["loop"].drop_null().to_pylist()))]
    if proof["last_words"].null_count < proof.num_rows:
        said.append(
            Statement(
                "CR-words",
                "The last exception before {n} of these deaths: “{words:text}”",
                Query(_WORDS_SQL),
                value="n",
                unit="episodes",
                method="last entry with an exception on the same instance in the minute before",
                evidence=Query(_ROWS_SQL),
            )
        )
    return tuple(said)


_EDGE_SQL = """
SELECT TIMESTAMP_DIFF((SELECT MIN(start_time) FROM finding_crashes), MIN(time), MICROSECOND) / 1000000 AS gap,
  MIN(time) AS first
FROM entries
"""
EDGE = timedelta(minutes=1)


def _at_the_edge(tables: Tables, proof: pa.Table) -> tuple[Statement, ...]:
    """When the data begin with a death, the first that is seen need not be the first there was."""
    begin = pc.min(tables.entries["time"]).as_py()
    if proof["start_time"][0].as_py() - begin > EDGE:
        return ()
    return (
        Statement(
            "CR-edge",
            "The data begin only {gap:dur} before the first death that is seen: it need not be the first there was.",
            Query(_EDGE_SQL),
            value="gap",
            unit="s",
            method="first entry of the service against the first death",
        ),
    )


def _of_kind(kind: str, method: str) -> Statement:
    return Statement(
        f"CR-{kind}",
        _KIND_WORDS[kind],
        Query(_KIND_SQL, {"kind": kind}),
        value="n",
        unit="episodes",
        method=method,
        evidence=Query(_KIND_ROWS_SQL, {"kind": kind}),
    )


def _of_loop(loop: int) -> Statement:
    return Statement(
        f"CR-loop{loop}",
        "One restart loop of {revision}: {n:# death} in {span:dur}, one every {period:dur} on average, "
        "each with {exit}.",
        Query(_LOOP_SQL, {"loop": loop}),
        value="n",
        unit="episodes",
        method="three or more deaths of one revision, kind and exit, each within minutes of the last",
        evidence=Query(_LOOP_ROWS_SQL, {"loop": loop}),
        at="first",
    )
