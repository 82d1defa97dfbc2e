"""What it cost: failed requests, their share, routes, minutes and deaths; each a claim that a tile can link to."""

from collections.abc import Iterator, Mapping

from scipy import special

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.statistics.intervals import CONFIDENCE
from netra_analysis.summary.users import FAILED_ROWS_SQL, METHOD, moment_format, real_failures

_FAILED_SQL = """
SELECT COUNTIF(failed) AS n, COUNTIF(failed AND client = 'test_client') AS tests
FROM requests
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
"""
_SHARE_SQL = """
SELECT n, total, part, GREATEST((part + @z2 / (2 * total) - half) / (1 + @z2 / total), 0.0) AS low,
  LEAST((part + @z2 / (2 * total) + half) / (1 + @z2 / total), 1.0) AS high
FROM (
  SELECT n, total, n / total AS part,
    SQRT(@z2 * (n / total * (1 - n / total) / total + @z2 / (4 * total * total))) AS half
  FROM (
    SELECT COUNTIF(failed) AS n, COALESCE(SUM(weight), 0) AS total FROM requests
    WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
  )
)
"""
_ROUTES_SQL = """
SELECT COUNT(*) AS n, (SELECT COUNT(DISTINCT route) FROM requests
    WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')) AS total,
  MAX(failed) AS most, MAX_BY(route, failed) AS route
FROM (
  SELECT route, COUNT(*) AS failed FROM finding_failed_requests
  WHERE client NOT IN ('preflight', 'uptime_check') GROUP BY route
)
"""
_ROUTES_ROWS_SQL = """
SELECT route, COUNT(*) AS failed, MIN(end_time) AS first, MAX(end_time) AS last
FROM finding_failed_requests
WHERE client NOT IN ('preflight', 'uptime_check')
GROUP BY route
ORDER BY failed DESC, route
"""
_DURATION_SQL = """
SELECT COUNT(DISTINCT TIMESTAMP_TRUNC(end_time, MINUTE)) AS minutes, MIN(end_time) AS first, MAX(end_time) AS last,
  TIMESTAMP_DIFF(MAX(end_time), MIN(end_time), MICROSECOND) / 1000000 AS span_s
FROM finding_failed_requests
WHERE client NOT IN ('preflight', 'uptime_check')
"""
_DEATHS_SQL = """
SELECT COUNT(*) AS n, COUNTIF(kind = 'oom') AS over, COUNTIF(kind = 'startup') AS starting,
  COUNTIF(kind NOT IN ('oom', 'startup')) AS others, COALESCE(SUM(victims), 0) AS victims
FROM finding_crashes
"""


def costs(settings: Settings, findings: Mapping[str, Finding]) -> Iterator[Statement]:
    """Every number of the impact that the data can give."""
    found = findings["failed_requests"]
    if found.verdict is not Verdict.NO_DATA:
        yield _failed(settings)
        if real_failures(found):  # else share, routes and duration have nothing to count
            yield _share(settings)
            yield _routes(settings)
            yield _duration(settings)
    if findings["crashes"].verdict is not Verdict.NO_DATA:
        yield _deaths(victims_known=found.verdict is not Verdict.NO_DATA)


def _failed(settings: Settings) -> Statement:
    return Statement(
        "IM-failed",
        "{n:# request} of real traffic failed with a 5xx, {tests} of them sent by test clients.",
        Query(_FAILED_SQL, settings.bound()),
        value="n",
        unit="failed requests of real traffic",
        method=METHOD,
        evidence=Query(FAILED_ROWS_SQL),
        short="{n}",
    )


def _share(settings: Settings) -> Statement:
    z2 = float(special.ndtri(0.5 + CONFIDENCE / 2)) ** 2
    return Statement(
        "IM-share",
        "{part:pct} of the {total:# request} of real traffic in the window failed ({low:pct} to {high:pct}).",
        Query(_SHARE_SQL, settings.bound(z2=z2)),
        value="part",
        unit="of real traffic in the window",
        method=f"{METHOD}; interval by Wilson (1927), which takes requests for independent",
        evidence=Query(FAILED_ROWS_SQL),
        low="low",
        high="high",
        short="{part:pct}",
    )


def _routes(settings: Settings) -> Statement:
    return Statement(
        "IM-routes",
        "{n:# route} of {total} had a failed request of real traffic; {route:text} had the most, {most}.",
        Query(_ROUTES_SQL, settings.bound()),
        value="n",
        unit="routes hit",
        method=METHOD,
        evidence=Query(_ROUTES_ROWS_SQL),
        short="{n}",
    )


def _duration(settings: Settings) -> Statement:
    form = moment_format(settings)
    return Statement(
        "IM-duration",
        f"Requests of real traffic failed in {{minutes:# different minute}}, from {{first:{form}}} to "
        f"{{last:{form}}}, {{span_s:dur}} apart.",
        Query(_DURATION_SQL),
        value="minutes",
        unit="in which requests failed",
        method="from the first impact to the last, not from the first page; minutes by the clock",
        evidence=Query(FAILED_ROWS_SQL),
        short="{minutes} min",
        at="first",
    )


def _deaths(*, victims_known: bool) -> Statement:
    unknown = "how many requests went with them is not known, because the request log is missing."
    return Statement(
        "IM-deaths",
        "{n:# death} of instances: {over} over the memory limit, {starting} while starting, {others} otherwise; "
        + ("{victims:# request} went with them." if victims_known else unknown),
        Query(_DEATHS_SQL),
        value="n",
        unit="deaths of instances",
        method="exits, signals, kills and failed probes in the platform's log",
        evidence=Query("SELECT * FROM finding_crashes ORDER BY start_time, instance"),
        short="{n}",
    )
