"""How much of the error budget is gone, and how fast did it burn?

Availability: the share of real requests (preflights and uptime checks apart) answered without a 5xx. Latency:
the share of them answered within a threshold, lives of WebSockets left out. Both over the window, each against
its objective; where the parameters name none, a common one is assumed and called that. FIRED: more failed, or
took too long, than the objective allows for this window's traffic, and the interval of that lies above it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.measures import service_levels
from netra_analysis.measures.minutes import Minutes, counted
from netra_analysis.query import Bound, Query
from netra_analysis.reconstruct.frames import table
from netra_analysis.statistics.alerts import PAGING, BurnPair
from netra_analysis.statistics.intervals import CONFIDENCE, Interval
from netra_analysis.tables import Tables

NAME = "objectives"
LEAST_MINUTES = 60  # of a window, for a word about weeks
PERIOD_DAYS = 28  # The Site Reliability Workbook, chapter 2: four weeks, so that each holds as many weekends


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """Each minute of the window with its counts and burn rates, and what they say of the objectives."""
    counts = counted(tables, settings)
    rows = service_levels.rows(tables, settings, counts)
    proof = table(rows.astype(object).where(rows.notna(), None).to_dict("records"), service_levels.PROOF)
    if not rows["total"].sum() > 0:
        return Finding(NAME, Verdict.NO_DATA, proof, (_no_data(settings),), missing=("requests",))
    spent = service_levels.spent(rows, "total", "bad", service_levels.availability(settings))
    slow = service_levels.spent(rows, "timed", "slow", service_levels.latency(settings)[0])
    fired = spent.low > 1 or slow.low > 1
    said = [_available(settings, counts, spent)]
    said += [_period(settings)] if rows["total"].notna().sum() >= LEAST_MINUTES else []
    said += [_gone(settings)] if spent.estimate > 1 else []
    said += [*_burns(rows), _fast_enough(settings, slow) if rows["timed"].sum() > 0 else _untimed()]
    time = service_levels.overspent(rows, service_levels.availability(settings)) if spent.low > 1 else None
    return Finding(NAME, Verdict.FIRED if fired else Verdict.CLEAR, proof, tuple(said), time=time)


def _used(spent: Interval, noun: str) -> str:
    """How much of a budget is used, and whether so few requests can show it."""
    words = f"that is {{spent}} times the window's budget of {{allowed}} {noun} ({{spent_low}} to {{spent_high}})"
    if spent.estimate > 1 >= spent.low:
        return f"{words}, which chance alone can do to a service that keeps its objective"
    if spent.high > 1 >= spent.estimate:
        return f"{words}, too few requests to show that the objective is kept"
    return words


_SHARE_SQL = """
SELECT n, bad, 100 * (1 - p) AS good, 100 * (1 - p_high) AS good_low, 100 * (1 - p_low) AS good_high,
  100 * @objective AS objective, n * (1 - @objective) AS allowed, p / (1 - @objective) AS spent,
  p_low / (1 - @objective) AS spent_low, p_high / (1 - @objective) AS spent_high, @threshold AS threshold
FROM (
  SELECT n, bad, p, GREATEST((p + @z2 / (2 * n) - half) / (1 + @z2 / n), 0.0) AS p_low,
    LEAST((p + @z2 / (2 * n) + half) / (1 + @z2 / n), 1.0) AS p_high
  FROM (
    SELECT n, bad, bad / n AS p, SQRT(@z2 * (bad / n * (1 - bad / n) / n + @z2 / (4 * n * n))) AS half
    FROM (SELECT SUM(total) AS n, SUM(bad) AS bad FROM finding_objectives)
  )
)
"""
_SLOW_SQL = _SHARE_SQL.replace("SUM(total) AS n, SUM(bad) AS bad", "SUM(timed) AS n, SUM(slow) AS bad")
_BAD_ROWS_SQL = "SELECT time, total, bad, burn_5m, burn_1h FROM finding_objectives WHERE bad > 0 ORDER BY time"
_SLOW_ROWS_SQL = "SELECT time, timed, slow FROM finding_objectives WHERE slow > 0 ORDER BY slow DESC, time"
_PERIOD_SQL = """
SELECT bad / (total / minutes * @days * 1440 * (1 - @objective)) AS share, bad, @days AS days, minutes * 60 AS seen_s
FROM (SELECT SUM(bad) AS bad, SUM(total) AS total, COUNT(total) AS minutes FROM finding_objectives)
"""
_GONE_SQL = """
SELECT MIN(IF(so_far > allowed, time, NULL)) AS gone, MAX(so_far) AS bad, MAX(allowed) AS allowed
FROM (
  SELECT time, SUM(bad) OVER (ORDER BY time) AS so_far, (1 - @objective) * SUM(total) OVER () AS allowed
  FROM finding_objectives
)
"""
_BURN_SQL = """
WITH pairs AS (
  SELECT time, IF({short} < {long}, {short}, {long}) AS burn
  FROM finding_objectives WHERE {short} IS NOT NULL AND {long} IS NOT NULL
)
SELECT COUNT(*) AS n, MAX(burn) AS worst, MIN(IF(burn = peak, time, NULL)) AS worst_time,
  COUNTIF(burn >= @rate) AS over_n, MIN(IF(burn >= @rate, time, NULL)) AS first,
  @rate AS rate, @short_s AS short_s, @long_s AS long_s
