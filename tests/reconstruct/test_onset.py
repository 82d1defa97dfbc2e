"""The onset: the first failure that the usual rate does not explain, and not the first failure of the window."""

from datetime import timedelta

import numpy as np
import pytest

from netra_analysis.reconstruct.onset import began, usual_rate
from tests.entries import NOON, at


def moments(*seconds: float) -> list:
    return [at(s) for s in sorted(seconds)]


def test_a_lone_failure_is_the_onset_when_there_is_no_other() -> None:
    assert began(moments(100), 0.0001) == 0


def test_a_stray_minutes_before_the_burst_is_not_the_onset() -> None:
    ends = moments(100, 1000, 1600, 1601, 1601.5, 1602, 1603)
    assert began(ends, 1 / 600) == 2


@pytest.mark.parametrize("seed", range(20))
def test_background_failures_of_a_busy_service_are_not_the_onset(seed: int) -> None:
    dice = np.random.default_rng(seed)
    strays = np.sort(dice.uniform(0, 3600, 60))  # one a minute, on any day
    burst = np.sort(dice.uniform(2400, 2700, 600))
    ends = moments(*strays, *burst)
    found = (ends[began(ends, 60 / 3600)] - NOON).total_seconds()
    assert 2390 <= found <= 2410


def test_failures_that_become_slowly_more_begin_with_the_first_that_are_more_than_usual() -> None:
    ends = moments(1000, 1200, 1350, 1450, 1500, 1510, 1515, 1516, 1517, 1518)
    assert began(ends, 0.5 / 7200) == 0


def test_a_failure_hours_before_is_another_matter() -> None:
    assert began(moments(0, 7000, 7001, 7002, 7003), 0.5 / 7200) == 1


def test_strays_before_a_burst_are_not_its_beginning_however_large_it_is() -> None:
    """From the first stray on there are more than usual, too, but only for the burst that comes after it."""
    strays = (3000, 3900, 4250)
    burst = [4400 + step for step in (0, 11, 27, 29, 38, 45, 46, 49, 50, *np.linspace(51, 600, 400))]
    assert began(moments(*strays, *burst), 11.5 / 14_400) == len(strays)


def test_rare_failures_hours_before_the_densest_ones_are_of_the_same_fault() -> None:
    """Workers that die every few minutes all morning: nothing is dense until two die at once."""
    all_morning = [600.0 * n + 40 * (n % 3) for n in range(14)]
    ends = moments(*all_morning, *(9000 + 2.0 * n for n in range(8)))
    assert began(ends, 5.5 / 21_600) == 0


def test_the_usual_rate_is_that_of_the_calmer_half() -> None:
    strays = [NOON + timedelta(minutes=5 * i + 1) for i in range(12)]
    burst = [NOON + timedelta(minutes=30, seconds=i) for i in range(500)]
    assert usual_rate(strays + burst, NOON, NOON + timedelta(hours=1)) == pytest.approx(1 / 300)
    assert usual_rate(burst, NOON, NOON + timedelta(hours=1)) == 0.0
