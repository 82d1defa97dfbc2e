"""Causes that look alike in the request log, told apart by what else was written."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import MALFORMED, PROBE_OK, START, entry, opened, request, said, system
from tests.signs.looks import calm, sign

NEW = "shop-00002-new"
PROBED = 'LIVENESS HTTP probe failed 3 times consecutively for container "shop-1" on port 8080 path "/livez". '
SLOW = 'Post "https://partner.example/offers": context deadline exceeded (Client.Timeout exceeded)'


def others(until: int = 3500) -> list[Any]:
    """Another route, which is served on."""
    return [request(step, 200, "/api/y") for step in range(-3500, until, 20)]


def one_route(words: dict[str, Any] | None = None) -> list[Any]:
    """A route of which two thirds fail; what is said of each failure, if anything, as a JSON logger says it."""
    asked = [request(600 + 5 * n, 502 if n % 3 else 200, "/api/x", method="POST") for n in range(120)]
    before = [request(step, 200, "/api/x", method="POST") for step in range(-3500, 600, 20)]
    told = [entry(600.04 + 5 * n, "stderr", jsonPayload=words) for n in range(120) if n % 3] if words else []
    return [*others(), *before, *asked, *told]


def test_the_reason_in_a_field_of_its_own_names_the_dependency(tmp_path: Path) -> None:
    lines = {"level": "error", "msg": "request failed", "error": SLOW}
    found = opened(tmp_path, one_route(lines))
    assert found.verdict == "dependency_failure"


def test_without_the_service_s_words_a_route_that_fails_is_not_called_an_input(tmp_path: Path) -> None:
    found = opened(tmp_path, one_route())
    assert next(one for one in found.signs if one.id == "follows_input").verdict is Verdict.NO_DATA
    assert found.verdict == "inconclusive"


def test_with_words_that_blame_nothing_else_it_is(tmp_path: Path) -> None:
    found = opened(tmp_path, one_route({"level": "error", "msg": "could not place this order"}))
    assert found.verdict == "poison_request"


def test_where_all_workers_are_busy_no_input_is_blamed(tmp_path: Path) -> None:
    words = "TaskRejectedException: ExecutorService in active state did not accept task"
    found = opened(tmp_path, one_route({"level": "error", "msg": words}), limits={"max_instances": 1})
    assert next(one for one in found.signs if one.id == "workers_busy").fired
    assert next(one for one in found.judgements if one.cause.id == "poison_request").status == "contradicted"


def unwell(revisions: tuple[str, ...]) -> list[Any]:
    """Instances that their liveness probe ends, with a request each; the older revision served until then."""
    made: list[Any] = [request(step, 200, instance="old") for step in range(-3500, 600, 20)]
    for n, revision in enumerate(revisions):
        begun, name = 600 + 60 * n, f"i{n}"
        where = {"instance": name, "revision": revision}
        made += [system(begun, START, **where), system(begun + 2, PROBE_OK, **where)]
        made += [request(begun + 5 + step, 200, **where) for step in range(45)]
        made += [request(begun + 49, 503, latency=1.0, textPayload=MALFORMED, **where)]
        made += [system(begun + 50, PROBED + "The instance has been shut down.", "ERROR", **where)]
    return [*made, *(said(step, "handled", stream="stdout") for step in range(-3500, 3500, 50))]


@pytest.mark.parametrize(
    ("revisions", "verdict"),
    [((NEW,) * 8, "code_regression"), ((NEW, "shop-00001-abc") * 4, "process_crash")],
    ids=["the newest alone", "both"],
)
def test_probes_that_end_the_newest_revision_alone_are_its_fault(
    tmp_path: Path, revisions: tuple[str, ...], verdict: str
) -> None:
    assert opened(tmp_path, unwell(revisions)).verdict == verdict


def test_what_nobody_caught_is_the_end_of_a_process_and_no_dependency_that_is_away(tmp_path: Path) -> None:
    words = "error: Uncaught (in promise) ConnectionReset: Connection reset by peer (os error 104)"
    entries = calm()
    for n in range(5):
        at, where = 600 + 300 * n, {"instance": f"d{n}"}
        entries += [system(at - 200, START, **where), request(at - 100, 200, **where), said(at, words, **where)]
        entries += [request(at - 0.5, 503, latency=0.6, textPayload=MALFORMED, **where)]
        entries += [system(at + 0.1, "Container called exit(1).", "WARNING", **where)]
    assert sign(tmp_path, "dependency_lost", entries).verdict is Verdict.CLEAR
    assert opened(tmp_path, entries).verdict == "process_crash"
