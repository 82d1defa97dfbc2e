"""A reviewer with only the page: from each cause of the bundled incident to the rows, in two clicks."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis import params
from netra_analysis.run import job

ROOT = Path(__file__).parents[2]
WEIGHED = "li[id^='H-'][data-word='supported'], li[id^='H-'][data-word='contradicted']"


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.timeout(900)
def test_every_sign_for_or_against_a_cause_leads_to_its_rows(offline_page: Any, tmp_path: Path) -> None:
    asked = ROOT / "params/staging-2025-09-02.yaml"
    done = job.run(params.load(asked), asked.parent, tmp_path, ["90_postmortem"])
    assert done.postmortem
    offline_page.goto(done.postmortem.as_uri())
    offline_page.wait_for_selector("html[data-charts=done]", state="attached", timeout=60_000)

    causes = offline_page.locator(WEIGHED)
    assert causes.count() >= 10
    followed = 0
    for number in range(causes.count()):
        ways = causes.nth(number).locator("p.counter a")
        assert ways.count(), causes.nth(number).get_attribute("id")
        for way in range(ways.count()):
            name = ways.nth(way).inner_text()
            ways.nth(way).click()  # the first click
            sign = offline_page.locator("li:target")
            assert sign.get_attribute("id") == name
            details = sign.locator("details.how").first
            if details.get_attribute("open") is None:
                details.locator("summary").first.click()  # the second
            rows = details.locator("table.data tbody tr").count()
            assert rows or details.get_by_text("No row is behind it").is_visible(), name
            followed += 1
    assert followed > 20
    assert offline_page.problems == []
