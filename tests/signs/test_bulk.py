"""A smaller fault before the one that most failures are of: what signs have to lead."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import at, counts, opened, request, said
from tests.signs.looks import calm, sign

REFUSED = "ERROR FATAL: sorry, too many clients already"
FIRST = [request(600 + 60 * n, 500, latency=0.0) for n in range(10)]  # one a minute, from ten past on
MOST = [request(1800 + n, 500, latency=0.0) for n in range(200)]
WORDS = [said(1800 + n, REFUSED) for n in range(200)]


def test_most_failures_came_after_a_few_of_another_rate(tmp_path: Path) -> None:
    found = sign(tmp_path, "most_failures", [*calm(), *FIRST, *MOST])
    assert (found.verdict, found.time, found.n, found.total, found.a) == (Verdict.FIRED, at(1800), 200, 210, 10.0)


A_MINUTE = (1, 1, 1, 1, 1, 1, 4, 6, 8, 60, 60, 60, 60, 60)
GROWING = [request(600 + 60 * m + 60 * n / k, 500, latency=0.0) for m, k in enumerate(A_MINUTE) for n in range(k)]


@pytest.mark.parametrize(
    "failures",
    [MOST, [*MOST[:80], *FIRST], GROWING, [*FIRST[:4], *(request(840 + n, 500, latency=0.0) for n in range(200))]],
    ids=["at once", "first as many as a tenth", "one fault that grows", "within minutes of it"],
)
def test_one_fault_has_no_smaller_one_before_it(tmp_path: Path, failures: list[Any]) -> None:
    assert sign(tmp_path, "most_failures", [*calm(), *failures]).verdict is Verdict.CLEAR


def test_a_sign_leads_the_failures_that_it_explains_and_not_those_of_another_fault(tmp_path: Path) -> None:
    ready = [said(seconds, "INFO ready") for seconds in range(-3000, 3600, 60)]
    found = opened(tmp_path, [*calm(), *ready, *FIRST, *MOST, *WORDS])
    assert found.onset == at(600)
    assert found.verdict == "db_connection_cap"


def test_without_a_request_log_the_platform_s_count_tells_since_when_and_how_many(tmp_path: Path) -> None:
    points = [0] * 10 + [1] * 20 + [60] * 5 + [0] * 25
    series = [counts("run.googleapis.com/request_count", points, response_code_class="5xx")]
    lines = [said(60, "INFO ready"), *(said(1800 + n, REFUSED) for n in range(240))]
    assert sign(tmp_path, "most_failures", lines, series).n == 300
    refused = sign(tmp_path, "db_refuses", lines, series)
    assert (refused.verdict, refused.share) == (Verdict.FIRED, 0.75)
