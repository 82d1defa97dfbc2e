"""Pages in a real browser: charts drawn, pictures without scripts, phone width, dark, print, keyboard."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from playwright.sync_api import expect

from netra_analysis import charts
from netra_analysis.report import blocks, twin
from netra_analysis.report.page import PageState, render_notebook, render_postmortem
from tests.report import samples

pytestmark = pytest.mark.browser

CHARTS = 3
FITS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pages")
    facts = (samples.notebook(), samples.meta())
    pages = {
        "postmortem": render_postmortem(*facts, samples.evidence(), PageState.COMPLETE),
        "notebook": render_notebook(*facts, PageState.COMPLETE),
        "static": render_postmortem(*facts, samples.evidence(), PageState.COMPLETE, static=True),
    }
    for name, page in pages.items():
        (place / f"{name}.html").write_text(page, encoding="utf-8")
    return place


def visit(page: Any, folder: Path, name: str) -> Any:
    page.goto((folder / f"{name}.html").as_uri())
    if name != "static":
        page.wait_for_selector("html[data-charts=done]", state="attached", timeout=20_000)
    return page


@pytest.mark.parametrize("name", ["postmortem", "notebook"])
def test_every_chart_is_drawn_and_nothing_complains(offline_page: Any, folder: Path, name: str) -> None:
    page = visit(offline_page, folder, name)
    assert page.locator("figure[data-drawn=yes] .live svg").count() == CHARTS
    assert page.locator("figure .still:visible").count() == 0
    assert page.problems == []
    assert page.requests == []


def test_dragging_across_the_strip_zooms_all_lanes(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    svg = page.locator("figure .live svg").first
    before = svg.inner_html()
    box = svg.bounding_box()
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    y = box["y"] + box["height"] - 12
    page.mouse.move(box["x"] + 300, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, y, steps=4)
    page.mouse.up()
    page.wait_for_timeout(200)
    after = svg.inner_html()
    assert after != before
    assert after.count("12:35") >= 1
    assert page.problems == []


def test_tooltips_are_in_utc_wherever_the_reader_is(browser: Any, folder: Path) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo", offline=True)
    page = visit(context.new_page(), folder, "postmortem")
    page.locator("figure .live .mark-rect path").nth(4).hover()
    page.wait_for_selector(".tip:not([hidden])")
    words = page.locator(".tip").inner_text()
    axis = page.locator("figure .live svg").first.text_content()
    context.close()
    assert "2025-09-02 12:" in words
    assert "13:30" in axis


def test_the_window_is_also_told_by_the_readers_own_clock_where_that_is_another(browser: Any, tmp_path: Path) -> None:
    bare = nbformat.v4.new_notebook(cells=[samples.code("s", samples.output(blocks.Section("s", "No chart")))])
    (tmp_path / "bare.html").write_text(render_notebook(bare, samples.meta()), encoding="utf-8")
    told = {}
    for zone in ("Asia/Tokyo", "Africa/Abidjan"):
        context = browser.new_context(timezone_id=zone, offline=True)
        box = visit(context.new_page(), tmp_path, "bare").locator(".local")
        told[zone] = box.inner_text().split("\n") if box.is_visible() else []
        context.close()
    first, last = (moment + timedelta(hours=9) for moment in (samples.WINDOW.start, samples.WINDOW.end))
    japan = f"{first:%Y-%m-%d %H:%M} – {last:%H:%M}"
    assert told == {"Asia/Tokyo": ["Window (Asia/Tokyo)", japan], "Africa/Abidjan": []}


def test_pictures_stand_in_when_scripts_are_off(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    for name in ("postmortem", "static"):
        page.goto((folder / f"{name}.html").as_uri())
        stills = page.locator("img.still")
        assert stills.count() == CHARTS
        assert all(stills.nth(i).bounding_box()["width"] > 300 for i in range(CHARTS))
        assert all(stills.nth(i).get_attribute("alt") for i in range(CHARTS))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1400])
def test_no_page_is_wider_than_its_window(browser: Any, folder: Path, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
    page = context.new_page()
    visit(page, folder, "postmortem")
    assert page.evaluate(FITS)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "dark")
    context.close()


def test_print_hides_the_contents_and_shows_pictures(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("img.still:visible").count() == CHARTS
    assert page.locator("td.text").first.is_visible()


def test_the_first_tab_stop_skips_to_the_content(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "postmortem")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_copied_table_cannot_be_a_formula(browser: Any, tmp_path: Path) -> None:
    nb = samples.notebook("=cmd|' /C calc'!A0")
    (tmp_path / "p.html").write_text(render_notebook(nb, samples.meta(), PageState.COMPLETE), encoding="utf-8")
    context = browser.new_context(offline=True, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    visit(page, tmp_path, "p")
    button = page.locator("button.copy").first
    button.click()
    expect(button, "it says so when it is done").to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()
    assert copied.splitlines()[1].startswith('"2025-09-02 12:03:00","4","\'=cmd')


def test_a_refused_clipboard_is_told_on_the_button(offline_page: Any, folder: Path) -> None:
    page = visit(offline_page, folder, "notebook")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    button = page.locator("button.copy").first
    button.click()
    expect(button).to_have_text("Blocked by the browser")
    assert page.problems == []


BEYOND = """() => {  // words of a picture that reach beyond its edge
  const { left, right } = document.querySelector("svg").getBoundingClientRect();
  const out = (box) => box.left < left || box.right > right;
  return [...document.querySelectorAll("svg text")].filter(t => out(t.getBoundingClientRect())).map(t => t.textContent);
}"""


def test_a_picture_has_room_for_wider_letters_than_it_was_measured_with(browser: Any) -> None:
    """Verdana is as wide as a reader's fallback gets; the twin is laid out with a narrower face."""
    counts = pd.DataFrame({"fate": ["killed with instance", "no instance"], "n": [8, 31]})
    picture = twin.picture(twin.spec_of(charts.bars_by(counts, "fate", "n", "failed requests"), "Fates"))[
        "image/svg+xml"
    ]
    page = browser.new_page()
    try:
        page.set_content(picture.replace("Helvetica, Arial", "Verdana, DejaVu Sans"))
        assert page.locator("svg text").count() > len(counts)
        assert page.evaluate(BEYOND) == []
    finally:
        page.close()


