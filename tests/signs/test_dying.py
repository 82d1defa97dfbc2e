"""Failures beside deaths over memory: who was about to die, what came after a kill, what was inside at each."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import MALFORMED, OOM, PROBE_OK, START, opened, request, said, system
from tests.signs.looks import sign

TIMED_OUT = "ERROR io.micronaut.http.client.exceptions.ReadTimeoutException: Read Timeout"
POOL = "ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool within 5.000 seconds"


def lives(failing: tuple[str, ...] = ("a", "b")) -> list[Any]:
    """Three instances that serve one route; two are killed at the end, and before that `failing` cannot call out."""
    made: list[Any] = [request(step, 200, instance=name) for name in "abc" for step in range(-3400, 3400, 10)]
    for name in failing:
        for n in range(15):
            made += [request(2800 + 40 * n, 500, latency=0.5, instance=name)]
            made += [said(2800.4 + 40 * n, TIMED_OUT, instance=name)]
    return [*made, *(system(3500, OOM, "ERROR", instance=name) for name in "ab")]


def test_calls_that_time_out_on_the_dying_alone_are_no_dependency_that_is_away(tmp_path: Path) -> None:
    incident = opened(tmp_path, lives())
    found = next(one for one in incident.signs if one.id == "fails_before_death")
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, 30, 30)
    assert next(one for one in incident.judgements if one.cause.id == "dependency_failure").status == "contradicted"


def test_where_all_others_cannot_call_out_either_it_is(tmp_path: Path) -> None:
    incident = opened(tmp_path, lives(("a", "b", "c")))
    assert next(one for one in incident.signs if one.id == "fails_before_death").verdict is Verdict.CLEAR
    assert next(one for one in incident.judgements if one.cause.id == "dependency_failure").status == "supported"


def killed_by(route: str | None, pool_after_s: float = 20.0) -> list[Any]:
    """Six kills, each with a request to `route` inside, and waits for the pool some time after each."""
    made: list[Any] = [request(step, 200, f"/api/{step % 7}") for step in range(-3500, 3500, 10)]
    for n in range(6):
        where, at = {"instance": f"k{n}"}, 300 + 500 * n
        made += [system(at - 250, START, **where), system(at - 248, PROBE_OK, **where)]
        made += [request(at - 240 + step, 200, f"/api/{step % 7}", **where) for step in range(0, 230, 5)]
        if route:
            made += [request(at - 3, 503, route, latency=3.0, textPayload=MALFORMED, **where)]
        made += [system(at, OOM, "ERROR", **where)]
        made += [said(at + pool_after_s + n, POOL), request(at + pool_after_s - 4.9 + n, 500, latency=5.0)]
    return made


def test_one_route_that_is_inside_at_every_kill_is_a_burst(tmp_path: Path) -> None:
    incident = opened(tmp_path, killed_by("/exports/year"))
    found = next(one for one in incident.signs if one.id == "one_route_inside")
    assert (found.verdict, found.words, found.n) == (Verdict.FIRED, "/exports/year", 6)
    assert incident.verdict == "memory_burst"


def test_without_such_a_route_nothing_is_said_of_bursts(tmp_path: Path) -> None:
    assert sign(tmp_path, "one_route_inside", killed_by(None)).verdict is Verdict.CLEAR


@pytest.mark.parametrize(("after_s", "verdict"), [(20.0, Verdict.FIRED), (250.0, Verdict.CLEAR)])
def test_waits_for_the_pool_that_follow_kills_are_their_echo(tmp_path: Path, after_s: float, verdict: Verdict) -> None:
    found = sign(tmp_path, "errors_after_kills", killed_by("/exports/year", after_s))
    assert (found.verdict, found.total) == (verdict, 6)


def test_an_exit_with_last_words_on_memory_is_a_death_over_memory(tmp_path: Path) -> None:
    words = "Terminating due to java.lang.OutOfMemoryError: Java heap space"
    entries = [one for one in lives() if "Memory limit" not in str(one.get("textPayload"))]
    for name in "ab":
        entries += [said(3500, f"ERROR {words}", instance=name)]
        entries += [system(3500.3, "Container called exit(3).", "WARNING", instance=name)]
    assert sign(tmp_path, "fails_before_death", entries).verdict is Verdict.FIRED


def test_the_heap_that_instances_tell_of_climbs_in_each_of_them(tmp_path: Path) -> None:
    """One that starts as another ends: over both of them memory never falls, and each climbs."""
    lines = [
        said(300 * n, f"INFO heap used={200 + 40 * (n % 10)}MB committed=720MB max=720MB", instance=f"i{n // 10}")
        for n in range(-10, 10)
    ]
    found = sign(tmp_path, "memory_climbs", lines)
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, 2, 2)


def test_a_heap_that_stays_where_it_is_does_not_climb(tmp_path: Path) -> None:
    lines = [said(300 * n, f"INFO heap used={300 + n % 2}MB max=720MB") for n in range(10)]
    assert sign(tmp_path, "memory_climbs", lines).verdict is Verdict.CLEAR
