"""A process that stands still, and what only looks like one."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import at, opened, request, said, system
from tests.signs.looks import calm, sign

LIVENESS = 'LIVENESS HTTP probe failed 3 times consecutively for container "shop-1" on port 8080 path "/livez". '
LIVENESS += "The instance has been shut down."


def let_go(end: float, starts: tuple[float, ...], paths: tuple[str, ...], status: int = 200) -> list[Any]:
    """Requests that start one after the other and end together."""
    return [
        request(start, status, paths[number % len(paths)], latency=end - start + 0.05 * number)
        for number, start in enumerate(starts)
    ]


def usual() -> list[Any]:
    return [*calm(), *calm(path="/health")]


def test_requests_of_several_routes_that_are_let_go_together_are_a_stall(tmp_path: Path) -> None:
    held = let_go(620, (602, 606, 609, 612), ("/api/x", "/health"))
    found = sign(tmp_path, "instance_stalled", [*usual(), *held, said(100, "INFO ready")])
    assert (found.verdict, found.n) == (Verdict.FIRED, 1)


def test_a_slow_dependency_lets_each_request_wait_its_own_time(tmp_path: Path) -> None:
    slow = [request(start, 500, "/api/x", latency=10.0) for start in (602, 606, 609, 612)]
    health = [request(start, 200, "/health", latency=0.01) for start in range(600, 625, 3)]
    assert sign(tmp_path, "instance_stalled", [*usual(), *slow, *health]).verdict is Verdict.CLEAR


def test_who_is_cut_at_a_time_out_of_his_own_is_not_let_go(tmp_path: Path) -> None:
    cut = [request(600 + 0.7 * n, 504, ("/api/x", "/health")[n % 2], latency=20.0) for n in range(4)]
    assert sign(tmp_path, "instance_stalled", [*usual(), *cut]).verdict is Verdict.CLEAR


def test_without_a_line_only_what_asks_nobody_shows_a_stall(tmp_path: Path) -> None:
    """A dependency that comes back lets its callers go together, too."""
    began = (602, 606, 609, 612)
    quick = [request(step, 200, "/health", latency=0.002) for step in range(-3500, 3600, 100)]
    alone = let_go(620, began, ("/health", "/api/x"))
    callers = let_go(620, began, ("/api/y", "/api/x"))
    assert sign(tmp_path, "instance_stalled", [*calm(), *quick, *alone]).verdict is Verdict.FIRED
    assert sign(tmp_path, "instance_stalled", [*usual(), *calm(path="/api/y"), *callers]).verdict is Verdict.CLEAR


def test_an_instance_that_goes_on_speaking_has_not_stood_still(tmp_path: Path) -> None:
    held = let_go(620, (602, 606, 609, 612), ("/api/x", "/health"))
    lines = [said(600 + n, "INFO working") for n in range(21)]
    assert sign(tmp_path, "instance_stalled", [*usual(), *held, *lines]).verdict is Verdict.CLEAR


def test_what_a_process_writes_as_it_comes_round_is_no_sign_of_life_before(tmp_path: Path) -> None:
    held = let_go(620, (602, 606, 609, 612), ("/api/x", "/health"))
    woken = [said(619.8, "WARNING job was missed by 0:00:17"), said(619.9, "ERROR keepalive ping timeout")]
    early = [said(616, "INFO working")]
    spoken = said(600.5, "INFO report: start")
    found = sign(tmp_path, "instance_stalled", [*usual(), *held, spoken, *woken])
    assert (found.verdict, found.n, found.time) == (Verdict.FIRED, 1, at(600.5))
    assert sign(tmp_path, "instance_stalled", [*usual(), *held, spoken, *early, *woken]).verdict is Verdict.CLEAR


def test_silence_before_a_failed_liveness_probe_is_a_stall_with_its_victims(tmp_path: Path) -> None:
    killed = [request(600 + n, 503, "/api/x", latency=30.0 - n) for n in range(3)]
    inc_entries = [*calm(600), *killed, system(630, LIVENESS, "ERROR")]
    found = sign(tmp_path, "instance_stalled", inc_entries)
    assert (found.verdict, found.total, found.time) == (Verdict.FIRED, 1, at(630))
    assert found.share == 1.0


def test_without_requests_a_stall_cannot_be_seen(tmp_path: Path) -> None:
    assert sign(tmp_path, "instance_stalled", [said(60, "INFO ready")]).verdict is Verdict.NO_DATA


def test_words_of_a_stopped_heartbeat(tmp_path: Path) -> None:
    spoken = [said(600, "[CRITICAL] WORKER TIMEOUT (pid:13)")]
    assert sign(tmp_path, "loop_words", spoken).verdict is Verdict.FIRED
    assert sign(tmp_path, "loop_words", [said(600, "worker started")]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "loop_words", calm()).verdict is Verdict.NO_DATA


def test_a_wait_for_a_place_is_no_blocked_loop(tmp_path: Path) -> None:
    """Three places: long handlers end one by one, and quick ones wait for a place meanwhile."""
    entries: list[Any] = calm(500)
    for n in range(40):
        start, quick = 600.0 + 2.0 * n, n % 2
        entries.append(request(start, 200, latency=6.0))
        took = 5 if quick else 5900
        text = f"Request: GET /api/x | Status: 200 | Duration: {took}.00ms"
        entries.append(said(start + 6.002, text))
    found = sign(tmp_path, "loop_blocked", entries, limits={"concurrency": 2})
    assert found.verdict is Verdict.CLEAR


def handled(start: float, latency: float, path: str) -> list[Any]:
    """A request whose handler took milliseconds of it, by the application's own line."""
    line = f"Request: GET {path} | Status: 200 | Duration: 4.00ms"
    return [request(start, 200, path, latency=latency), said(start + latency, line)]


