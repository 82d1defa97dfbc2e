"""Which requests failed, when did it begin, and what became of each?

Rates are over real traffic: preflights and uptime checks are counted apart, because a success there says
nothing about the route. The onset is the end of the first failed request that the usual rate of failures does
not explain (`reconstruct.onset`); where none is usual, that is the first failure.
"""

from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.logtext.user_agent import NOT_REAL
from netra_analysis.query import Query
from netra_analysis.reconstruct import counted
from netra_analysis.reconstruct.fates import FAILED, failed_requests
from netra_analysis.reconstruct.frames import frame, moment, real_traffic, table
from netra_analysis.reconstruct.onset import began, usual_rate
from netra_analysis.tables import Tables

NAME = "failed_requests"
BURST_GAP = timedelta(minutes=10)
CHANCE = 0.1  # that strays, which come at any time, all come so near to the burst and none in the time before
TELLING = 0.1  # a kind with this share of the largest burst tells what the incident is made of


def detect(tables: Tables, settings: Settings) -> Finding:
    """Every failed request in the window with its fate, and what may be said of them."""
    if not settings.holds(tables.requests, "end_time"):
        return Finding(NAME, Verdict.NO_DATA, table([], FAILED), (_no_data(settings),), missing=("requests",))
    proof = failed_requests(tables, settings.window)
    if not proof.num_rows:
        return Finding(NAME, Verdict.CLEAR, proof, (_clear(settings), *_refused(tables, settings)))
    proof = numbered(proof)
    began = onset(proof, tables, settings)
    said = (*_fired(proof, settings), *_refused(tables, settings))
    return Finding(NAME, Verdict.FIRED, proof, said, strength=_strength(proof), time=began)


def numbered(failed: pa.Table) -> pa.Table:
    """`failed` in the order of its ends, with the number of the burst that each belongs to."""
    failed = failed.sort_by([("end_time", "ascending"), ("id", "ascending")])
    bursts = (frame(failed)["end_time"].diff() > BURST_GAP).cumsum() + 1
    return failed.append_column("burst", pa.array(bursts.tolist(), pa.int64()))


def onset(failed: pa.Table, tables: Tables, settings: Settings) -> datetime | None:
    """When the failures began that the incident is made of.

    The largest burst shows what kind they are (fate, and fingerprint or status); the onset is the first of
    these kinds. Stray failures of another kind before it are not it; where the baseline has the same kinds as
    often, the onset is the start of the burst.
    """
    rows = frame(failed).sort_values(["end_time", "id"], ignore_index=True)
    mark = dict(zip(tables.exceptions["id"].to_pylist(), tables.exceptions["fingerprint"].to_pylist(), strict=True))
    entries = [mark.get(entry, str(status)) for entry, status in zip(rows["app_entry"], rows["status"], strict=True)]
    rows["kind"] = [f"{fate} {what}" for fate, what in zip(rows["fate"], entries, strict=True)]
    main = rows[rows["burst"] == rows["burst"].mode().iloc[0]]
    shares = main["kind"].value_counts(normalize=True)
    same = rows[rows["kind"].isin(shares.index[shares >= TELLING])]
    ends: list[datetime] = [end.to_pydatetime() for end in same["end_time"]]
    if not ends:
        return moment(main["end_time"].iloc[0])
    found = ends[began(ends, _usual(ends, tables, settings))]
    return ends[0] if _never_before(tables, settings, same, found) else found


def _never_before(tables: Tables, settings: Settings, failed: pd.DataFrame, found: datetime) -> bool:
    """Whether what `failed` raised had not been raised for so long before that even the first few are the incident's.

    Strays would be spread over all of the time in which the application spoke; that all of them fall between the
    first and the burst has a chance, and it is small.
    """
    told = tables.exceptions.select(["id", "time", "fingerprint"]).to_pylist()
    begun, first = failed["time"].iloc[0], failed["end_time"].iloc[0]
    entries = set(failed["app_entry"])
    raised = {row["fingerprint"] for row in told if row["id"] in entries}
    known = entries <= {row["id"] for row in told}
    if not known or any(row["fingerprint"] in raised and row["time"] < begun for row in told):
        return False
    spoken = [frame(tables.app_logs, span)["time"] for span in (settings.baseline, settings.window)]
    ends = (times[times < begun] for times in spoken)
    quiet = sum(((own.max() - own.min()).total_seconds() for own in ends if len(own)), 0.0)
    near = (found - first).total_seconds()
    early = int((failed["end_time"] < found).sum())
    return bool(early and (near / (near + quiet)) ** early <= CHANCE)


def _usual(ends: list[datetime], tables: Tables, settings: Settings) -> float:
    """Failures a second on an ordinary day, and half a failure more: none seen is not none to come.

    Where no request of the baseline was read, by the platform's count, else by the calmer half of the window.
    """
    before = frame(tables.requests, settings.baseline, "end_time")
    if before.empty:
        window, baseline = settings.window, settings.baseline
        known = counted.usual(frame(tables.metrics), baseline)
        if known is not None:
            return (known + 0.5) / baseline.duration.total_seconds()
        return usual_rate(ends, window.start, window.end) + 0.5 / window.duration.total_seconds()
    seen = (before["end_time"].max() - before["end_time"].min()).total_seconds()
    failed = float(before["failed"].sum())
    return float((failed + 0.5) / max(seen, 60.0))


