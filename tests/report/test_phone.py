"""The postmortem on a phone: short, nothing sideways but tables, the rest one touch away; and whole on paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect

from netra_analysis import charts
from netra_analysis.report import blocks, paper
from netra_analysis.report.folds import folded
from netra_analysis.report.page import PageState, render_postmortem
from tests.report import samples

PHONE = {"width": 390, "height": 844}
SIDEWAYS = "[...document.querySelectorAll('.chart .scroll')].filter(b => b.scrollWidth > b.clientWidth).length"
OVERPRINTED = Path(__file__).with_name("overprinted.js").read_text(encoding="utf-8")


def story() -> Any:
    """A key figure, and a section with two sentences, a table and a question to people."""
    figure = samples.figure()
    lanes = blocks.Chart(charts.lanes(figure), "a-service, its window", "words", charts.lanes(figure.narrow))
    lives = blocks.Chart(charts.timeline(samples.events(), samples.WINDOW, samples.failed()), "Lives", "words")
    return nbformat.v4.new_notebook(
        cells=[
            samples.code(
                "figure",
                samples.output(blocks.Section("summary", "Summary")),
                samples.output(blocks.Tiles((samples.claim("CR1"),))),
                samples.output(lanes),
                samples.output(lives),
            ),
            samples.code(
                "crashes",
                samples.output(blocks.Section("crashes", "Crash episodes")),
                samples.output(blocks.ClaimList((samples.claim("FR1"), samples.claim("CR1")))),
                samples.output(samples.table()),
                samples.output(blocks.Prompt("timeline", "What people did", "Who?")),
            ),
            samples.code("end", samples.output(blocks.NextSteps("90_postmortem", ()))),
        ]
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("phone") / "postmortem.html"
    page = render_postmortem(story(), samples.meta(), samples.evidence(), PageState.COMPLETE)
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Any]:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, offline=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-charts=done]", state="attached", timeout=20_000)
    yield page
    context.close()


def test_the_first_sentence_and_what_people_write_stay_in_sight() -> None:
    nodes = [
        {"kind": "claims", "lead": "", "claims": [{"id": "A"}, {"id": "B"}, {"id": "C"}]},
        {"kind": "table", "title": "Rows"},
        {"kind": "prompt"},
        {"kind": "table", "title": "Deploys"},
    ]
    (section,) = folded([{"anchor": "crashes", "nodes": nodes}])
    assert [part["says"] for part in section["parts"]] == ["", "2 sentences, 1 table", "", "Deploys"]
    assert [claim["id"] for claim in section["parts"][0]["nodes"][0]["claims"]] == ["A"]


def test_judgements_over_other_sentences_stay_in_sight() -> None:
    judged = [{"id": "H-a", "support": ["S-x"]}, {"id": "H-b", "counter": ["S-y"]}]
    nodes = [{"kind": "claims", "lead": "", "claims": claims} for claims in (judged, [{"id": "S-x"}, {"id": "S-y"}])]
    (section,) = folded([{"anchor": "causes", "nodes": nodes}])
    assert [part["says"] for part in section["parts"]] == ["", "2 sentences"]


def test_the_first_screen_is_not_folded() -> None:
    (section,) = folded([{"anchor": "summary", "nodes": [{"kind": "claims", "claims": [{}, {}]}, {"kind": "card"}]}])
    assert [part["says"] for part in section["parts"]] == [""]


def test_of_a_wide_table_paper_holds_what_fits_and_names_the_rest() -> None:
    columns = [{"name": f"c{i}", "label": f"heading{i}", "unit": "", "kind": "text"} for i in range(20)]
    table = {"columns": columns, "rows": [["a text of twenty-one"] * 20]}
    assert paper.columns_on_paper(table) == 6
    assert paper.left_off_paper(table)[0] == "heading6"
    assert paper.columns_on_paper({"columns": columns[:3], "rows": [["x" * 400] * 3]}) == 3, "long texts break"


@pytest.mark.browser
def test_the_key_figure_fits_the_width_and_no_word_is_printed_over_another(phone: Any) -> None:
    assert phone.locator("figure[data-drawn=yes] .live svg").first.bounding_box()["width"] <= PHONE["width"]
    assert phone.evaluate(SIDEWAYS) == 0, "nor does a legend of six names"
    assert phone.evaluate(OVERPRINTED) == []


@pytest.mark.browser
def test_folded_parts_open_by_touch_and_for_whoever_follows_a_link_into_them(phone: Any) -> None:
    assert phone.locator("#FR1").is_visible()
    assert not phone.locator("#CR1").is_visible()
    phone.locator(".tiles a").first.click()
    expect(phone.locator("#CR1")).to_be_visible()
    phone.evaluate("document.querySelector('details.fold:has(#CR1)').open = false")
    phone.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")  # as a browser that opens no fold has it
    expect(phone.locator("#CR1")).to_be_visible()
    fold = phone.locator("details.fold").filter(has_text="queries")
    fold.locator("summary").first.click()
    expect(fold.locator("details.query").first).to_be_visible()


@pytest.mark.browser
def test_on_paper_everything_is_open_and_on_a_wide_screen_all_but_the_list_of_queries(
    phone: Any, browser: Any, address: str
) -> None:
    phone.emulate_media(media="print")
    wide = browser.new_page(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    wide.goto(address)
    for page in (phone, wide):
        assert page.locator("#CR1").is_visible()
        assert page.locator("#crashes td.text").first.is_visible()
        assert not page.locator("details.fold > summary").first.is_visible()
    assert phone.locator("details.query").first.is_visible()
    assert not wide.locator("details.query").first.is_visible()
    wide.locator(".fold.shut > summary").click()
    assert wide.locator("details.query").first.is_visible()
    wide.close()


@pytest.mark.browser
def test_without_scripts_the_picture_is_the_one_for_a_phone(browser: Any, address: str) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(address)
    box = page.locator("img.still").first.bounding_box()
    context.close()
    assert box["width"] <= PHONE["width"]
    assert box["height"] > 1.2 * box["width"], "it is laid out anew, not shrunk"