FROM pairs CROSS JOIN (SELECT MAX(burn) AS peak FROM pairs)
"""
_ROWS_SQL = "SELECT time, {short}, {long} FROM finding_objectives WHERE {short} IS NOT NULL ORDER BY {short} DESC, time"
_NO_DATA_SQL = """
SELECT COALESCE(SUM(weight), 0) AS n FROM requests
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
"""
_METHOD = (
    "error budget of The Site Reliability Workbook, chapter 2; interval by Wilson (1927), which takes requests for "
    "independent: failures that share a cause make it too narrow"
)
_BURN_METHOD = "error share over each window / (1 − objective), The Site Reliability Workbook, chapter 5"


def _bound(objective: float, threshold: float | None = None) -> dict[str, Bound]:
    z2 = float(special.ndtri(0.5 + CONFIDENCE / 2)) ** 2
    return {"objective": objective, "threshold": threshold, "z2": z2}


def _no_data(settings: Settings) -> Statement:
    return Statement(
        "OB1",
        "Service levels cannot be judged: {n} real requests of the window were counted.",
        Query(_NO_DATA_SQL, settings.bound()),
        value="n",
        unit="requests",
        method="requests of the platform's log, preflights and uptime checks apart; else its request count",
        standing=Standing.UNTESTABLE,
    )


def _available(settings: Settings, counts: Minutes, spent: Interval) -> Statement:
    words = service_levels.assumed(settings, "availability")
    whose = "real requests" if counts.counted_by == "request log" else "requests (checks and preflights included)"
    return Statement(
        "OB1",
        f"{{bad}} of {{n}} {whose} failed: {{good:.2f}} % were answered without a 5xx ({{good_low:.2f}} to "
        f"{{good_high:.2f}} %), and the objective is {{objective:.6g}} %{words}; "
        f"{_used(spent, 'failures')}.",
        Query(_SHARE_SQL, _bound(service_levels.availability(settings))),
        value="spent",
        unit="the window's error budget",
        method=_METHOD,
        evidence=Query(_BAD_ROWS_SQL),
        low="spent_low",
        high="spent_high",
        short="{spent:.1f}×",
    )


def _period(settings: Settings) -> Statement:
    return Statement(
        "OB-period",
        "At the traffic of these {seen_s:dur} the failures are {share:pct} of a budget of {days} days.",
        Query(_PERIOD_SQL, {"objective": service_levels.availability(settings), "days": PERIOD_DAYS}),
        value="share",
        unit="share of the budget",
        method="failures / (requests a minute × minutes of the period × (1 − objective)); traffic taken as constant",
        standing=Standing.SUPPORTED,
        evidence=Query(_BAD_ROWS_SQL),
    )


def _gone(settings: Settings) -> Statement:
    return Statement(
        "OB-gone",
        "What the objective allows for the whole window ({allowed} failures) was gone in the minute of {gone:time}.",
        Query(_GONE_SQL, {"objective": service_levels.availability(settings)}),
        value="bad",
        unit="failures",
        method="running sum of failures by minute against the window's budget",
        evidence=Query(_BAD_ROWS_SQL),
        at="gone",
    )


def _burns(rows: pd.DataFrame) -> Iterator[Statement]:
    for pair, name in zip(PAGING, ("fast", "slow"), strict=True):
        both = rows[[service_levels.BURNS[pair.short_min], service_levels.BURNS[pair.long_min]]].min(
            axis=1, skipna=False
        )
        yield _burn(pair, name, float(both.max()))


def _burn(pair: BurnPair, name: str, worst: float) -> Statement:
    columns: dict[str, Any] = {
        "short": service_levels.BURNS[pair.short_min],
        "long": service_levels.BURNS[pair.long_min],
    }
    known = not np.isnan(worst)
    template = "How fast the budget burnt over {short_s:dur} and {long_s:dur} cannot be judged: {n} minutes have both."
    if known:
        template = (
            "Over {short_s:dur} and {long_s:dur} together the budget burnt at most {worst} times as fast as the "
            "objective allows, at {worst_time:time}; a page is due from {rate} times on, "
        ) + ("which {over_n:# minute} reached, first at {first:time}." if worst >= pair.rate else "never reached.")
    return Statement(
        f"OB-burn-{name}",
        template,
        Query(
            _BURN_SQL.format(**columns),
            {"rate": pair.rate, "short_s": 60 * pair.short_min, "long_s": 60 * pair.long_min},
        ),
        value="worst" if known else "n",
        unit="times the allowed rate" if known else "minutes",
        method=_BURN_METHOD,
        standing=Standing.CONFIRMED if known else Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL.format(**columns)),
        at="worst_time",
    )


def _fast_enough(settings: Settings, spent: Interval) -> Statement:
    words = service_levels.assumed(settings, "latency", "latency_s")
    return Statement(
        "OB-latency",
        "{bad} of {n} real requests took longer than {threshold:dur}: {good:.2f} % did not ({good_low:.2f} to "
        f"{{good_high:.2f}} %), and the objective is {{objective:.6g}} %{words}; "
        f"{_used(spent, 'slow ones')}.",
        Query(_SLOW_SQL, _bound(*service_levels.latency(settings))),
        value="spent",
        unit="times the budget",
        method=f"{_METHOD}; latency at the edge, lives of WebSockets left out",
        evidence=Query(_SLOW_ROWS_SQL),
        low="spent_low",
        high="spent_high",
    )


def _untimed() -> Statement:
    return Statement(
        "OB-latency",
        "Latency cannot be held against an objective: {n} requests of the window have one.",
        Query("SELECT COALESCE(SUM(timed), 0) AS n FROM finding_objectives"),
        value="n",
        unit="requests",
        method="latency at the edge in the request log",
        standing=Standing.UNTESTABLE,
    )
