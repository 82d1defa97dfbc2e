"""The bundled incident: its committed files come from the generator, and say what its truth says."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from netra_analysis.casebook import INCIDENTS, Recording, find, record, write
from netra_analysis.errors import RequestError

NAME = "staging-2025-09-02"
FOLDER = Path(__file__).parents[2] / "params" / NAME
SERVICE = "netra-backend-staging"
START, END = "2025-09-02T12:00:00", "2025-09-02T18:30:00"
Entry = dict[str, Any]


def unpack(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode("utf-8")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(find(NAME))


@pytest.fixture(scope="module")
def lines() -> list[Entry]:
    return [json.loads(line) for line in unpack(FOLDER / "entries.ndjson.gz").splitlines()]


@pytest.fixture(scope="module")
def entries(lines: list[Entry]) -> list[Entry]:
    """Without duplicates, oldest first."""
    return sorted({e["insertId"]: e for e in lines}.values(), key=lambda e: e["timestamp"])


@pytest.fixture(scope="module")
def requests(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if "httpRequest" in e and e["resource"]["labels"]["service_name"] == SERVICE]


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return data


@pytest.fixture(scope="module")
def series() -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = json.loads(unpack(FOLDER / "metrics.json.gz"))["timeSeries"]
    return data


def ended(entry: Entry) -> datetime:
    start = datetime.fromisoformat(entry["timestamp"])
    return start + timedelta(seconds=float(entry["httpRequest"]["latency"].rstrip("s")))


def texts(entries: list[Entry], log: str) -> list[tuple[str, str, str]]:
    return [
        (e["timestamp"], e["labels"].get("instanceId", ""), e["textPayload"])
        for e in entries
        if e["logName"].endswith(log) and "textPayload" in e
    ]


def test_the_committed_files_are_what_the_generator_writes(recording: Recording, tmp_path: Path) -> None:
    assert unpack(FOLDER / "entries.ndjson.gz") == recording.entries
    assert unpack(FOLDER / "metrics.json.gz") == recording.metrics
    assert (FOLDER / "truth.json").read_text(encoding="utf-8") == recording.truth_text
    written = write(NAME, tmp_path)
    assert written.name == f"{NAME}.yaml"
    assert unpack(tmp_path / NAME / "entries.ndjson.gz") == recording.entries


def test_another_seed_is_another_course_with_its_own_truth() -> None:
    other = record(find(NAME).seeded(2))
    assert other.truth["seed"] == 2
    assert other.truth["fates"] != record(find(NAME)).truth["fates"]


def test_an_unknown_name_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=NAME):
        write("staging-2025-09-03", tmp_path)
    assert NAME in {incident.name for incident in INCIDENTS}


def test_truth_agrees_with_a_naive_count(requests: list[Entry], truth: dict[str, Any]) -> None:
    failed = {e["insertId"] for e in requests if e["httpRequest"]["status"] >= 500 and START <= e["timestamp"] < END}
    assert failed == set(truth["fates"])
    assert truth["failed_requests"]["total"] == len(failed)
    assert truth["failed_requests"]["fates"] == dict(Counter(truth["fates"].values()))
    first = min(ended(e) for e in requests if e["insertId"] in failed)
    assert abs(first - datetime.fromisoformat(truth["onset"])) < timedelta(milliseconds=1)


def test_entries_and_duplicates_are_counted(lines: list[Entry], truth: dict[str, Any]) -> None:
    assert truth["entries"] == len(lines)
    assert truth["duplicates"] == len(lines) - len({e["insertId"] for e in lines}) > 0
    copies = Counter(json.dumps(e, sort_keys=True) for e in lines)
    assert sum(n - 1 for n in copies.values()) == truth["duplicates"], "duplicates are exact"


def test_before_the_window_nothing_failed(requests: list[Entry]) -> None:
    assert not [e for e in requests if e["httpRequest"]["status"] >= 500 and e["timestamp"] < START]


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/api/agents/optimization", ["12:37:34", "12:37:36"]),
        ("/api/agents/triage", ["17:53:33", "17:53:34", "17:53:37"]),
    ],
)
def test_the_audited_seconds(requests: list[Entry], truth: dict[str, Any], path: str, seconds: list[str]) -> None:
    between = [e for e in requests if seconds[0] <= e["timestamp"][11:19] <= seconds[-1]]
    failed = [e for e in between if e["httpRequest"]["status"] == 500 and path in e["httpRequest"]["requestUrl"]]
    assert [e["timestamp"][11:19] for e in failed] == seconds
    assert [f"{ended(e):%H:%M:%S}" for e in failed] == seconds
    for entry in failed:
        assert 0.036 <= float(entry["httpRequest"]["latency"].rstrip("s")) <= 0.120
        assert truth["fates"][entry["insertId"]] == "application"
    fine = {
        e["httpRequest"]["requestMethod"]
        for e in requests
        if e["httpRequest"]["status"] == 200 and f"{ended(e):%H:%M:%S}" >= seconds[0] and e in between
    }
    assert {"OPTIONS", "GET"} <= fine


def test_an_agent_still_answers_200_between_the_audited_500s(requests: list[Entry]) -> None:
    for first, last in (("12:37:34.3", "12:37:36.5"), ("17:53:33.2", "17:53:37.3")):
        assert any(
            e["httpRequest"]["requestMethod"] == "POST"
            and e["httpRequest"]["status"] == 200
            and first <= f"{ended(e):%H:%M:%S.%f}" <= last
            for e in requests
        )


def test_each_kill_runs_its_course(entries: list[Entry], requests: list[Entry], truth: dict[str, Any]) -> None:
    assert [e["start"][11:18] for e in truth["crash_episodes"]] == ["12:37:3", "17:53:3"]
    system = texts(entries, "varlog%2Fsystem")
    for episode in truth["crash_episodes"]:
        killed = episode["start"]
        after = [row for row in system if killed <= row[0] <= episode["end"]]
        heads = [text.split(" ")[:3] for _, _, text in after]
        assert [" ".join(h) for h in heads] == [
            "Memory limit of",
            "Container terminated on",
            "Starting new instance.",
            "Default STARTUP TCP",
        ]
        assert {after[0][1], after[1][1]} == {episode["instance"]}
        assert after[2][1] == after[3][1] != episode["instance"]
        victims = [
            e
            for e in requests
            if e["httpRequest"]["status"] == 503 and e["labels"].get("instanceId") == episode["instance"]
        ]
        assert len(victims) == episode["victims"] >= 3
        for entry in victims:
            late = (ended(entry) - datetime.fromisoformat(killed)).total_seconds()
            assert 0 <= late <= 1
            assert "response was malformed" in entry["textPayload"]


def test_the_pool_is_full_in_the_minutes_before_each_kill(
    requests: list[Entry], entries: list[Entry], truth: dict[str, Any]
) -> None:
    waited = [
        e
        for e in requests
        if e["httpRequest"]["status"] == 500 and float(e["httpRequest"]["latency"].rstrip("s")) > 4.9
    ]
    told = [t for t in texts(entries, "stderr") if t[2].startswith("sqlalchemy.exc.TimeoutError: QueuePool")]
    assert len(told) == len(waited)
    for episode in truth["crash_episodes"]:
        kill = datetime.fromisoformat(episode["start"])
        near = [e for e in waited if timedelta(0) <= kill - ended(e) <= timedelta(minutes=7)]
        assert 2 <= len(near) <= 10


def test_the_tracebacks_are_cut_at_the_event_loop(entries: list[Entry]) -> None:
    grouped = [e for e in entries if e["logName"].endswith("stderr") and e.get("severity") == "ERROR"]
    assert grouped
    for entry in grouped:
        assert entry["textPayload"].rstrip().endswith("return self._loop.run_until_complete(task)")
        assert entry["errorGroups"]
    last = [e for e in entries if "textPayload" in e and "SessionIsolationError: Object" in e["textPayload"]]
    assert last
    assert all("severity" not in e for e in last)


def test_the_deploy_lies_before_the_baselines_end(entries: list[Entry], truth: dict[str, Any]) -> None:
    assert [d["revision"] for d in truth["deploys"]] == [f"{SERVICE}-00143-gh6"]
    assert truth["deploys"][0]["time"] < START
    audited = [e for e in entries if "protoPayload" in e]
    assert [e["severity"] for e in audited] == ["NOTICE", "INFO", "INFO"]


def test_the_second_instance_comes_and_goes_in_order(entries: list[Entry], truth: dict[str, Any]) -> None:
    system = texts(entries, "varlog%2Fsystem")
    stopped = [row for row in system if row[2].startswith("Shutting down") and row[0] > START]
    assert len(stopped) == 1
    assert stopped[0][1] not in {e["instance"] for e in truth["crash_episodes"]}


def test_every_canary_stands_in_a_line(entries: list[Entry], truth: dict[str, Any]) -> None:
    by_id = {e["insertId"]: e for e in entries}
    assert {c["kind"] for c in truth["canaries"]} == {"bearer", "dsn", "email", "ip", "aws_key"}
    for canary in truth["canaries"]:
        assert canary["value"] in by_id[canary["insertId"]]["textPayload"]


def minutes(series: list[dict[str, Any]], metric: str) -> list[datetime]:
    return sorted(
        {
            datetime.fromisoformat(point["interval"]["endTime"])
            for one in series
            if one["metric"]["type"] == metric
            for point in one["points"]
        }
    )


def test_the_metrics_have_their_gaps(series: list[dict[str, Any]], truth: dict[str, Any]) -> None:
    seen = set(minutes(series, "run.googleapis.com/container/memory/utilizations"))
    origin = datetime(2025, 9, 2, 10, tzinfo=UTC)
    absent = [m for k in range(1, 510) if (m := origin + timedelta(minutes=k)) not in seen]
    blind = [origin.replace(hour=14, minute=minute) for minute in range(21, 25)]
    down = [
        m
        for episode in truth["crash_episodes"]
        for m in absent
        if episode["start"] < f"{m:%Y-%m-%dT%H:%M:%S.%fZ}" < episode["end"]
    ]
    assert len(down) >= 2
    assert absent == sorted(blind + down)


def test_points_are_newest_first_and_typed(series: list[dict[str, Any]]) -> None:
    for one in series:
        times = [p["interval"]["endTime"] for p in one["points"]]
        assert times == sorted(times, reverse=True)
        for point in one["points"]:
            (kind,) = point["value"]
            assert kind == {"INT64": "int64Value", "DISTRIBUTION": "distributionValue"}[one["valueType"]]


def test_the_pool_fills_and_sampling_misses_the_limit(series: list[dict[str, Any]]) -> None:
    used = [s for s in series if s["metric"]["type"].endswith("db_pool/in_use")]
    assert max(int(p["value"]["int64Value"]) for s in used for p in s["points"]) == 25
    memory = [s for s in series if s["metric"]["type"].endswith("memory/utilizations")]
    means = [p["value"]["distributionValue"]["mean"] for s in memory for p in s["points"]]
    assert 0.9 < max(means) < 1.0


def test_the_parameters_ask_about_the_window() -> None:
    params = yaml.safe_load((FOLDER.parent / f"{NAME}.yaml").read_text(encoding="utf-8"))
    assert params["incident"] == NAME
    assert params["synthetic"] is True
    assert (FOLDER.parent / params["source"].removeprefix("file:")).is_file()
    assert (FOLDER.parent / params["metrics"].removeprefix("file:")).is_file()
    assert {claim["tests"] for claim in params["audit"]} == {
        "memory",
        "crashes",
        "failed_requests",
        "pool",
        "session_isolation",
        "websocket",
        "success_rate",
        "event_loop",
    }