def _strength(proof: pa.Table) -> float:
    """0..1: one failure is weak, thirty are not stronger than twenty in being failures."""
    return float(min(1.0, proof.num_rows / 20))


def _no_data(settings: Settings) -> Statement:
    return Statement(
        "FR1",
        "Whether requests failed cannot be told: the window holds {n} entries of the request log.",
        Query(
            "SELECT COALESCE(SUM(weight), 0) AS n FROM requests WHERE end_time >= @start AND end_time < @end",
            settings.bound(),
        ),
        value="n",
        unit="entries",
        method="count of request log entries",
        standing=Standing.UNTESTABLE,
    )


_CLEAR_SQL = """
SELECT COALESCE(SUM(weight), 0) AS n,
  COALESCE(SUM(IF(client NOT IN ('preflight', 'uptime_check'), weight, 0)), 0) AS real_n,
  MIN(end_time) AS first, MAX(end_time) AS last
FROM requests
WHERE end_time >= @start AND end_time < @end
"""
_HOW = {  # with and without requests that the platform itself turned away
    False: "{n:# request} failed with a 5xx",
    True: "{n:# request} failed, {turned} of them turned away by the platform for want of an instance and the others "
    "with a 5xx",
}
_ALL_SQL = """
SELECT COALESCE(SUM(weight), 0) AS total, COUNTIF(failed AND status < 500) AS turned,
  COALESCE(SUM(IF(client NOT IN ('preflight', 'uptime_check'), weight, 0)), 0) AS real_total,
  COUNTIF(failed) AS n, COUNTIF(failed AND client NOT IN ('preflight', 'uptime_check')) AS real_n,
  SAFE_DIVIDE(COUNTIF(failed AND client NOT IN ('preflight', 'uptime_check')),
    SUM(IF(client NOT IN ('preflight', 'uptime_check'), weight, 0))) AS share,
  MIN(IF(failed, end_time, NULL)) AS first, MAX(IF(failed, end_time, NULL)) AS last
FROM requests
WHERE end_time >= @start AND end_time < @end
"""
_ROWS_SQL = "SELECT * FROM finding_failed_requests ORDER BY end_time, id"
_FATE_SQL = "SELECT COUNT(*) AS n FROM finding_failed_requests WHERE fate = @fate"
_FATE_ROWS_SQL = "SELECT * FROM finding_failed_requests WHERE fate = @fate ORDER BY end_time, id"
_FATE_WORDS = {
    "application": "{n} were answered by the application itself.",
    "killed_with_instance": "{n} were in flight on an instance that died.",
    "startup_failure": "{n} met an instance that could not start.",
    "no_instance": "{n} found no instance available.",
    "timeout": "{n} reached the request time-out.",
    "upstream": "{n} were answered by the application for a dependency that failed.",
    "deliberate": "{n} were failures on demand, asked for by the caller.",
}
_ROUTE_SQL = """
SELECT route, COUNTIF(failed) AS n, SUM(weight) AS total, SUM(IF(status < 400, weight, 0)) AS fine
FROM requests
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
GROUP BY route
HAVING COUNTIF(failed) > 0
ORDER BY n DESC, route
LIMIT 1
"""
_PREFLIGHT_SQL = """
SELECT COALESCE(SUM(IF(client = 'preflight' AND status < 400, weight, 0)), 0) AS preflights,
  COALESCE(SUM(IF(client NOT IN ('preflight', 'uptime_check') AND status < 400, weight, 0)), 0) AS fine,
  COUNT(DISTINCT route) AS routes
FROM requests
WHERE end_time >= @start AND end_time < @end
  AND route IN (SELECT DISTINCT route FROM finding_failed_requests)
"""


_BY_ROUTE_SQL = """
SELECT route, COUNTIF(failed) AS failed, SUM(IF(status < 400 AND client != 'preflight', weight, 0)) AS succeeded,
  SUM(IF(status >= 400 AND status < 500 AND NOT failed, weight, 0)) AS refused,
  SUM(IF(client = 'preflight' AND status < 400, weight, 0)) AS preflights
FROM requests
WHERE end_time >= @start AND end_time < @end AND client != 'uptime_check'
  AND route IN (SELECT DISTINCT route FROM finding_failed_requests)
GROUP BY route
ORDER BY failed DESC, route
"""
_BURSTS_SQL = """
SELECT burst, COUNT(*) AS failed, MIN(end_time) AS first, MAX(end_time) AS last
FROM finding_failed_requests
GROUP BY burst
ORDER BY first
"""
_BURST_SQL = """
SELECT COUNT(DISTINCT burst) AS n, MAX(failed) AS most, MAX_BY(first, failed) AS first, MAX_BY(last, failed) AS last
FROM (
  SELECT burst, COUNT(*) AS failed, MIN(end_time) AS first, MAX(end_time) AS last
  FROM finding_failed_requests
  GROUP BY burst
)
"""
_REFUSED_SQL = """
SELECT SUM(n) AS n, MAX(n) AS most, MAX_BY(route, n) AS route, MAX_BY(status, n) AS status
FROM (
  SELECT route, status, SUM(weight) AS n
  FROM requests
  WHERE end_time >= @start AND end_time < @end AND status >= 400 AND status < 500 AND NOT failed
    AND client NOT IN ('preflight', 'uptime_check')
  GROUP BY route, status
)
"""
_REFUSED_ROWS_SQL = """
SELECT status, route, method, client, SUM(weight) AS n, MIN(end_time) AS first, MAX(end_time) AS last
FROM requests
WHERE end_time >= @start AND end_time < @end AND status >= 400 AND status < 500 AND NOT failed
  AND client NOT IN ('preflight', 'uptime_check')
GROUP BY status, route, method, client
ORDER BY n DESC, status, route, method, client
"""


