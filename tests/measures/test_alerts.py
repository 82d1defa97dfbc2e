"""Rules replayed over small incidents: minutes by hand, warnings, pages for nothing, and what cannot be judged."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Standing, Verdict
from netra_analysis.window import stamp
from tests.entries import OOM, at, gauge, memory, opened, pool, request, said, system

STEADY = [request(i, 200) for i in range(0, 3600, 6)]  # ten a minute
OUTAGE = [request(1800 + 10 * i, 500) for i in range(18)]  # 12:30 to 12:33, six a minute
BASELINE = {"start": stamp(at(-3600)), "end": stamp(at(0))}


def rule(inc: Any, name: str) -> dict[str, Any]:
    return next(row for row in inc.finding("alerts").proof.to_pylist() if row["id"] == name)


def test_minutes_to_detect_by_hand(tmp_path: Path) -> None:
    """Six of sixteen fail each minute from 12:30 on: the share is above 1 % at once, five have failed at once too."""
    inc = opened(tmp_path, [*STEADY, *OUTAGE], baseline=BASELINE)
    assert inc.alerts.verdict is Verdict.FIRED
    assert rule(inc, "audit")["detected_min"] == 1
    assert rule(inc, "count")["detected_min"] == 1
    assert rule(inc, "audit")["incident_min"] == 3
    assert inc.alerts.claim("AL-audit").value == 1


def test_quiet_time_is_what_is_known_outside_the_incident(tmp_path: Path) -> None:
    """Of 60 minutes the first two know too little of the last five, and three are the incident."""
    inc = opened(tmp_path, [*STEADY, *OUTAGE])
    assert rule(inc, "audit")["quiet_min"] == 60 - 2 - 3
    assert rule(inc, "audit")["false_pages"] == 0


def test_a_failure_before_is_a_page_for_nothing_and_costs_the_proposal(tmp_path: Path) -> None:
    stray = request(600, 503)  # of another kind, so the incident does not begin with it
    inc = opened(tmp_path, [*STEADY, *OUTAGE, stray])
    assert rule(inc, "audit")["false_pages"] == 1
    assert rule(inc, "guarded")["false_pages"] == 0
    assert inc.alerts.claim("AL1").values["rule"] == "500 rate, guarded"
    assert inc.alerts.claim("AL-single").value > 0.01


def test_memory_that_rises_first_is_a_warning(tmp_path: Path) -> None:
    """At 90 % from 12:20 on, so for five minutes at the end of 12:24; the first failure is at 12:30: six before."""
    series = memory(*([0.5] * 20 + [0.92] * 11 + [0.5] * 29))
    inc = opened(tmp_path, [*STEADY, *OUTAGE], [series], limits={"memory_mib": 1024.0})
    row = rule(inc, "memory")
    assert (row["detected_min"], row["false_pages"], row["fired_before"]) == (-6, 0, True)
    assert inc.alerts.claim("AL1").values["rule"] == "memory near its limit"
    assert inc.alerts.claim("AL-symptom").values["detected_min"] == 1


def test_a_gap_in_a_metric_neither_pages_nor_clears(tmp_path: Path) -> None:
    """Four minutes at the cap with a hole in the middle of each pair: never two known ones on end."""
    series = pool(*([5.0] * 30 + [25.0, None, 25.0, None] + [5.0] * 26))
    inc = opened(tmp_path, [*STEADY, *OUTAGE], [series], limits={"pool_size": 25})
    row = rule(inc, "pool")
    assert row["detected_min"] is None
    assert row["blind_min"] == 2  # the minutes of 12:31 and 12:32 may have been, that of 12:30 was not


def test_without_metrics_their_rules_cannot_be_judged(tmp_path: Path) -> None:
    inc = opened(tmp_path, [*STEADY, *OUTAGE])
    for name in ("AL-memory", "AL-pool", "AL-death"):
        assert inc.alerts.claim(name).statement.standing is Standing.UNTESTABLE
        assert "cannot be judged" in inc.alerts.claim(name).text


def test_a_death_is_told_in_its_minute(tmp_path: Path) -> None:
    inc = opened(tmp_path, [*STEADY, *OUTAGE, system(1870, OOM, "ERROR")])
    assert rule(inc, "death")["detected_min"] == 2


def test_two_bouts_are_told_apart(tmp_path: Path) -> None:
    later = [request(3000 + i, 500) for i in range(3)]
    inc = opened(tmp_path, [*STEADY, *OUTAGE, *later])
    assert rule(inc, "audit")["bouts"] == 2
    assert (rule(inc, "audit")["bouts_told"], rule(inc, "count")["bouts_told"]) == (2, 1)


def test_nothing_failed_is_clear_and_nothing_seen_is_no_data(tmp_path: Path) -> None:
    calm = opened(tmp_path, STEADY)
    assert calm.alerts.verdict is Verdict.CLEAR
    assert "nothing to tell" in calm.alerts.claims[0].text
    blind = opened(tmp_path, [said(1, "hello")])
    assert blind.alerts.verdict is Verdict.NO_DATA
    assert blind.alerts.claims[0].statement.standing is Standing.UNTESTABLE


def test_where_only_a_metric_counts_it_tells_of_the_incident(tmp_path: Path) -> None:
    """Five of fifteen fail from 12:10 to 12:14 by the metric; nothing of it is in the log."""
    good = gauge("run.googleapis.com/request_count", [10.0] * 30)
    bad = gauge("run.googleapis.com/request_count", [None] * 10 + [5.0] * 5)
    good["metric"]["labels"], bad["metric"]["labels"] = {"response_code_class": "2xx"}, {"response_code_class": "5xx"}
    inc = opened(tmp_path, [said(1, "hello")], [good, bad])
    row = rule(inc, "audit")
    assert (row["incident_min"], row["detected_min"], row["bouts_told"]) == (5, 1, 1)


def test_the_chart_has_a_row_a_rule(tmp_path: Path) -> None:
    inc = opened(tmp_path, [*STEADY, *OUTAGE])
    assert "image/svg+xml" in inc.alert_replay()._repr_mimebundle_()
    assert inc.rules().total == 8
    assert opened(tmp_path, [said(1, "hello")]).alert_replay().data()["title"] == "No rule could be replayed"
