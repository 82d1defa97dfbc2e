"""What differs: failing requests against successful ones of the same route and time, counted by hand."""

from pathlib import Path

from netra_analysis.finding import Standing, Verdict
from tests.entries import opened, request, system


def test_an_instance_that_fails_alone_is_named(tmp_path: Path) -> None:
    sick = [request(s, 500 if s < 400 else 200, instance="sick") for s in range(0, 600, 10)]
    well = [request(s + 3, 200, instance="well") for s in range(0, 600, 10)]
    incident = opened(tmp_path, [*sick, *well])
    assert incident.what_differs.verdict is Verdict.FIRED
    row = next(r for r in incident.what_differs.finding.proof.to_pylist() if r["value"] == "00sick")
    assert (row["failing_with"], row["failing"], row["succeeding_with"], row["succeeding"]) == (40, 40, 20, 80)
    assert row["told"]
    others = {r["value"]: r["words"] for r in incident.what_differs.finding.proof.to_pylist()}
    assert others["00well"] == "is never found among failing requests"
    assert round(row["effect"], 6) == round((40 / 40) / (20 / 80), 6)
    assert "4.0× more common among failing requests: 40 of 40 (100.0 %) against 20 of 80" in " ".join(
        claim.text for claim in incident.claims_of("what_differs")
    )


def test_a_route_that_is_simply_used_more_is_no_difference(tmp_path: Path) -> None:
    entries = [request(s, 500 if s % 200 == 0 else 200, path=f"/{'a' if s % 20 else 'b'}") for s in range(0, 3600, 10)]
    incident = opened(tmp_path, [e for e in entries if "/b" not in e["httpRequest"]["requestUrl"]] + entries[::2])
    told = [r for r in incident.what_differs.finding.proof.to_pylist() if r["told"] and r["field"] != "route"]
    assert told == []


def test_where_a_route_failed_altogether_its_other_hours_stand_in(tmp_path: Path) -> None:
    before = [request(s, 200, instance="old") for s in range(-3600, 0, 20)]
    after = [request(s, 500, instance="new") for s in range(0, 3600, 20)]
    incident = opened(tmp_path, [*before, *after])
    assert "of the same route at any time" in incident.claims_of("what_differs")[0].text
    assert any("…" not in c.text and "instance 00new is found only among" in c.text for c in incident.claims)


def test_the_age_of_the_instance_and_the_crowd_on_it_are_asked(tmp_path: Path) -> None:
    born = [system(-600, "Starting new instance. Reason: AUTOSCALING", instance="a")]
    crowd = [request(s, 500, latency=8.0) for s in range(1000, 1040)]
    calm = [request(s, 200) for s in range(0, 1700, 10)]
    proof = opened(tmp_path, [*born, *crowd, *calm]).what_differs.finding.proof.to_pylist()
    in_flight = next(r for r in proof if r["field"] == "requests in flight")
    assert in_flight["told"]
    assert in_flight["effect"] > 3
    assert any(r["field"] == "age of the instance" for r in proof)


def test_no_failure_is_no_question_and_no_request_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    calm = opened(tmp_path / "a", [request(s, 200) for s in range(0, 600, 10)])
    assert calm.what_differs.verdict is Verdict.CLEAR
    assert "No real request failed" in calm.claims_of("what_differs")[0].text
    blind = opened(tmp_path, [system(5, "Starting new instance. Reason: AUTOSCALING")])
    assert blind.what_differs.verdict is Verdict.NO_DATA
    assert blind.claims_of("what_differs")[0].statement.standing is Standing.UNTESTABLE


def test_a_difference_that_is_sure_and_small_stays_in_the_table(tmp_path: Path) -> None:
    """Of a thousand requests each, 60 % of the failing ones are POSTs, and 40 % of the others."""
    entries = [
        request(i, 500 if i % 2 else 200, method="POST" if (i // 2) % 10 < (6 if i % 2 else 4) else "PUT")
        for i in range(1000)
    ]
    incident = opened(tmp_path, entries)
    post = next(r for r in incident.what_differs.finding.proof.to_pylist() if r["value"] == "POST")
    assert post["told"]
    assert 1.0 < post["effect"] < 2.0
    assert not any("POST" in claim.text for claim in incident.claims_of("what_differs"))
