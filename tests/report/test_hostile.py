"""Hostile texts in every place that data can reach, in a real browser without network, and a control.

The control shows the same texts on a page without protection. If it does not fire there, "nothing fired"
says nothing here.
"""

import html
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from netra_analysis import charts
from netra_analysis.notes import Notes
from netra_analysis.report import blocks, runtime
from netra_analysis.report.page import PageState, render_index, render_notebook, render_postmortem
from tests.report import samples
from tests.report.payloads import collection, payloads

pytestmark = pytest.mark.browser

PER_PAGE = 60
HOOK = "for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => console.log('FIRED');"
# Apart from markdown, live charts and the note below a column that is too wide for paper, which go by what is written.
SKELETON = (
    "[...document.querySelectorAll('*')].filter(e => !e.closest('.md, .live, .beyond-note'))"
    ".map(e => e.tagName).join(' ')"
)
TEXTS = payloads()
CHUNKS = [TEXTS[i : i + PER_PAGE] for i in range(0, len(TEXTS), PER_PAGE)]


def notebook(texts: list[str], shown: list[Any] | None = None) -> Any:
    """Every text in every cheap place, and `shown`: the charts, which are dear, hold all texts of a page at once."""
    cells = []
    for text in texts:
        cells.append(nbformat.v4.new_markdown_cell(text))
        cells.append(
            samples.code(
                text,
                samples.output(blocks.Section(text, text, blocks.State.PARTIAL, text)),
                samples.output(blocks.ClaimList((samples.claim(text, text),), text)),
                samples.output(blocks.Tiles((samples.claim(text, text),))),
                samples.output(samples.table(text, text, text)),
                samples.output(samples.citing(text)),
                samples.output(blocks.Card(text, text, "quiet")),
                samples.output(blocks.Prompt(text, text, text)),
                samples.output(blocks.Verdicts(((text, samples.Verdict.CLEAR, text),))),
                samples.output(blocks.NextSteps(text, ((text, text),))),
                *samples._streams(text),
                samples._error(text),
            )
        )
    return nbformat.v4.new_notebook(cells=[*cells, samples.code("charts", *(shown or []))])


def drawn(texts: list[str]) -> list[Any]:
    """Category, axis title, chart title, series, lane title, mark, instance, tooltip."""
    every = " ".join(texts)
    counts = pd.DataFrame({"route": texts, "n": range(1, len(texts) + 1)})
    lives = pd.concat([samples.events(text, text) for text in texts[:20]])
    bars = charts.bars_by(counts, "route", "n", every, most=len(texts))
    return [
        samples.output(blocks.Chart(bars, every, every)),
        samples.output(blocks.Chart(charts.timeline(lives, samples.WINDOW), every, every)),
        *_lanes(every, texts),
    ]


def _lanes(every: str, texts: list[str]) -> list[Any]:
    """Series, lane and mark names take one way through all charts, and the figure is dear: once is enough."""
    if texts[0] != TEXTS[0]:
        return []
    return [samples.output(blocks.Chart(charts.lanes(samples.figure(every, every)), every, every))]


def opened(page: Any, path: Path, text: str) -> dict[str, Any]:
    """What happened when `text` was shown: console, requests, navigations, and the page's skeleton."""
    seen: dict[str, Any] = {"navigated": []}
    page.problems.clear()
    page.requests.clear()
    fired: list[str] = []
    page.on("console", lambda message: fired.append(message.text) if message.text == "FIRED" else None)
    page.on("framenavigated", lambda frame: seen["navigated"].append(frame.url))
    path.write_text(text, encoding="utf-8")
    page.goto(path.as_uri())
    if "<script>" in text:  # raw only in our own script element
        page.wait_for_selector("html[data-charts=done]", state="attached", timeout=20_000)
    page.wait_for_timeout(100)
    seen.update(fired=fired, problems=list(page.problems), requests=list(page.requests))
    seen["skeleton"] = page.evaluate(SKELETON)
    return seen


def assert_quiet(seen: dict[str, Any], skeleton: str) -> None:
    assert not seen["fired"]
    assert not seen["problems"]
    assert not seen["requests"]
    assert len(seen["navigated"]) == 1
    assert seen["skeleton"] == skeleton


@pytest.fixture
def watched(offline_page: Any) -> Any:
    offline_page.add_init_script(HOOK)
    return offline_page


