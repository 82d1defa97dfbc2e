"""What users saw: failed requests of real traffic, when, and how many of all."""

from collections.abc import Mapping, Sequence

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.logtext.user_agent import NOT_REAL
from netra_analysis.query import Query
from netra_analysis.signs.sign import Sign

METHOD = "status of every request log entry of the window, by the time it ended; preflights and uptime checks apart"
_SEEN_SQL = """
SELECT COALESCE(SUM(weight), 0) AS real_total, COUNTIF(failed) AS real_n,
  SAFE_DIVIDE(COUNTIF(failed), SUM(weight)) AS part,
  COUNT(DISTINCT IF(failed, route, NULL)) AS routes,
  MIN(IF(failed, end_time, NULL)) AS first, MAX(IF(failed, end_time, NULL)) AS last,
  COALESCE(SUM(IF(status IN (401, 403), weight, 0)), 0) AS refused, MIN(end_time) AS since, MAX(end_time) AS until,
  (SELECT COUNT(*) FROM finding_failed_requests) AS every_n,
  (SELECT COUNT(*) FROM finding_crashes) AS deaths,
  (SELECT n FROM finding_signs WHERE id = 'no_instance') AS turned_away
FROM requests
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
"""
_BURSTS_SQL = """
SELECT s.*, b.bursts
FROM ({seen}) AS s CROSS JOIN (
  SELECT COUNT(DISTINCT burst) AS bursts FROM finding_failed_requests
  WHERE client NOT IN ('preflight', 'uptime_check')
) AS b
"""
FAILED_ROWS_SQL = """
SELECT * FROM finding_failed_requests WHERE client NOT IN ('preflight', 'uptime_check') ORDER BY end_time, id
"""
_ENTRIES_SQL = "SELECT COALESCE(SUM(weight), 0) AS n FROM requests WHERE end_time >= @start AND end_time < @end"
_FAILED = "Users saw {real_n:# failed request} "
_SHARE = ": {part:pct} of the {real_total:# request} of real traffic in the window, on {routes:# route}."


def seen(settings: Settings, findings: Mapping[str, Finding], signs: Sequence[Sign]) -> Statement:
    """One sentence on what users saw; that nothing can be told where no request was logged."""
    found = findings["failed_requests"]
    if found.verdict is Verdict.NO_DATA:
        return _unknown(settings)
    sql = _BURSTS_SQL.format(seen=_SEEN_SQL) if real_failures(found) else _SEEN_SQL
    return Statement(
        "SU-seen",
        _words(settings, findings, signs),
        Query(sql, settings.bound()),
        value="real_n",
        unit="requests",
        method=METHOD,
        evidence=Query(FAILED_ROWS_SQL) if real_failures(found) else None,
        at="first" if real_failures(found) else None,
    )


def real_failures(found: Finding) -> list[dict[str, object]]:
    """The failed requests that are no preflights and no uptime checks."""
    return [row for row in found.proof.to_pylist() if row["client"] not in NOT_REAL]


def moment_format(settings: Settings) -> str:
    """How a sentence writes times: with the day where the window has more than one."""
    return "time" if settings.window.start.date() == settings.window.end.date() else "day"


def _words(settings: Settings, findings: Mapping[str, Finding], signs: Sequence[Sign]) -> str:
    failed, form = real_failures(findings["failed_requests"]), moment_format(settings)
    if len(failed) > 1:
        return f"{_FAILED}in {{bursts:# burst}} between {{first:{form}}} and {{last:{form}}}{_SHARE}"
    if failed:
        return f"{_FAILED}at {{first:{form}}}{_SHARE}"
    if findings["failed_requests"].proof.num_rows:
        says = "Users saw no failure: {every_n:# request} failed, none of them of real traffic, which made {real_total}"
    else:
        says = "Users saw no failed request: {real_total:# request} of real traffic ended, none of them failed"
    fired = {sign.id for sign in signs if sign.fired}
    if "no_instance" in fired:
        says += "; {turned_away} found no instance"
    if "auth_refused" in fired:
        says += "; {refused} were refused for want of a credential that the service accepts"
    if findings["crashes"].verdict is Verdict.FIRED:
        says += "; the platform's log has {deaths:# death} of instances"
    return says + "."


def _unknown(settings: Settings) -> Statement:
    return Statement(
        "SU-seen",
        "What users saw cannot be told: the window holds {n:# entry} of the request log.",
        Query(_ENTRIES_SQL, settings.bound()),
        value="n",
        unit="entries",
        method="count of request log entries",
        standing=Standing.UNTESTABLE,
    )
