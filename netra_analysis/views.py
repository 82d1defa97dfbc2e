"""Tables as a reader sees them: the questions behind the views of a notebook, and how each column is shown."""

import pyarrow as pa

from netra_analysis.finding import instance_text
from netra_analysis.query import Query
from netra_analysis.report.blocks import TableView, ViewColumn

CAUSES = """
SELECT c.rank, c.title, c.status, c.score, c.explained, c.signs_missing, c.signs_for, c.signs_against,
  p.title AS follows_from
FROM finding_causes AS c
LEFT JOIN finding_causes AS p ON p.cause = c.follows_from
WHERE @start < @end
ORDER BY c.rank
"""
# A row that stands for many counts as often in a quantile; in steps, where there are more than a million of them.
_COPIES = """requests
CROSS JOIN (SELECT DIV(SUM(weight), 1000000) + 1 AS step FROM requests)
CROSS JOIN UNNEST(GENERATE_ARRAY(1, CAST(CEIL(weight / step) AS INT64))) AS copy"""
TRAFFIC = f"""
SELECT client, SUM(IF(copy = 1, weight, 0)) AS requests, COUNTIF(failed) AS failed,
  SAFE_DIVIDE(COUNTIF(failed), SUM(IF(copy = 1, weight, 0))) AS failed_share,
  SUM(IF(copy = 1 AND status >= 400 AND status < 500 AND NOT failed, weight, 0)) AS refused,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(50)] AS p50_s,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(95)] AS p95_s
FROM {_COPIES}
WHERE end_time >= @start AND end_time < @end
GROUP BY client
ORDER BY requests DESC, client
"""  # noqa: S608 (the text is the package's own)
ROUTES = f"""
SELECT route, method, SUM(IF(copy = 1, weight, 0)) AS requests, COUNTIF(failed) AS failed,
  SAFE_DIVIDE(COUNTIF(failed), SUM(IF(copy = 1, weight, 0))) AS failed_share,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(50)] AS p50_s,
  APPROX_QUANTILES(IF(status = 101, NULL, latency_s), 100)[OFFSET(95)] AS p95_s
FROM {_COPIES}
WHERE end_time >= @start AND end_time < @end AND client NOT IN ('preflight', 'uptime_check')
GROUP BY route, method
ORDER BY failed DESC, requests DESC, route, method
"""  # noqa: S608 (the text is the package's own)
UNEXPLAINED = """
SELECT end_time, method, route, status, latency_s, client, instance, why, id
FROM finding_failed_requests
WHERE fate = 'unexplained' AND end_time >= @start AND end_time < @end
ORDER BY end_time, id
"""
HELD_UP = """
SELECT time, method, route, status, latency_s, handler_s, gap_s, cold, instance
FROM finding_event_loop
WHERE gap_s IS NOT NULL AND end_time >= @start AND end_time < @end
ORDER BY gap_s DESC, time
"""
FINGERPRINTS = """
SELECT title, level, count, before, state, first, last, instances, failed_requests, id, why
FROM finding_errors
WHERE kind = @kind AND count > 0
ORDER BY count DESC, id, level
"""
FRAMES = """
SELECT frames, title, why
FROM exceptions
WHERE fingerprint = @fingerprint
ORDER BY complete DESC, time, id
LIMIT 1
"""
TIMELINE = """
SELECT time, since_onset_s, event, lane, place, claim
FROM finding_timeline
WHERE @start < @end
ORDER BY time, lane, event
"""
MOVES = """
SELECT series, supported, effect, effect_low, effect_high, lag, form, order_probability, q, familywise_p,
  independent, reason
FROM finding_moved_first
WHERE @start < @end
ORDER BY supported DESC, familywise_p, series
"""
AROUND = """
SELECT place, series, surprise, shape, change_time, CONCAT(change, ' ', from_to) AS change,
  CONCAT(CAST(quiet_alarms AS STRING), ' of ', CAST(quiet_windows AS STRING)) AS quiet_hours_like_it, change_reason
FROM finding_moved_first
WHERE @start < @end
ORDER BY place, series
"""
DIFFERENCES = """
SELECT field, shown, words, failing_with, failing, failing_share, succeeding_with, succeeding, succeeding_share,
  effect, effect_low, effect_high, q, told, strata
FROM finding_what_differs
WHERE @start < @end
ORDER BY told DESC, q, field, shown
"""
LAST_WORDS = """
SELECT e.time, e.instance, e.title, e.message, e.fingerprint, e.tellings, e.complete
FROM exceptions AS e
JOIN finding_crashes AS c ON e.instance = c.instance
WHERE e.time <= c.end_time AND e.time > TIMESTAMP_SUB(c.start_time, INTERVAL 120 SECOND)
ORDER BY e.time, e.id
"""
RULES = """
SELECT rule, what, detected_min, bouts_told, false_pages, high AS weekly_at_most, quiet_min, blind_min,
  why AS not_judged
FROM finding_alerts
ORDER BY position
"""
_LAST = ("end_time", "revision", "loop", "id", "app_entry", "user_agent", "trace")  # what a reader needs least
_KINDS = {
    "latency_s": ("latency", "", "duration"),
    "used_mib": ("used", "MiB", "number"),
    "limit_mib": ("limit", "MiB", "number"),
    "lived_s": ("lived", "", "duration"),
    "ratio": ("share of limit", "", "share"),
    "explained": ("explains", "", "share"),
    "failing_share": ("of the failing", "", "share"),
    "succeeding_share": ("of the successful", "", "share"),
    "order_probability": ("changed first", "", "share"),
    "effect_low": ("low", "", "number"),
    "effect_high": ("high", "", "number"),
    "lower_before": ("lower before", "", "share"),
    "failed_share": ("of them", "", "share"),
    "p50_s": ("p50", "", "duration"),
    "p95_s": ("p95", "", "duration"),
    "handler_s": ("in the handler", "", "duration"),
    "since_onset_s": ("from the impact", "", "duration"),
    "detected_min": ("fires after", "min", "number"),
    "quiet_min": ("quiet time", "min", "number"),
    "blind_min": ("blind", "min", "number"),
    "incident_min": ("incident", "min", "number"),
    "killed_at": ("killed at", "", "share"),
    "last_seen": ("last seen", "", "share"),
    "unseen_s": ("unseen", "", "duration"),
    "gap_s": ("outside it", "", "duration"),
}


