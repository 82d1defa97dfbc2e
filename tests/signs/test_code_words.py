"""Faults of the code in lines without a stack."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import at, counts, opened, request, said
from tests.signs.looks import calm, sign

FAULT = "[5f1c] NoMethodError (undefined method `discounted_price' for an instance of Product):"
NEW = "shop-00002-new"


def failing(words: str, revision: str = NEW) -> list[Any]:
    """A new revision that fails a route, with a line in each failure."""
    fails = [request(600 + 5 * n, 500, revision=revision, latency=0.5) for n in range(60)]
    return [*fails, *(said(600.3 + 5 * n, words, revision=revision) for n in range(60))]


def test_a_plain_line_that_names_a_fault_of_the_code(tmp_path: Path) -> None:
    found = sign(tmp_path, "code_words", [*calm(600), *failing(FAULT)])
    assert (found.verdict, found.n, found.share) == (Verdict.FIRED, 60, 1.0)


def test_with_a_split_by_revision_it_decides_for_the_deploy(tmp_path: Path) -> None:
    found = opened(tmp_path, [*calm(600), *calm(3600, "/api/y"), *failing(FAULT)])
    assert found.verdict == "code_regression"


def test_other_words_do_not(tmp_path: Path) -> None:
    assert opened(tmp_path, [*calm(600), *failing("ERROR something went wrong")]).verdict == "inconclusive"


def test_a_fault_that_few_failures_met_is_none_of_theirs(tmp_path: Path) -> None:
    entries = [*calm(600), *failing("ERROR something went wrong"), said(700, FAULT)]
    assert sign(tmp_path, "code_words", entries).verdict is Verdict.CLEAR


def test_without_lines_nobody_can_tell(tmp_path: Path) -> None:
    assert sign(tmp_path, "code_words", calm()).verdict is Verdict.NO_DATA


def canary(old_until: int) -> list[Any]:
    """A tenth of the traffic goes to a new revision, which fails; the old one serves the same route until then."""
    old = [request(step, 200) for step in range(-3500, old_until, 20)]
    new = [request(600 + 50 * n, 500, revision=NEW) for n in range(50)]
    told = [said(600 + 50 * n, "ERROR write response: json: unsupported value: NaN", revision=NEW) for n in range(50)]
    strays = [request(step, 502, "/api/orders") for step in (*range(-3400, -200, 400), *range(900, 3500, 400))]
    return [*old, *new, *told, *strays, said(-3000, "INFO ready"), said(-2900, "WARNING slow start")]


def test_what_only_a_new_revision_complains_of_beside_an_old_one_that_serves_is_its_codes(tmp_path: Path) -> None:
    """Whatever its words; and failures of another route, as on any day, tell the revisions no less apart."""
    found = opened(tmp_path, canary(3500))
    assert found.verdict == "code_regression"
    split = next(one for one in found.signs if one.id == "new_revision_only")
    assert (split.verdict, split.n, split.total) == (Verdict.FIRED, 50, 50)


def test_after_an_old_revision_is_gone_unknown_words_blame_nobody(tmp_path: Path) -> None:
    """Then what both call may have changed meanwhile."""
    assert sign(tmp_path, "code_words", canary(600)).verdict is Verdict.CLEAR


RAISED = """Traceback (most recent call last):
  File "/app/views/patients.py", line 86, in search
    return page.items[offset]
IndexError: list index out of range"""


def test_without_a_request_log_words_are_held_against_what_the_platform_counted(tmp_path: Path) -> None:
    """One exception explains nothing of hundreds of failures, although the application tells of no other."""
    series = [counts("run.googleapis.com/request_count", [0] * 20 + [30] * 10, response_code_class="5xx")]
    lines = [said(-3000, "INFO ready"), said(1210, f"Exception in ASGI application\n{RAISED}")]
    found = opened(tmp_path, lines, series)
    assert found.onset == at(20 * 60 + 30)
    signs = {one.id: one for one in found.signs}
    assert signs["code_words"].verdict is Verdict.CLEAR
    assert signs["new_exception"].share == 1 / 300
