"""Memory that falls, fills and is taken at once; last words of a process; one input that fails."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import MALFORMED, OOM, PROBE_OK, START, memory, opened, request, said, system
from tests.signs.looks import calm, sign

CLIMB = tuple(0.3 + 0.025 * n for n in range(28))


def test_memory_that_falls_from_its_limit_at_once_began_anew(tmp_path: Path) -> None:
    found = sign(tmp_path, "memory_resets", calm(), [memory(*CLIMB, 0.31, *CLIMB, 0.3, 0.3)])
    assert (found.verdict, found.n) == (Verdict.FIRED, 2)
    assert sign(tmp_path, "memory_resets", calm(), [memory(*CLIMB)]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "memory_resets", calm()).verdict is Verdict.NO_DATA


def test_memory_that_climbs_to_its_limit_has_filled(tmp_path: Path) -> None:
    assert sign(tmp_path, "memory_filled", calm(), [memory(*CLIMB)]).verdict is Verdict.FIRED
    assert sign(tmp_path, "memory_filled", calm(), [memory(*[0.97] * 20)]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "memory_filled", calm()).verdict is Verdict.NO_DATA


def test_memory_is_read_from_the_applications_lines_where_no_metric_is(tmp_path: Path) -> None:
    lines = [said(60 * n, f"INFO | Memory: {100 * share:.1f}% of the limit") for n, share in enumerate(CLIMB)]
    assert sign(tmp_path, "memory_climbs", lines).verdict is Verdict.FIRED


def test_a_kill_with_far_more_inside_than_usual(tmp_path: Path) -> None:
    inside = [request(600 + 0.1 * n, 503, latency=5.0, textPayload=MALFORMED) for n in range(12)]
    kill = [system(604, OOM, "ERROR")]
    assert sign(tmp_path, "kill_under_load", [*calm(600), *inside, *kill]).verdict is Verdict.FIRED
    assert sign(tmp_path, "kill_under_load", [*calm(600), *inside[:1], *kill]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "kill_under_load", calm()).verdict is Verdict.NO_DATA


def test_a_kill_with_one_very_large_body_inside(tmp_path: Path) -> None:
    large: dict[str, Any] = request(600, 503, latency=5.0, textPayload=MALFORMED)
    large["httpRequest"]["requestSize"] = str(300 * 2**20)
    assert sign(tmp_path, "kill_under_load", [*calm(600), large, system(604, OOM, "ERROR")]).verdict is Verdict.FIRED


def killed_at(*ages: float, inside: int = 1) -> list[Any]:
    """Instances that start one after the other and are killed at these ages."""
    made, now = [], 300.0
    for number, age in enumerate(ages):
        who = f"k{number}"
        made += [system(now, START, instance=who), system(now + 2, PROBE_OK, instance=who)]
        made += [request(now + step, 200, instance=who) for step in range(5, int(age) - 10, 60)]
        end = now + age
        lost = [request(end - 3 - n / 10, 503, latency=3.0, textPayload=MALFORMED, instance=who) for n in range(inside)]
        made += [*lost, system(end, OOM, "ERROR", instance=who)]
        now = end + 1
    return made


def test_kills_at_one_age_are_of_something_that_filled_up(tmp_path: Path) -> None:
    found = sign(tmp_path, "killed_at_one_age", [*calm(), *killed_at(820, 800, 830)])
    assert (found.verdict, found.n) == (Verdict.FIRED, 3)
    assert opened(tmp_path, [*calm(), *killed_at(820, 800, 830)]).verdict == "memory_leak"


def test_kills_at_any_age_say_nothing_of_that_kind(tmp_path: Path) -> None:
    found = sign(tmp_path, "killed_at_one_age", [*calm(), *killed_at(400, 1500, 700)])
    assert (found.verdict, found.n) == (Verdict.CLEAR, 3)
    assert sign(tmp_path, "killed_at_one_age", [*calm(), *killed_at(900)]).verdict is Verdict.NO_DATA


def test_nor_do_those_of_starting_instances_or_under_load(tmp_path: Path) -> None:
    assert sign(tmp_path, "killed_at_one_age", [*calm(), *killed_at(100, 101, 102)]).verdict is Verdict.CLEAR
    loaded = [*calm(), *killed_at(820, 800, 830, inside=12)]
    assert sign(tmp_path, "killed_at_one_age", loaded).verdict is Verdict.CLEAR


@pytest.mark.parametrize(
    "last",
    [
        "Fatal Python error: Segmentation fault",
        "Unhandled exception. System.ObjectDisposedException: Cannot access it.",
    ],
)
def test_last_words_count_with_the_connections_that_were_lost(tmp_path: Path, last: str) -> None:
    words = said(604.9, last)
    lost = request(600, 503, latency=5.0, textPayload=MALFORMED)
    assert sign(tmp_path, "crash_words", [*calm(), words, lost]).verdict is Verdict.FIRED
    assert sign(tmp_path, "crash_words", [*calm(), words]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "crash_words", calm()).verdict is Verdict.NO_DATA


def test_words_of_memory_that_was_refused(tmp_path: Path) -> None:
    words = said(604, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory")
    assert sign(tmp_path, "memory_words", [words]).verdict is Verdict.FIRED
    assert sign(tmp_path, "memory_words", [said(604, "all is well")]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "memory_words", calm()).verdict is Verdict.NO_DATA


def poisoned(revision: str = "shop-00001-abc") -> list[Any]:
    lines = [said(600 + 30 * n, "ERROR could not place the task", revision=revision) for n in range(10)]
    return [*lines, *(request(600 + 30 * n, 500, "/api/tasks", revision=revision) for n in range(10))]


def test_one_route_that_fails_for_some_while_it_serves_others(tmp_path: Path) -> None:
    served = calm(path="/api/tasks")
    assert sign(tmp_path, "follows_input", [*calm(), *served, *poisoned()]).verdict is Verdict.FIRED


def test_a_route_that_fails_for_everybody_fails_for_another_reason(tmp_path: Path) -> None:
    served = calm(600, path="/api/tasks")
    assert sign(tmp_path, "follows_input", [*calm(), *served, *poisoned()]).verdict is Verdict.CLEAR


def test_a_revision_that_fails_on_its_route_from_the_start_may_be_to_blame_itself(tmp_path: Path) -> None:
    served = [request(610 + 30 * n, 200, "/api/tasks", revision="shop-00002-xyz") for n in range(9)]
    entries = [*calm(), *calm(600, path="/api/tasks"), *poisoned("shop-00002-xyz"), *served]
    assert sign(tmp_path, "follows_input", entries).verdict is Verdict.NO_DATA


def test_a_climb_that_ends_far_below_the_limit_is_not_what_killed(tmp_path: Path) -> None:
    """A cache fills after a deploy and stays; then many large requests at once take all that is left."""
    filling = memory(*[0.3 + 0.008 * n for n in range(30)], *[0.54] * 10)
    lost = [request(2398 - 0.1 * n, 503, latency=4.0, textPayload=MALFORMED) for n in range(14)]
    held = [*calm(2300, every=40), *lost, system(2400, OOM, "ERROR")]
    assert sign(tmp_path, "memory_climbs", held, [filling]).verdict is Verdict.CLEAR
    assert opened(tmp_path, held, [filling]).verdict == "memory_burst"
    up_to_it = memory(*[0.3 + 0.017 * n for n in range(40)])
    assert sign(tmp_path, "memory_climbs", held, [up_to_it]).verdict is Verdict.FIRED, "the control"


def test_of_several_that_are_killed_in_turn_only_lives_that_begin_low_show_a_climb(tmp_path: Path) -> None:
    """The metric is that of the fullest: it stays near the limit from the first kill on."""
    climb = [0.4 + 0.018 * n for n in range(33)]
    fullest = memory(*climb, *[0.97, 0.98, 0.99] * 8)
    kills = [system(60.0 * minute, OOM, "ERROR", instance=who) for minute, who in ((33, "a"), (42, "b"), (52, "c"))]
    lost = [request(60.0 * minute - 3, 503, latency=2.9, textPayload=MALFORMED, instance=who)
            for minute, who in ((33, "a"), (42, "b"), (52, "c"))]  # fmt: skip
    found = sign(tmp_path, "memory_climbs", [*calm(), *kills, *lost], [fullest])
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, 1, 1)
