"""Who was hurt, and since when: by the request log, else by the next witness."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from netra_analysis.window import stamp
from tests.entries import MALFORMED, OOM, at, counts, entry, opened, request, said, system
from tests.signs.looks import calm, sign

ASGI = "Exception in ASGI application"


def test_more_failures_than_usual_are_harm_from_the_first_on(tmp_path: Path) -> None:
    found = sign(tmp_path, "harm", calm() + [request(600 + n, 500, latency=0.5) for n in range(8)])
    assert (found.verdict, found.time) == (Verdict.FIRED, at(600.5))


def test_a_stray_failure_is_no_harm(tmp_path: Path) -> None:
    found = sign(tmp_path, "harm", [*calm(), request(600, 500)])
    assert (found.verdict, found.time) == (Verdict.CLEAR, None)


def test_without_requests_and_metrics_nobody_can_tell(tmp_path: Path) -> None:
    assert sign(tmp_path, "harm", [said(60, "INFO ready")]).verdict is Verdict.NO_DATA


def test_a_dump_that_holds_only_the_end_does_not_show_that_all_was_well(tmp_path: Path) -> None:
    assert sign(tmp_path, "harm", [request(3000 + n, 200) for n in range(50)]).verdict is Verdict.NO_DATA


def test_the_platforms_count_speaks_where_the_request_log_is_missing(tmp_path: Path) -> None:
    series = [counts("run.googleapis.com/request_count", [0] * 20 + [30] * 10, response_code_class="5xx")]
    found = sign(tmp_path, "harm", [said(60, "INFO ready")], series)
    assert found.verdict is Verdict.FIRED
    assert abs((found.time - at(20 * 60)).total_seconds()) <= 60  # type: ignore[operator]


def test_where_the_dump_begins_after_the_failures_did_the_count_says_since_when(tmp_path: Path) -> None:
    end = [request(2400 + n, 500 if n % 3 else 200) for n in range(60)]
    series = [counts("run.googleapis.com/request_count", [0] * 20 + [30] * 40, response_code_class="5xx")]
    found = sign(tmp_path, "harm", [*end, said(2401, "INFO ready")], series)
    assert abs((found.time - at(20 * 60)).total_seconds()) <= 60  # type: ignore[operator]
    words = sign(tmp_path, "dependency_lost", [*end, said(2401, "INFO ready")], series)
    assert words.verdict is Verdict.NO_DATA, "what was said when it began was cut off"


@pytest.mark.parametrize(("held", "minute"), [(2, 20), (200, 30)])
def test_where_the_request_log_lacks_most_failures_the_count_is_a_witness(
    tmp_path: Path, held: int, minute: int
) -> None:
    failures = [request(1800 + 2 * n, 500, latency=0.0) for n in range(held)]
    series = [counts("run.googleapis.com/request_count", [0] * 20 + [5] * 40, response_code_class="5xx")]
    found = sign(tmp_path, "harm", [*calm(), *failures], series)
    assert found.verdict is Verdict.FIRED
    assert abs((found.time - at(minute * 60)).total_seconds()) <= 60  # type: ignore[operator]


def test_the_application_speaks_where_neither_does(tmp_path: Path) -> None:
    lines = [said(900 + n, f"ERROR | uvicorn | {ASGI}" if n % 2 else ASGI) for n in range(20)]
    found = sign(tmp_path, "said_failures", lines)
    assert (found.verdict, found.time) == (Verdict.FIRED, at(900))
    assert sign(tmp_path, "said_failures", [said(60, "all is well")]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "said_failures", calm()).verdict is Verdict.NO_DATA


@pytest.mark.parametrize(("with_system", "verdict"), [(False, Verdict.FIRED), (True, Verdict.CLEAR)])
def test_lost_connections_are_deaths_where_no_system_log_tells_of_them(
    tmp_path: Path, with_system: bool, verdict: Verdict
) -> None:
    cut = [request(600 + n, 503, textPayload=MALFORMED) for n in range(3)]
    other = [system(10, "Starting new instance. Reason: AUTOSCALING", instance="b")] if with_system else []
    assert sign(tmp_path, "harm", [*calm(), *cut, *other]).verdict is verdict


@pytest.mark.parametrize("words", ["Unhandled: GET - /a/x", "500 Internal Server Error: POST - /a/y in 31ms"])
def test_how_ktor_tells_of_a_failed_request(tmp_path: Path, words: str) -> None:
    found = sign(tmp_path, "said_failures", [said(900 + n, words) for n in range(20)])
    assert (found.verdict, found.n) == (Verdict.FIRED, 20)


def killed_long_before(also_later: bool) -> list[Any]:
    """One instance killed at ten past with its request, and from half past forty failures of another kind."""
    kill = [
        request(599, 503, latency=1.0, textPayload=MALFORMED, instance="k"),
        system(600, OOM, "ERROR", instance="k"),
    ]
    later = [system(1900, OOM, "ERROR", instance="m")] if also_later else []
    return [*calm(), *kill, *later, *(request(1800 + 5 * n, 500, latency=0.5) for n in range(120))]


def test_a_kill_long_before_the_failures_has_no_part_in_them(tmp_path: Path) -> None:
    incident = opened(tmp_path, killed_long_before(also_later=False))
    assert incident.onset == at(1800.5)
    assert "1 death long before it" in incident.claim("S-harm").text
    assert next(one for one in incident.signs if one.id == "oom_kill").verdict is Verdict.CLEAR


def test_kills_that_go_on_meanwhile_do(tmp_path: Path) -> None:
    incident = opened(tmp_path, killed_long_before(also_later=True))
    assert incident.onset == at(600)
    assert next(one for one in incident.signs if one.id == "oom_kill").n == 2


def test_failures_are_told_by_the_fields_of_json_lines(tmp_path: Path) -> None:
    line = {"level": "error", "msg": "handled", "method": "GET", "path": "/x", "status": 500}
    told = [entry(900 + n, "stderr", jsonPayload=line) for n in range(20)]
    usual = [entry(60 * n, "stderr", jsonPayload={**line, "level": "info", "status": 200}) for n in range(-10, 10)]
    found = sign(tmp_path, "said_failures", [*usual, *told])
    assert (found.verdict, found.n, found.time) == (Verdict.FIRED, 20, at(900))


def test_a_failure_that_two_sinks_deliver_is_one(tmp_path: Path) -> None:
    twice = [request(600 + n % 4, 500) for n in range(8)]
    assert sign(tmp_path, "harm", calm() + twice).verdict is Verdict.CLEAR


def test_callers_without_a_token_are_refused_on_any_day(tmp_path: Path) -> None:
    refused = [request(600 + n, 403, "/api/private") for n in range(30)]
    assert sign(tmp_path, "auth_refused", calm() + refused).verdict is Verdict.CLEAR


def test_a_route_that_used_to_answer_and_refuses_now_is_harm(tmp_path: Path) -> None:
    before = [request(-3000 + 60 * n, 200, "/api/private") for n in range(30)]
    refused = [request(600 + n, 403, "/api/private") for n in range(30)]
    assert sign(tmp_path, "auth_refused", calm() + before + refused).verdict is Verdict.FIRED
    assert sign(tmp_path, "auth_refused", [said(60, "INFO ready")]).verdict is Verdict.NO_DATA


def test_starts_that_come_to_something(tmp_path: Path) -> None:
    start = system(10, "Starting new instance. Reason: AUTOSCALING", instance="b")
    died = system(14, "Container called exit(1).", "WARNING", instance="b")
    assert sign(tmp_path, "starts_well", [*calm(), start]).verdict is Verdict.FIRED
    assert sign(tmp_path, "starts_well", [*calm(), start, died]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "starts_well", calm()).verdict is Verdict.NO_DATA


def answered(step: float, path: str, status: int) -> list[Any]:
    return [said(step, f'INFO:     10.0.0.7:5446 - "GET {path} HTTP/1.1" {status} OK', stream="stdout")]


def test_a_number_in_a_path_is_no_status(tmp_path: Path) -> None:
    calls = [line for n in range(40) for line in answered(60 + n, f"/api/boards/{500 + n}", 200)]
    assert sign(tmp_path, "said_failures", calls).verdict is Verdict.CLEAR
    broken = [line for n in range(40) for line in answered(600 + n, f"/api/boards/{n}", 503)]
    assert sign(tmp_path, "said_failures", [*calls, *broken]).n == 40


def test_without_a_request_log_sockets_that_the_server_turns_away_are_failures_of_their_lifecycle(
    tmp_path: Path,
) -> None:
    taken = [
        said(-3400 + 30 * n, "INFO:     ('10.0.0.7', 5) - \"WebSocket /ws/rooms/7\" [accepted]") for n in range(110)
    ]
    away = [
        line
        for n in range(40)
        for line in (
            said(1200 + 10 * n, "INFO:     ('10.0.0.7', 5) - \"WebSocket /ws/rooms/7\" 403"),
            said(1200.1 + 10 * n, "WARNING ws rejected user=u7 reason=instance_limit active=150/150"),
        )
    ]
    found = opened(tmp_path, [*taken, *away])
    assert (found.verdict, found.onset) == ("websocket_lifecycle", at(1200))
    unnamed = [line for line in away if "ws rejected" not in line["textPayload"]]
    assert opened(tmp_path, [*taken, *unnamed]).verdict == "inconclusive", "nobody says why"


def test_where_the_export_begins_in_the_window_the_count_says_what_is_usual(tmp_path: Path) -> None:
    """As many failures as on any day are no harm, although no request of the baseline is there to show it."""
    strays = [request(1300 + 150 * n, 500) for n in range(12)]
    late = [request(step, 200) for step in range(1200, 3600, 20)]
    often = counts("run.googleapis.com/request_count", [1] * 60, response_code_class="5xx")
    shift(often, -3600)
    assert sign(tmp_path, "harm", [*late, *strays], [often]).verdict is not Verdict.FIRED
    assert sign(tmp_path, "harm", [*late, *strays]).verdict is Verdict.FIRED, "the control: nobody knows the usual"


def shift(series: dict[str, Any], seconds: float) -> None:
    for point in series["points"]:
        own = point["interval"]
        own["endTime"] = stamp(datetime.fromisoformat(own["endTime"]) + timedelta(seconds=seconds))


def test_the_platforms_count_begins_with_the_first_minute_beyond_the_usual(tmp_path: Path) -> None:
    minutes = [0] * 60 + [0] * 5 + [1] + [0] * 24 + [10] * 30
    told = counts("run.googleapis.com/request_count", minutes, response_code_class="5xx")
    before = counts(
        "run.googleapis.com/request_count", [1 if n % 20 == 0 else 0 for n in range(60)], response_code_class="5xx"
    )
    shift(before, -3600)
    told["points"] = [*counts("x", minutes[60:])["points"], *before["points"]]
    found = sign(tmp_path, "metric_failures", [said(60, "ready")], [told])
    assert found.time is not None
    assert abs((found.time - at(1800)).total_seconds()) <= 60


def test_the_onset_of_an_export_that_begins_late_knows_the_usual_from_the_count(tmp_path: Path) -> None:
    often = counts("run.googleapis.com/request_count", [1] * 60, response_code_class="5xx")
    shift(often, -3600)
    strays = [request(1300 + 60 * n, 500) for n in range(12)]
    burst = [request(3000 + n, 500) for n in range(120)]
    late = [request(step, 200) for step in range(1200, 3600, 20)]
    found = opened(tmp_path, [*late, *strays, *burst], [often]).failed_requests.finding.time
    assert found is not None
    assert abs((found - at(3000)).total_seconds()) <= 5
