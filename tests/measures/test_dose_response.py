"""Failures by level: shares per band, counted by hand, and instances held against each other in the same minutes."""

from pathlib import Path

import pytest

from netra_analysis.finding import Standing, Verdict
from tests.entries import gauge, memory, opened, request


def test_the_share_that_failed_is_counted_in_each_band(tmp_path: Path) -> None:
    failing = {s for s in range(1200, 1800) if s % 20 == 0}  # every other request of ten minutes at 95 %
    entries = [request(s, 500 if s in failing else 200) for s in range(0, 3600, 10)]
    incident = opened(tmp_path, entries, [memory(*[0.4] * 20, *[0.95] * 10, *[0.4] * 30)])
    assert incident.dose_response.verdict is Verdict.FIRED
    bands = {r["band"]: r for r in incident.dose_response.finding.proof.to_pylist() if r["total"]}
    assert set(bands) == {"0 % to 50 %", "90 % to 100 %"}
    high, low = bands["90 % to 100 %"], bands["0 % to 50 %"]
    assert (high["failed"], high["total"], high["minutes"]) == (30, 60, 10)
    assert (low["failed"], low["total"]) == (0, 6 * (20 + 29)), "the last minute of the log is not whole"
    text = incident.dose_response.claim("DR-memory").text
    assert "30 of 60 requests failed (50.0 %" in text
    assert "90 % to 100 %" in text


def test_a_level_that_never_left_its_band_compares_nothing(tmp_path: Path) -> None:
    entries = [request(s, 500 if s % 100 == 0 else 200) for s in range(0, 3600, 10)]
    incident = opened(tmp_path, entries, [memory(*[0.4] * 60)])
    assert incident.dose_response.verdict is Verdict.CLEAR
    claim = incident.dose_response.claim("DR-memory")
    assert claim.statement.standing is Standing.UNTESTABLE
    assert "nothing can be compared" in claim.text


def test_minutes_without_a_point_are_in_no_band(tmp_path: Path) -> None:
    entries = [request(s, 200) for s in range(0, 3600, 10)]
    incident = opened(tmp_path, entries, [memory(*[0.4] * 10, *[None] * 40, *[0.4] * 10)])
    assert sum(r["minutes"] for r in incident.dose_response.finding.proof.to_pylist()) == 10 + 9


def test_without_metrics_it_is_not_judged(tmp_path: Path) -> None:
    incident = opened(tmp_path, [request(s, 500) for s in range(0, 3600, 60)])
    assert incident.dose_response.verdict is Verdict.NO_DATA
    assert "cannot be judged" in incident.claims_of("dose_response")[0].text


@pytest.mark.parametrize(("broken", "verdict"), [(29, Verdict.FIRED), (0, Verdict.CLEAR)])
def test_the_instance_with_the_full_pool_is_held_against_the_others(
    tmp_path: Path, broken: int, verdict: Verdict
) -> None:
    def own(instance: str, *values: float) -> dict[str, object]:
        made = gauge("custom.googleapis.com/shop/db_pool/in_use", values)
        made["metric"]["labels"] = {"instance_id": f"00{instance}"}
        return made

    entries = [request(s, 500 if broken and s >= 1800 else 200, instance="a") for s in range(0, 3600, 60)]
    entries += [request(s + 5, 200, instance="b") for s in range(0, 3600, 60)]
    series = [own("a", *[4.0] * 30, *[15.0] * 30), own("b", *[4.0] * 60)]
    incident = opened(tmp_path, entries, series, limits={"pool_size": 15})
    rows = [r for r in incident.dose_response.finding.proof.to_pylist() if r["scope"] == "instance"]
    # 29: the last point ends where the window does, and is outside of it
    full, free = sorted(rows, key=lambda r: -r["low"])
    assert (full["failed"], full["total"]) == (broken, 29)
    assert (free["failed"], free["total"]) == (0, 29)
    assert incident.dose_response.verdict is verdict
