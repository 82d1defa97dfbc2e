"""How much quiet proves a fix: numbers that can be checked by hand."""

from math import inf

import pytest

from netra_analysis.comparison.proven import by_requests, by_time


def test_the_rule_of_three_in_requests() -> None:
    """One in a hundred fails: 0.99^298 is still above five per cent, 0.99^299 is below."""
    assert 0.99**298 > 0.05 > 0.99**299
    assert by_requests(10, 1000, 298).needed == 299
    assert not by_requests(10, 1000, 298).proven
    assert by_requests(10, 1000, 299).proven


def test_bursts_need_three_times_their_distance() -> None:
    """Two bursts in six hours, one in three: three times three hours."""
    proof = by_time(2, 6.0, 8.9)
    assert proof.needed == pytest.approx(8.987, abs=0.001)
    assert not proof.proven
    assert by_time(2, 6.0, 9.0).proven
    assert proof.still_possible == pytest.approx(0.337, abs=0.001)


def test_without_a_failure_before_nothing_can_be_proven() -> None:
    assert by_time(0, 6.0, 100.0).needed == inf
    assert by_requests(0, 1000, 10**6).needed == inf
    assert not by_requests(0, 1000, 10**6).proven


def test_where_everything_failed_one_success_is_enough() -> None:
    assert by_requests(5, 5, 1).proven
    assert not by_requests(5, 5, 0).proven
