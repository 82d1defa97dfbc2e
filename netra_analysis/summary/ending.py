"""What ended it: how long requests have succeeded since, and whether anything was changed; or that it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from netra_analysis.detectors.failed_requests import BURST_GAP
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, moment, real_traffic
from netra_analysis.summary.users import moment_format
from netra_analysis.tables import Tables

_END_SQL = """
WITH real AS (
  SELECT end_time, status, weight FROM requests
  WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
), bursts AS (
  SELECT MIN(end_time) AS first, MAX(end_time) AS last
  FROM finding_failed_requests WHERE client NOT IN ('preflight', 'uptime_check') GROUP BY burst
), gaps AS (
  SELECT TIMESTAMP_DIFF(first, LAG(last) OVER (ORDER BY first), MICROSECOND) / 1000000 AS quiet_s FROM bursts
)
SELECT @last AS last, MAX(end_time) AS until, TIMESTAMP_DIFF(MAX(end_time), @last, MICROSECOND) / 1000000 AS calm_s,
  COALESCE(SUM(IF(end_time > @last, weight, 0)), 0) AS after_n,
  (SELECT MAX(quiet_s) FROM gaps) AS quiet_s,
  (SELECT COUNT(*) FROM deploys WHERE time >= @first AND time < @end) AS changes,
  TIMESTAMP_DIFF(@last, @restart, MICROSECOND) / 1000000 AS since_restart_s
FROM real
"""
_ROWS_SQL = """
SELECT end_time, method, route, status, latency_s, client, instance FROM requests
WHERE end_time >= @last AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
ORDER BY end_time
"""
_CALM_SQL = """
SELECT COALESCE(SUM(weight), 0) AS n, MAX(end_time) AS until FROM requests WHERE end_time >= @start AND end_time < @end
"""
_DEATH_SQL = """
SELECT COUNT(*) AS n, MAX(end_time) AS last,
  TIMESTAMP_DIFF(@end, MAX(end_time), MICROSECOND) / 1000000 AS calm_s
FROM finding_crashes
"""
METHOD = "requests of real traffic after the last that failed; changes of the service from the first failure on"


@dataclass(frozen=True, slots=True)
class Told:
    """How it ended, as far as the data go: `over`, `open` (they end too soon), `none` or `unknown`."""

    how: str
    first: datetime | None = None
    last: datetime | None = None
    restart: datetime | None = None
    returns: bool = False
    changed: bool = False


def told(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Told:
    """Over, when requests succeeded for longer than bursts are apart; else the data end while it may go on."""
    found = findings["failed_requests"]
    if found.verdict is Verdict.NO_DATA:
        return Told("unknown")
    rows = frame(found.proof)
    rows = real_traffic(rows)
    if rows.empty:
        return Told("none")
    first, last = moment(rows["end_time"].min()), moment(rows["end_time"].max())
    burst = moment(rows["end_time"][rows["burst"] == rows["burst"].iloc[-1]].min())
    if first is None or last is None or burst is None:
        return Told("unknown")
    asked = frame(tables.requests, settings.window, "end_time")
    calm = real_traffic(asked)["end_time"].max() - last
    bursts = rows.groupby("burst")["end_time"].agg(["min", "max"])
    quiet = (bursts["min"] - bursts["max"].shift()).max()
    how = "over" if calm >= BURST_GAP else "open"
    changes = frame(tables.deploys)["time"]
    changed = bool(((changes >= first) & (changes < settings.window.end)).any())
    return Told(how, first, last, _restart(tables, burst, last), returns=bool(quiet > calm), changed=changed)


def _restart(tables: Tables, burst: datetime, last: datetime) -> datetime | None:
    """The last start of an instance in the last burst."""
    events = frame(tables.lifecycle)
    inside = (events["time"] >= burst - timedelta(minutes=1)) & (events["time"] <= last)
    return moment(events["time"][inside & (events["event"] == "start")].max())


def ended(settings: Settings, findings: Mapping[str, Finding], end: Told) -> Statement:
    """One sentence on the end."""
    if end.how == "unknown":
        return _unknown(settings)
    if end.how == "none":
        return _after_deaths(settings) if findings["crashes"].verdict is Verdict.FIRED else _quiet(settings)
    bound = settings.bound(first=end.first, last=end.last, restart=end.restart)
    return Statement(
        "SU-end",
        _words(end, moment_format(settings)),
        Query(_END_SQL, bound),
        value="calm_s",
        unit="s",
        method=METHOD,
        standing=Standing.CONFIRMED if end.how == "over" else Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL, settings.bound(last=end.last)),
        at="last",
    )


def _words(end: Told, form: str) -> str:
    if end.how == "open":
        return (
            f"It may go on: the data end at {{until:{form}}}, {{calm_s:dur}} after the last failed request, "
            f"with {{after_n:# request}} that did not fail in between; {_changes(end)} since the first failure."
        )
    says = f"The last failure was at {{last:{form}}}"
    if end.restart:
        says += ", {since_restart_s:dur} after a new instance had started"
    says += "; none of the {after_n:# request} in the {calm_s:dur} until the data end failed"
    if end.returns:
        says += ", but failures came back after {quiet_s:dur} of quiet before"
    return f"{says}; {_changes(end)} since the first failure."


def _changes(end: Told) -> str:
    return "{changes:# change} of the service came" if end.changed else "no change of the service came"


def _quiet(settings: Settings) -> Statement:
    return Statement(
        "SU-end",
        f"Nothing had to end: until the data end at {{until:{moment_format(settings)}}} no request of real traffic "
        "failed, of {n:# request} in all.",
        Query(_CALM_SQL, settings.bound()),
        value="n",
        unit="requests",
        method=METHOD,
    )


def _after_deaths(settings: Settings) -> Statement:
    return Statement(
        "SU-end",
        f"The last of {{n:# death}} of instances was at {{last:{moment_format(settings)}}}, {{calm_s:dur}} before the "
        "window ends.",
        Query(_DEATH_SQL, settings.bound()),
        value="calm_s",
        unit="s",
        method="end of each death, by the platform's log",
        evidence=Query("SELECT * FROM finding_crashes ORDER BY start_time, instance"),
        at="last",
    )


def _unknown(settings: Settings) -> Statement:
    return Statement(
        "SU-end",
        "Whether it ended cannot be told: the window holds {n:# entry} of the request log.",
        Query(
            "SELECT COALESCE(SUM(weight), 0) AS n FROM requests WHERE end_time >= @start AND end_time < @end",
            settings.bound(),
        ),
        value="n",
        unit="entries",
        method="count of request log entries",
        standing=Standing.UNTESTABLE,
    )
