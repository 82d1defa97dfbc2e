"""Pages for people who read by keyboard or screen reader: structure by our own rules, and by axe-core where it is.

axe-core is no dependency: `npm pack axe-core` elsewhere, unpack it, and name its axe.min.js in NETRA_AXE.
"""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.notes import parse
from netra_analysis.report.page import PageState, render_index, render_notebook, render_postmortem
from tests.report import samples

pytestmark = pytest.mark.browser

NOTES = parse("owner: ana\nsummary: Ours.\n", "x")
FOCUSED = "e => e.tabIndex >= 0 && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1]))"
UNNAMED = """() => {
  const tables = [...document.querySelectorAll("table.data")];
  const scoped = t => [...t.tHead.rows[0].cells].every(h => h.scope === "col");
  const bare = tables.filter(t => !t.caption?.textContent.trim() || !scoped(t));
  const charts = [...document.querySelectorAll("figure .live:not([hidden])")];
  const mute = charts.filter(c => c.getAttribute("role") !== "img" || !c.getAttribute("aria-label"));
  const blind = [...document.images].filter(i => !i.alt.trim());
  return [bare.length, mute.length, blind.length];
}"""
BROKEN = """() => [...document.querySelectorAll("a[href^='#']")]
  .map(a => a.getAttribute("href").slice(1)).filter(id => !document.getElementById(id))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("accessible")
    facts = (samples.notebook(), samples.meta())
    pages = {
        "postmortem": render_postmortem(*facts, samples.evidence(), PageState.COMPLETE, NOTES),
        "failed": render_postmortem(samples.notebook(failed_cell=True), samples.meta(), samples.evidence()),
        "notebook": render_notebook(*facts, PageState.COMPLETE),
        "index": render_index([{"incident": "a-1", "state": "done", "synthetic": True}]),
    }
    for name, page in pages.items():
        (place / f"{name}.html").write_text(page, encoding="utf-8")
    return place


def visit(page: Any, folder: Path, name: str) -> Any:
    page.goto((folder / f"{name}.html").as_uri())
    if name != "index":
        page.wait_for_selector("html[data-charts=done]", state="attached", timeout=20_000)
    return page


@pytest.mark.parametrize("name", ["postmortem", "failed", "notebook", "index"])
def test_headings_descend_one_at_a_time_and_everything_has_a_name(offline_page: Any, folder: Path, name: str) -> None:
    page = visit(offline_page, folder, name)
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.evaluate(UNNAMED) == [0, 0, 0]
    assert page.locator("main").count() == page.locator("header").count() == 1


@pytest.mark.parametrize("name", ["postmortem", "notebook"])
def test_every_link_inside_the_page_leads_somewhere(offline_page: Any, folder: Path, name: str) -> None:
    page = visit(offline_page, folder, name)
    assert page.locator("a[href^='#']").count() > 10
    assert page.evaluate(BROKEN) == []


def test_a_tile_takes_the_reader_to_its_claim(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    page.locator(".tiles a").first.click()
    assert page.locator("li:target").get_attribute("id") == "CR1"


def test_only_what_scrolls_is_a_stop_of_the_tab_key(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    boxes = page.locator(".scroll[tabindex='0']:visible").all()
    assert all(box.evaluate(FOCUSED) for box in boxes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["postmortem", "failed", "notebook", "index"])
def test_axe_finds_nothing(browser: Any, folder: Path, name: str, scheme: str) -> None:
    """WCAG 2 A and AA and the best practices that axe-core knows, contrast in both schemes among them."""
    axe = os.environ.get("NETRA_AXE")
    if not axe:
        pytest.skip("NETRA_AXE names no axe.min.js")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, offline=True)
    page = visit(context.new_page(), folder, name)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate(Path(axe).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    context.close()
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == []
