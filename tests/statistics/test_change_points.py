"""A change has a kind, a place, a size and a doubt; most series have none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from netra_analysis.errors import RequestError
from netra_analysis.statistics.changepoint import change_point, change_points

N = 400


def noise(seed: int, phi: float = 0.0, n: int = N) -> np.ndarray:
    shocks = np.random.default_rng(seed).standard_normal(n + 200) * np.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], shocks)[200:]


def test_a_step_is_found_with_its_size() -> None:
    values = 300 + 20 * noise(1)
    values[250:] += 80
    change = change_point(values)
    assert (change.kind, change.until, change.reason) == ("step", None, None)
    assert change.index is not None
    assert abs(change.index - 250) <= 2
    assert change.interval is not None
    assert change.interval[0] <= 250 <= change.interval[1]
    assert (change.before, change.after) == (pytest.approx(300, abs=6), pytest.approx(380, abs=6))
    assert change.effect == pytest.approx(4, abs=0.6)
    assert change.effect_interval[0] < change.effect < change.effect_interval[1]
    assert change.p < 0.01


@pytest.mark.parametrize(("lift", "kind"), [(6, "spike"), (-6, "dip")])
def test_an_excursion_that_ends_is_no_step(lift: float, kind: str) -> None:
    values = noise(2)
    values[100:130] += lift
    change = change_point(values)
    assert change.kind == kind
    assert change.index is not None
    assert change.until is not None
    assert abs(change.index - 100) <= 2
    assert abs(change.until - 130) <= 8  # widths are tried on a grid
    assert np.sign(change.effect) == np.sign(lift)


def test_a_single_extreme_minute_is_a_spike() -> None:
    values = noise(3)
    values[77] = 60.0
    change = change_point(values)
    assert (change.kind, change.index, change.until) == ("spike", 77, 78)


def test_a_trend_has_no_place() -> None:
    change = change_point(noise(4) + np.linspace(0, 6, N))
    assert (change.kind, change.index, change.interval) == ("trend", None, None)
    assert change.effect > 2


def test_a_burst_of_errors_stands_out_from_few() -> None:
    rate = np.full(N, 0.1)
    rate[200:230] = 2.0
    change = change_point(np.random.default_rng(5).poisson(rate).astype(float), counts=True)
    assert change.kind == "spike"
    assert change.index is not None
    assert abs(change.index - 200) <= 4


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_none_is_the_common_answer(phi: float) -> None:
    kinds = [change_point(noise(100 + i, phi), seed=i).kind for i in range(40)]
    assert kinds.count("none") >= 35
    assert all(np.isnan(change_point(noise(100, phi)).before) for _ in [0])


def test_series_together_hold_the_level_of_one() -> None:
    rows = np.array([noise(200 + i) for i in range(30)])
    rows[3, 250:] += 3
    found = change_points(rows)
    assert found[3].kind == "step"
    assert sum(change.kind != "none" for change in found) <= 2
    alone = change_point(rows[0])
    assert found[0].p == alone.p


def test_a_gap_is_left_open() -> None:
    values = noise(6)
    values[250:] += 4
    values[230:270] = np.nan
    change = change_point(values)
    assert change.kind == "step"
    assert change.interval is not None
    assert change.interval[0] <= 270
    assert change.silent_from is None


def test_silence_at_the_end_is_a_signal() -> None:
    values = noise(7)
    values[350:] = np.nan
    assert change_point(values).silent_from == 350
    values[50:150] = np.nan  # it has been as silent before
    assert change_point(values).silent_from is None


def test_the_season_is_no_change() -> None:
    beat = 8 * np.sin(np.arange(4 * 200) * 2 * np.pi / 200)
    values = noise(8, n=800) + beat
    assert change_point(values, period=200).kind == "none"
    values[610:630] += 6
    change = change_point(values, period=200)
    assert change.kind == "spike"
    assert change.index is not None
    assert abs(change.index - 610) <= 2


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.full(N, np.nan), "too little data: 0 steps"),
        (np.zeros(0), "too little data: 0 steps"),
        (np.arange(12.0), "too little data: 12 steps"),
        (np.full(N, 3.0), "does not vary"),
        (noise(9, n=N).cumsum(), "too little data: with their memory"),
    ],
)
def test_what_cannot_be_judged_is_said(values: np.ndarray, says: str) -> None:
    change = change_point(values)
    assert change.kind == "none"
    assert says in (change.reason or "")


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.array([1.0, np.inf])])
def test_wrong_input_is_refused(values: np.ndarray) -> None:
    with pytest.raises(RequestError):
        change_point(values)
    with pytest.raises(RequestError, match="negative counts"):
        change_point([-1.0] * 40, counts=True)


@settings(max_examples=8, deadline=None)
@given(scale=st.sampled_from([1e-9, 0.01, 7.0, 2.0**20]), shift=st.floats(-50, 50))
def test_units_do_not_matter(scale: float, shift: float) -> None:
    values = noise(10)
    values[250:] += 3
    one, other = change_point(values), change_point(values * scale + shift * scale)
    assert (one.kind, one.index, one.interval) == (other.kind, other.index, other.interval)
    assert other.effect == pytest.approx(one.effect, rel=1e-4)


def test_the_same_seed_gives_the_same_answer() -> None:
    values = noise(11)
    values[250:] += 3
    assert change_point(values, seed=5) == change_point(values, seed=5)
