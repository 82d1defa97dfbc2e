"""What a series of times tells of the time between them."""

from datetime import UTC, datetime, timedelta

from netra_analysis.coverage import FEWEST_ENTRIES, silences

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_two_entries_that_stand_for_their_cells_are_no_silence_until_they_are_two_cells_apart() -> None:
    often = [NOON + timedelta(seconds=n) for n in range(FEWEST_ENTRIES)]
    later = [often[-1] + timedelta(minutes=9), often[-1] + timedelta(minutes=20)]
    times = [*often, *later]
    assert silences(times) == ((often[-1], later[0]), (later[0], later[1]))
    assert silences(times, cell_s=300) == ((later[0], later[1]),)
    assert silences(times, cell_s=3600) == ()
