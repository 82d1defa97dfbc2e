"""The whole collection in Firefox, and in both browsers with everything on the page hovered, focused and clicked.

Before a release, where Debian's firefox-esr is installed; Chromium without hands is in `test_hostile`.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.report.page import PageState, render_notebook
from tests.report import firefox, samples
from tests.report.payloads import collection
from tests.report.test_hostile import ADDRESS, HOOK, PER_PAGE, SKELETON, drawn, framed, notebook, opened, plain

pytestmark = [pytest.mark.release, pytest.mark.browser]

TOUCH = Path(__file__).with_name("touched.js").read_text(encoding="utf-8")
DRAWN = "document.documentElement.dataset.charts === 'done'"
CONSOLE = "https://console.cloud.google.com/"
EVERY = pytest.mark.parametrize("start", range(0, 3_000, PER_PAGE))
SETTLED = 0.2  # seconds for what a page begins by itself
# Words that Firefox logs on its own account of a page that is right.
SAYS = ("Layout was forced before the page was fully loaded",)


@pytest.fixture(scope="module")
def fox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[firefox.Firefox]:
    if firefox.found() is None:
        pytest.skip("no Firefox found; install firefox-esr")
    with firefox.running(tmp_path_factory.mktemp("firefox")) as running:
        running.hold("http", "https", "ws", "wss")
        running.before_each_page(HOOK)
        yield running


@pytest.fixture
def forms(tmp_path: Path) -> Callable[[int], dict[str, str]]:
    """Pages with every text of a part of the collection in every place, and one with calm words instead."""

    def made(start: int) -> dict[str, str]:
        texts = collection()[start : start + PER_PAGE]
        if not texts:
            pytest.skip("no such part of the shared collection of payloads beside the project")
        every = " ".join(texts)
        hostile = notebook(texts, drawn(texts)[:2]), samples.meta(every), PageState.FAILED(every)
        calm = notebook(plain(texts), drawn(["x"])[:2]), samples.meta("plain"), PageState.COMPLETE
        return {
            "published": render_notebook(*hostile),
            "static": render_notebook(*hostile, static=True),
            "calm": render_notebook(*calm, static=True),
        }

    return made


def left(links: str) -> list[str]:
    return [link for link in links.split("\n") if link and not link.startswith(CONSOLE)]


@EVERY
def test_nothing_runs_in_firefox_whatever_is_touched(fox: Any, tmp_path: Path, forms: Any, start: int) -> None:
    skeletons = {}
    for name, text in forms(start).items():
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        fox.forget()
        fox.go(path.as_uri())
        if name == "published":
            fox.until(DRAWN)
        skeletons[name] = fox.value(SKELETON)
        links = fox.value(f"({TOUCH})()")
        time.sleep(SETTLED)
        fox.value("1")  # what was told meanwhile is read
        assert [words for words in fox.logged() if not words.startswith(SAYS)] == [], name
        assert (fox.requested(), left(links)) == ([], []), name
        assert {url.split("#")[0] for url in fox.navigated()} == {path.as_uri()}, name
    assert skeletons["static"] == skeletons["calm"]


@EVERY
def test_nothing_runs_in_chromium_whatever_is_touched(
    offline_page: Any, tmp_path: Path, forms: Any, start: int
) -> None:
    offline_page.add_init_script(HOOK)
    for name, text in forms(start).items():
        seen = opened(offline_page, tmp_path / f"{name}.html", text)
        fired: list[str] = []
        offline_page.on("console", lambda message, fired=fired: fired.append(message.text))
        links = offline_page.evaluate(TOUCH)
        offline_page.wait_for_timeout(1_000 * SETTLED)
        assert (seen["fired"], fired, offline_page.problems, offline_page.requests) == ([], [], [], []), name
        assert left(links) == []
        assert offline_page.url.split("#")[0] == (tmp_path / f"{name}.html").as_uri()


def test_control_in_firefox_hundreds_fire_and_call_out_without_protection(fox: Any) -> None:
    every, fired, called = collection(), 0, 0
    if not every:
        pytest.skip("the shared collection of payloads is not beside the project")
    for start in range(0, len(every), PER_PAGE):
        fox.forget()
        fox.pages[ADDRESS] = f"<!doctype html><meta charset=utf-8>{framed(every[start : start + PER_PAGE])}"
        fox.go(ADDRESS, wait="none")  # some of these texts never finish to load
        time.sleep(1.5)
        fox.value("1")
        fired, called = fired + fox.logged().count("FIRED"), called + len(fox.requested())
    fox.pages.clear()
    assert (fired >= 190, called >= 100) == (True, True), (fired, called)


ASLEEP = "<!doctype html><p onmouseover=alert(1)>a</p><input onfocus=alert(2)><a href='javascript:alert(3)'>b</a>"


def test_control_what_waits_for_a_hand_fires_when_it_is_touched(fox: Any, offline_page: Any, tmp_path: Path) -> None:
    path = tmp_path / "asleep.html"
    path.write_text(ASLEEP, encoding="utf-8")
    fox.forget()
    fox.go(path.as_uri())
    assert fox.logged() == []
    fox.value(f"({TOUCH})()")
    time.sleep(SETTLED)
    fox.value("1")
    offline_page.add_init_script(HOOK)
    seen = opened(offline_page, path, ASLEEP)
    offline_page.evaluate(TOUCH)
    offline_page.wait_for_timeout(1_000 * SETTLED)
    assert (fox.logged().count("FIRED") >= 2, seen["fired"].count("FIRED") >= 2) == (True, True)
