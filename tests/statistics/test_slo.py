"""Budgets and burn rates by the workbook's own figures; alert rules replayed over planted hours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_analysis.errors import RequestError
from netra_analysis.statistics.alerts import (
    PAGING,
    TICKETS,
    BurnRule,
    CountRule,
    LevelRule,
    Rule,
    ShareRule,
    firing,
    judged,
    level,
    pages,
    replay,
)
from netra_analysis.statistics.slo import budget, burn_rate

DAY = 24 * 60


def record(days: int = 3, bad: float = 0.0, start: int = 2 * DAY, minutes: int = 60) -> tuple[np.ndarray, np.ndarray]:
    total = np.full(days * DAY, 100.0)
    good = total.copy()
    good[start : start + minutes] -= 100 * bad
    return good, total


def test_budget_by_hand() -> None:
    good, total = record(bad=0.5)
    found = budget(good, total, 0.999)
    assert (found.total, found.bad) == (432_000, 3_000)
    assert found.sli.estimate == pytest.approx(1 - 3_000 / 432_000)
    assert found.allowed == pytest.approx(432.0)
    assert found.spent.estimate == pytest.approx(3_000 / 432)
    assert found.spent.low < found.spent.estimate < found.spent.high


def test_burn_rate_is_the_share_over_what_is_allowed() -> None:
    good, total = record(bad=0.0144)
    assert burn_rate(good, total, 0.999, 60)[2 * DAY + 59] == pytest.approx(14.4)
    assert burn_rate(good, total, 0.999, 60)[2 * DAY - 1] == 0.0
    assert burn_rate(good, total, 0.999, 360)[2 * DAY + 59] == pytest.approx(14.4 / 6)


def test_gaps_are_no_data_and_never_zero() -> None:
    good, total = record(bad=0.5)
    good[2 * DAY + 10 : 2 * DAY + 20] = np.nan
    burn = burn_rate(good, total, 0.999, 5)
    assert np.isnan(burn[2 * DAY + 13 : 2 * DAY + 20]).all()
    assert burn[2 * DAY + 30] == pytest.approx(500)
    wider = burn_rate(good, total, 0.999, 60)
    assert wider[2 * DAY + 59] == pytest.approx(500)  # fifty known minutes, all half bad
    assert budget(good, total, 0.999).unknown_minutes == 10
    empty = budget(np.full(9, np.nan), np.full(9, np.nan), 0.99)
    assert np.isnan(empty.sli.estimate)
    assert (empty.total, empty.unknown_minutes) == (0, 9)


def test_minutes_without_traffic_have_no_rate() -> None:
    assert np.isnan(burn_rate(np.zeros(10), np.zeros(10), 0.99, 5)).all()


@pytest.mark.parametrize(
    ("rule", "minutes"),
    [
        (BurnRule(0.999), 2),  # 14.4 over an hour needs 1.44 % of it bad: 86.4 of 6000, at half of 100 a minute
        (ShareRule(0.01, 5), 1),
        (ShareRule(0.20, 5), 3),
        (CountRule(200, 5), 4),
        (BurnRule(0.999, TICKETS), 6),  # of the two days there are before: 288 bad of 288,000; a day alone takes 9
    ],
)
def test_minutes_to_detect_by_hand(rule: Rule, minutes: int) -> None:
    good, total = record(bad=0.5)
    found = replay(rule, good, total, (2 * DAY, 2 * DAY + 60))
    assert found.detected_min == minutes
    assert (found.pages_incident, found.false_pages, found.fired_before) == (1, 0, False)


def test_the_workbooks_detection_time_of_a_full_outage() -> None:
    good, total = record(bad=1.0)
    assert replay(BurnRule(0.999), good, total, (2 * DAY, 2 * DAY + 60)).detected_min == 1  # 14.4 × 0.1 % × 60 = 0.86


def test_a_blip_pages_the_share_rule_and_not_the_burn_rate() -> None:
    good, total = record(bad=0.5)
    good[DAY] -= 3
    incident = (2 * DAY, 2 * DAY + 60)
    share, burn = (replay(rule, good, total, incident) for rule in (ShareRule(0.01, 1), BurnRule(0.999)))
    assert share.false_pages == 1
    assert share.false_per_week == pytest.approx(7 * DAY / share.quiet_min)
    assert burn.false_pages == 0
    assert replay(ShareRule(0.01, 1, least_total=500), good, total, incident).false_pages == 0
    assert replay(ShareRule(0.01, 1, least_bad=4), good, total, incident).false_pages == 0


def test_flapping_is_one_page_and_other_incidents_are_not_quiet() -> None:
    good, total = record(bad=0.5)
    good[DAY : DAY + 20 : 4] -= 50
    found = replay(ShareRule(0.1, 1), good, total, (2 * DAY, 2 * DAY + 60))
    assert found.false_pages == 1
    assert replay(ShareRule(0.1, 1), good, total, (2 * DAY, 2 * DAY + 60), resolve_min=1).false_pages == 5
    aside = replay(ShareRule(0.1, 1), good, total, (2 * DAY, 2 * DAY + 60), others=[(DAY, DAY + 30)])
    assert aside.false_pages == 0


def test_a_rule_that_fired_before_told_nothing_new() -> None:
    good, total = record(bad=0.5, start=DAY, minutes=2 * DAY)
    found = replay(ShareRule(0.1, 5), good, total, (2 * DAY, 2 * DAY + 60))
    assert found.fired_before
    assert (found.detected_min, found.pages_incident, found.false_pages) == (1, 0, 1)


def test_an_incident_that_nobody_measured_is_blind_not_calm() -> None:
    good, total = record(bad=0.5)
    good[2 * DAY : 2 * DAY + 60] = np.nan
    found = replay(ShareRule(0.01, 5), good, total, (2 * DAY, 2 * DAY + 60))
    assert found.detected_min is None
    assert found.blind_min >= 55


@given(st.integers(0, 2**32 - 1))
def test_no_failure_no_page_whatever_the_gaps(seed: int) -> None:
    dice = np.random.default_rng(seed)
    total = dice.poisson(3, 600).astype(float)
    total[dice.random(600) < 0.3] = np.nan
    for rule in (BurnRule(0.999, PAGING + TICKETS), ShareRule(0.01, 5), CountRule(1, 5)):
        fires, judged = firing(rule, total.copy(), total)
        assert not fires.any()
        assert judged.any()


def test_a_gauge_fires_when_all_of_its_minutes_are_known_and_high() -> None:
    fires, known = level(LevelRule(0.9, 3), [0.9, 0.95, 0.9, np.nan, 0.95, 0.9, 0.91, 0.2, np.nan])
    assert fires.tolist() == [False, False, True, False, False, False, True, False, False]
    assert known.tolist() == [False, False, True, False, False, False, True, True, True]


def test_a_page_open_at_the_onset_is_a_warning_of_it() -> None:
    fires, known = np.zeros(200, bool), np.ones(200, bool)
    fires[10:12] = fires[90:104] = True
    found = judged(fires, known, (100, 120))
    assert (found.warned_min, found.false_pages, found.fired_before, found.pages_incident) == (10, 1, True, 0)
    fires[30:104] = True  # begun more than an hour before: no warning of this
    assert judged(fires, known, (100, 120)).warned_min is None


def test_without_an_incident_all_is_quiet() -> None:
    fires = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 1], bool)
    found = judged(fires, np.ones(10, bool), None)
    assert (found.detected_min, found.false_pages, found.quiet_min, found.blind_min) == (None, 2, 10, 0)
    assert pages(fires) == [(1, 2), (8, 10)]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(RequestError, match="exceeds"):
        budget([2.0], [1.0], 0.99)
    with pytest.raises(RequestError, match="objective"):
        budget([1.0], [1.0], 1.0)
    with pytest.raises(RequestError, match="outside"):
        replay(CountRule(1, 1), [1.0], [1.0], (0, 5))
    with pytest.raises(RequestError, match="same minutes"):
        burn_rate([1.0], [1.0, 2.0], 0.99, 5)