def plain(texts: list[str]) -> list[str]:
    """Calm texts in place of hostile ones; a markdown heading stays one, because it opens a section."""
    return [f"{'## ' if text.startswith('## ') else ''}plain words {i}" for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    "texts", [pytest.param(one, marks=[pytest.mark.long] if i > 0 else [], id=str(i)) for i, one in enumerate(CHUNKS)]
)
def test_nothing_runs_in_a_notebook_page(watched: Any, tmp_path: Path, texts: list[str]) -> None:
    every = " ".join(texts)
    nb = notebook(texts, drawn(texts))
    shown = drawn([TEXTS[0] if texts[0] == TEXTS[0] else "x"])
    calm = render_notebook(notebook(plain(texts), shown), samples.meta("plain"), PageState.COMPLETE, static=True)
    page = render_notebook(nb, samples.meta(every), PageState.FAILED(every))
    skeleton = opened(watched, tmp_path / "calm.html", calm)["skeleton"]
    seen = opened(watched, tmp_path / "page.html", page)
    assert_quiet({**seen, "navigated": seen["navigated"][-1:], "skeleton": ""}, "")
    hover(watched)
    assert not seen["fired"]
    static = render_notebook(nb, samples.meta(every), PageState.FAILED(every), static=True)
    assert_quiet(opened(watched, tmp_path / "static.html", static), skeleton)


def hover(page: Any) -> None:
    """The tooltip of the first bar: text in paragraphs, and no other element."""
    page.locator("figure.chart .live .mark-rect path").first.hover()
    page.wait_for_selector(".tip:not([hidden])", timeout=5_000)
    assert set(page.evaluate("[...document.querySelectorAll('.tip *')].map(e => e.tagName)")) == {"P", "SPAN"}


def written(texts: list[str]) -> Notes:
    """Every text in every place in which people can write."""
    every, short = "\n\n".join(texts), [text[:200] for text in texts]
    actions = [{"what": text, "owner": text[:200], "due": text[:200], "shown_by": text[:200]} for text in texts]
    events = [{"time": "2025-09-02T12:40:00Z", "event": text} for text in texts]
    fields = {"owner": short[0], "severity": short[1], "summary": every, "response": every}
    return Notes.model_validate({**fields, "actions": actions, "timeline": events})


def test_nothing_runs_in_a_postmortem(watched: Any, tmp_path: Path) -> None:
    texts = TEXTS[::6]
    every = " ".join(texts)
    nb = notebook(texts, drawn(texts[:10]))
    prompts = [samples.output(blocks.Prompt(key, key, key)) for key in ("timeline", "response", "actions")]
    nb.cells.append(samples.code("ask", samples.output(blocks.Section("summary", "Summary")), *prompts))
    page = render_postmortem(nb, samples.meta(every), samples.evidence(every), PageState.COMPLETE, written(texts))
    assert page.count("written by people") == 4
    assert_quiet({**opened(watched, tmp_path / "page.html", page), "skeleton": ""}, "")


def test_nothing_runs_in_the_index(watched: Any, tmp_path: Path) -> None:
    def index(texts: list[str]) -> str:
        fields = ("incident", "title", "verdict", "state", "service", "reason", "start", "end", "failed_requests")
        return render_index([{**dict.fromkeys(fields, text), "link": ".."} for text in texts])

    skeleton = opened(watched, tmp_path / "calm.html", index(plain(TEXTS)))["skeleton"]
    seen = opened(watched, tmp_path / "index.html", index(TEXTS))
    assert_quiet({**seen, "navigated": seen["navigated"][-1:]}, skeleton)
    assert watched.locator("main a").count() == 0


def lab(texts: list[str]) -> str:
    """What JupyterLab shows of our blocks, with no policy around it."""
    outputs = [out for cell in notebook(texts).cells if cell.cell_type == "code" for out in cell.outputs]
    ours = [out.data for out in outputs if blocks.BLOCK in out.get("data", {})]
    return "<!doctype html><meta charset=utf-8>" + "".join(data.get("text/html", "") for data in ours)


@pytest.mark.parametrize(
    "texts", [pytest.param(TEXTS[::3], id="some"), pytest.param(collection(), marks=pytest.mark.long, id="whole")]
)
def test_escaping_alone_is_enough_in_jupyterlab(watched: Any, tmp_path: Path, texts: list[str]) -> None:
    for start in range(0, len(texts), 2 * PER_PAGE):
        some = texts[start : start + 2 * PER_PAGE]
        skeleton = opened(watched, tmp_path / "calm.html", lab(plain(some)))["skeleton"]
        seen = opened(watched, tmp_path / "lab.html", lab(some))
        assert_quiet({**seen, "navigated": seen["navigated"][-1:]}, skeleton)


