"""When nearly all entries of a window lie in a few of its minutes, rates and absences elsewhere cannot be told."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from netra_analysis.tables.blindspots import crowded
from netra_analysis.window import TimeWindow

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = TimeWindow(START, START + timedelta(hours=1))
BURST = [START + timedelta(minutes=20, seconds=n / 4) for n in range(1_000)]  # a little over four minutes
APART = [START + timedelta(minutes=n) for n in (1, 10, 30, 40, 50)]
SPREAD = [START + timedelta(seconds=3.6 * n) for n in range(1_000)]


@pytest.mark.parametrize(
    ("times", "weights", "said"),
    [
        ([*BURST, *APART], [1] * 1_005, True),
        ([*BURST, *APART], [1] * 1_000 + [300] * 5, False),  # each stands for 300 like it
        ([*SPREAD[:195], *APART], [1] * 195 + [300] * 5, False),
        (SPREAD, [1] * 1_000, False),
        (BURST[:100], [1] * 100, False),  # too few to say
    ],
    ids=["a cut dump", "others stand for many", "thinned evenly", "an even day", "few"],
)
def test_a_window_whose_entries_lie_in_minutes_says_so(times: list[datetime], weights: list[int], said: bool) -> None:
    ordered = sorted(zip(times, weights, strict=True))
    found = list(crowded([time for time, _ in ordered], np.array([weight for _, weight in ordered]), HOUR))
    assert ["nearly all entries lie in" in one and "12:20" in one for one in found] == [True] * said
