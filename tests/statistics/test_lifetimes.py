"""Lifetimes that are more alike than random ends make them."""

import numpy as np
import pytest

from netra_analysis.errors import RequestError
from netra_analysis.statistics.lifetimes import alike


def test_two_lives_have_the_textbook_chance() -> None:
    found = alike([100.0, 150.0])
    assert (found.n, found.ratio) == (2, 1.5)
    assert found.p == pytest.approx(0.5 / 2.5)  # (r - 1) / (r + 1) for two exponential lives


@pytest.mark.parametrize("n", [2, 3, 5])
def test_it_is_calibrated_whatever_the_rate(n: int) -> None:
    random = np.random.default_rng(n)
    found = [alike(random.exponential(scale, n)).p for scale in (1.0, 900.0) for _ in range(4000)]
    assert np.quantile(found, [0.05, 0.5]) == pytest.approx([0.05, 0.5], abs=0.02)


def test_what_fills_at_a_steady_rate_is_seen_from_three_lives_on() -> None:
    random = np.random.default_rng(7)
    assert np.mean([alike(random.normal(1500, 100, 3)).p < 0.05 for _ in range(500)]) > 0.95


@pytest.mark.parametrize("lives", [[], [1.0], [1.0, 0.0], [1.0, float("nan")]])
def test_too_little_is_refused(lives: list[float]) -> None:
    with pytest.raises(RequestError, match="from two on"):
        alike(lives)