def timed_out(start: float) -> list[Any]:
    return [
        request(start, 502, "/api/chat", latency=8.0),
        said(start + 7.9, "ERROR model call failed: httpx.ReadTimeout"),
    ]


def test_where_a_loop_holds_up_far_more_than_fail_the_calls_that_time_out_meanwhile_are_its_own(tmp_path: Path) -> None:
    known = [part for step in range(-3500, 3600, 100) for path in ("/api/x", "/health", "/api/chat")
             for part in handled(step, 0.05, path)]  # fmt: skip
    asleep = [part for n in range(2) for part in timed_out(600.4 + 120 * n)]
    awake = [part for n in range(5) for part in timed_out(1850.0 + 90 * n)]
    held = [part for n in range(6) for k in range(8)
            for part in handled(600 + 120 * n + 0.5 * k, 8.2 - 0.5 * k, ("/api/x", "/health")[k % 2])]  # fmt: skip
    found = opened(tmp_path, [*known, *asleep, *awake, *held])
    assert (found.verdict, found.onset) == ("event_loop_block", at(600))
    assert opened(tmp_path, [*known, *asleep, *awake]).verdict == "dependency_failure", "the control: nobody is held up"
    many = [part for n in range(30) for part in timed_out(1850.0 + 30 * n)]
    assert opened(tmp_path, [*known, *many, *held]).verdict == "dependency_failure", "not far more than failed"


POOL = "ERROR KnexTimeoutError: Knex: Timeout acquiring a connection. The pool is probably full."


def test_pool_time_outs_that_follow_a_stall_are_its_own(tmp_path: Path) -> None:
    """Without a handler's time: many wait in a loop that stands still, and the timers of a few fire late."""
    known = [request(step, 200, path) for step in range(-3500, 3600, 50) for path in ("/api/x", "/health", "/api/y")]
    talk = [said(step, "INFO scheduled work") for step in range(-3500, 3600, 200)]
    held, late = [], []
    for start in range(600, 1560, 120):
        held += let_go(start + 15, tuple(start + 2.0 + k for k in range(9)), ("/api/x", "/health"))
        late += [request(start + 6, 500, "/api/y", latency=9.3), said(start + 15.3, POOL)]
    found = opened(tmp_path, [*known, *talk, *held, *late])
    assert (found.verdict, found.onset) == ("event_loop_block", at(602))
    assert opened(tmp_path, [*known, *talk, *late]).verdict == "db_pool_exhaustion", "the control: nobody is held up"


def stalled(count: int, first: int = 600) -> list[Any]:
    made = []
    for start in range(first, first + 120 * count, 120):
        made += let_go(start + 15, tuple(start + 2.0 + k for k in range(9)), ("/api/x", "/health"))
    return made


def test_where_nobody_fails_many_that_a_loop_holds_up_are_harm(tmp_path: Path) -> None:
    known = [request(step, 200, path) for step in range(-3500, 3600, 50) for path in ("/api/x", "/health")]
    talk = [said(step, "INFO scheduled work") for step in range(-3500, 3600, 200)]
    found = opened(tmp_path, [*known, *talk, *stalled(8)])
    assert (found.verdict, found.onset) == ("event_loop_block", at(602))
    as_usual = [*known, *talk, *stalled(8), *stalled(8, -3000)]
    assert opened(tmp_path, as_usual).verdict == "no_incident", "it stands still as often on any day"
