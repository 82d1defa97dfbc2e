"""A request meets the application's line about it by trace, or by what both know and the time of its end."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.handled import handled
from tests.entries import PROBE_OK, START, opened, request, said, system


def line(seconds: float, method: str = "GET", path: str = "/api/x", status: int = 200, ms: float = 5) -> dict[str, Any]:
    return said(seconds, f"Request: {method} {path} | Status: {status} | Duration: {ms}ms | Trace: trace_1f")


def joined(folder: Path, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    inc = opened(folder, entries)
    return handled(inc.tables, inc.params.asked).to_pylist()


def test_by_instance_method_path_status_and_the_time_of_its_end(tmp_path: Path) -> None:
    (one,) = joined(tmp_path, [request(10, 200, latency=0.2), line(10.2012, ms=195)])
    assert one["handler_s"] == pytest.approx(0.195)
    assert one["gap_s"] == pytest.approx(0.005)
    assert one["offset_s"] == pytest.approx(0.0012)


@pytest.mark.parametrize(
    "other",
    [
        line(10.2012, method="POST"),
        line(10.2012, path="/api/y"),
        line(10.2012, status=500),
        line(12.0),
        line(10.0),
        {**line(10.2012), "labels": {"instanceId": "00b"}},
    ],
)
def test_what_is_about_another_request_is_not_joined(tmp_path: Path, other: dict[str, Any]) -> None:
    (one,) = joined(tmp_path, [request(10, 200, latency=0.2), other])
    assert one["app_entry"] is None


def test_no_line_is_used_twice(tmp_path: Path) -> None:
    rows = joined(tmp_path, [request(10, 200, latency=0.2), request(10.01, 200, latency=0.2), line(10.215)])
    assert sum(row["app_entry"] is not None for row in rows) == 1


@pytest.mark.parametrize(
    "text",
    [
        '169.254.169.126:50046 - "GET /api/x?page=2 HTTP/1.1" 200',
        "GET /api/x 200 4.2 ms - 512",
        '10.0.0.1 - - [04/Mar/2026:12:00:10 +0000] "GET /api/x HTTP/1.1" 200 512 "-" "curl/8"',
    ],
)
def test_access_lines_of_several_servers(tmp_path: Path, text: str) -> None:
    (one,) = joined(tmp_path, [request(10, 200, "/api/x?page=2", latency=0.2), said(10.201, text, stream="stdout")])
    assert one["app_entry"] is not None


def test_a_shared_trace_joins_whatever_the_line_says(tmp_path: Path) -> None:
    trace = "projects/p/traces/0123456789abcdef0123456789abcdef"
    (one,) = joined(tmp_path, [request(10, 200, trace=trace), said(10.01, "order placed", trace=trace)])
    assert one["app_entry"] is not None


def test_a_blocked_loop_is_a_gap_and_a_cold_start_is_none(tmp_path: Path) -> None:
    calm = [e for i in range(30) for e in (request(100 + i, 200, latency=0.02), line(100.021 + i, ms=15))]
    held = [e for i in range(3) for e in (request(200 + i, 200, latency=26 - i), line(226.001, ms=31))]
    (tmp_path / "blocked").mkdir()
    (tmp_path / "cold").mkdir()
    blocked = opened(tmp_path / "blocked", calm + held)
    assert blocked.event_loop.verdict is Verdict.FIRED
    assert blocked.event_loop.claim("EL1").values["n"] == 3
    starting = [system(201, START), system(225, PROBE_OK)]
    assert opened(tmp_path / "cold", calm + held + starting).event_loop.verdict is Verdict.CLEAR
