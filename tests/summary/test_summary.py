"""The first screen in words: every kind of incident said in the same three sentences, and what it cost."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis import summary
from netra_analysis.finding import Standing
from netra_analysis.incident import Incident
from tests.entries import MALFORMED, OOM, memory, opened, request, said, system

CALM = [request(s, 200) for s in range(0, 3600, 30)]
LEAK = memory(*[0.3 + 0.01 * i for i in range(60)])


def killed(seconds: float) -> list[Any]:
    died = [
        system(seconds, OOM, "ERROR"),
        system(seconds + 0.2, "Container terminated on signal 9.", "WARNING"),
    ]
    return [*died, *(request(seconds - 1, 503, f"/api/{i}", 2.0, textPayload=MALFORMED) for i in range(4))]


def told(incident: Incident) -> dict[str, str]:
    return {claim.id: claim.text for claim in incident.in_short().claims}


def costs(incident: Incident) -> dict[str, str]:
    return {tile["id"]: tile["shown"] for tile in incident.impact().data()["tiles"]}


def test_three_sentences_whatever_happened(tmp_path: Path) -> None:
    for name, entries in {"calm": CALM, "failed": [*CALM, request(900, 500)], "blind": [said(5, "hi")]}.items():
        (tmp_path / name).mkdir()
        incident = opened(tmp_path / name, entries)
        assert tuple(told(incident)) == summary.SENTENCES


def test_what_users_saw_counts_real_traffic_and_names_when(tmp_path: Path) -> None:
    failed = [request(900 + i, 500, "/api/pay", latency=1) for i in range(5)]
    checks = [request(901, 500, "/health", agent="GoogleStackdriverMonitoring-UptimeChecks(https://x)")]
    incident = opened(tmp_path, [*CALM, *failed, *checks])
    assert told(incident)["SU-seen"] == (
        "Users saw 5 failed requests in 1 burst between 12:15:01 UTC and 12:15:05 UTC: 4.0 % of the 125 requests "
        "of real traffic in the window, on 1 route."
    )
    assert costs(incident) | {"OB1": ""} == {
        "IM-failed": "5",
        "IM-share": "4.0 %",
        "IM-routes": "1",
        "IM-duration": "1 min",
        "OB1": "",
    }


def test_the_leading_explanation_says_what_it_leaves_open(tmp_path: Path) -> None:
    incident = opened(tmp_path, [*CALM, *killed(3300)], [LEAK])
    said_ = {claim.id: claim for claim in incident.in_short().claims}["SU-cause"]
    assert incident.verdict == "memory_leak"
    assert said_.text.startswith("The leading explanation is “Memory leak”, which explains 100.0 % of the failed")
    assert "speaks against it" in said_.text
    assert said_.statement.standing is Standing.SUPPORTED
    assert costs(incident)["IM-deaths"] == "1"


def test_what_follows_from_the_leading_explanation_is_told_with_it_where_it_explains_more(tmp_path: Path) -> None:
    slow = [said(900 + 10 * n, "WARN rates: slow response") for n in range(60)]
    failing = [request(1200 + 5 * n, 500) for n in range(80)]
    words = ("ERROR QueuePool limit of size 5 overflow 10 reached, connection timed out", "ERROR httpx.ReadTimeout")
    lines = [said(1200.03 + 5 * n, words[n % 4 == 0]) for n in range(80)]
    incident = opened(tmp_path, [*CALM, *slow, *failing, *lines])
    said_ = {claim.id: claim for claim in incident.in_short().claims}["SU-cause"]
    assert incident.verdict == "dependency_failure"
    assert said_.text.startswith(
        "The leading explanation is “A dependency is unreachable or slow”, which explains 25.0 % of the failed "
        "requests, with “Connection pool exhausted”, which follows from it, 75.0 %; "
    )
    assert "it leaves" not in said_.text


def test_where_no_cause_can_be_told_the_sentence_says_so(tmp_path: Path) -> None:
    incident = opened(tmp_path, [*CALM, *(request(900 + i, 500) for i in range(6))])
    said_ = {claim.id: claim for claim in incident.in_short().claims}["SU-cause"]
    assert incident.verdict == "inconclusive"
    assert said_.text.startswith("No cause can be told from these data: the nearest, “")
    assert said_.statement.standing is Standing.UNTESTABLE


def test_a_quiet_window_has_nothing_to_explain_and_nothing_to_end(tmp_path: Path) -> None:
    incident = opened(tmp_path, CALM)
    words = told(incident)
    assert words["SU-seen"].startswith("Users saw no failed request: 120 requests of real traffic ended")
    assert words["SU-cause"].startswith("Nothing calls for an explanation")
    assert words["SU-end"].startswith("Nothing had to end: until the data end at 12:59:30 UTC")
    assert costs(incident)["IM-failed"] == "0"


def test_without_a_request_log_nothing_is_told_and_nothing_is_counted(tmp_path: Path) -> None:
    incident = opened(tmp_path, [said(5, "hello")])
    standings = {claim.id: claim.statement.standing for claim in incident.in_short().claims}
    assert standings["SU-seen"] is Standing.UNTESTABLE
    assert standings["SU-end"] is Standing.UNTESTABLE
    card = incident.impact().data()
    assert card["title"] == "No impact can be counted"
    assert card["body"] == told(incident)["SU-seen"]


def test_where_nobody_logged_requests_no_death_is_said_to_have_taken_none_with_it(tmp_path: Path) -> None:
    deaths = [event for event in killed(3300) if "httpRequest" not in event]
    claims = {claim.id: claim.text for claim in opened(tmp_path, deaths, [LEAK]).impact_claims().claims}
    assert claims["IM-deaths"].startswith("1 death of instances: 1 over the memory limit")
    assert claims["IM-deaths"].endswith("is not known, because the request log is missing.")


def test_a_window_without_a_line_contradicts_no_cause(tmp_path: Path) -> None:
    before = [
        *(request(30 * i - 3600, 200) for i in range(100)),
        system(-3000, "Starting new instance."),
        said(-9, "x"),
    ]
    incident = opened(tmp_path, before)
    assert incident.verdict == "inconclusive"
    assert {judgement.status for judgement in incident.judgements} == {"untestable"}


@pytest.mark.parametrize(
    ("seconds", "words", "standing"),
    [
        (1800, "The last failure was at 12:30:00 UTC; none of the", Standing.CONFIRMED),
        (3400, "It may go on: the data end at", Standing.UNTESTABLE),
    ],
)
def test_an_end_needs_time_without_failures(tmp_path: Path, seconds: int, words: str, standing: Standing) -> None:
    incident = opened(tmp_path, [*CALM, *(request(seconds - i, 500, latency=0.001) for i in range(5))])
    end = {claim.id: claim for claim in incident.in_short().claims}["SU-end"]
    assert end.text.startswith(words)
    assert end.text.endswith("no change of the service came since the first failure.")
    assert end.statement.standing is standing


def test_failures_that_came_back_once_are_not_called_over_lightly(tmp_path: Path) -> None:
    bursts = [request(s + i, 500, latency=0.001) for s in (300, 2700) for i in range(4)]
    words = told(opened(tmp_path, [*CALM, *bursts]))["SU-end"]
    assert "but failures came back after 39 min 57 s of quiet before" in words


def test_every_tile_is_a_claim_with_a_sentence(tmp_path: Path) -> None:
    incident = opened(tmp_path, [*CALM, *killed(3300)], [LEAK])
    known = {claim.id: claim for claim in incident.claims}
    for tile in incident.impact().data()["tiles"]:
        assert known[tile["id"]].short == tile["shown"]
        assert known[tile["id"]].to_json()["short"] == tile["shown"]


def test_failures_as_usual_are_no_incident_and_the_sentence_says_so(tmp_path: Path) -> None:
    usual = [request(s, 500 if s % 600 == 0 else 200, latency=0.001) for s in range(-3600, 3600, 30)]
    incident = opened(tmp_path, usual)
    assert incident.verdict == "no_incident"
    assert told(incident)["SU-cause"].startswith(
        "Nothing calls for an explanation: 6 of 120 requests failed in the time before as well"
    )


def test_deaths_that_no_request_met_explain_no_request(tmp_path: Path) -> None:
    died = [system(3300, OOM, "ERROR"), system(3300.2, "Container terminated on signal 9.", "WARNING")]
    incident = opened(tmp_path, [*CALM, *died], [LEAK])
    words = told(incident)
    assert "the platform's log has 1 death of instances" in words["SU-seen"]
    assert "failed requests" not in words["SU-cause"]
    assert words["SU-end"].startswith("The last of 1 death of instances was at 12:55:00 UTC")


def test_callers_who_are_refused_all_at_once_are_what_users_saw(tmp_path: Path) -> None:
    before = [request(s, 200, latency=0.001) for s in range(-3600, 600, 20)]
    after = [request(s, 401, latency=0.001) for s in range(600, 3600, 20)]
    incident = opened(tmp_path, [*before, *after])
    assert told(incident)["SU-seen"].endswith(
        "none of them failed; 150 were refused for want of a credential that the service accepts."
    )


def test_the_time_to_evidence_is_a_tile_where_a_cause_is_named(tmp_path: Path) -> None:
    incident = opened(tmp_path, [*CALM, *killed(3300)], [LEAK])
    assert incident.verdict == "memory_leak"
    assert "HS-memory_leak" in costs(incident)