CUT = """() => [...document.querySelectorAll("figure .live svg text")]
  .filter(t => /^(■|– –|Requests and)/.test(t.textContent) && t.closest("[clip-path]")).map(t => t.textContent)"""
OVERPRINTED = Path(__file__).with_name("overprinted.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_no_word_of_the_key_figure_is_printed_over_another(browser: Any, tmp_path: Path, width: int) -> None:
    """With names as long as the suite's own: a lane's title and its legend share one line."""
    fates = ("real traffic, not failed", "5xx: application", "5xx: killed with instance", "5xx: no instance")
    counts = samples.frame([float(i % 9) for i in range(120)])
    series = tuple(charts.Series(name, counts, "bars", "error") for name in fates)
    lane = charts.Lane("Requests and failures", "requests per minute", series)
    shown = samples.output(blocks.Chart(charts.lanes(charts.Figure(samples.WINDOW, (lane,))), "long names", "words"))
    notebook = nbformat.v4.new_notebook(cells=[samples.code("figure", shown)])
    path = tmp_path / "long.html"
    path.write_text(render_notebook(notebook, samples.meta(), PageState.COMPLETE), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-charts=done]", state="attached", timeout=20_000)
        assert page.locator("figure[data-drawn=yes] svg text").count() > len(fates)
        assert page.evaluate(OVERPRINTED) == []
        assert page.evaluate(CUT) == [], "a zoomed plot cuts at its edge, and its names stand above it"
    finally:
        page.close()


def test_on_a_phone_no_copy_button_stands_over_its_table(browser: Any, folder: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    try:
        visit(page, folder, "postmortem")
        page.evaluate("for (const t of document.querySelectorAll('.tabletitle strong')) t.textContent += ': the rows'")
        boxes = page.locator(".tablebox").all()
        assert boxes
        for box in boxes:
            above, below = box.locator(".copy").bounding_box(), box.locator(".scroll").bounding_box()
            assert above["y"] + above["height"] <= below["y"]
    finally:
        page.close()
