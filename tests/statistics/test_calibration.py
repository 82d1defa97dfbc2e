"""What also shows in quiet windows is no news."""

import numpy as np
import pytest

from netra_analysis.errors import RequestError
from netra_analysis.statistics.calibration import false_alarm_rate, in_band, matched_windows
from netra_analysis.statistics.changepoint import change_point

DAY = 1440


def test_windows_match_the_hour_and_leave_out_what_is_known_to_be_bad() -> None:
    windows = matched_windows(7 * DAY, start=5 * DAY + 600, length=60, period=DAY, exclude=[(DAY + 650, DAY + 700)])
    assert windows == tuple((day * DAY + 600, day * DAY + 660) for day in (0, 2, 3, 4, 6))


def test_a_window_that_would_not_fit_is_not_cut() -> None:
    assert matched_windows(DAY + 630, start=600, length=60, period=DAY) == ()


def test_windows_with_other_traffic_are_left_out() -> None:
    traffic = np.repeat([10.0, 100.0, np.nan], 100)
    assert in_band(traffic, [(0, 50), (100, 150), (200, 250)], 5, 20) == ((0, 50),)


def test_a_rate_is_k_of_n_with_its_interval() -> None:
    series = np.zeros(2000)
    series[150] = series[1150] = 9.0
    found = false_alarm_rate(lambda part: part.max() > 5, series, [(i, i + 100) for i in range(0, 2000, 100)])
    assert (found.alarms, found.windows, found.reason) == (2, 20, None)
    assert found.share.low < 0.1 < found.share.high


def test_a_calibrated_detector_is_quiet_on_quiet_windows() -> None:
    series = np.random.default_rng(1).standard_normal(30 * 200)
    windows = matched_windows(len(series), 0, 150, 200)
    found = false_alarm_rate(lambda part: change_point(part).kind != "none", series, windows)
    assert found.windows == 29
    assert found.alarms <= 4


def test_too_little_quiet_data_is_an_answer() -> None:
    rows = np.full((2, 2000), np.nan)
    rows[:, :400] = 0.0
    found = false_alarm_rate(lambda part: False, rows, [(i, i + 100) for i in range(0, 2000, 100)])
    assert (found.alarms, found.windows) == (0, 4)
    assert "too little quiet data: 4 matched windows" in (found.reason or "")
    assert found.share.high > 0.5


def test_windows_without_a_period_are_refused() -> None:
    with pytest.raises(RequestError):
        matched_windows(100, 0, 20, 10)
