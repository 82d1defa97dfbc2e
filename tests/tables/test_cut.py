"""Nothing that came later is in a cut table."""

from datetime import timedelta
from pathlib import Path

from netra_analysis.tables.cut import cut
from tests.entries import at, memory, opened, request, said, system


def test_no_table_holds_what_came_later(tmp_path: Path) -> None:
    entries = [request(n, 200, latency=5.0) for n in range(0, 600, 10)]
    entries += [said(n, "ERROR | x | ValueError: no") for n in range(0, 600, 10)]
    entries += [system(550, "Container called exit(1).", "WARNING")]
    held = opened(tmp_path, entries, [memory(*[0.5] * 10)]).tables
    until = at(300)
    seen = cut(held, until)
    for name, table in seen.items():
        column = "end_time" if name == "requests" else "time"
        assert all(time <= until for time in table[column].to_pylist()), name
    assert max(seen.requests["time"].to_pylist()) <= until - timedelta(seconds=5)
    assert (seen.entries.num_rows, seen.metrics.num_rows) == (30 + 31, 5)


def test_a_stream_that_begins_later_was_not_there_yet(tmp_path: Path) -> None:
    held = opened(tmp_path, [request(1, 200), system(500, "Container called exit(1).", "WARNING")]).tables
    assert held.coverage.has("system")
    assert not cut(held, at(300)).coverage.has("system")
