"""What may be said about the series that move with the failures: sentences and their queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from netra_analysis.finding import Standing, Statement, duration_text, number_text
from netra_analysis.measures.around import AFTER, BEFORE, Around
from netra_analysis.query import Query
from netra_analysis.statistics.calibration import FalseAlarms
from netra_analysis.statistics.coupling import ALPHA, MOST_ERRORS

MOST_SAID = 4
_METHOD = (
    "counts of failed requests against each series minute by minute: season, drift and the failures' own memory taken "
    "out, all lags tried on circular shifts as well, the largest of all decides; q by Benjamini and Hochberg"
)
_CHANGE_METHOD = (
    "likelihood-ratio scan over the hour around the onset, p by a bootstrap with the series' own memory and tails, "
    "level held over all series; interval of the place by likelihood"
)
_ALL_SQL = """
SELECT COUNT(*) AS series, COUNTIF(reason IS NULL) AS judged, COUNTIF(supported) AS supported,
  MAX(tests) AS tests, MAX(minutes) AS minutes, MIN(familywise_p) AS least_p, @alpha AS alpha
FROM finding_moved_first
"""
_ONE_SQL = """
SELECT series, effect, effect_low, effect_high, lag, lag_low, lag_high, q, familywise_p, tests, independent,
  order_probability, form, IF(form = 'excess', 'its excess beyond the usual range', 'its level') AS what,
  IF(order_probability IS NULL, 'which of the two changed first cannot be told',
    CONCAT('by resampling it changed before them in ', CAST(CAST(ROUND(100 * order_probability) AS INT64) AS STRING),
      ' of a hundred draws')) AS first
FROM finding_moved_first
WHERE series = @series AND supported
"""
_ROWS_SQL = "SELECT * FROM finding_moved_first ORDER BY supported DESC, familywise_p, series"
_ONE_ROW_SQL = "SELECT * FROM finding_moved_first WHERE series = @series"
_FIRST_SQL = """
SELECT series, change, change_time, change_low, change_high, from_to, quiet, change_p, onset,
  TIMESTAMP_DIFF(onset, change_high, MICROSECOND) / 1000000.0 AS least_lead_s,
  IF(change_high <= onset, 'before the first failed request',
    IF(change_low > onset, 'after the first failed request',
      'within the same minutes as the first failed request, so that their order cannot be told')) AS placed,
  (SELECT COUNTIF(stands_out) FROM finding_moved_first) AS changed,
  (SELECT COUNT(*) FROM finding_moved_first) AS compared
