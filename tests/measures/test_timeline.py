"""The timeline: facts of all streams in one order, counted from the first impact."""

from pathlib import Path

from netra_analysis.finding import Standing, Verdict
from tests.entries import MALFORMED, OOM, memory, opened, request, said, system


def told(incident_rows: list[dict[str, object]]) -> list[tuple[float | None, str, str]]:
    return [(row["since_onset_s"], row["lane"], row["event"]) for row in incident_rows]  # type: ignore[misc]


def test_events_of_all_streams_stand_in_order_and_count_from_the_impact(tmp_path: Path) -> None:
    entries = [
        *(request(s, 200) for s in range(0, 3600, 30)),
        said(1190, "ValueError: no", severity="ERROR"),
        request(1200, 500, latency=1.0),
        system(1500, OOM, "ERROR"),
        system(1500.2, "Container terminated on signal 9.", "WARNING"),
        request(1499, 503, latency=2.0, textPayload=MALFORMED),
    ]
    found = opened(tmp_path, entries, [memory(*[0.5] * 15, *[0.95] * 10, *[0.3] * 35)]).timeline.finding
    rows = told(found.proof.to_pylist())
    sought = ("near its limit", "first fail", "killed")
    near, failed, died = (next(r for r in rows if words in r[2]) for words in sought)
    assert rows[0] == near
    assert failed == (0.0, "requests", "first failed request, 2 until 12:25:01")
    assert near[0] == 16 * 60 - 1201
    assert died[0] == 1500 - 1201
    assert [r[0] for r in rows] == sorted(r[0] for r in rows if r[0] is not None)


def test_data_that_begin_with_the_impact_say_so(tmp_path: Path) -> None:
    found = opened(tmp_path, [request(s, 500) for s in range(0, 600, 30)])
    rows = [row for row in found.timeline.finding.proof.to_pylist() if row["lane"] != "change"]
    assert min(row["since_onset_s"] for row in rows) == 0.0


def test_a_calm_window_has_no_event_and_an_empty_one_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    calm = opened(tmp_path / "calm", [request(s, 200, revision="") for s in range(0, 3600, 30)])
    assert calm.timeline.verdict is Verdict.CLEAR
    blind = opened(tmp_path, [said(5, "hello", revision="", instance="")])
    assert blind.timeline.verdict is Verdict.NO_DATA
    assert blind.claims_of("timeline")[0].statement.standing is Standing.UNTESTABLE
