"""Errors are compared with the time before; what was there before at the same rate is no sign of the incident."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import opened, request, said

BOOT = "2026-03-04 12:00:00.000 | ERROR    | shop:boot:1 | Sentry SDK not available"


def failure(seconds: float) -> dict[str, Any]:
    text = f'Traceback (most recent call last):\n  File "/app/shop/a.py", line 3, in go\n    x()\nKeyError: {seconds!r}'
    return said(seconds, text, severity="ERROR")


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ([said(-3000, "INFO ready"), failure(100)], Verdict.FIRED),
        ([said(-3000, "INFO ready"), *[said(100 + i, BOOT) for i in range(9)]], Verdict.FIRED),
        ([*[said(-3000 + i, BOOT) for i in range(9)], *[said(100 + i, BOOT) for i in range(9)]], Verdict.CLEAR),
        ([said(-3000, "INFO ready"), said(100, "INFO fine")], Verdict.CLEAR),
        ([request(1, 200)], Verdict.NO_DATA),
    ],
)
def test_errors(tmp_path: Path, entries: list[Any], verdict: Verdict) -> None:
    assert opened(tmp_path, entries).errors.verdict is verdict


@pytest.mark.parametrize(
    ("before", "now", "state"), [(0, 3, "new"), (3, 3, "as before"), (2, 30, "grown"), (None, 3, "unknown")]
)
def test_each_state_against_the_baseline(tmp_path: Path, before: int | None, now: int, state: str) -> None:
    entries = [failure(100 + 10 * i) for i in range(now)]
    if before is not None:
        entries += [said(-3500, "INFO ready"), *[failure(-3000 + 10 * i) for i in range(before)]]
    (row,) = [r for r in opened(tmp_path, entries).errors.finding.proof.to_pylist() if r["kind"] == "exception"]
    assert (row["count"], row["state"]) == (now, state)


def test_failed_requests_that_met_a_failure_are_counted_with_it(tmp_path: Path) -> None:
    inc = opened(tmp_path, [said(-3000, "INFO ready"), request(100, 500, latency=0.5), failure(100.4)])
    assert inc.errors.claim("ER1").values["met"] == 1
