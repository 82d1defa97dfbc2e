"""Windows are half-open, in UTC, and refuse what would be a silent guess."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_analysis.errors import RequestError
from netra_analysis.window import LONGEST, TimeWindow, stamp

NOON = datetime(2025, 9, 2, 12, tzinfo=UTC)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = TimeWindow(NOON, NOON + timedelta(hours=1))
    assert NOON in window
    assert window.end not in window


def test_an_offset_is_turned_into_utc() -> None:
    pdt = timezone(timedelta(hours=-7))
    window = TimeWindow(datetime(2025, 9, 2, 5, tzinfo=pdt), datetime(2025, 9, 2, 6, tzinfo=pdt))
    assert str(window) == "2025-09-02 12:00:00 to 13:00:00 UTC"


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (datetime(2025, 9, 2, 12), NOON, "without a time zone"),  # noqa: DTZ001
        (NOON, NOON, "at or before its start"),
        (NOON, NOON - timedelta(seconds=1), "at or before its start"),
        (NOON, NOON + LONGEST + timedelta(days=1), "longest allowed"),
    ],
)
def test_impossible_windows_are_refused_with_what_to_do(start: datetime, end: datetime, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        TimeWindow(start, end)


def test_the_default_baseline_is_as_long_and_ends_where_the_window_starts() -> None:
    window = TimeWindow(NOON, NOON + timedelta(hours=6, minutes=30))
    assert window.before() == TimeWindow(NOON - timedelta(hours=6, minutes=30), NOON)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001
def test_a_stamp_reads_back_as_the_same_moment(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert datetime.fromisoformat(stamp(aware)) == aware
