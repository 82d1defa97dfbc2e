"""What may be said of alert rules that were replayed: the proposal, its doubts, and each rule by itself."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Standing, Statement
from netra_analysis.query import Query
from netra_analysis.statistics.alerts import WEEK

LEAST_QUIET = 60  # minutes, for a word about weeks
_BEST_SQL = """
SELECT rule, what, detected_min, 60 * ABS(detected_min) AS after_s, pages, bouts_told, bouts, quiet_min * 60 AS quiet_s,
  (SELECT COUNT(*) FROM finding_alerts WHERE kind = 'page' AND why = '') AS n, first
FROM finding_alerts
WHERE kind = 'page' AND detected_min IS NOT NULL AND false_pages = 0 AND quiet_min > 0{more}
ORDER BY detected_min, bouts_told DESC, pages, position
LIMIT 1
"""
_SYMPTOM_SQL = _BEST_SQL.replace("{more}", " AND looks_at = 'symptom'")
_SOONEST_SQL = _BEST_SQL.replace("{more}", "")
_NONE_SQL = """
SELECT COUNT(*) AS n, COUNTIF(detected_min IS NOT NULL) AS detected, COUNTIF(false_pages > 0) AS false_n
FROM finding_alerts
WHERE kind = 'page' AND why = ''
"""
_QUIET_SQL = """
SELECT rule, false_pages, quiet_min * 60 AS quiet_s, false_per_week, low, high
FROM finding_alerts
WHERE id = @id
"""
_EACH_SQL = """
SELECT rule, what, detected_min, 60 * ABS(detected_min) AS after_s, pages, bouts_told, bouts, false_pages,
  quiet_min * 60 AS quiet_s, incident_min - blind_min AS seen_min, incident_min, blind_min, why, first
FROM finding_alerts
WHERE id = @id
"""
_CALM_SQL = """
SELECT COUNT(*) AS n, COUNTIF(false_pages > 0) AS false_n, MAX(quiet_min) * 60 AS quiet_s
FROM finding_alerts
WHERE why = ''
"""
_NO_DATA_SQL = "SELECT COUNT(*) AS n, COUNTIF(why = '') AS measured FROM finding_alerts"
_ROWS_SQL = "SELECT * FROM finding_alerts ORDER BY position"
_METHOD = (
    "each rule judged at the end of every minute, a gap is no value; a page is over after five minutes of rest; "
    "the delay of metrics and of notification comes on top"
)


def proposal(rows: list[dict[str, Any]]) -> Statement:
    best = _best(rows)
    if best is None:
        return Statement(
            "AL1",
            "No rule can be proposed: of {n} rules that page, {detected} told of the incident and {false_n} paged "
            "for nothing.",
            Query(_NONE_SQL),
            value="detected",
            unit="rules",
            method=_METHOD,
            evidence=Query(_ROWS_SQL),
        )
    return Statement(
        "AL1",
        'Proposed: the rule "{rule:text}" ({what:text}). It is the soonest of {n:# paging rule} without a false page '
        "in {quiet_s:dur} of quiet time: it fired {after_s:dur} " + _when(best) + " and told of {bouts_told} of "
        "{bouts:# bout}.",
        Query(_SOONEST_SQL),
        value="detected_min",
        unit="minutes after onset",
        method=f"{_METHOD}; chosen and judged on the same incident, so another incident is its real test",
        standing=Standing.SUPPORTED,
        evidence=Query(_ROWS_SQL),
        at="first",
    )


def symptom(rows: list[dict[str, Any]]) -> Iterator[Statement]:
    """Beside a rule on a cause, which is blind for other causes, the best that looks at what users see."""
    best, other = _best(rows), _best([row for row in rows if row["looks_at"] == "symptom"])
    if best is None or other is None or best is other:
        return
    yield Statement(
        "AL-symptom",
        'A rule on one cause is silent about others. The soonest that looks at what users see is "{rule:text}" '
        "({what:text}): it fired {after_s:dur} " + _when(other) + " and told of {bouts_told} of {bouts:# bout}.",
        Query(_SYMPTOM_SQL),
        value="detected_min",
        unit="minutes after onset",
        method=_METHOD,
        standing=Standing.SUPPORTED,
        evidence=Query(_ROWS_SQL),
        at="first",
    )


def _best(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row that the proposal's query gives; it decides the words, the query the numbers."""
    fit = [row for row in rows if row["kind"] == "page" and row["detected_min"] is not None]
    fit = [row for row in fit if not row["false_pages"] and row["quiet_min"]]
    return min(
        fit, key=lambda row: (row["detected_min"], -row["bouts_told"], row["pages"], row["position"]), default=None
    )


