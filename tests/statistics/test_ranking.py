"""Planted incidents: what moves first and stays stands first, whatever the unit, the direction or the gaps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from netra_analysis.errors import RequestError
from netra_analysis.statistics.ranking import Direction, Ranking, Shape, rank, shape_of
from netra_analysis.statistics.ranking_score import alongside, moves, surprises
from netra_analysis.statistics.silence import silence

Floats = NDArray[np.float64]
N, ONSET = 90, 60
TIMES = np.arange(N) * 60.0
AT = float(TIMES[ONSET])


def quiet_panel(seed: int = 7) -> dict[str, Floats]:
    dice = np.random.default_rng(seed)
    return {
        f"{service}_{metric}": dice.normal(level, spread, N)
        for service in "abcde"
        for metric, level, spread in (("cpu", 0.3, 0.02), ("mem", 400.0, 9.0), ("load", 50.0, 5.0))
    }


def entities(names: dict[str, Floats]) -> dict[str, str]:
    return {name: name.partition("_")[0] for name in names}


def ranked(panel: dict[str, Floats], onset: float | None = AT, sli: list[Floats] | None = None) -> Ranking:
    return rank(panel, TIMES, onset, sli=sli, groups=entities(panel))


@pytest.mark.parametrize(("by", "direction"), [(90.0, Direction.UP), (-90.0, Direction.DOWN)])
def test_a_lasting_move_stands_first_in_both_directions(by: float, direction: Direction) -> None:
    panel = quiet_panel()
    panel["c_mem"][ONSET:] += by
    first = ranked(panel).entities[0]
    assert first.entity == "c"
    assert (first.reason.metric, first.reason.shape, first.reason.direction) == ("c_mem", Shape.STEP, direction)
    assert first.reason.moved_s is not None
    assert first.reason.moved_s <= 5 * 60


def test_one_spike_does_not_beat_what_lasts() -> None:
    panel = quiet_panel()
    panel["a_mem"][ONSET + 3] += 5_000.0
    panel["b_cpu"][ONSET:] += 0.2
    order = [one.entity for one in ranked(panel).entities]
    assert order[0] == "b"


def test_what_moves_at_the_onset_stands_before_what_follows() -> None:
    panel = quiet_panel()
    panel["a_cpu"] = panel["b_cpu"].copy()
    panel["a_cpu"][ONSET + 22 :] += 0.3
    panel["b_cpu"][ONSET:] += 0.3
    order = [one.entity for one in ranked(panel).entities]
    assert order[:2] == ["b", "a"]


def test_of_two_alike_the_one_that_goes_with_the_failing_signal_stands_first() -> None:
    panel = quiet_panel()
    failing = np.zeros(N)
    failing[ONSET:][::3] = 1.0
    panel["a_load"][ONSET:] += 60.0
    panel["d_load"][ONSET:] += 60.0 * (failing[ONSET:] + 0.6)
    with_signal = ranked(panel, sli=[failing + 0.01 * np.sin(TIMES)])
    assert with_signal.entities[0].entity == "d"
    assert with_signal.sli_used


@pytest.mark.parametrize("how", [np.nan, 0.0, "frozen"])
def test_a_silent_service_is_found_by_its_silence(how: float | str) -> None:
    panel = quiet_panel()
    for name in panel:
        if name.startswith("e_"):
            panel[name][ONSET:] = panel[name][ONSET - 1] if how == "frozen" else how
    panel["a_load"][ONSET + 1 :] += 40.0  # its victim
    first = ranked(panel).entities[0]
    assert (first.entity, first.reason.shape, first.reason.silent) == ("e", Shape.SILENCE, 3)
    assert first.reason.moved_s == 0.0


def test_a_gap_that_all_share_is_nobodys_silence() -> None:
    panel = quiet_panel()
    for values in panel.values():
        values[ONSET + 5 : ONSET + 15] = np.nan
    assert all(one.reason.shape is not Shape.SILENCE for one in ranked(panel).entities)
    before, after = (np.column_stack(list(panel.values()))[part] for part in (slice(ONSET), slice(ONSET, None)))
    after[:] = np.nan
    assert not silence(before, after).silent.any()


def test_a_metric_that_was_often_quiet_may_be_quiet_again() -> None:
    panel = quiet_panel()
    panel["a_load"][::2] = 0.0
    panel["a_load"][1::4] = 0.0
    panel["a_load"][ONSET : ONSET + 8] = 0.0
    assert ranked(panel).entities[0].reason.shape is not Shape.SILENCE


def test_a_constant_and_its_rounding_do_not_move() -> None:
    panel = quiet_panel()
    panel["a_cpu"] = np.full(N, 0.1)
    panel["a_mem"] = np.full(N, 100.0) * (1 + 2.0**-52 * np.arange(N) % 2)
    panel["a_load"] = np.zeros(N)
    alone = {name: values for name, values in panel.items() if name.startswith("a_")}
    only = ranked(alone).entities[0]
    assert (only.score, only.reason.shape, only.reason.moved_s) == (0.0, Shape.NONE, None)


def test_what_never_moved_before_weighs_less_than_what_always_did() -> None:
    panel = quiet_panel()
    panel["a_cpu"] = np.where(np.arange(N) < ONSET, 0.0, 100.0)  # a rare path, seen for the first time
    panel["b_cpu"][ONSET:] += 0.4
    order = [one.entity for one in ranked(panel).entities]
    assert order[0] == "b"
    assert surprises(np.array(50.0), np.array(1.0)) < surprises(np.array(20.0), np.array(59.0))


@settings(max_examples=40, deadline=None)
@given(st.floats(-6, 6), st.integers(0, 4), st.sampled_from([-1.0, 1.0]))
def test_units_do_not_matter(power: float, which: int, sign: float) -> None:
    panel = quiet_panel()
    panel["d_load"][ONSET:] += 25.0
    other = {
        name: values * (sign * 10.0**power if i % 5 == which else 1.0) for i, (name, values) in enumerate(panel.items())
    }
    ours, theirs = ranked(panel), ranked(other)
    assert [one.entity for one in ours.entities] == [one.entity for one in theirs.entities]
    assert [one.score for one in theirs.entities] == pytest.approx([one.score for one in ours.entities], rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.permutations(sorted(quiet_panel())))
def test_the_answer_does_not_depend_on_the_order_of_the_input(names: list[str]) -> None:
    panel = quiet_panel()
    assert ranked({name: panel[name] for name in names}) == ranked(panel)


def test_gaps_are_no_evidence() -> None:
    panel, dice = quiet_panel(), np.random.default_rng(1)
    panel["c_cpu"][ONSET:] += 0.4
    for values in panel.values():
        values[dice.random(N) < 0.2] = np.nan
    panel["b_mem"][:] = np.nan
    found = ranked(panel)
    assert found.entities[0].entity == "c"
    assert found.left_out == ("b_mem",)
    assert all(math.isfinite(one.score) for one in found.entities)


def test_the_onset_is_found() -> None:
    panel = quiet_panel()
    for name in ("c_cpu", "c_load"):
        panel[name][ONSET:] *= 2
    found = ranked(panel, None, [panel["c_load"].copy()])
    assert found.onset_found
    assert abs(found.onset - AT) <= 120.0
    assert found.onset_surprise is not None
    assert found.entities[0].entity == "c"
    calm = ranked(quiet_panel(), None)
    assert calm.onset_surprise is not None
    assert calm.onset_surprise < found.onset_surprise / 2


def test_the_onset_is_found_in_a_long_record_as_well() -> None:
    dice = np.random.default_rng(3)
    panel = {f"{i}_x": dice.normal(10, 1, 4000) for i in range(8)}
    panel["5_x"][2731:2790] += 12
    found = rank(panel, np.arange(4000.0), groups=entities(panel))
    assert abs(found.onset - 2731) <= 2
    assert found.entities[0].entity == "5"


def test_one_lasting_step_among_many_series_beats_the_noise_at_the_end_of_the_record() -> None:
    dice = np.random.default_rng(0)
    panel = {f"{i}_x": dice.normal(100, 5, 1500) for i in range(120)}
    panel["7_x"][900:] += 40
    found = rank(panel, np.arange(1500.0), groups=entities(panel))
    assert abs(found.onset - 900) <= 2
    assert found.entities[0].entity == "7"


def test_a_tiny_sample_is_ranked_and_one_too_small_is_refused() -> None:
    panel = {"a": np.array([1.0, 1.1, 0.9, 5.0, 5.2]), "b": np.array([1.0, 1.1, 0.9, 1.0, 1.1])}
    found = rank(panel, np.arange(5.0), 3.0)
    assert [one.entity for one in found.entities] == ["a", "b"]
    assert (found.samples_before, found.samples_after) == (3, 2)
    with pytest.raises(RequestError, match="before the onset"):
        rank(panel, np.arange(5.0), 2.0)
    with pytest.raises(RequestError, match="too few"):
        rank(panel, np.arange(5.0))


@pytest.mark.parametrize(
    ("series", "times", "message"),
    [
        ({}, [0.0, 1.0], "no series"),
        ({"a": [1.0, 2.0]}, [0.0, 1.0, 2.0], "one value a time"),
        ({"a": [1.0, np.inf]}, [0.0, 1.0], "infinite"),
        ({"a": [1.0, 2.0]}, [1.0, 1.0], "increasing"),
    ],
)
def test_what_does_not_fit_is_refused(series: dict[str, list[float]], times: list[float], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        rank(series, times, 1.0)


@pytest.mark.parametrize(
    ("away", "shape"),
    [
        (np.r_[np.full(20, 5.0)], Shape.STEP),
        (np.r_[np.full(8, 5.0), np.zeros(12)], Shape.PASSING),
        (np.linspace(1, 9, 20), Shape.TREND),
        (np.array([4.0, 5.0]), Shape.STEP),
    ],
)
def test_shapes(away: Floats, shape: Shape) -> None:
    assert shape_of(away) is shape


def test_the_pieces_hold_their_bounds() -> None:
    dice = np.random.default_rng(0)
    panel, signal = dice.normal(size=(50, 6)), dice.normal(size=(50, 2))
    panel[:, 5] = 3.0
    r = alongside(panel, signal)
    assert ((r >= 0) & (r <= 1)).all()
    assert r[5] == 0
    moved = moves(panel[:30], panel[30:])
    assert (moved.surprise >= 0).all()
    assert moved.surprise[5] == 0
