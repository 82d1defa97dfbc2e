"""The incident minute by minute: a true zero, an unknown minute, and a point are three different things."""

from pathlib import Path

import numpy as np

from netra_analysis.incident import Incident
from netra_analysis.measures.minutes import Minutes, minutes
from tests.entries import OOM, memory, opened, pool, request, said, system


def of(incident: Incident) -> Minutes:
    return minutes(incident.tables, incident.settings, incident.findings)


def series(found: Minutes, name: str) -> np.ndarray:
    return next(one.values for one in found.series if one.name == name)


def inside(found: Minutes, values: np.ndarray) -> list[float | None]:
    """The window's minutes of `values`, None for what is not known."""
    return [None if np.isnan(value) else round(float(value), 3) for value in values[slice(*found.inside)]]


def test_a_minute_without_a_request_is_zero_while_the_log_goes_on_and_unknown_after_it_ends(tmp_path: Path) -> None:
    found = of(opened(tmp_path, [request(1, 200), request(70, 503), request(200, 200), request(310, 200)]))
    assert inside(found, found.total)[:7] == [None, 1.0, 0.0, 1.0, 0.0, None, None], "the first and last are not whole"
    assert inside(found, found.failed)[1:5] == [1.0, 0.0, 0.0, 0.0]


def test_a_silence_of_all_logs_is_unknown_and_not_quiet(tmp_path: Path) -> None:
    busy = [request(s, 200) for s in range(0, 3600, 5) if not 1200 <= s < 2400]
    found = of(opened(tmp_path, busy))
    assert inside(found, found.total)[18:42] == [12.0, 12.0, *[None] * 20, 12.0, 12.0]


def test_preflights_and_uptime_checks_are_no_real_traffic(tmp_path: Path) -> None:
    checks = [request(s, 200, agent="GoogleStackdriverMonitoring-UptimeChecks(https://x)") for s in range(0, 300, 30)]
    preflights = [request(s, 204, method="OPTIONS") for s in range(0, 300, 30)]
    found = of(opened(tmp_path, [*checks, *preflights, request(90, 200), request(299, 200)]))
    assert inside(found, found.total)[:4] == [0.0, 1.0, 0.0, 0.0]


def test_a_point_stands_for_the_minute_that_it_ends_and_a_missing_one_for_nothing(tmp_path: Path) -> None:
    found = of(opened(tmp_path, [request(s, 200) for s in range(0, 600, 10)], [memory(0.5, 0.6, None, None, 0.7)]))
    assert inside(found, series(found, "memory"))[:6] == [0.5, 0.6, None, None, 0.7, None]


def test_the_kill_line_says_what_the_metric_could_not_see(tmp_path: Path) -> None:
    entries = [*(request(s, 200) for s in range(0, 600, 10)), system(130, OOM, "ERROR")]
    found = of(opened(tmp_path, entries, [memory(0.5, 0.6, None, 0.3)]))
    assert inside(found, series(found, "memory"))[:4] == [0.5, 0.6, round(1051 / 1024, 3), 0.3]


def test_a_wait_that_timed_out_says_that_all_connections_were_in_use(tmp_path: Path) -> None:
    line = "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out"
    entries = [*(request(s, 200) for s in range(0, 600, 10)), said(125, line, severity="ERROR")]
    found = of(opened(tmp_path, entries, [pool(3, 4, 6, 5)]))
    assert inside(found, series(found, "pool, in use"))[:4] == [3.0, 4.0, 15.0, 5.0]


def test_requests_in_flight_are_the_seconds_spent_in_each_minute(tmp_path: Path) -> None:
    entries = [request(0, 200), request(70, 200, latency=30.0), request(110, 200, latency=20.0), request(299, 200)]
    found = of(opened(tmp_path, entries))
    flying = inside(found, series(found, "requests in flight"))
    assert flying[1:3] == [round((30 + 10) / 60, 3), round(10 / 60, 3)]
