"""Intervals against published values, and against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from netra_analysis.errors import RequestError
from netra_analysis.statistics.dose import dose_response
from netra_analysis.statistics.intervals import (
    clopper_pearson,
    mean,
    median_difference,
    poisson_rate,
    rate_ratio,
    rule_of_three,
    wilson,
)


@given(st.integers(0, 400), st.integers(1, 400))
def test_shares_agree_with_scipy(hits: int, n: int) -> None:
    hits = min(hits, n)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = stats.binomtest(hits, n).proportion_ci(method=method)
        found = ours(hits, n)
        assert (found.low, found.high) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high, abs=1e-9))
        assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_nothing_seen_leaves_much_possible() -> None:
    assert rule_of_three(20) == pytest.approx(0.139, abs=0.001)  # 0 of 20 errors
    assert rule_of_three(3) == pytest.approx(0.63, abs=0.005)  # 0 of 3
    assert rule_of_three(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert rule_of_three(0) == 1.0
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_a_count_has_the_limits_of_garwood() -> None:
    assert (poisson_rate(10).low, poisson_rate(10).high) == (
        pytest.approx(4.795, abs=1e-3),
        pytest.approx(18.39, abs=1e-2),
    )
    assert (poisson_rate(0, 2).low, poisson_rate(0, 2).high) == (0.0, pytest.approx(3.689 / 2, abs=1e-3))


def test_a_ratio_of_rates_covers_its_truth() -> None:
    dice = np.random.default_rng(1)
    draws = [
        rate_ratio(int(a), 30, int(b), 600) for a, b in zip(dice.poisson(54, 400), dice.poisson(360, 400), strict=True)
    ]
    assert sum(r.low <= 3 <= r.high for r in draws) >= 0.95 * 400 - 10
    assert rate_ratio(5, 1, 0, 1).estimate == float("inf")
    assert rate_ratio(5, 1, 0, 1).low > 0
    assert np.isnan(rate_ratio(0, 1, 0, 1).estimate)


def test_medians_differ_by_what_was_added() -> None:
    dice = np.random.default_rng(2)
    found = median_difference(dice.normal(size=200), dice.normal(3, size=150), block=5)
    assert found.low < 3 < found.high
    assert found.high - found.low < 1
    assert np.isinf(median_difference([np.nan], [1.0]).high)
    assert median_difference([1, 2, 3], [5, 6], seed=4) == median_difference([1, 2, 3], [5, 6], seed=4)


@pytest.mark.parametrize(
    "wrong",
    [lambda: wilson(3, 2), lambda: clopper_pearson(-1, 2), lambda: poisson_rate(1, 0), lambda: rule_of_three(-1)],
)
def test_impossible_counts_are_refused(wrong: object) -> None:
    with pytest.raises(RequestError):
        wrong()  # type: ignore[operator]


def test_a_dose_is_read_band_by_band() -> None:
    metric = np.array([0.1, 0.5, 0.95, 0.9, np.nan, 0.2])
    bands = dose_response([0, 1, 5, 9, 7, np.nan], [10, 10, 10, 10, 10, 10], metric, [0, 0.5, 0.9, 1.0])
    assert [(band.failed, band.total) for band in bands] == [(0, 10), (1, 10), (14, 20)]
    assert bands[2].share == wilson(14, 20)
    assert bands[0].share.low == 0.0


@pytest.mark.parametrize(
    "arguments",
    [([1], [2, 3], [1], [0, 1]), ([1], [2], [1], [0]), ([1], [2], [1], [1, 0]), ([3], [2], [1], [0, 1])],
)
def test_a_dose_that_makes_no_sense_is_refused(arguments: tuple[list[float], ...]) -> None:
    with pytest.raises(RequestError):
        dose_response(*arguments)


def test_a_mean_agrees_with_scipy_and_leaves_gaps_out() -> None:
    values = np.random.default_rng(7).exponential(2.0, 60)
    theirs = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    found = mean([*values, np.nan])
    assert (found.low, found.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))
    assert found.estimate == pytest.approx(values.mean())


def test_the_mean_of_one_value_or_none_is_not_known() -> None:
    assert mean([3.0]).high == np.inf
    assert np.isnan(mean([]).estimate)
