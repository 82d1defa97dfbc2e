"""Failures that only test clients met, beside the few that users have on any day."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import opened, request, said
from tests.signs.looks import calm, sign

STRAYS = [request(-3300 + 400 * n, 500) for n in range(8)]  # of the baseline


def by_tests(status: int = 503) -> list[Any]:
    return [request(1200 + 5 * n, status, "/checkout", agent="k6/1.3.0 (https://k6.io/)") for n in range(200)]


def strays(count: int) -> list[Any]:
    return [request(300 + 3000 * n / count, 500) for n in range(count)]


def test_what_only_test_clients_met_is_an_artefact_whatever_strays_there_are(tmp_path: Path) -> None:
    held = [*calm(), *STRAYS, *by_tests(), *strays(6)]
    found = sign(tmp_path, "artificial_clients", held)
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, 200, 206)
    assert sign(tmp_path, "served_well", held).verdict is Verdict.FIRED
    assert opened(tmp_path, held).verdict == "telemetry_artefact"


def test_users_who_fail_more_than_usual_meanwhile_are_no_artefact(tmp_path: Path) -> None:
    held = [*calm(), *STRAYS[:2], *by_tests(), *strays(18)]
    assert sign(tmp_path, "artificial_clients", held).verdict is Verdict.CLEAR
    assert sign(tmp_path, "served_well", held).verdict is Verdict.CLEAR


def test_where_many_others_fail_on_any_day_test_clients_do_not_explain_the_window(tmp_path: Path) -> None:
    often = [request(-3400 + 50 * n, 500) for n in range(60)]
    assert sign(tmp_path, "artificial_clients", [*calm(), *often, *by_tests(), *strays(60)]).verdict is Verdict.CLEAR


def test_where_nobody_else_asks_test_clients_may_have_met_a_real_failure(tmp_path: Path) -> None:
    told = [said(1200.04 + 5 * n, "ERROR ConnectionRefusedError: [Errno 111] Connect call failed") for n in range(200)]
    assert opened(tmp_path, [*by_tests(), *told]).verdict == "dependency_failure"
    assert opened(tmp_path, [*calm(), *by_tests(), *told]).verdict == "telemetry_artefact", (
        "the control: users are well"
    )
