"""Rows that stand for many: counts, shares, what had passed, and rows that stand for the same number each."""

import numpy as np
import pandas as pd
import pytest

from netra_analysis.reconstruct.frames import count, evened, passed, share


def rows(*weights: int) -> pd.DataFrame:
    times = pd.to_datetime(np.arange(len(weights)), unit="s", utc=True)
    return pd.DataFrame({"time": times, "latency_s": np.arange(len(weights)), "weight": pd.array(weights, "Int64")})


def test_rows_that_stand_for_themselves_are_left_as_they_are() -> None:
    plain = rows(1, 1, 1)
    assert evened(plain) is plain
    assert (count(plain), share(plain, plain["latency_s"] > 0)) == (3, pytest.approx(2 / 3))


def test_a_count_and_a_share_are_of_what_rows_stand_for() -> None:
    thinned = rows(1, 97, 2)
    assert count(thinned) == 100
    assert share(thinned, thinned["latency_s"] == 1) == pytest.approx(0.97)
    assert np.isnan(share(thinned[:0], thinned["latency_s"][:0] == 1))


def test_evened_rows_come_as_often_as_they_stand_for_and_no_more_than_were_seen() -> None:
    """Hundred slow ones that stand for themselves, and one quick one that stands for nine hundred."""
    thinned = rows(*[1] * 100, 900)
    drawn = evened(thinned)
    assert len(drawn) == len(thinned)
    assert (drawn["latency_s"] == 100).mean() == pytest.approx(0.9, abs=0.01)
    assert drawn["latency_s"].median() == 100


def test_how_many_had_passed() -> None:
    thinned = rows(5, 1, 3)
    at = thinned["time"].to_numpy()
    assert passed(thinned, "time", at, side="left").tolist() == [0, 5, 6]
    assert passed(thinned, "time", at, side="right").tolist() == [5, 6, 9]
