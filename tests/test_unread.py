"""Where too little of an export could be read, nothing is said to be absent, no share is confirmed (trust.md R13)."""

import re
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import IN_PART, Claim, Standing, Verdict
from netra_analysis.report.blocks import State
from netra_analysis.report.page import PageState, render_notebook
from netra_analysis.run.evidence import evidence
from netra_analysis.run.pages import page_meta
from tests.entries import NOON, opened, request, said
from tests.report.samples import notebook
from tests.signs.looks import calm

BOLD = re.compile(r"%|\b0\b(?![.,:])|\b(?:no|none|never|nobody|nothing)\b", re.IGNORECASE)
QUIET = calm(every=20)
TROUBLE = [
    *QUIET,
    *(request(600 + 5 * n, 500) for n in range(60)),
    *(said(600 + 5 * n, "ERROR broken") for n in range(60)),
]


def damaged(entries: list[Any], share: float) -> list[Any]:
    """`entries`, and so many without a time that this share of all cannot be used."""
    undated = round(len(entries) * share / (1 - share))
    return [*entries, *({"textPayload": f"no time {n}"} for n in range(undated))]


def bold(claims: tuple[Claim, ...]) -> list[str]:
    confirmed = (claim for claim in claims if claim.statement.standing is Standing.CONFIRMED)
    return [claim.text for claim in confirmed if BOLD.search(claim.text.removeprefix(IN_PART)) or claim.value == 0]


@pytest.mark.parametrize("entries", [QUIET, TROUBLE], ids=["a quiet hour", "failures"])
def test_with_a_tenth_unread_none_of_anything_and_no_share_is_confirmed(tmp_path: Path, entries: list[Any]) -> None:
    found = opened(tmp_path, damaged(entries, 0.1))
    assert bold(found.claims) == []
    assert all(claim.text.startswith(IN_PART) for claim in found.claims)
    assert Verdict.CLEAR not in {sign.verdict for sign in found.signs}
    assert Verdict.CLEAR not in {found.finding(name).verdict for name in ("crashes", "memory", "hindsight", "what_if")}
    assert found.memory.section.state is State.PARTIAL
    assert found.tables.coverage.blind_spots[0].partition(" ")[2].startswith("% of the entries could not be read")
    assert bool(found.onset) is (entries is TROUBLE), "failures that were read are counted all the same"
    assert bold(opened(tmp_path, entries).claims), "the control: all of it read, such claims are made"


def test_a_quiet_hour_of_which_a_tenth_is_unread_is_no_quiet_hour(tmp_path: Path) -> None:
    assert opened(tmp_path, damaged(QUIET, 0.04)).verdict == "no_incident"
    assert opened(tmp_path, damaged(QUIET, 0.1)).verdict == "inconclusive"


@pytest.mark.parametrize(("share", "says"), [(0.1, True), (0.04, False)])
def test_a_page_says_under_its_title_how_much_was_not_read(tmp_path: Path, share: float, says: bool) -> None:
    found = opened(tmp_path, damaged(QUIET, share))
    page = render_notebook(notebook(), page_meta(found, evidence(found), "", NOON), PageState.COMPLETE)
    assert ("% of the entries could not be read:" in page) is says
