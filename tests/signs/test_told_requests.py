"""Without a request log, the application's own access lines tell which requests fail."""

import json
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import PROBE_OK, START, counts, entry, opened, said, system
from tests.signs.looks import calm, sign

OLD, NEW = "shop-00001-abc", "shop-00002-new"


def told(asked: list[tuple[float, int, str]], **more: Any) -> list[Any]:
    """uvicorn's lines of requests: when each ended, its status, its path."""
    return [said(end, f'INFO: 169.254.1.1:0 - "GET {path} HTTP/1.1" {status}', **more) for end, status, path in asked]


def documents(start: int, end: int, status: int = 200, **more: Any) -> list[Any]:
    return told([(step, status, f"/docs/{1000 + step % 97}") for step in range(start, end, 20)], **more)


def test_a_document_that_never_opens(tmp_path: Path) -> None:
    served = documents(-3000, 3500)
    other = told([(step, 200, "/health") for step in range(-3000, 3500, 60)])
    poisoned = told([(605 + 30 * n, 500, "/docs/5") for n in range(30)])
    opened_before = told([(-400, 200, "/docs/5"), (100, 200, "/docs/5"), (300, 200, "/docs/5")])
    strays = told([(700 + 900 * n, 500, "/health") for n in range(2)])
    found = sign(tmp_path, "follows_input", [*served, *other, *poisoned, *opened_before, *strays])
    assert (found.verdict, found.n, found.total, found.words) == (Verdict.FIRED, 30, 32, "/docs/5")
    assert found.method.endswith("by the application's own lines, for want of a request log")
    assert found.evidence is not None
    ids = found.evidence.params["ids"]
    assert isinstance(ids, tuple)
    assert len(ids) == 30


def test_what_only_the_new_revision_fails(tmp_path: Path) -> None:
    old, new = documents(-3000, 3500, revision=OLD), documents(605, 3500, 500, revision=NEW)
    found = sign(tmp_path, "new_revision_only", [*old, *new])
    assert (found.verdict, found.words, found.share) == (Verdict.FIRED, NEW, 1.0)


def test_strays_of_every_revision_are_not_the_newest_ones(tmp_path: Path) -> None:
    old, new = documents(-3000, 3500, revision=OLD), documents(605, 3500, 500, revision=NEW)
    stray = [(100.0 + 10 * n, (200, 500)[n % 10 == 0], "/search") for n in range(300)]
    both = [*told(stray, revision=OLD), *told([(end + 5, *rest) for end, *rest in stray if end > 600], revision=NEW)]
    found = sign(tmp_path, "new_revision_only", [*old, *new, *both])
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, len(new), len(new) + 54)


def test_what_only_younger_instances_fail(tmp_path: Path) -> None:
    old = [*documents(-3500, 3500, instance="old1"), *documents(-3400, 3500, instance="old2")]
    young = documents(1200, 3500, 500, instance="new1")
    found = sign(tmp_path, "born_since", [*old, *young])
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, 1, 3)
    assert found.evidence is not None
    ids = found.evidence.params["ids"]
    assert isinstance(ids, tuple)
    assert len(ids) == 15


def test_failures_on_demand_follow_no_input(tmp_path: Path) -> None:
    asked = [(605.0 + 20 * n, 500, "/docs/5") for n in range(60)]
    forced = [said(end - 0.01, "FORCE_ERROR requested") for end, _, _ in asked]
    held = [*documents(-3000, 3500), *told([(n, 200, "/health") for n in range(-3000, 3500, 60)]), *told(asked)]
    assert sign(tmp_path, "follows_input", held).verdict is Verdict.FIRED
    assert sign(tmp_path, "follows_input", [*held, *forced]).verdict is Verdict.NO_DATA


def test_each_revision_is_heard_in_its_own_voice(tmp_path: Path) -> None:
    old = documents(-3000, 3500, revision=OLD)
    new = [
        entry(605 + 20 * n, "stdout", revision=NEW, jsonPayload={"method": "GET", "path": "/docs/1", "status": 500})
        for n in range(140)
    ]
    found = sign(tmp_path, "new_revision_only", [*old, *new])
    assert (found.verdict, found.n) == (Verdict.FIRED, 140)


def test_where_the_platform_counted_far_more_the_lines_do_not_tell_of_the_failures(tmp_path: Path) -> None:
    old, new = documents(-3000, 3500, revision=OLD), documents(605, 3500, 500, revision=NEW)
    for failed, verdict in ((3, Verdict.FIRED), (20, Verdict.NO_DATA)):
        counted = counts("run.googleapis.com/request_count", [0] * 10 + [failed] * 50, response_code_class="5xx")
        assert sign(tmp_path, "new_revision_only", [*old, *new], [counted]).verdict is verdict


def test_with_a_request_log_its_lines_alone_count(tmp_path: Path) -> None:
    new = documents(605, 3500, 500, revision=NEW)
    both = [*documents(-3000, 3500, revision=OLD), *new]
    assert sign(tmp_path, "new_revision_only", both).verdict is Verdict.FIRED
    assert sign(tmp_path, "new_revision_only", [*calm(), *both]).verdict is Verdict.NO_DATA


def test_each_request_is_told_once_though_two_voices_tell_of_it(tmp_path: Path) -> None:
    failing = documents(605, 3500, 500, revision=NEW)
    again = [
        entry(605 + 20 * n, "stdout", revision=NEW, jsonPayload={"method": "GET", "path": "/docs/1", "status": 500})
        for n in range(100)
    ]
    found = sign(tmp_path, "new_revision_only", [*documents(-3000, 3500, revision=OLD), *failing, *again])
    assert found.total == len(failing)


@pytest.mark.parametrize("took", ["1e300", "Infinity", "NaN", "-5", "9" * 40, '"9999999999999999 s"', "[1]"])
def test_a_duration_that_no_request_has_is_not_known(tmp_path: Path, took: str) -> None:
    fields = {"method": "GET", "path": "/docs/1", "status": 500, "duration": json.loads(took)}
    odd = [entry(605 + 20 * n, "stdout", revision=NEW, jsonPayload=fields) for n in range(140)]
    text = [*told([(2000, 200, "/x")], revision="shop-00003-x"), said(2001, f"GET /x 200 {'9' * 40} ms")]
    found = sign(tmp_path, "new_revision_only", [*documents(-3000, 3500, revision=OLD), *odd, *text])
    assert (found.verdict, found.n) == (Verdict.FIRED, 140)


@pytest.mark.parametrize(("answers", "kind"), [(3, "exit"), (0, "startup")])
def test_who_had_answered_did_not_die_while_starting(tmp_path: Path, answers: int, kind: str) -> None:
    born = [system(600, START, instance="n"), system(604, PROBE_OK, instance="n")]
    served = told([(610 + n, 200, "/docs/7") for n in range(answers)], instance="n")
    died = system(640, "Container called exit(2).", "WARNING", instance="n")
    inc = opened(tmp_path, [*documents(-3000, 3500), *born, *served, died])
    assert [row["kind"] for row in inc.crashes.finding.proof.to_pylist()] == [kind]
