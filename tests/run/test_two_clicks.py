"""A reviewer with only the page, at a desk or on a phone: from each cause to the rows, in two clicks."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis import params
from netra_analysis.run import job

ROOT = Path(__file__).parents[2]
WEIGHED = "li[id^='H-'][data-word='supported'], li[id^='H-'][data-word='contradicted']"
SCREENS = {"desk": {"width": 1400, "height": 900}, "phone": {"width": 390, "height": 844}}

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    asked = ROOT / "params/staging-2025-09-02.yaml"
    done = job.run(params.load(asked), asked.parent, tmp_path_factory.mktemp("clicks"), ["90_postmortem"])
    assert done.postmortem
    return done.postmortem.as_uri()


@pytest.mark.parametrize("screen", SCREENS)
def test_every_sign_for_or_against_a_cause_leads_to_its_rows(offline_page: Any, address: str, screen: str) -> None:
    offline_page.set_viewport_size(SCREENS[screen])
    offline_page.goto(address)
    offline_page.wait_for_selector("html[data-charts=done]", state="attached", timeout=60_000)

    causes = offline_page.locator(WEIGHED)
    assert causes.count() >= 10
    followed = 0
    for number in range(causes.count()):
        ways = causes.nth(number).locator("p.counter a")
        assert ways.count(), causes.nth(number).get_attribute("id")
        for way in range(ways.count()):
            name = ways.nth(way).inner_text()
            _fold_up(offline_page)
            assert ways.nth(way).is_visible(), "a cause is behind no fold"
            ways.nth(way).click()  # the first click
            sign = offline_page.locator("li:target")
            assert sign.get_attribute("id") == name
            details = sign.locator("details.how").first
            details.locator("summary").first.click()  # the second
            rows = details.locator("table.data tbody tr")
            assert rows.first.is_visible() if rows.count() else details.get_by_text("No row is behind it").is_visible()
            followed += 1
    assert followed > 20
    assert offline_page.problems == []


def _fold_up(page: Any) -> None:
    """The page as it was before anybody clicked."""
    page.evaluate("for (const fold of document.querySelectorAll('details[open]')) fold.open = false")
