"""A stale page cannot pass for fresh: what the page shows, and what `age` says."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from netra_analysis import capsule
from netra_analysis.report.page import PageState, render_notebook
from netra_analysis.run import freshness, history
from tests.report import samples
from tests.run.reports import Ended

END = datetime(2026, 3, 4, 13, tzinfo=UTC)  # of the window


def says(folder: Path, **changes: Any) -> None:
    state = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(state | changes))


def of_cloud(folder: Path) -> None:
    path = folder / "capsule" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["params"]["source"] = "logging:p"
    path.write_text(json.dumps(manifest))


def test_a_report_of_a_past_window_is_fresh_and_a_limit_makes_it_stale(
    report: Path, here: Callable[..., Ended]
) -> None:
    assert here("age", report).returncode == 0
    assert here("age", report, "--now", "2026-03-05T12:59:00Z", "--max", "24h").returncode == 0
    ended = here("age", report, "--now", "2026-03-05T13:01:00Z", "--max", "24h")
    assert ended.returncode == 5
    assert "stale: its window ended 24 h 1 min ago" in ended.stdout


@pytest.mark.parametrize(
    ("minutes", "reasons"), [(59, []), (61, ["it was overtaken at 2026-03-04T14:00:00Z"])], ids=["due", "overdue"]
)
def test_a_report_of_a_relative_window_is_overtaken_one_window_later(
    report: Path, minutes: int, reasons: list[str]
) -> None:
    asked = capsule.read(report / "capsule").params
    expires = freshness.overtaken(asked, {"window": "last 60m"})
    assert expires == END + timedelta(hours=1)
    assert freshness.overtaken(asked, {}) is None
    says(report, expires=expires.isoformat())
    assert freshness.stale(report, END + timedelta(minutes=minutes)) == reasons


def test_a_failed_report_and_one_that_a_failed_run_followed_are_stale(report: Path) -> None:
    history.add(report.parent, "made-up", {"state": "failed", "finished": "2026-03-05T00:00:00Z"})
    assert freshness.stale(report, END) == ["a later run failed, at 2026-03-05T00:00:00Z"]
    history.add(report.parent, "made-up", {"state": "done", "finished": "2026-03-06T00:00:00Z"})
    assert freshness.stale(report, END) == []
    says(report, state="failed")
    assert freshness.stale(report, END) == ["its run ended as failed"]


@pytest.mark.parametrize(("minutes", "settled"), [(4, False), (5, True), (60, True)])
def test_what_a_cloud_source_gave_is_settled_some_minutes_after_the_window(
    report: Path, minutes: int, settled: bool
) -> None:
    held = capsule.read(report / "capsule")
    asked = held.params.model_copy(update={"source": "logging:p"})
    until = freshness.settled_until(asked, held.tables, END + timedelta(minutes=minutes))
    assert until == END + timedelta(minutes=minutes) - freshness.GRACE
    of_cloud(report)
    says(report, settled_until=until.isoformat())
    assert (freshness.stale(report, END) == []) == settled


def test_a_file_is_settled_no_later_than_its_newest_entry_tells(report: Path) -> None:
    held = capsule.read(report / "capsule")
    newest = max(row["receive_time"] or row["time"] for row in held.tables.entries.to_pylist())
    assert freshness.settled_until(held.params, held.tables, datetime.now(UTC)) == newest - freshness.GRACE
    page = (report / "postmortem.html").read_text()
    assert "Not settled after (UTC)" in page
    assert freshness.stale(report, END) == [], "another run would read the same file"


def test_a_page_shows_until_when_it_can_be_believed() -> None:
    meta = samples.meta()
    day = timedelta(days=1)
    for settled, expires in ((None, None), (meta.window.end, None), (meta.window.end - day, meta.window.end + day)):
        fresh = replace(meta, settled_until=settled, expires=expires)
        page = render_notebook(samples.notebook(drawn=False), fresh, PageState.COMPLETE, static=True)
        assert "Data until (UTC)" in page
        assert ("Not settled after (UTC)" in page) == (settled is not None and settled < meta.window.end)
        assert ("Overtaken at (UTC)" in page) == (expires is not None)


def test_what_is_no_report_has_no_age(tmp_path: Path, here: Callable[..., Ended]) -> None:
    assert here("age", tmp_path).returncode == 2
    assert here("age", tmp_path, "--max", "soon").returncode == 2
