"""Tables for hands: they sort and search with no network, obey no text in them, and leave the other forms alone."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from netra_analysis.report import blocks

HOSTILE = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>\u202e"
COLUMNS = (blocks.ViewColumn("who", "Who"), blocks.ViewColumn("n", "Count", kind="number"))
ROWS = (("ana", 9), ("ben", 10), (HOSTILE, 2), *((f"client {n}", 20 + n) for n in range(20)))
VIEW = blocks.TableView("Who asked", COLUMNS, ROWS, len(ROWS))


def test_the_published_forms_are_those_of_the_table_itself() -> None:
    plain, live = VIEW._repr_mimebundle_(), VIEW.explore()._repr_mimebundle_()
    assert set(live) == set(plain)
    assert {kind: live[kind] for kind in live if kind != "text/html"} == {
        kind: plain[kind] for kind in plain if kind != "text/html"
    }
    assert repr(VIEW.explore()) == plain["text/plain"]


@pytest.mark.browser
def test_it_sorts_and_searches_offline_and_runs_nothing_that_a_log_says(offline_page: Any, tmp_path: Path) -> None:
    path = tmp_path / "table.html"
    live = VIEW.explore()._repr_mimebundle_()["text/html"]
    path.write_text(f"<!doctype html><meta charset=utf-8><title>calm</title>{live}", encoding="utf-8")
    page = offline_page
    page.goto(path.as_uri())
    page.wait_for_selector("table.dataTable tbody tr:nth-child(3)", timeout=20_000)
    page.locator("table.dataTable th:nth-child(2) .dt-column-order").first.click()
    # The table draws itself again some time after the click: wait for what must come, do not read at once.
    numbers = re.compile(r"^2(\.0)?$"), re.compile(r"^9(\.0)?$"), re.compile(r"^10(\.0)?$")
    for row, number in enumerate(numbers, start=1):
        cell = page.locator(f"table.dataTable tbody tr:nth-child({row}) td:nth-child(2)")
        expect(cell, "numbers sort as numbers").to_have_text(number)
    assert "⟦U+202E⟧" in page.locator("table.dataTable tbody").first.inner_text()
    page.locator("input[type=search]").fill("ben")
    expect(page.locator("table.dataTable tbody tr")).to_have_count(1)
    assert page.title() == "calm"
    assert page.locator("tbody img, tbody script").count() == 0
    assert [asked for asked in page.requests if not asked.startswith("blob:")] == [], "the script is in the page"
    assert page.problems == []
