"""Instances of one revision of which only those fail that started after some moment."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import at, opened, request, said
from tests.signs.looks import calm, sign

UNEXPECTED = "java.lang.IllegalArgumentException: Unexpected char 0x0a at 40 in X-Risk-Key value"
LOST = "ERROR java.net.ConnectException: connection refused: risk:443"


def served(who: str, born: int, status: int = 200, words: str = "") -> list[Any]:
    """Logins of one instance every twenty seconds from its birth on; those that fail with these words."""
    made: list[Any] = []
    for step in range(born, 3500, 20):
        made += [request(step, status, "/login", method="POST", instance=who)]
        made += [said(step + 0.04, f"ERROR {words}", instance=who)] if words else []
    return made


OLD = [*served("old1", -3500), *served("old2", -3400), *calm()]


def test_what_only_younger_instances_of_a_revision_fail_is_of_what_they_read_at_their_start(tmp_path: Path) -> None:
    held = [*OLD, *served("new1", 1200, 500, UNEXPECTED), *served("new2", 1800, 500, UNEXPECTED)]
    found = sign(tmp_path, "born_since", held)
    assert (found.verdict, found.n, found.total, found.time) == (Verdict.FIRED, 2, 4, at(1200))
    assert opened(tmp_path, held).verdict == "config_or_secret"


def test_one_that_serves_does_not_hide_a_younger_one_that_fails(tmp_path: Path) -> None:
    held = [*OLD, *served("new1", 1200), *served("new2", 1800, 500, UNEXPECTED)]
    assert sign(tmp_path, "born_since", held).verdict is Verdict.FIRED


def test_failures_that_name_another_are_not_of_what_was_read_at_the_start(tmp_path: Path) -> None:
    assert sign(tmp_path, "born_since", [*OLD, *served("new1", 1200, 500, LOST)]).verdict is Verdict.CLEAR


def test_where_older_ones_fail_as_well_it_is_not_their_birth(tmp_path: Path) -> None:
    held = [
        *served("old1", -3500),
        *served("old2", -3400, 500),
        *served("new1", 1200),
        *served("new2", 1800, 500),
        *calm(),
    ]
    assert sign(tmp_path, "born_since", held).verdict is Verdict.CLEAR


def test_what_all_instances_fail_now_and_then_is_not_of_some(tmp_path: Path) -> None:
    mixed = [request(600 + 7 * n, 500, "/login", method="POST", instance=("old1", "old2")[n % 2]) for n in range(60)]
    assert sign(tmp_path, "born_since", [*OLD, *mixed]).verdict is Verdict.CLEAR


def test_where_most_fail_elsewhere_the_few_young_ones_are_not_the_matter(tmp_path: Path) -> None:
    often = [request(1200 + 11 * n, 500, instance=f"o{n % 2}", revision=f"shop-0000{2 + n % 2}-x") for n in range(200)]
    held = [*OLD, *served("new1", 1200, 500, UNEXPECTED), *often]
    assert sign(tmp_path, "born_since", held).verdict is Verdict.CLEAR


def test_a_stray_on_a_route_that_all_serve_hides_nothing(tmp_path: Path) -> None:
    fine = [request(step, 200, "/me", instance="new1") for step in range(1300, 3500, 20)]
    stray = request(1500, 500, "/me", instance="old1")
    held = [*OLD, *served("new1", 1200, 500, UNEXPECTED), *fine, stray]
    assert sign(tmp_path, "born_since", held).verdict is Verdict.FIRED