def framed(texts: list[str]) -> str:
    """Each text as it is, on a page of its own within the page, which inherits its policy."""
    return "".join(f'<iframe srcdoc="{html.escape(text)}"></iframe>' for text in texts)


ADDRESS = "http://page.test/"  # no file: an address without a scheme is one of the web then


def raw(page: Any, texts: list[str], head: str = "") -> tuple[list[str], list[str]]:
    """What ran, and which addresses were asked for, when the texts stand in a page as they are.

    Chromium tells of a request that the policy forbade as of one that failed; none of those left the browser.
    """
    fired: list[str] = []
    tried: list[Any] = []
    page.on("console", lambda message: fired.append(message.text) if message.text == "FIRED" else None)
    page.on("request", lambda request: tried.append(request))
    body = f"<!doctype html><html><head>{head}<meta charset=utf-8></head><body>{framed(texts)}"
    page.route(ADDRESS, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(ADDRESS, wait_until="commit")  # some of these texts never finish to load
    page.wait_for_timeout(800)
    page.unroute_all(behavior="ignoreErrors")
    called = [one.url for one in tried if one.url.startswith(("http", "ws", "ftp")) and one.failure != "csp"]
    return fired, [url for url in called if url != ADDRESS]


@pytest.mark.long
@pytest.mark.parametrize("scripted", [True, False], ids=["our script's hash", "no script"])
def test_the_policy_alone_is_enough(watched: Any, scripted: bool) -> None:
    """The same texts raw, nothing escaped: what the policy of our pages lets through runs nothing and calls nobody."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(runtime.policy(scripted=scripted))}">'
    every = collection() or TEXTS
    for start in range(0, len(every), PER_PAGE):
        texts = every[start : start + PER_PAGE]
        fired, tried = raw(watched, texts, policy)
        assert fired == [], start
        assert [url for url in tried if not navigates(url, texts)] == [], start


@pytest.mark.long
@pytest.mark.timeout(600)
def test_control_of_the_whole_collection_hundreds_fire_and_call_out_without_protection(watched: Any) -> None:
    every, fired, tried = collection(), 0, 0
    if not every:
        pytest.skip("the shared collection of payloads is not beside the project")
    for start in range(0, len(every), PER_PAGE):
        texts = every[start : start + PER_PAGE]
        ran, called = raw(watched, texts)
        fired, tried = fired + len(ran), tried + len(called)
    assert (fired >= 190, tried >= 100) == (True, True), (fired, tried)


def navigates(url: str, texts: list[str]) -> bool:
    """Whether a text sends its own frame to `url` by a refresh, which no policy in a page can forbid."""
    host = url.removeprefix(ADDRESS) if url.startswith(ADDRESS) else url.split("/")[2] if url.count("/") > 1 else url
    return any("refresh" in text.lower() and host in text for text in texts)


@pytest.mark.long
@pytest.mark.parametrize("start", range(0, 3_000, PER_PAGE))
def test_nothing_of_the_whole_collection_runs(watched: Any, tmp_path: Path, start: int) -> None:
    """Every text of the collection in every place of a page, with charts, as published and as the static form."""
    texts = collection()[start : start + PER_PAGE]
    if not texts:
        pytest.skip("no such part of the shared collection of payloads beside the project")
    every = " ".join(texts)
    nb = notebook(texts, drawn(texts)[:2])
    page = render_notebook(nb, samples.meta(every), PageState.FAILED(every))
    seen = opened(watched, tmp_path / "page.html", page)
    assert_quiet({**seen, "navigated": seen["navigated"][-1:], "skeleton": ""}, "")
    static = render_notebook(nb, samples.meta(every), PageState.FAILED(every), static=True)
    assert "<script" not in static
    seen = opened(watched, tmp_path / "static.html", static)
    assert_quiet({**seen, "navigated": seen["navigated"][-1:], "skeleton": ""}, "")


def test_control_the_same_texts_do_fire_without_protection(watched: Any, tmp_path: Path) -> None:
    frames = framed(TEXTS)
    tried: list[str] = []
    watched.on("request", lambda request: tried.append(request.url))
    fired: list[str] = []
    watched.on("console", lambda message: fired.append(message.text) if message.text == "FIRED" else None)
    (tmp_path / "raw.html").write_text(f"<!doctype html><meta charset=utf-8>{frames}", encoding="utf-8")
    watched.goto((tmp_path / "raw.html").as_uri(), wait_until="commit")  # some of these texts never finish to load
    for _ in range(40):
        if len(fired) >= 20:
            break
        watched.wait_for_timeout(500)
    assert len(fired) >= 20
    assert len([url for url in tried if not url.startswith(("file:", "data:", "about:"))]) >= 5
