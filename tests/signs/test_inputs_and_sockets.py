"""Inputs that fail wherever they land, and sockets that end early."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import at, opened, request, said
from tests.signs.looks import calm, sign


def documents(start: int, end: int) -> list[Any]:
    """One document after the other is read, on two instances."""
    return [request(step, 200, f"/docs/{1000 + step % 97}", instance="ab"[step % 2]) for step in range(start, end, 20)]


def poisoned(status: int = 500) -> list[Any]:
    return [
        request(600 + 30 * n, status, ("/docs/5", "/docs/5/preview")[n % 2], instance="ab"[n // 2 % 2])
        for n in range(30)
    ]


def test_a_document_that_never_opens_on_several_routes(tmp_path: Path) -> None:
    found = sign(tmp_path, "follows_input", [*documents(-3000, 3500), *previews(), *poisoned()])
    assert (found.verdict, found.n, found.a) == (Verdict.FIRED, 30, 2.0)


def test_other_documents_that_fail_too_are_no_matter_of_one(tmp_path: Path) -> None:
    failing = [request(605 + 30 * n, 500, f"/docs/{1000 + n}") for n in range(30)]
    found = sign(tmp_path, "follows_input", [*documents(-3000, 3500), *previews(), *poisoned(), *failing, *calm()])
    assert found.verdict is not Verdict.FIRED


def test_too_few_failures_follow_nothing(tmp_path: Path) -> None:
    assert sign(tmp_path, "follows_input", [*calm(), request(600, 500, "/docs/5")]).verdict is Verdict.NO_DATA


def previews() -> list[Any]:
    return [request(step, 200, f"/docs/{1000 + step % 89}/preview") for step in range(-3000, 3500, 30)]


def sockets(start: int, end: int, every: int, age: float) -> list[Any]:
    """Sockets of about one age, a few far shorter."""
    return [
        request(step, 101, "/ws", latency=age * (0.5 + (step // every) % 10 / 10)) for step in range(start, end, every)
    ]


GONE = 'RuntimeError: Cannot call "send" once a close message has been sent.'


def aged(start: int, age: float, every: int = 10, n: int = 40) -> list[Any]:
    return [request(start + every * k, 101, "/ws", latency=age) for k in range(n)]


@pytest.mark.parametrize(
    ("usual", "older_now", "verdict"), [(900.0, 0, "FIRED"), (280.0, 0, "CLEAR"), (900.0, 3, "CLEAR")]
)
def test_sockets_that_all_end_at_an_age_that_others_outlived_before_are_cut(
    tmp_path: Path, usual: float, older_now: int, verdict: str
) -> None:
    before, short = aged(-2000, usual), [request(610 + 7 * n, 101, "/ws", latency=40.0 + 2 * n) for n in range(90)]
    now = [*aged(900, 300.0, 30), *short, *aged(1300, 900.0, 100, older_now)]
    elsewhere = [request(1000 + n, 500) for n in range(20)]
    found = sign(tmp_path, "sockets_cut", [*calm(), *before, *now, *elsewhere])
    assert found.verdict == verdict
    assert found.share == (None if verdict == "FIRED" else 0.0), "what fails elsewhere may follow from it"


NO_PONG = "ClientConnectionResetError: Cannot write to closing transport", "No PONG received after 15 seconds"


@pytest.mark.parametrize("words", [GONE, *NO_PONG])
def test_words_of_sockets_whose_other_end_is_gone(tmp_path: Path, words: str) -> None:
    own = [*calm(), *sockets(-3500, 3500, 10, 40.0), *(said(1200 + n, f"ERROR {words}") for n in range(30))]
    assert sign(tmp_path, "socket_words", own).n == 30


def test_sockets_that_end_early_and_are_opened_anew_are_harm(tmp_path: Path) -> None:
    short = [*sockets(1200, 2400, 3, 2.0), *(said(1200 + n, GONE) for n in range(30))]
    found = opened(tmp_path, [*calm(), *sockets(-3500, 1150, 10, 40.0), *short])
    signs = {one.id: one for one in found.signs}
    assert signs["sockets_short"].verdict is Verdict.FIRED
    assert signs["harm"].time is not None
    assert abs((signs["harm"].time - at(1200)).total_seconds()) <= 60
    assert found.verdict == "websocket_lifecycle"


def test_early_ends_without_a_word_of_trouble_have_no_known_reason(tmp_path: Path) -> None:
    found = opened(tmp_path, [*calm(), *sockets(-3500, 1150, 10, 40.0), *sockets(1200, 2400, 3, 2.0)])
    assert found.verdict == "inconclusive"


def test_sockets_as_in_the_baseline_are_well(tmp_path: Path) -> None:
    usual = [*calm(), *sockets(-3500, 3500, 10, 40.0)]
    assert sign(tmp_path, "sockets_short", usual).verdict is Verdict.CLEAR
    assert sign(tmp_path, "sockets_short", calm()).verdict is Verdict.NO_DATA


LIMIT = "WARNING HARD LIMIT: User room-7 still over limit after cleanup (3/3)"
WRONG = "WARNING WebSocket connection rejected: Invalid JWT"


@pytest.mark.parametrize(("words", "verdict"), [(LIMIT, "websocket_lifecycle"), (WRONG, "config_or_secret")])
def test_refused_sockets_are_of_their_lifecycle_where_the_service_says_so(
    tmp_path: Path, words: str, verdict: str
) -> None:
    before = [request(-3400 + 30 * n, 101, "/ws/boards/3", latency=20.0) for n in range(110)]
    refused = [
        part
        for n in range(60)
        for part in (request(600 + 20 * n, 403, "/ws/boards/3", latency=0.004), said(600 + 20 * n, words))
    ]
    strays = [
        part
        for n in range(4)
        for part in (request(700 + 200 * n, 502, "/api/x"), said(700 + 200 * n, "ERROR httpx.ReadTimeout"))
    ]
    found = opened(tmp_path, [*calm(), *before, *refused, *strays])
    assert found.verdict == verdict
    failures = next(one for one in found.signs if one.id == "socket_failures")
    assert failures.n == (60 if words is LIMIT else 0), "who is refused for a token is no matter of sockets"


def test_a_stray_failure_long_before_does_not_let_a_route_look_served_meanwhile(tmp_path: Path) -> None:
    """All of one route fails from some moment on, and one of it had failed earlier: no input is told by that."""
    paid = [request(step, 200, "/pay", method="POST") for step in range(-3400, 1800, 20)]
    broken = [request(1810 + 10 * n, 502, "/pay", method="POST") for n in range(150)]
    stray = request(-30 + 60, 502, "/pay", method="POST")
    entries = [*calm(every=20), said(0, "INFO ready"), *paid, *broken]
    assert sign(tmp_path, "follows_input", [*entries, stray]).verdict is Verdict.CLEAR
    others = [request(1812 + 10 * n, 200, "/pay", method="POST") for n in range(150)]
    assert sign(tmp_path, "follows_input", [*entries, *others]).verdict is Verdict.FIRED, "the control"


@pytest.mark.parametrize(("latency", "verdict"), [(0.2, Verdict.FIRED), (8.0, Verdict.NO_DATA)])
def test_one_route_that_fails_at_a_time_out_may_wait_for_something(
    tmp_path: Path, latency: float, verdict: Verdict
) -> None:
    """Nobody says what: a slow dependency looks the same as an input that takes too long."""
    quoted = [request(step, 200, "/quotes", method="POST") for step in range(-3400, 3500, 20)]
    failed = [
        request(605 + 20 * n, 504, "/quotes", method="POST", latency=latency * (1 + n % 5 / 100)) for n in range(60)
    ]
    found = sign(tmp_path, "follows_input", [*calm(every=20), said(0, "INFO ready"), *quoted, *failed])
    assert found.verdict is verdict
