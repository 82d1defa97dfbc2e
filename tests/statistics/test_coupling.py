"""A relation is claimed only where unrelated series of the same kind would not show it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from netra_analysis.errors import RequestError
from netra_analysis.statistics.coupling import couple
from netra_analysis.statistics.spending import level

N = 1440


def memory(seed: int, phi: float, k: int, n: int = N) -> np.ndarray:
    shocks = np.random.default_rng(seed).standard_normal((k, n + 200)) * np.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], shocks, axis=1)[:, 200:]


def driven(lag: int, seed: int = 1, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Errors whose rate follows the first of `k` metrics, `lag` minutes later."""
    rows = memory(seed, 0.9, k, N + 40)
    rate = np.exp(0.8 * rows[0, 20 - lag : 20 - lag + N])
    return np.random.default_rng(seed).poisson(rate).astype(float), rows[:, 20 : 20 + N]


@pytest.mark.parametrize("lag", [-5, 0, 3, 10])
def test_a_planted_lag_is_found(lag: int) -> None:
    target, rows = driven(lag)
    first, *others = couple(target, rows)
    assert first.supported
    assert first.lag is not None
    assert abs(first.lag - lag) <= 1
    assert first.lag_interval is not None
    assert first.lag_interval[0] <= lag <= first.lag_interval[1]
    assert first.interval[0] < first.effect < first.interval[1]
    assert first.interval[0] > 0
    assert (first.tests, first.reason) == (4 * 21 * 2, None)
    assert first.q < 0.001
    assert not any(other.supported for other in others)


def test_the_sign_is_kept() -> None:
    target, rows = driven(3)
    assert couple(target, -rows)[0].effect == pytest.approx(-couple(target, rows)[0].effect)


def test_a_full_pool_moves_before_the_errors() -> None:
    rows, rate = memory(2, 0.5, 3, 2 * N), np.full(2 * N, 0.5)
    rows[1, 1800:1860] += 10
    rate[1808:1868] = 5
    answer = couple(np.random.default_rng(2).poisson(rate).astype(float), rows)[1]
    assert answer.supported
    assert answer.form == "excess"
    assert answer.order_probability is not None
    assert answer.order_probability > 0.9


def test_what_both_do_not_record_is_no_relation() -> None:
    target, rows = np.random.default_rng(3).poisson(3, N).astype(float), memory(3, 0.9, 5)
    zeros = target.copy(), rows[0] + 4
    target[600:700], rows[:, 600:700] = np.nan, np.nan
    assert not any(answer.supported for answer in couple(target, rows))
    for series in zeros:
        series[600:700] = 0.0
    assert stats.pearsonr(*zeros).pvalue < 0.001  # the control: filled with zeros, they would seem related


def test_a_relation_is_found_across_a_gap() -> None:
    target, rows = driven(4)
    rows[0, 300:420], target[1000:1050] = np.nan, np.nan
    answer = couple(target, rows)[0]
    assert answer.supported
    assert answer.lag == 4
    assert answer.pairs < N - 160


def test_a_common_day_is_no_relation() -> None:
    n, dice = 5 * N, np.random.default_rng(4)
    day = np.sin(np.arange(n) * 2 * np.pi / N)
    target = dice.poisson(2 * np.exp(0.8 * day)).astype(float)
    rows = 2 * day + memory(4, 0.9, 4, n)
    assert not any(answer.supported for answer in couple(target, rows))
    assert stats.pearsonr(target, rows[0]).pvalue < 1e-6


def test_false_alarms_stay_at_their_level_where_bare_correlation_does_not() -> None:
    reports = [(memory(500 + i, 0.9, 1)[0], memory(9000 + i, 0.9, 3)) for i in range(60)]
    ours = sum(any(a.supported for a in couple(y, x, counts=False, seed=i)) for i, (y, x) in enumerate(reports))
    bare = sum(stats.pearsonr(y, x[0]).pvalue < 0.05 for y, x in reports)
    assert ours <= 8  # 3 expected; 9 or more has a chance of 0.4 %
    assert bare > 0.4 * 60


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (np.full(N, np.nan), "never measured"),
        (np.full(N, 0.3), "does not vary"),
        (np.where(np.arange(N) < 30, memory(5, 0.5, 1)[0], np.nan), "too little data"),
    ],
)
def test_a_candidate_that_cannot_be_judged_says_so(row: np.ndarray, says: str) -> None:
    target, rows = driven(3)
    first, second = couple(target, np.vstack([row, rows[0]]))
    assert says in (first.reason or "")
    assert (first.supported, first.lag, first.candidate) == (False, None, 0)
    assert second.supported
    assert second.tests == 42


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (np.ones(100), "21 lags at level 0.05 need 420 steps, not 100"),
        (np.full(N, np.nan), "measured in 0 steps"),
        (np.eye(1, N)[0], "1 steps with any error"),
        (np.ones(N), "does not vary"),
    ],
)
def test_a_target_that_cannot_be_judged_says_so(target: np.ndarray, says: str) -> None:
    (answer,) = couple(target, memory(6, 0.5, 1, len(target)))
    assert says in (answer.reason or "")
    assert not answer.supported


def test_no_candidates_no_answers() -> None:
    assert couple(driven(3)[0], np.zeros((0, N))) == ()


@pytest.mark.parametrize(
    ("target", "rows"), [(np.ones(5), np.ones((1, 6))), (np.ones(5), np.ones(5)), (-np.ones(5), np.ones((1, 5)))]
)
def test_wrong_input_is_refused(target: np.ndarray, rows: np.ndarray) -> None:
    with pytest.raises(RequestError):
        couple(target, rows)
    with pytest.raises(RequestError, match="max_lag"):
        couple(np.ones(5), np.ones((1, 5)), max_lag=-1)


@settings(max_examples=8, deadline=None)
@given(scale=st.sampled_from([1e-9, 0.01, 7.0, 2.0**30]), shift=st.floats(-50, 50))
def test_units_do_not_matter(scale: float, shift: float) -> None:
    target, rows = driven(3)
    one, other = couple(target, rows)[0], couple(target, (rows + shift) * scale)[0]
    assert (one.lag, one.form, one.supported) == (other.lag, other.form, other.supported)
    assert other.effect == pytest.approx(one.effect, rel=1e-4)


def test_the_same_seed_gives_the_same_answer() -> None:
    target, rows = driven(3)
    assert couple(target, rows, seed=3, surrogates=200) == couple(target, rows, seed=3, surrogates=200)


def test_the_level_is_spent_over_the_runs_of_one_incident() -> None:
    levels = [level(run, 24) for run in range(1, 25)]
    assert levels == sorted(levels)
    assert levels[0] < 1e-9
    assert 0.015 < levels[-1] < 0.05
    assert level(1, 1) == 0.05
    with pytest.raises(RequestError):
        level(0, 24)
