"""Little's law and a line through memory: textbook values, planted leaks, and the answer "no slope"."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_analysis.errors import RequestError
from netra_analysis.statistics.intervals import Interval
from netra_analysis.statistics.whatif import BoundBy, Growth, erlang_c, leak, pool, product

MINUTES = np.arange(0, 6 * 3600, 60.0)


def sure(value: float) -> Interval:
    return Interval(value, value, value)


def test_littles_law_and_what_binds() -> None:
    found = pool(sure(20.0), sure(0.5), pool_size=5, instances=4, database_cap=100)
    assert found.busy.estimate == pytest.approx(10.0)
    assert (found.capacity, found.bound_by) == (20, BoundBy.POOL)
    assert found.load.estimate == pytest.approx(0.5)
    assert found.pool_needed.estimate == 3
    capped = pool(sure(20.0), sure(0.5), pool_size=20, instances=4, database_cap=8)
    assert (capped.capacity, capped.bound_by) == (8, BoundBy.DATABASE)
    assert capped.load.estimate > 1
    assert (capped.waiting.estimate, capped.wait_p95_s.estimate) == (1.0, math.inf)
    assert found.assumptions


def test_erlang_c_has_its_tabled_values() -> None:
    assert erlang_c(0.7, 1) == pytest.approx(0.7)  # M/M/1: waits with the probability of its load
    assert erlang_c(1.0, 2) == pytest.approx(1 / 3)
    assert erlang_c(8.0, 10) == pytest.approx(0.4092, abs=1e-4)
    assert erlang_c(0.0, 3) == 0.0
    assert erlang_c(900.0, 1000) < 0.01


@given(st.floats(0.1, 50), st.integers(1, 80))
def test_waiting_is_a_probability_and_falls_with_the_pool(load: float, servers: int) -> None:
    waits = [erlang_c(load, servers + more) for more in range(3)]
    assert all(0 <= w <= 1 for w in waits)
    assert waits == sorted(waits, reverse=True)


def test_intervals_travel_through() -> None:
    found = product(Interval(10, 8, 12.5), Interval(2, 1.6, 2.5))
    assert found.estimate == 20
    assert 12.8 < found.low < 16  # narrower than both at their worst, wider than one
    assert 25 < found.high < 31.25
    assert product(Interval(1, 0, 2), sure(3.0)).low == 0
    wide = pool(Interval(20, 10, 40), Interval(0.5, 0.4, 0.7), 5, 4)
    assert wide.load.low < 0.5 < 1 < wide.load.high
    assert wide.waiting.low < wide.waiting.estimate < wide.waiting.high == 1.0


def test_a_simulated_queue_waits_as_foretold() -> None:
    dice = np.random.default_rng(4)
    arrive = np.cumsum(dice.exponential(1 / 8, 60_000))
    hold = dice.exponential(1.0, 60_000)
    free, waited = np.zeros(10), np.empty(60_000)
    for i, (at, takes) in enumerate(zip(arrive, hold, strict=True)):
        server = int(free.argmin())
        waited[i] = max(0.0, free[server] - at)
        free[server] = at + waited[i] + takes
    found = pool(sure(8.0), sure(1.0), 10, 1)
    assert found.waiting.estimate == pytest.approx(float((waited > 0).mean()), abs=0.05)
    assert found.wait_p95_s.estimate == pytest.approx(float(np.quantile(waited, 0.95)), rel=0.2)


def test_a_planted_leak_is_measured_through_collections_of_garbage() -> None:
    dice = np.random.default_rng(1)
    used = 180 + 24 * MINUTES / 3600 + 12 * ((MINUTES / 60) % 20) / 20 + dice.normal(0, 2, len(MINUTES))
    used[50:70] = np.nan
    served = np.cumsum(dice.poisson(30, len(MINUTES))).astype(float)
    found = leak(MINUTES, used, 512.0, served)
    assert found.growth is Growth.GROWS
    assert found.mib_per_hour.low < 24 < found.mib_per_hour.high
    assert found.mib_per_request is not None
    assert found.mib_per_request.estimate == pytest.approx(24 / 1800, rel=0.1)
    assert found.hours_to_limit is not None
    assert found.hours_to_limit.low < (512 - 330) / 24 < found.hours_to_limit.high
    assert found.hours_to_double is not None
    assert found.hours_to_double.estimate == pytest.approx(found.hours_to_limit.estimate + 512 / 24, rel=0.1)
    assert found.requests_to_limit is not None


def test_no_slope_is_an_answer_and_memory_of_the_noise_does_not_make_one() -> None:
    called = 0
    for seed in range(60):
        dice = np.random.default_rng(seed)
        wander = np.zeros(240)
        for i in range(1, 240):
            wander[i] = 0.8 * wander[i - 1] + dice.normal(0, 3)
        found = leak(MINUTES[:240], 300 + wander, 512.0)
        called += found.growth is Growth.GROWS
        if found.growth is Growth.NONE:
            assert found.hours_to_limit is None
    assert called <= 6  # one side of 95 % is 1.5 of 60
    assert leak(MINUTES, 400 - MINUTES / 3600, 512.0).growth is Growth.NONE
    assert leak(MINUTES, np.full(len(MINUTES), 300.0), 512.0).growth is Growth.NONE


def test_too_few_points_are_said_and_what_does_not_fit_is_refused() -> None:
    assert leak(MINUTES[:5], np.arange(5.0), 512.0).growth is Growth.UNKNOWN
    assert leak(MINUTES, np.full(len(MINUTES), np.nan), 512.0).growth is Growth.UNKNOWN
    with pytest.raises(RequestError, match="limit"):
        leak(MINUTES, MINUTES[:3], 512.0)
    with pytest.raises(RequestError, match="1 or more"):
        pool(sure(1.0), sure(1.0), 0, 1)
    with pytest.raises(RequestError, match="known"):
        pool(Interval(float("nan"), 0, 1), sure(1.0), 1, 1)


def test_a_limit_that_is_passed_is_no_time_away() -> None:
    found = leak(MINUTES, 500 + 20 * MINUTES / 3600, 512.0)
    assert found.hours_to_limit is not None
    assert found.hours_to_limit.estimate == 0.0


def test_ties_on_both_sides_make_no_growth_out_of_no_number() -> None:
    served = np.repeat([0.0, 1.0], 30)
    found = leak(np.arange(60) * 60.0, np.full(60, 400.0), 1024.0, served)
    assert found.growth is Growth.NONE
    assert found.requests_to_limit is None
