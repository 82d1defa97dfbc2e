"""One incident through the Cloud Logging API: equal to the files, within the quota, resumable."""

from pathlib import Path
from typing import Any

import pytest
from cloud_incident import PROJECT, files, rows
from parity import assert_equal

import netra_analysis as na
from netra_analysis import params, tables
from netra_analysis.errors import SourceError
from netra_analysis.sources import pace
from netra_analysis.tables import Tables
from tests.servers.http import Refusal
from tests.servers.logging import FakeLogging

SOURCE = f"logging:{PROJECT}"
OWN = [one for one in rows() if one["resource"]["labels"].get("service_name") != "billing"]


def asked(folder: Path, **more: Any) -> Path:
    return files(folder, rows(), source=SOURCE, **more)


def loaded(folder: Path, told: list[str] | None = None, **more: Any) -> Tables:
    return tables.from_params(params.load(asked(folder, **more)), folder, say=(told if told is not None else []).append)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr(pace.time, "sleep", waited.append)
    return waited


def test_tables_and_findings_are_those_of_the_files(plain, served, tmp_path):
    served(FakeLogging(PROJECT, rows()))
    assert_equal(na.open(asked(tmp_path)), plain, lowered=False)


def test_pages_are_read_to_the_last_also_over_empty_ones(plain, served, tmp_path):
    fake = FakeLogging(PROJECT, rows(), most=40)
    served(fake)
    told: list[str] = []
    held = loaded(tmp_path, told)
    assert held.entries.equals(plain.tables.entries)
    assert held.coverage.entries == held.coverage.loaded == len({one["insertId"] for one in OWN})
    assert fake.calls > 10
    assert "about 1 minute to go" in " ".join(told)


def test_both_bounds_and_the_service_are_in_every_filter(served, tmp_path):
    address = served(FakeLogging(PROJECT, rows(), most=100))
    loaded(tmp_path)
    for request in address.seen:
        assert 'timestamp>="2026-03-04T21:30:00Z" AND timestamp<"2026-03-05T00:30:00Z"' in request.body["filter"]
        assert 'resource.labels.service_name="shop"' in request.body["filter"]
        assert request.body["pageSize"] == 1000


def test_a_reading_that_was_cut_off_goes_on_where_it_ended(plain, served, tmp_path, monkeypatch):
    monkeypatch.delenv("NETRA_ANALYSIS_CACHE", raising=False)
    fake = FakeLogging(PROJECT, rows(), most=60, faults={4: Refusal(403, "forbidden", "no longer permitted")})
    served(fake)
    monkeypatch.setenv("NETRA_ANALYSIS_CACHE", str(tmp_path / "kept"))
    with pytest.raises(SourceError, match="ask for the role Logs Viewer"):
        loaded(tmp_path)
    assert fake.calls == 4
    assert loaded(tmp_path).entries.equals(plain.tables.entries)
    pages = fake.calls
    assert loaded(tmp_path).entries.equals(plain.tables.entries)
    assert fake.calls == pages, "all pages were kept"
    assert not any(b"hunter2hunter2" in path.read_bytes() for path in (tmp_path / "kept").iterdir())


def test_a_full_quota_is_waited_for_and_a_refusal_is_not(served, tmp_path, no_pause):
    busy = {1: Refusal(429, "rateLimitExceeded", "Quota exceeded"), 2: Refusal(503, "backendError", "try later")}
    fake = FakeLogging(PROJECT, rows(), faults=busy)
    served(fake)
    assert loaded(tmp_path).entries.num_rows
    assert 1 <= no_pause[0] <= 4
    assert 1 <= no_pause[1] <= 8
    fake.faults = {fake.calls + 1: Refusal(400, "badRequest", "Unparseable filter")}
    with pytest.raises(SourceError, match="Unparseable filter"):
        loaded(tmp_path)


def test_the_pace_stays_within_the_quota():
    clock = [0.0]
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    keeper = pace.Pace(50, 25, now=lambda: clock[0], pause=pause)
    for _ in range(200):
        keeper.wait()
    assert sum(1 for wait in waits if wait) == 175
    assert clock[0] == pytest.approx(175 * 60 / 50)


def test_a_service_without_entries_is_told(served, tmp_path):
    served(FakeLogging(PROJECT, rows()))
    with pytest.raises(SourceError, match="holds no entry of the service 'stop'"):
        loaded(tmp_path, service="stop")


def test_check_lets_no_payload_over_the_wire(served, tmp_path):
    fake = FakeLogging(PROJECT, rows(), most=100)
    served(fake)
    asked_for = params.load(asked(tmp_path))
    seen = tables.looked_at(asked_for, tmp_path, lambda _name, _count: None, lambda _text: None)
    assert fake.calls == 1
    assert {name for entry in fake.given for name in entry} == {"logName", "timestamp", "insertId", "resource"}
    assert seen.streams["requests"].rows > 10
    assert seen.services["shop"] == len(fake.given)
    assert "only the first page was looked at" in " ".join(seen.warnings)
