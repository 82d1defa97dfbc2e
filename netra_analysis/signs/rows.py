"""The rows that a sign was read from, where its own look names none: what a sceptical reader opens next.

A sign that was not seen has them too: then they are what was looked at.
"""

from dataclasses import replace

from netra_analysis.finding import Verdict
from netra_analysis.query import Bound, Query
from netra_analysis.signs.platform import CPU, INSTANCES
from netra_analysis.signs.sign import Sign
from netra_analysis.window import TimeWindow

_METRIC = """
SELECT time, metric, statistic, value, labels FROM metrics
WHERE CONTAINS_SUBSTR(metric, @metric) AND time >= @start AND time < @end
ORDER BY value DESC, time, labels"""
_BY_REVISION = """
SELECT revision, SUM(weight) AS requests, SUM(IF(failed, weight, 0)) AS failed,
  MIN(time) AS first, MAX(end_time) AS last
FROM requests WHERE end_time >= @start AND end_time < @end GROUP BY revision ORDER BY first"""
_BY_MINUTE = """
SELECT TIMESTAMP_TRUNC(time, MINUTE) AS minute, SUM(weight) AS requests, SUM(IF(failed, weight, 0)) AS failed
FROM requests WHERE time >= @start AND time < @end GROUP BY minute ORDER BY requests DESC, minute"""
_BY_ROUTE = """
SELECT route, SUM(weight) AS requests, SUM(IF(failed, weight, 0)) AS failed, MAX(latency_s) AS longest_s
FROM requests WHERE end_time >= @start AND end_time < @end GROUP BY route ORDER BY failed DESC, requests DESC, route"""
_BY_CLIENT = """
SELECT client, SUM(weight) AS requests, SUM(IF(failed, weight, 0)) AS failed
FROM requests WHERE end_time >= @start AND end_time < @end GROUP BY client ORDER BY failed DESC, client"""
_SLOWEST = """
SELECT end_time, route, status, latency_s, instance, id FROM requests
WHERE end_time >= @start AND end_time < @end AND latency_s >= 1 ORDER BY latency_s DESC, id"""
_REFUSED = """
SELECT end_time, route, status, client, instance, id FROM requests
WHERE end_time >= @start AND end_time < @end AND status IN (401, 403) ORDER BY end_time, id"""
_SOCKETS = """
SELECT time, end_time, route, status, latency_s, instance, id FROM requests
WHERE end_time >= @start AND end_time < @end AND status = 101 ORDER BY latency_s, id"""
_NO_INSTANCE = """
SELECT end_time, route, status, latency_s, platform_text, id FROM requests
WHERE end_time >= @start AND end_time < @end AND CONTAINS_SUBSTR(platform_text, 'no available instance')
ORDER BY end_time, id"""
_SEARCHED = """
SELECT level, stream, SUM(weight) AS lines_, MIN(time) AS first, MAX(time) AS last
FROM app_logs WHERE time >= @start AND time < @end GROUP BY level, stream ORDER BY level, stream"""
_FAILED = "SELECT * FROM finding_failed_requests ORDER BY time, id"
_KILLS = "SELECT * FROM finding_crashes WHERE kind = 'oom' ORDER BY start_time"
_DEATHS = "SELECT * FROM finding_crashes ORDER BY start_time"
_MEMORY = "SELECT * FROM finding_memory ORDER BY ratio DESC, time"
_LOOP = "SELECT * FROM finding_event_loop ORDER BY gap_s DESC, id"

_OF: dict[str, tuple[str, str]] = {  # a sign's question, and the metric where it is one of a metric
    "harm": (_FAILED, ""),
    "metric_failures": (_METRIC, "request_count"),
    "slower": (_SLOWEST, ""),
    **dict.fromkeys(("memory_resets", "memory_climbs", "memory_low", "memory_filled"), (_MEMORY, "")),
    **dict.fromkeys(("memory_burst", "kill_under_load"), (_KILLS, "")),
    **dict.fromkeys(("fails_before_death", "one_route_inside", "ended_full"), (_DEATHS, "")),
    **dict.fromkeys(
        ("pool_timeouts", "db_refuses", "dependency_lost", "dependency_slow", "code_words", "config_words"),
        (_SEARCHED, ""),
    ),
    **dict.fromkeys(("wrong_address", "flag_changed", "errors_after_kills"), (_SEARCHED, "")),
    **dict.fromkeys(
        ("workers_busy", "crash_words", "memory_words", "loop_words", "socket_words"),
        (_SEARCHED, ""),
    ),
    "db_backends_full": (_METRIC, "postgresql/num_backends"),
    **dict.fromkeys(("new_revision_only", "settings_changed"), (_BY_REVISION, "")),
    "auth_refused": (_REFUSED, ""),
    "no_instance": (_NO_INSTANCE, ""),
    "instances_at_maximum": (_METRIC, INSTANCES),
    **dict.fromkeys(("cpu_busy", "slow_while_busy"), (_METRIC, CPU)),
    "instance_stalled": (_LOOP, ""),
    **dict.fromkeys(("traffic_surge", "retries"), (_BY_MINUTE, "")),
    "follows_input": (_BY_ROUTE, ""),
    **dict.fromkeys(("sockets_cut", "socket_failures", "sockets_short"), (_SOCKETS, "")),
    **dict.fromkeys(("on_demand", "artificial_clients", "served_well"), (_BY_CLIENT, "")),
}


def with_rows(sign: Sign, window: TimeWindow) -> Sign:
    """`sign` with a question behind it, where it has none and there is one."""
    if sign.evidence or sign.verdict is Verdict.NO_DATA or sign.id not in _OF:
        return sign
    sql, metric = _OF[sign.id]
    bound: dict[str, Bound] = {"start": window.start, "end": window.end, "metric": metric}
    return replace(sign, evidence=Query(sql.strip(), {name: v for name, v in bound.items() if f"@{name}" in sql}))