def _when(row: Mapping[str, Any]) -> str:
    return "before the onset" if row["detected_min"] < 0 else "after the onset"


def quiet(rows: list[dict[str, Any]]) -> Statement:
    row = _best(rows) or max(rows, key=lambda row: row["quiet_min"])
    known = row["quiet_min"] >= LEAST_QUIET
    words = "How often the rules would page for nothing cannot be judged: {quiet_s:dur} of quiet time are known."
    if known:
        words = "Quiet time is short: " if row["quiet_min"] < WEEK else "Quiet time: "
        words += '{false_pages:# page} for nothing of "{rule:text}" in {quiet_s:dur} may stand for '
        words += "{low} to {high} a week."
    return Statement(
        "AL-quiet",
        words,
        Query(_QUIET_SQL, {"id": row["id"]}),
        value="false_per_week" if known else "quiet_s",
        unit="pages per week" if known else "s",
        method="known minutes of window and baseline outside the incident; exact interval of Garwood (1936)",
        standing=Standing.CONFIRMED if known else Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL),
        low="low" if known else None,
        high="high" if known else None,
    )


def each(row: Mapping[str, Any]) -> Statement:
    known = not row["why"] and row["blind_min"] < row["incident_min"]
    words = 'The rule "{rule:text}" ({what:text}) '
    if row["why"]:
        words += "cannot be judged: {why:text}."
    elif not known:
        words += "cannot be judged: it was blind in all {incident_min:# minute} of the incident."
    elif row["detected_min"] is None:
        words += "would have stayed silent in the {seen_min:# minute} of the incident that it could judge"
    else:
        words += "would have fired {after_s:dur} " + _when(row) + " and told of {bouts_told} of {bouts:# bout}"
    tail = "; in {quiet_s:dur} of quiet time it paged {false_pages:# time} for nothing." if known else ""
    return Statement(
        f"AL-{row['id']}",
        words + tail,
        Query(_EACH_SQL, {"id": row["id"]}),
        value=("seen_min" if row["detected_min"] is None else "detected_min") if known else "blind_min",
        unit="minutes after onset" if known and row["detected_min"] is not None else "minutes",
        method=_METHOD,
        standing=Standing.CONFIRMED if known else Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL),
        at="first",
    )


_SINGLE_SQL = """
SELECT SUM(weight) AS n, @over * 60 AS over_s, SUM(weight) * @over / @minutes AS usual,
  @minutes / (SUM(weight) * @over) AS one,
  @share AS share
FROM requests
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
"""


def single(settings: Settings, over_min: int, share: float) -> Statement:
    """Where few ask, one failure is a large share: a rule on a share without a least number pages on each."""
    minutes = settings.window.duration / timedelta(minutes=1)
    return Statement(
        "AL-single",
        "At {usual} real requests in {over_s:dur}, as this window has on average, one failed request is {one:pct}: "
        "the audit's rule ({share:pct}) pages on each single failure.",
        Query(_SINGLE_SQL, settings.bound(over=over_min, share=share, minutes=minutes)),
        value="one",
        unit="share of requests",
        method="real requests of the window spread evenly over it",
    )


def calm() -> Statement:
    return Statement(
        "AL1",
        "Nothing failed and nothing died in the window, so there was nothing to tell; {false_n} of {n} rules would "
        "have paged all the same in {quiet_s:dur}.",
        Query(_CALM_SQL),
        value="false_n",
        unit="rules",
        method=_METHOD,
        evidence=Query(_ROWS_SQL),
    )


def no_data() -> Statement:
    return Statement(
        "AL1",
        "Whether an alert would have told cannot be judged: {measured} of {n} rules have their signal in the data, "
        "but no incident is known of, or none of these rules could be judged while it lasted.",
        Query(_NO_DATA_SQL),
        value="measured",
        unit="rules",
        method=_METHOD,
        standing=Standing.UNTESTABLE,
    )
