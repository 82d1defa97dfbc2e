"""What did the application complain about, and which complaints are new?

Failures are counted once each, however many entries tell of them; noise that every boot repeats is told
apart by the baseline. An error that was there before, at the same rate, is no sign of this incident.
"""

import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.fates import failed_requests
from netra_analysis.reconstruct.fingerprints import FINGERPRINTS, fingerprints
from netra_analysis.reconstruct.frames import table
from netra_analysis.tables import Tables

NAME = "errors"
_LOUD = ("ERROR", "CRITICAL")


def detect(tables: Tables, settings: Settings) -> Finding:
    """Every kind of failure and of loud line in the window, compared with the baseline."""
    if not settings.holds(tables.app_logs):
        return Finding(NAME, Verdict.NO_DATA, table([], FINGERPRINTS), (_no_data(settings),), missing=("stderr",))
    failed = failed_requests(tables, settings.window)
    proof = fingerprints(tables, failed, settings.window, settings.baseline)
    news = [row for row in proof.to_pylist() if row["level"] in _LOUD and row["state"] in ("new", "grown", "unknown")]
    said = _said(proof, settings, requests=tables.coverage.has("requests"))
    if news:
        strength = 1.0 if any(row["state"] != "unknown" for row in news) else 0.5
        first = min(row["first"] for row in news)
        return Finding(NAME, Verdict.FIRED, proof, said, strength=strength, time=first)
    return Finding(NAME, Verdict.CLEAR, proof, said)


def _no_data(settings: Settings) -> Statement:
    return Statement(
        "ER1",
        "What the application said cannot be told: the window holds {n} of its lines.",
        Query(
            "SELECT COALESCE(SUM(weight), 0) AS n FROM app_logs WHERE time >= @start AND time < @end", settings.bound()
        ),
        value="n",
        unit="lines",
        method="count of application log entries",
        standing=Standing.UNTESTABLE,
    )


_FAILURES_SQL = """
SELECT COALESCE(SUM(count), 0) AS n, COUNT(*) AS kinds, COALESCE(SUM(failed_requests), 0) AS met,
  COUNTIF(state = 'new') AS new_kinds, COUNTIF(state = 'grown') AS grown_kinds,
  COUNTIF(state = 'unknown') AS unknown_kinds,
  MIN(first) AS first
FROM finding_errors
WHERE kind = 'exception' AND count > 0
"""
_TOP_SQL = """
SELECT title, sample, count AS n, first, last, failed_requests AS met, state, id
FROM finding_errors
WHERE kind = 'exception' AND count > 0
ORDER BY count DESC, id
LIMIT 1
"""
_LINES_SQL = """
SELECT COALESCE(SUM(count), 0) AS n, COUNT(*) AS kinds, COUNTIF(state = 'as before') AS same_kinds,
  COUNTIF(state IN ('new', 'grown')) AS news, COUNTIF(state = 'unknown') AS unknown_kinds
FROM finding_errors
WHERE kind = 'message' AND count > 0 AND level IN ('ERROR', 'CRITICAL')
"""
_ROWS_SQL = "SELECT * FROM finding_errors WHERE kind = @kind AND count > 0 ORDER BY count DESC, id, level"
_LOUD_ROWS_SQL = """
SELECT title, level, count, before, state, first, last, sample FROM finding_errors
WHERE kind = 'message' AND count > 0 AND level IN ('ERROR', 'CRITICAL')
ORDER BY count DESC, id, level
"""
_SAMPLES_SQL = """
SELECT e.time, e.instance, e.title, e.message, e.tellings, e.complete, e.place, e.id
FROM exceptions AS e
WHERE e.time >= @start AND e.time < @end
ORDER BY e.time, e.id
"""
_METHOD = "tracebacks stitched from their entries, repeats and wrappers folded, grouped by type and own frames"


def _said(proof: pa.Table, settings: Settings, *, requests: bool) -> tuple[Statement, ...]:
    kinds = {(row["kind"], row["count"] > 0) for row in proof.to_pylist()}
    whole = (
        "{n:# failure} of {kinds:# kind}: {new_kinds} new, {grown_kinds} grown, "
        "{unknown_kinds} without a baseline to compare with"
    )
    whole += "; {met:# failed request} met one." if requests else "."
    none = "{n:# failure} with a traceback or an exception by name."
    said = [
        Statement(
            "ER1",
            whole if ("exception", True) in kinds else none,
            Query(_FAILURES_SQL),
            value="n",
            unit="failures",
            method=_METHOD,
            evidence=Query(_SAMPLES_SQL, settings.bound()),
            at="first",
        )
    ]
    if ("exception", True) in kinds:
        said.append(
            Statement(
                "ER-top",
                "The most frequent: {title:text}, {n} times from {first:time} to {last:time} ({state}), "
                "in its words “{sample:text}”.",
                Query(_TOP_SQL),
                value="n",
                unit="failures",
                method=_METHOD,
                evidence=Query(_ROWS_SQL, {"kind": "exception"}),
                at="first",
            )
        )
    said.append(
        Statement(
            "ER-lines",
            "{n:# line} at level ERROR or above beside these, of {kinds:# kind}: {same_kinds} as often as before, "
            "{news} new or grown, {unknown_kinds} without a baseline to compare with.",
            Query(_LINES_SQL),
            value="n",
            unit="lines",
            method="levels read from text where the platform gives none; messages masked and grouped by template",
            evidence=Query(_LOUD_ROWS_SQL),
        )
    )
    return tuple(said) if ("exception", True) in kinds else tuple(reversed(said))
