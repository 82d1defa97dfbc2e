"""Faults of the code in lines without a stack."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import opened, request, said
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
