"""Pages as text: states, escaping, anchors, the policy, and the same bytes each time."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import nbformat
import pandas as pd
import pyarrow as pa
import pytest
from markupsafe import escape

from netra_analysis import charts
from netra_analysis.report import blocks
from netra_analysis.report.appendix import appendix
from netra_analysis.report.blocks import State, TableView
from netra_analysis.report.outline import Anchors
from netra_analysis.report.page import PageState, render_index, render_notebook, render_postmortem
from tests.report import samples

COMPLETE = PageState.COMPLETE


class Reader(HTMLParser):
    """Ids, in-page links and the order of elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [found["href"]] if found.get("href") else []


@pytest.fixture(scope="module")
def postmortem() -> str:
    return render_postmortem(samples.notebook(), samples.meta(), samples.evidence(), COMPLETE)


@pytest.fixture(scope="module")
def notebook() -> str:
    return render_notebook(samples.notebook(), samples.meta(), COMPLETE)


def test_a_page_is_incomplete_until_someone_says_otherwise() -> None:
    for page in (
        render_notebook(samples.notebook(), samples.meta()),
        render_postmortem(samples.notebook(), samples.meta(), samples.evidence()),
    ):
        body = page[page.index("<body>") :]
        assert "<title>INCOMPLETE" in page
        assert body.splitlines()[1].startswith('<p class="banner" role="alert"><strong>INCOMPLETE</strong>')


def test_complete_removes_the_banner(postmortem: str, notebook: str) -> None:
    assert "INCOMPLETE" not in postmortem.replace(".banner", "")
    assert 'class="banner"' not in notebook


@pytest.mark.parametrize(
    ("nb", "word"),
    [
        (samples.notebook(ended=False, drawn=False), "INCOMPLETE"),
        (samples.notebook(failed_cell=True, drawn=False), "INCOMPLETE, FAILED"),
    ],
    ids=["no end mark", "failed cell"],
)
def test_complete_is_not_believed_of_a_notebook_that_did_not_finish(nb: Any, word: str) -> None:
    page = render_notebook(nb, samples.meta(), COMPLETE, static=True)
    assert f"<title>{word}" in page
    assert f"<strong>{word}</strong>" in page


def test_a_failed_page_says_why() -> None:
    page = render_notebook(samples.notebook(), samples.meta(), PageState.FAILED("the kernel <died>"), static=True)
    assert "<title>INCOMPLETE, FAILED" in page
    assert "the kernel &lt;died&gt;" in page


def test_a_failed_cell_fails_its_section_and_shows_its_traceback() -> None:
    page = render_postmortem(samples.notebook(failed_cell=True, drawn=False), samples.meta(), {}, static=True)
    assert "This cell failed" in page
    assert re.search(r'id="st-redacted" data-state="failed"', page)


def test_all_six_states_are_visible(postmortem: str) -> None:
    for state in State:
        words = {"no_rows": "no rows matched", "not_queried": "not queried"}.get(state, state)
        if state is State.OK:  # said to programs only: "ok" beside a heading over failures reads as healthy
            assert '<span class="state" data-state="ok">' not in postmortem
            assert 'data-state="ok">' in postmortem
        else:
            assert f'<span class="state" data-state="{state}">{words}</span>' in postmortem


def test_the_policy_is_first_and_single_and_its_hashes_fit(postmortem: str, notebook: str) -> None:
    for page in (postmortem, notebook):
        assert re.search(r'<head>\s*<meta http-equiv="Content-Security-Policy"', page)
        assert page.count("Content-Security-Policy") == 1
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")  # type: ignore[index]
        for tag in ("style", "script"):
            text = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S)[1]  # type: ignore[index]
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy
        assert "unsafe" not in policy


def test_one_script_runs_and_the_static_form_has_none(postmortem: str) -> None:
    scripts = [attrs for tag, attrs in Reader(postmortem).tags if tag == "script"]
    assert [s for s in scripts if s.get("type") != "application/json"] == [{}]
    assert len(scripts) == 4
    static = render_postmortem(samples.notebook(), samples.meta(), samples.evidence(), COMPLETE, static=True)
    assert "<script" not in static
    assert "script-src" not in static
    assert static.count('class="still"') == postmortem.count('class="still"') == 3


def test_links_resolve_and_ids_are_unique(postmortem: str, notebook: str) -> None:
    for page in (postmortem, notebook):
        read = Reader(page)
        assert len(read.ids) == len(set(read.ids))
        for link in read.links:
            assert link[0] == "#"
            assert link[1:] in read.ids


def test_claims_have_anchors_and_say_how_we_know(postmortem: str) -> None:
    assert '<li id="CR1"' in postmortem
    assert '<li id="ZZ9"' in postmortem
    assert postmortem.count("How do you know?") == 4
    assert "status &gt;= @least" in postmortem
    assert "sha256:9f9f9f9f" in postmortem