FROM finding_moved_first
WHERE stands_out
ORDER BY change_high, change_low, change_p, series
LIMIT 1
"""
_CHANGED_SQL = "SELECT * FROM finding_moved_first WHERE stands_out ORDER BY change_high, series"
_UNCHANGED_SQL = """
SELECT COUNT(*) AS compared, COUNTIF(change_reason IS NOT NULL) AS unjudged, @before AS before, @after AS after
FROM finding_moved_first
"""
_HIGH_SQL = """
SELECT series, level, lower_before, onset, minutes
FROM finding_moved_first
WHERE lower_before >= @high
ORDER BY lower_before DESC, IF(source IN ('memory', 'pool'), 0, 1), series
LIMIT 1
"""
_HIGH_ROWS_SQL = """
SELECT series, level, lower_before, measured
FROM finding_moved_first
WHERE lower_before IS NOT NULL
ORDER BY lower_before DESC, series
"""
HIGH = 0.95


def lag(minutes: int) -> str:
    """A lag in words, the failed requests being `them`."""
    if minutes == 0:
        return "in the same minute as them"
    count = f"{abs(minutes)} minute{'s' if abs(minutes) > 1 else ''}"
    return f"{count} {'before' if minutes > 0 else 'after'} them"


def level(value: float, unit: str) -> str:
    """A value with its unit as a reader says it: a share as per cent, seconds as a duration."""
    if unit in ("ratio", "share of limit"):
        return f"{100 * value:.0f} %" + (" of its limit" if unit == "share of limit" else "")
    if unit == "s":
        return duration_text(value)
    value = float(f"{value:.2g}") if abs(value) < 1 else value
    if unit in ("count", "1", ""):
        return number_text(value)
    noun, *rest = unit.split(" ")
    return " ".join([number_text(value), noun.removesuffix("s") if value == 1 and len(noun) > 3 else noun, *rest])


def quiet(found: FalseAlarms | None, matched: str) -> str:
    """How often quiet time shows as much, in words; and when it is too short to say."""
    if found is None:
        return "it does not stand out at the onset, so quiet time was not asked"
    if not found.windows:
        return "there is no quiet time to compare with"
    seen = f"quiet time shows as large a move in {found.alarms} of {found.windows} stretches ({matched})"
    return f"{seen}, which is too few for a rate" if found.reason else seen


def said(rows: Sequence[Mapping[str, Any]], near: Around | None) -> tuple[Statement, ...]:
    """The headline, each series that holds, what changed first, and what stood high."""
    holds = [row["series"] for row in rows if row["supported"]]
    order = sorted((row for row in rows if row["supported"]), key=lambda row: (row["familywise_p"], row["series"]))
    statements = [_headline(bool(holds), any(row["reason"] is None for row in rows))]
    statements += [_supported(number, row["series"]) for number, row in enumerate(order[:MOST_SAID], start=1)]
    if near is not None:
        statements.append(_changed() if any(row["stands_out"] for row in rows) else _unchanged())
    if any((row["lower_before"] or 0.0) >= HIGH for row in rows):
        statements.append(_high())
    return tuple(statements)


def _headline(holds: bool, judged: bool) -> Statement:
    if not judged:
        return too_little()
    if holds:
        text = (
            "{supported} of the {judged} series that could be judged move with the failed requests beyond chance, "
            "over {minutes} minutes and {tests} tests of series, lag and form together (level {alpha:pct} for all of "
            "them)."
        )
    else:
        text = (
            "None of the {judged} series that could be judged moves with the failed requests beyond chance, over "
            "{minutes} minutes and {tests} tests of series, lag and form together (level {alpha:pct} for all of them, "
            "least p {least_p:p}). A cause that creeps for hours does not show here."
        )
    return Statement(
        "MF1",
        text,
        Query(_ALL_SQL, {"alpha": ALPHA}),
        value="supported",
        unit="series",
        method=_METHOD,
        standing=Standing.SUPPORTED if holds else Standing.CONFIRMED,
        evidence=Query(_ROWS_SQL),
    )


def _supported(number: int, series: str) -> Statement:
    return Statement(
        f"MF-moves-{number}",
        "{series:text}: moves with the failed requests, {lag:text}; correlation {effect} ({effect_low} to "
        "{effect_high}) of {what:text}, worth {independent} independent minutes; p {familywise_p:p} over all {tests} "
        "tests; {first:text}.",
        Query(_ONE_SQL, {"series": series}),
        value="effect",
        unit="correlation",
        method=f"{_METHOD}; a minute of the failures counts for no more than {MOST_ERRORS:g} robust units",
        standing=Standing.SUPPORTED,
        evidence=Query(_ONE_ROW_SQL, {"series": series}),
        low="effect_low",
        high="effect_high",
    )


def _changed() -> Statement:
    return Statement(
        "MF-first",
        "Around the onset {changed} of {compared} series changed; the first was {series:text}, a {change:text} "
        "{from_to:text} between {change_low:time} and {change_high:time}: {placed:text}; {quiet:text}.",
        Query(_FIRST_SQL),
        value="change_time",
        unit="time",
        method=_CHANGE_METHOD,
        standing=Standing.SUPPORTED,
        evidence=Query(_CHANGED_SQL),
        at="change_time",
        low="change_low",
        high="change_high",
    )


def _unchanged() -> Statement:
    return Statement(
        "MF-first",
        "From {before} minutes before the onset to {after} minutes after it none of {compared} series changed in a "
        "way that its own noise does not explain; {unjudged} of them could not be judged.",
        Query(_UNCHANGED_SQL, {"before": BEFORE, "after": AFTER}),
        value="compared",
        unit="series",
        method=_CHANGE_METHOD,
        evidence=Query(_ROWS_SQL),
    )


def _high() -> Statement:
    return Statement(
        "MF-high",
        "At the onset {series:text} stood at {level:text}, higher than in {lower_before:pct} of the minutes "
        "measured before.",
        Query(_HIGH_SQL, {"high": HIGH}),
        value="lower_before",
        unit="share of earlier minutes",
        method="rank of the last value at the onset among all earlier ones; shows a slow climb, and at times chance",
        evidence=Query(_HIGH_ROWS_SQL),
    )


def too_little() -> Statement:
    """What is said when there are series, and too little to judge any of them by."""
    return Statement(
        "MF1",
        "Whether anything moves with the failed requests cannot be judged for any of {series} series: {reason:text}.",
        Query("SELECT COUNT(*) AS series, MIN(reason) AS reason FROM finding_moved_first"),
        value="series",
        unit="series",
        method=_METHOD,
        standing=Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL),
    )


def no_data(series: int, counted_by: str) -> Statement:
    """What is said when one side of the comparison is missing altogether."""
    lack = "no series to hold the failures against" if counted_by else "no request log and no count of requests"
    return Statement(
        "MF1",
        f"Whether anything moves with the failed requests cannot be judged: the data hold {lack}. "
        "Series found: {series}.",
        Query("SELECT COUNT(*) AS series FROM finding_moved_first"),
        value="series",
        unit="series",
        method=_METHOD,
        standing=Standing.UNTESTABLE,
    )