def _refused(tables: Tables, settings: Settings) -> tuple[Statement, ...]:
    """What was refused with a 4xx: no failure of the service by itself, and often the first sign of one."""
    asked = frame(tables.requests, settings.window, "end_time")
    real = real_traffic(asked)
    if not ((real["status"] >= 400) & (real["status"] < 500) & ~real["failed"]).fillna(value=False).any():
        return ()
    return (
        Statement(
            "FR-refused",
            "{n:# request} of real traffic were refused with a 4xx; most often {route:text} with status {status}, "
            "{most} times.",
            Query(_REFUSED_SQL, settings.bound()),
            value="n",
            unit="requests",
            method="status of the request log; preflights and uptime checks apart",
            evidence=Query(_REFUSED_ROWS_SQL, settings.bound()),
        ),
    )


def _clear(settings: Settings) -> Statement:
    return Statement(
        "FR1",
        "No request failed (with a 5xx, or turned away for want of an instance) among the {n:# request} that ended "
        "between {first:time} and {last:time}, "
        "{real_n} of them real traffic.",
        Query(_CLEAR_SQL, settings.bound()),
        value="real_n",
        unit="requests",
        method="status of every request log entry, by the time it ended",
    )


def _fired(proof: pa.Table, settings: Settings) -> tuple[Statement, ...]:
    method = "status of every request log entry, by the time it ended; preflights and uptime checks apart"
    turned_away = bool((frame(proof)["status"] < 500).any())
    said = [
        Statement(
            "FR1",
            _HOW[turned_away] + ", the first at {first:time}, the last at {last:time}; "
            "{real_n} of them are real traffic: {share:pct} of its {real_total:# request}.",
            Query(_ALL_SQL, settings.bound()),
            value="n",
            unit="requests",
            method=method,
            evidence=Query(_ROWS_SQL),
            at="first",
        ),
    ]
    route = [
        Statement(
            "FR-route",
            "The route with the most failures is {route:text}: {n} of its {total:# request} failed, {fine} succeeded.",
            Query(_ROUTE_SQL, settings.bound()),
            value="n",
            unit="requests",
            method=method,
            evidence=Query(_BY_ROUTE_SQL, settings.bound()),
        ),
    ]
    if set(proof["client"].to_pylist()) - set(NOT_REAL):
        said += route
    said += [
        Statement(
            "FR-preflights",
            "On the failing routes {fine:# other request} succeeded, and {preflights:# preflight}, "
            "whose success says nothing about the route.",
            Query(_PREFLIGHT_SQL, settings.bound()),
            value="fine",
            unit="requests",
            method="real traffic to these routes; OPTIONS requests of browsers counted apart",
            evidence=Query(_BY_ROUTE_SQL, settings.bound()),
        ),
    ]
    if len(set(proof["burst"].to_pylist())) > 1:
        said.append(
            Statement(
                "FR-bursts",
                "They came in {n:# burst}, with ten quiet minutes or more between; the largest had {most:# failure}, "
                "from {first:time} to {last:time}.",
                Query(_BURST_SQL),
                value="n",
                unit="bursts",
                method="failures more than ten minutes apart belong to different bursts",
                evidence=Query(_BURSTS_SQL),
            )
        )
    fates = proof["fate"].to_pylist()
    said += [_of_fate(fate) for fate in sorted(set(fates) - {"unexplained"}, key=lambda f: (-fates.count(f), f))]
    said.append(
        Statement(
            "FR-unexplained",
            "{n} of them stay unexplained by the data.",
            Query(_FATE_SQL, {"fate": "unexplained"}),
            value="n",
            unit="requests",
            method="no word of the platform, no death of the instance, no line of the application",
            evidence=Query(_FATE_ROWS_SQL, {"fate": "unexplained"}),
        )
    )
    return tuple(said)


def _of_fate(fate: str) -> Statement:
    return Statement(
        f"FR-{fate}",
        _FATE_WORDS[fate],
        Query(_FATE_SQL, {"fate": fate}),
        value="n",
        unit="requests",
        method="the platform's word, the instance's death, or the application's own lines, in this order",
        evidence=Query(_FATE_ROWS_SQL, {"fate": fate}),
    )
