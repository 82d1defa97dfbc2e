"""A surge comes before what it breaks; what follows is its echo."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import counts, request, said
from tests.signs.looks import calm, sign


def failing(start: float, count: int = 20) -> list[Any]:
    return [request(start + 2.0 * n, 503, latency=0.5) for n in range(count)]


def test_many_more_requests_before_the_first_failure_are_a_surge(tmp_path: Path) -> None:
    wave = [request(600 + 0.2 * n, 200) for n in range(100)]
    found = sign(tmp_path, "traffic_surge", [*calm(every=30), *wave, *failing(621)])
    assert found.verdict is Verdict.FIRED
    assert found.n is not None
    assert found.n >= 50


def test_a_storm_of_retries_after_the_first_failure_is_none(tmp_path: Path) -> None:
    storm = [request(630 + 0.1 * n, 503, latency=0.1) for n in range(300)]
    assert sign(tmp_path, "traffic_surge", [*calm(every=30), *failing(600), *storm]).verdict is Verdict.CLEAR


def test_a_wave_like_those_of_any_hour_is_none(tmp_path: Path) -> None:
    waves = [request(hour + 0.2 * n, 200) for hour in (-3000, -1500, 600) for n in range(100)]
    assert sign(tmp_path, "traffic_surge", [*calm(every=30), *waves, *failing(621)]).verdict is Verdict.CLEAR


def test_without_calm_time_nobody_can_tell(tmp_path: Path) -> None:
    short = [request(n, 200) for n in range(100)]
    assert sign(tmp_path, "traffic_surge", [*short, *failing(100)]).verdict is Verdict.NO_DATA
    assert sign(tmp_path, "traffic_surge", [said(60, "INFO ready")]).verdict is Verdict.NO_DATA


def test_without_a_request_log_the_platforms_count_shows_a_surge(tmp_path: Path) -> None:
    broken = [said(2530 + n, "Exception in ASGI application") for n in range(60)]
    rising = counts("run.googleapis.com/request_count", [30] * 40 + [200] * 20, response_code_class="2xx")
    level = counts("run.googleapis.com/request_count", [30] * 60, response_code_class="2xx")
    echo = counts("run.googleapis.com/request_count", [30] * 43 + [200] * 17, response_code_class="2xx")
    assert sign(tmp_path, "traffic_surge", broken, [rising]).verdict is Verdict.FIRED
    assert sign(tmp_path, "traffic_surge", broken, [level]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "traffic_surge", broken, [echo]).verdict is Verdict.CLEAR


def test_the_minute_of_the_onset_counts_without_what_its_failures_may_have_tried_again(tmp_path: Path) -> None:
    def counted(rest: list[int], failed: list[int]) -> list[Any]:
        kinds = (("2xx", [30] * 40 + rest), ("5xx", [0] * 40 + failed))
        return [counts("run.googleapis.com/request_count", many, response_code_class=kind) for kind, many in kinds]

    broken = [said(2405 + n, "Exception in ASGI application") for n in range(30)]
    rose, echo = counted([200] * 20, [15] * 20), counted([60] * 20, [140] * 20)
    assert sign(tmp_path, "traffic_surge", broken, rose).verdict is Verdict.FIRED
    assert sign(tmp_path, "traffic_surge", broken, echo).verdict is Verdict.CLEAR


def test_a_baseline_is_calm_however_close_to_the_failures_it_ends(tmp_path: Path) -> None:
    before = [request(step, 200) for step in range(-890, 0, 10)]
    wave = [request(200 + 0.2 * n, 200) for n in range(200)]
    asked = [*before, *wave, *failing(241)]
    near = {"baseline": {"start": "2026-03-04T11:45:00Z", "end": "2026-03-04T12:00:00Z"}}
    assert sign(tmp_path, "traffic_surge", asked, **near).verdict is Verdict.FIRED
