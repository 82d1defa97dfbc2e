"""Answers that became slow, and what is no impact."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from netra_analysis.window import stamp
from tests.entries import START, at, opened, request, said, system
from tests.signs.looks import calm, sign


def minutes(first: int, count: int, latency: float, path: str = "/api/x", status: int = 200) -> list[Any]:
    """Ten requests in each of `count` minutes, from the minute `first` on."""
    return [request(60 * (first + n // 10) + n % 10, status, path, latency) for n in range(10 * count)]


def test_minutes_of_slow_answers_are_harm_from_the_first_on(tmp_path: Path) -> None:
    entries = [*calm(), *minutes(20, 6, 4.0)]
    found = sign(tmp_path, "slower", entries)
    assert (found.verdict, found.time, found.n) == (Verdict.FIRED, at(1200), 6)
    assert sign(tmp_path, "harm", entries).time == at(1200)


@pytest.mark.parametrize(
    "slow",
    [
        minutes(20, 2, 4.0),  # two minutes
        minutes(20, 6, 0.6),  # many times the usual, but nobody waits for it
        [request(1200 + 60 * n, 200, latency=9.0) for n in range(20)],  # one at a time
        minutes(20, 6, 300.0, status=101),  # sockets
        [*minutes(-40, 4, 4.0), *minutes(20, 5, 4.0)],  # as in the baseline
    ],
)
def test_what_is_no_impact(tmp_path: Path, slow: list[Any]) -> None:
    assert sign(tmp_path, "slower", [*calm(), *slow]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "harm", [*calm(), *slow]).verdict is Verdict.CLEAR


def test_a_cold_start_is_no_slow_answer(tmp_path: Path) -> None:
    starts = [system(60 * n + 1, START) for n in range(20, 26)]
    assert sign(tmp_path, "slower", [*calm(), *minutes(20, 6, 4.0)[::10], *starts]).verdict is Verdict.CLEAR


def test_a_route_that_the_baseline_does_not_know_cannot_be_judged(tmp_path: Path) -> None:
    assert sign(tmp_path, "slower", minutes(20, 6, 4.0)).verdict is Verdict.NO_DATA


def test_a_window_without_a_baseline_is_compared_with_its_own_beginning(tmp_path: Path) -> None:
    alone = [one for one in calm(every=20) if one["timestamp"] >= stamp(at(0))]
    found = sign(tmp_path, "slower", [*alone, *minutes(30, 6, 4.0)])
    assert (found.verdict, found.time, found.n) == (Verdict.FIRED, at(1800), 6)


def test_strays_and_what_was_said_of_them_do_not_explain_slow_answers(tmp_path: Path) -> None:
    strays = [request(1230, 500), said(1230, "TypeError: cannot read the locale")]
    lines = [said(1200 + n, "event loop lag 4000ms exceeds threshold") for n in range(300)]
    found = opened(tmp_path, [*calm(), *minutes(20, 6, 4.0), *strays, *lines])
    assert found.verdict == "event_loop_block"
    share = {one.id: one.share for one in found.signs}
    assert share["new_exception"] == 0.0
