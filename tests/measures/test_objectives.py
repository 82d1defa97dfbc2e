"""Budgets by hand: how many failed of how many, what the objective allows, and when nothing can be said."""

from pathlib import Path

import pytest

from netra_analysis.finding import Standing, Verdict
from netra_analysis.statistics.intervals import wilson
from tests.entries import at, gauge, opened, request, said

STEADY = [request(i, 200) for i in range(0, 3600, 6)]  # ten a minute
OUTAGE = [request(1800 + i, 500) for i in range(20)]


def test_an_overspent_budget_by_hand(tmp_path: Path) -> None:
    """20 of 620 failed; 0.995 allows 3.1 of 620: 6.45 times over."""
    inc = opened(tmp_path, [*STEADY, *OUTAGE])
    claim = inc.objectives.claim("OB1")
    assert inc.objectives.verdict is Verdict.FIRED
    assert (claim.values["bad"], claim.values["n"]) == (20, 620)
    assert claim.values["allowed"] == pytest.approx(3.1)
    assert claim.value == pytest.approx(20 / 3.1)
    assert "assumed because the parameters name none" in claim.text
    assert inc.objectives.finding.time == at(1800)  # all twenty failed within it


def test_the_querys_interval_is_wilsons(tmp_path: Path) -> None:
    claim = opened(tmp_path, [*STEADY, *OUTAGE]).objectives.claim("OB1")
    share = wilson(20, 620)
    assert claim.interval == (pytest.approx(share.low / 0.005), pytest.approx(share.high / 0.005))


def test_an_agreed_objective_is_not_called_assumed(tmp_path: Path) -> None:
    """0.95 allows 31 of 620: 20 are 0.645 of it."""
    agreed = {"availability": 0.95, "latency_s": 0.5, "latency": 0.9}
    inc = opened(tmp_path, [*STEADY, *OUTAGE], objectives=agreed)
    assert inc.objectives.verdict is Verdict.CLEAR
    assert inc.objectives.claim("OB1").value == pytest.approx(20 / 31)
    assert not any("assumed" in claim.text for claim in inc.objectives.claims)
    assert inc.objectives.claim("OB-latency").values["threshold"] == 0.5


def test_preflights_checks_and_sockets_are_left_out(tmp_path: Path) -> None:
    entries = [
        *STEADY,
        request(10, 500, method="OPTIONS"),
        request(11, 500, agent="GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)"),
        request(12, 101, "/ws", latency=250.0),
        request(13, 200, latency=2.0),
    ]
    inc = opened(tmp_path, entries)
    assert inc.objectives.claim("OB1").values["bad"] == 0
    slow = inc.objectives.claim("OB-latency")
    assert (slow.values["bad"], slow.values["n"]) == (1, 601)


def test_few_requests_do_not_show_that_an_objective_is_kept(tmp_path: Path) -> None:
    inc = opened(tmp_path, [request(60 * i, 200) for i in range(40)])
    assert inc.objectives.verdict is Verdict.CLEAR
    assert "too few requests to show that the objective is kept" in inc.objectives.claim("OB1").text


def test_no_requests_is_no_data(tmp_path: Path) -> None:
    inc = opened(tmp_path, [said(1, "hello")])
    assert inc.objectives.verdict is Verdict.NO_DATA
    assert [claim.statement.standing for claim in inc.objectives.claims] == [Standing.UNTESTABLE]


def test_the_worst_burn_by_hand(tmp_path: Path) -> None:
    """20 of 70 within five minutes and of 320 within the half hour seen: 57 and 12.5 times 0.5 %, so 12.5 for both."""
    inc = opened(tmp_path, [*STEADY, *OUTAGE])
    burn = inc.objectives.claim("OB-burn-fast")
    at_1830 = 20 / (31 * 10 + 20) / 0.005
    assert burn.value == pytest.approx(at_1830, rel=0.05)
    assert "never reached" in burn.text


def test_a_metric_alone_counts_and_says_what_it_cannot_tell_apart(tmp_path: Path) -> None:
    good = gauge("run.googleapis.com/request_count", [10.0] * 30)
    bad = gauge("run.googleapis.com/request_count", [None] * 10 + [5.0] * 5)
    good["metric"]["labels"], bad["metric"]["labels"] = {"response_code_class": "2xx"}, {"response_code_class": "5xx"}
    inc = opened(tmp_path, [said(1, "hello")], [good, bad])
    claim = inc.objectives.claim("OB1")
    assert (claim.values["bad"], claim.values["n"]) == (25, 325)
    assert "checks and preflights included" in claim.text
    assert inc.objectives.claim("OB-latency").statement.standing is Standing.UNTESTABLE