def test_tiles_tables_and_counter_evidence_lead_to_their_claims(postmortem: str, notebook: str) -> None:
    assert '<a href="#CR1"><span class="big">25</span>' in postmortem
    assert '<a href="#ZZ9"><span class="big">25</span>' in postmortem, "it stands in the appendix"
    assert '<div><span class="big">25</span>' in notebook, "it stands nowhere on this page"
    assert '<td class="claim"><a href="#CR1">CR1</a></td>' in postmortem
    assert '<td class="claim"><bdi>plain words</bdi></td>' in postmortem


def test_a_caption_does_not_repeat_the_sentence_above_it() -> None:
    said = samples.claim().text
    chart = blocks.Chart(
        charts.bars_by(pd.DataFrame({"route": ["/a"], "n": [1]}), "route", "n", "requests"), "Fates", said
    )
    for above, times in ((samples.claim("CR1"), 0), (samples.claim("CR1", word="others"), 1)):
        cell = samples.code("x", samples.output(blocks.ClaimList((above,))), samples.output(chart))
        page = render_notebook(nbformat.v4.new_notebook(cells=[cell]), samples.meta(), PageState.COMPLETE)
        assert page.count(f"<figcaption>{escape(said)}") == times
        assert f'alt="Fates: {escape(said)}"' in page


def test_a_query_asked_with_many_parameters_is_printed_once_with_each() -> None:
    asked = [samples.claim(name).to_json() for name in ("AA1", "AA2")]
    for number, claim in enumerate(asked):
        claim["recompute"] = {**claim["recompute"], "params": {"least": 7000 + number}}
    text, other = appendix([], asked, {}, Anchors())["queries"], appendix([], asked[:1], {}, Anchors())["queries"]
    assert [[use["users"] for use in one["uses"]] for one in text] == [[["AA1"], ["AA2"]]]
    page = render_postmortem(samples.notebook(), samples.meta(), {**samples.evidence(), "claims": asked})
    shown = page[page.index('id="queries"') :]
    assert shown.count(escape(other[0]["sql"])) == 1
    assert "7000" in shown
    assert "7001" in shown


def test_synthetic_data_is_called_so(postmortem: str) -> None:
    assert "SYNTHETIC DATA" in postmortem
    assert "SYNTHETIC" not in render_notebook(samples.notebook(), samples.meta(synthetic=False), static=True)


def test_a_notebooks_own_html_and_javascript_are_not_shown() -> None:
    page = render_notebook(samples.notebook("<b>loud</b>", drawn=False), samples.meta(), static=True)
    assert "<b>loud" not in page
    assert "&lt;b&gt;loud" in page


def test_hidden_characters_are_written_out() -> None:
    page = render_notebook(samples.notebook("a\u202eb\u200bc\x00d\ue000", drawn=False), samples.meta(), static=True)
    assert "a⟦U+202E⟧b⟦U+200B⟧c⟦NUL⟧d⟦U+E000⟧" in page
    assert not set("\u202e\u200b\x00\ue000") & set(page)


def test_markdown_keeps_console_links_and_no_others() -> None:
    nb = samples.notebook(
        "[a](https://console.cloud.google.com/run) [b](https://example.org) [c](javascript:x) ![d](x)", drawn=False
    )
    links = Reader(render_notebook(nb, samples.meta(), static=True)).links
    assert {link for link in links if link[0] != "#"} == {"https://console.cloud.google.com/run"}


@pytest.mark.long
def test_same_values_same_bytes_whatever_the_hash_seed(postmortem: str) -> None:
    program = (
        "import hashlib; from tests.report import samples; from netra_analysis.report.page import *;"
        "page = render_postmortem(samples.notebook(), samples.meta(), samples.evidence(), PageState.COMPLETE);"
        "print(hashlib.sha256(page.encode()).hexdigest())"
    )
    again = render_postmortem(samples.notebook(), samples.meta(), samples.evidence(), COMPLETE)
    assert again == postmortem
    env = {**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"}
    other = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(postmortem.encode()).hexdigest()


def test_pages_stay_small(postmortem: str) -> None:
    assert len(postmortem.encode()) < 2_000_000


def test_the_index_lists_incidents_and_links_only_below_itself() -> None:
    rows = [
        {"incident": "a-1", "state": "done", "verdict": "db_pool_exhaustion", "failed_requests": 25, "synthetic": True},
        {"incident": "b-2", "state": "failed", "reason": "<killed>", "link": "javascript:alert(1)"},
        {"incident": "c-3", "link": "../../etc/passwd"},
    ]
    page = render_index(rows)
    assert [link for link in Reader(page).links if link[0] != "#"] == ["a-1/postmortem.html"]
    assert "&lt;killed&gt;" in page
    assert "incomplete" in page


def test_a_column_that_is_empty_in_all_rows_is_named_below_the_table_and_takes_no_room() -> None:
    view = TableView.of(pa.table({"n": [1, 2], "loop": [None, None], "said": ["", "x"]}), "T")
    page = render_notebook(nbformat.v4.new_notebook(cells=[samples.code("x", samples.output(view))]), samples.meta())
    assert 'scope="col" class="">said' in page
    assert 'scope="col" class="">loop' not in page
    assert "Empty in all rows: loop." in page
