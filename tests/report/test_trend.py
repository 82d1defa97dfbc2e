"""The runs of an incident in the index: drawn by what became of them, whatever a line of their history holds."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.report.page import render_index
from netra_analysis.report.trend import BARS, HEIGHT, kind, trend


def run(state: str = "done", verdict: str | None = "no_incident", failed: Any = 0, **more: Any) -> dict[str, Any]:
    return {"state": state, "verdict": verdict, "failed_requests": failed, "finished": "2026-03-04T13:00:05.25Z"} | more


def test_one_run_is_no_trend() -> None:
    assert trend([run()]) is None


def test_bars_are_as_high_as_the_failures_and_a_broken_run_is_as_high_as_the_picture() -> None:
    shown = trend(
        [run(), run(verdict="memory_leak", failed=50), run(verdict="memory_leak", failed=100), run("refused")]
    )
    assert shown is not None
    assert [bar["kind"] for bar in shown["bars"]] == ["quiet", "incident", "incident", "broken"]
    low, half, full, broken = (bar["high"] for bar in shown["bars"])
    assert (half, full, broken) == (HEIGHT / 2, HEIGHT, HEIGHT)
    assert 0 < low < half
    assert all(bar["y"] + bar["high"] == HEIGHT for bar in shown["bars"])


def test_the_newest_are_drawn_all_are_counted_and_the_newest_row_comes_first() -> None:
    shown = trend([run(failed=i) for i in range(BARS + 10)])
    assert shown is not None
    assert len(shown["bars"]) == BARS
    assert shown["words"] == f"{BARS + 10} runs: {BARS + 10} no incident"
    assert shown["rows"][0]["failed_requests"] == BARS + 9


@pytest.mark.parametrize("state", ["failed", "refused", "running", None, "<b>"])
def test_only_a_run_that_is_done_can_look_like_a_quiet_one(state: Any) -> None:
    assert kind({"state": state, "verdict": "no_incident"}) == "broken"


def test_a_hostile_history_makes_a_page_without_a_tag_of_its_own() -> None:
    evil = "<script>alert(1)</script>"
    held = {"finished": evil, "causes": [evil], "errors": [evil], "time_to_evidence_s": evil}
    hostile = [run(evil, evil, evil) | held | {"failed": [evil]}]
    page = render_index(
        [{"incident": "a", "state": "done", "runs": [{}, *hostile, run(causes=7, failed_requests=True)]}]
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.browser
def test_a_long_reason_is_read_at_once_on_a_phone(browser: Any, tmp_path: Path) -> None:
    reason = "the kernel of 40_memory_and_pool died before its end, so nothing below can be relied on " * 3
    (tmp_path / "index.html").write_text(render_index([{"incident": "a", "state": "failed", "reason": reason}]))
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((tmp_path / "index.html").as_uri())
    box = page.locator(".why p").bounding_box()
    page.close()
    assert box["width"] > 300, "in lines of a page's width, not of a column's"
    assert box["x"] + box["width"] <= 390


def test_a_failed_run_in_the_index_shows_no_verdict() -> None:
    page = render_index([{"incident": "a", "state": "failed", "verdict": "memory_leak", "reason": "the kernel died"}])
    assert "memory leak" not in page
    assert '<tr data-state="failed">' in page
