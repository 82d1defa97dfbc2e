"""Pages for people who read by keyboard or screen reader: structure by our own rules, and by axe-core where it is.

axe-core is no Python package: `make axe` fetches it through npm into .venv, or NETRA_AXE names an axe.min.js.
"""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

from netra_analysis.notes import parse
from netra_analysis.report.outline import Anchors, anchored
from netra_analysis.report.page import PageState, render_index, render_notebook, render_postmortem
from tests.report import samples

pytestmark = pytest.mark.browser

NOTES = parse("owner: ana\nsummary: Ours.\n", "x")
ROOT = Path(__file__).parents[2]
FETCHED = ROOT / ".venv" / "axe" / "package" / "axe.min.js"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
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


def test_two_tables_of_one_title_are_two_regions_to_a_screen_reader() -> None:
    twice = nbformat.v4.new_notebook(cells=[samples.code("x", *[samples.output(samples.table(title="Query"))] * 2)])
    page = render_notebook(twice, samples.meta(), PageState.COMPLETE, static=True)
    assert 'aria-label="Query"' in page
    assert 'aria-label="Query, 2"' in page


def test_the_rows_behind_a_claim_that_is_said_twice_are_two_regions() -> None:
    said = anchored([{"id": "CR1"}, {"id": "CR1"}], Anchors())
    assert [claim["label"] for claim in said] == ["Rows behind CR1", "Rows behind CR1, 2"]
    assert [claim["anchor"] for claim in said] == ["CR1", "CR1-2"]


def test_a_tile_takes_the_reader_to_its_claim(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    page.locator(".tiles a").first.click()
    assert page.locator("li:target").get_attribute("id") == "CR1"


def test_only_what_scrolls_is_a_stop_of_the_tab_key(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    boxes = page.locator(".scroll[tabindex='0']:visible").all()
    assert all(box.evaluate(FOCUSED) for box in boxes)


@pytest.fixture(scope="module")
def axe() -> str:
    """The engine's own text."""
    place = Path(os.environ.get("NETRA_AXE") or FETCHED)
    if not place.is_file():
        pytest.skip("no axe-core: `make axe` fetches it (needs npm), or name an axe.min.js in NETRA_AXE")
    return place.read_text(encoding="utf-8")


def violations(page: Any, axe: str) -> list[tuple[str, str]]:
    """What the engine finds on the page with every fold open: WCAG 2 A and AA, and its best practices."""
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["postmortem", "failed", "notebook", "index"])
def test_axe_finds_nothing(browser: Any, axe: str, folder: Path, name: str, scheme: str) -> None:
    """Contrast in both schemes among it."""
    context = browser.new_context(viewport=DESK, color_scheme=scheme, offline=True)
    found = violations(visit(context.new_page(), folder, name), axe)
    context.close()
    assert found == []


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "viewport"), [("light", DESK), ("dark", PHONE)], ids=["desk", "dark phone"])
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")), ids=lambda path: path.stem)
def test_axe_finds_nothing_on_the_pages_of_the_suite(
    browser: Any, axe: str, tmp_path: Path, path: Path, scheme: str, viewport: dict[str, int]
) -> None:
    """The bundled incident's own pages, as its notebooks are committed."""
    content = json.loads(path.read_text(encoding="utf-8"))
    pages = {"notebook": render_notebook(content, samples.meta(), PageState.COMPLETE)}
    if path.stem.startswith("90"):
        pages["postmortem"] = render_postmortem(content, samples.meta(), samples.evidence(), PageState.COMPLETE, NOTES)
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        context = browser.new_context(viewport=viewport, color_scheme=scheme, offline=True)
        found = violations(visit(context.new_page(), tmp_path, name), axe)
        context.close()
        assert found == [], name