def shown(table: pa.Table, title: str, limit: int = 50, query: Query | None = None) -> TableView:
    """`table` as a reader sees it: units in the headings, instances by the end of their long ids."""
    columns = columns_of(table)
    if "instance" in table.column_names:
        index = table.schema.get_field_index("instance")
        table = table.set_column(index, "instance", pa.array([instance_text(i) for i in table["instance"].to_pylist()]))
    return TableView.of(table, title, columns, limit, query=query)


def columns_of(table: pa.Table) -> tuple[ViewColumn, ...]:
    """How each column is shown, read off its name's unit and its type; ids of evidence are left to queries."""
    fields = [field for field in table.schema if field.name != "evidence"]
    return tuple(_column(field) for field in sorted(fields, key=lambda field: field.name in _LAST))


def _column(field: pa.Field) -> ViewColumn:
    if field.name in _KINDS:
        label, unit, kind = _KINDS[field.name]
        return ViewColumn(field.name, label, unit, kind)  # type: ignore[arg-type]
    label = field.name.replace("_", " ")
    if pa.types.is_timestamp(field.type):
        return ViewColumn(field.name, label, "", "time")
    if field.name == "claim":
        return ViewColumn(field.name, label, "", "claim")
    if field.name in ("instance", "id", "app_entry"):
        return ViewColumn(field.name, label, "", "code")
    numeric = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    return ViewColumn(field.name, label, "", "number" if numeric else "text")
