"""Each failed request has a fate and a reason; the onset is when the baseline no longer explains failures."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import MALFORMED, OOM, at, opened, request, said, system

NO_INSTANCE = "The request was aborted because there was no available instance."
TIMEOUT = "The request has been terminated because it has reached the maximum request timeout."
NOT_STARTED = "The request failed because the instance could not start successfully."
ERROR = "2026-03-04 12:01:40.000 | ERROR    | app:go:7 | ValueError: no such order"


def fate(folder: Path, entries: list[dict[str, Any]]) -> tuple[str, str]:
    (row,) = opened(folder, entries).failed_requests.finding.proof.to_pylist()
    return row["fate"], row["why"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([request(100, 503, textPayload=NO_INSTANCE, instance="", latency=0)], "no_instance"),
        ([request(100, 504, textPayload=TIMEOUT, latency=300)], "timeout"),
        ([request(100, 504, latency=300.0)], "timeout"),
        ([request(100, 500, textPayload=NOT_STARTED, instance="", latency=0)], "startup_failure"),
        ([request(100, 503, latency=1, textPayload=MALFORMED), system(100.9, OOM)], "killed_with_instance"),
        ([request(100, 503, latency=1, textPayload=MALFORMED), system(1, "Starting new instance.")], "unexplained"),
        ([request(100, 503, instance="", latency=0.2)], "unexplained"),
        ([request(100, 500)], "application"),
        ([request(100, 500), said(100.02, ERROR)], "application"),
        ([request(100, 502), said(100.02, "ConnectError: connection refused by billing")], "upstream"),
        ([request(100, 500), said(100.02, "INFO: FORCE_ERROR requested")], "deliberate"),
        ([request(100, 500), said(100.02, "Error: forced by fault route (drill=alert-routing)")], "deliberate"),
        ([request(100, 500), said(100.02, "Error: no\n  at throwDemoFailure (/app/alertDrill.ts:14:9)")], "deliberate"),
        ([request(100, 500), said(100.02, "ERROR: connection was forcibly closed")], "application"),
    ],
)
def test_each_fate(tmp_path: Path, entries: list[dict[str, Any]], expected: str) -> None:
    found, why = fate(tmp_path, entries)
    assert found == expected
    assert why


def test_a_time_out_of_the_service_s_own_met_the_exception_that_it_told_of(tmp_path: Path) -> None:
    waits = [request(100, 504, latency=10.0), said(109.99, ERROR)]
    (row,) = opened(tmp_path, waits).failed_requests.finding.proof.to_pylist()
    assert (row["fate"], row["app_entry"]) == ("timeout", waits[1]["insertId"])


def test_the_fates_add_up_to_the_failed(tmp_path: Path) -> None:
    failing = [request(100 + i, 500) for i in range(5)] + [request(200, 503, instance="", latency=0.1)]
    inc = opened(tmp_path, [request(1, 200), *failing])
    parts = [c.value for c in inc.failed_requests.claims if c.id in ("FR-application", "FR-unexplained")]
    assert sum(parts) == inc.failed_requests.claim("FR1").value == 6


def test_a_request_belongs_to_the_moment_it_failed(tmp_path: Path) -> None:
    inc = opened(tmp_path, [request(1, 200), request(-30, 504, latency=60, textPayload=TIMEOUT)])
    assert inc.failed_requests.finding.time == at(30)


def test_the_onset_is_the_first_burst_that_the_baseline_does_not_explain(tmp_path: Path) -> None:
    usual = [request(-3600 + 300 * i, 500) for i in range(12)]  # one every five minutes, every hour
    lone = [request(300, 500)]
    burst = [request(2000 + i, 500) for i in range(20)]
    inc = opened(tmp_path, [*usual, *lone, *burst])
    assert inc.failed_requests.finding.time == at(2000.05)


@pytest.mark.parametrize(
    ("raised_before", "speaks", "first"), [(False, True, 1460.05), (True, True, 2000.05), (False, False, 2000.05)]
)
def test_a_lone_failure_is_the_incidents_where_nothing_had_raised_that_before(
    tmp_path: Path, raised_before: bool, speaks: bool, first: float
) -> None:
    """Unless the application had said nothing at all."""

    def failing(seconds: float) -> list[dict[str, Any]]:
        return [request(seconds, 500), said(seconds + 0.02, ERROR)]

    served = [request(seconds, 200) for seconds in range(-3590, 3600, 60)]
    lone, burst = failing(1460), [entry for i in range(20) for entry in failing(2000 + i)]
    known = [said(-1800, ERROR)] if raised_before else []
    lines = [said(seconds, "INFO: served") for seconds in range(-3590, 1400, 60)] if speaks else []
    inc = opened(tmp_path, [*served, *known, *lines, *lone, *burst])
    assert inc.failed_requests.finding.time == at(first)


def test_preflights_do_not_make_a_route_healthy(tmp_path: Path) -> None:
    options = [request(100 + i, 200, "/api/pay", method="OPTIONS") for i in range(9)]
    inc = opened(tmp_path, [*options, *[request(101 + i, 500, "/api/pay", method="POST") for i in range(3)]])
    assert inc.failed_requests.claim("FR1").values["share"] == 1.0
    assert inc.failed_requests.claim("FR-preflights").values == {"preflights": 9, "fine": 0, "routes": 1}
    assert inc.failed_requests.claim("FR-preflights").value == 0


def test_no_failure_is_clear_and_no_request_log_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    clear = opened(tmp_path / "a", [request(1, 200), request(2, 404)])
    assert clear.failed_requests.verdict is Verdict.CLEAR
    assert clear.failed_requests.claim("FR-refused").value == 1
    assert opened(tmp_path / "b", [said(1, "x")]).failed_requests.verdict is Verdict.NO_DATA


def test_victims_of_a_death_just_before_the_window_are_known(tmp_path: Path) -> None:
    before = [system(-1, OOM), system(-1, "Container terminated on signal 9.")]
    found, _ = fate(tmp_path, [*before, request(-3, 503, latency=3.5, textPayload=MALFORMED)])
    assert found == "killed_with_instance"


def test_what_is_no_status_is_not_known(tmp_path: Path) -> None:
    odd = [request(5 + n, 200) for n in range(8)]
    for one, status in zip(odd, [None, 0, -1, 999, "abc", 2**70, 500.5, True], strict=True):
        one["httpRequest"]["status"] = status
    inc = opened(tmp_path, [request(1, 200), *odd])
    assert inc.tables.requests["status"].null_count == len(odd)
    assert inc.failed_requests.verdict is Verdict.CLEAR
    assert len(inc.claims) > 20


def test_failures_of_probes_alone_are_told_without_a_route_of_users(tmp_path: Path) -> None:
    probe = "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)"
    inc = opened(tmp_path, [request(1, 200), *[request(100 + i, 500, agent=probe) for i in range(3)]])
    assert inc.failed_requests.claim("FR1").values["real_n"] == 0
    assert "FR-route" not in {claim.id for claim in inc.failed_requests.claims}


TURNED_AWAY = "The request was aborted because there was no available instance."


def test_a_request_turned_away_for_want_of_an_instance_has_failed(tmp_path: Path) -> None:
    away = [request(600 + i, 429, textPayload=TURNED_AWAY, instance="") for i in range(5)]
    limited = [request(900 + i, 429) for i in range(5)]  # the application's own limit: refused, not failed
    incident = opened(tmp_path, [*(request(s, 200) for s in range(0, 3600, 30)), *away, *limited])
    rows = incident.findings["failed_requests"].proof.to_pylist()
    assert [(row["status"], row["fate"]) for row in rows] == [(429, "no_instance")] * 5
    assert "5 requests failed, 5 of them turned away by the platform" in incident.failed_requests.claim("FR1").text
    assert incident.failed_requests.claim("FR-refused").value == 5
