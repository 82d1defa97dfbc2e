"""The catalogue: enough of every cause, the same each time, true to its own notes, and without tell-tales."""

import json
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from netra_analysis import casebook
from netra_analysis.casebook import Recording
from netra_analysis.casebook.staging_20250902 import CANARIES

SEED, SECONDS = 1, 2.0  # this seed lacks nothing
CASES = [incident.name for incident in casebook.INCIDENTS[1:]]
SIMULATED = [  # a third in every run, all of them in the long one: a second each
    pytest.param(name, marks=() if number % 3 == 0 else pytest.mark.long) for number, name in enumerate(CASES)
]
CAUSES = {
    "memory_leak",
    "memory_burst",
    "db_pool_exhaustion",
    "db_connection_cap",
    "code_regression",
    "config_or_secret",
    "startup_failure",
    "dependency_failure",
    "event_loop_block",
    "process_crash",
    "capacity",
    "traffic_surge",
    "poison_request",
    "websocket_lifecycle",
    "telemetry_artefact",
}
FATES = {"application", "killed_with_instance", "startup_failure", "no_instance", "timeout", "upstream", "deliberate"}
SIGNATURES = {
    "session-isolation": "SessionIsolationError: Object Agent(SupervisorAgent) stores AsyncSession in",
    "out-of-memory": "Memory limit of 512 MiB exceeded with",
    "pool-time-outs": "QueuePool limit of size",
    "no-connection": "psycopg.OperationalError: connection failed: connection to server at",
}
TELL_TALES = {"casebook", "synthetic", "simulat", "poison", "wrong_session", "odd-pdf", "two-surnames", "on-demand"}
INNOCENT = ("Simulated agent failure", "simulated error", "no existing capacity for current traffic")
Entry = dict[str, Any]


@cache
def recorded(name: str, seed: int = SEED) -> tuple[Recording, float]:
    """A recording, and the processor's seconds that it took."""
    began = time.process_time()
    recording = casebook.record(casebook.vary(name, seed))
    return recording, time.process_time() - began


@cache
def entries(name: str, seed: int = SEED) -> list[Entry]:
    return [json.loads(line) for line in recorded(name, seed)[0].entries.splitlines()]


def truth(name: str, seed: int = SEED) -> dict[str, Any]:
    return recorded(name, seed)[0].truth


def ended(entry: Entry) -> datetime:
    start = datetime.fromisoformat(entry["timestamp"])
    return start + timedelta(seconds=float(entry["httpRequest"]["latency"].rstrip("s")))


def test_every_cause_has_two_incidents_and_names_are_ids() -> None:
    count = Counter(incident.cause for incident in casebook.INCIDENTS)
    assert set(count) == {*CAUSES, "no_incident"}
    assert {cause: n for cause, n in count.items() if n < 2} == {}
    names = [incident.name for incident in casebook.INCIDENTS]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)
    assert all(title.title and not title.title.endswith(".") for title in casebook.INCIDENTS)


def test_a_third_speaks_as_another_service() -> None:
    services = Counter(incident.target.service for incident in casebook.INCIDENTS)
    others = sum(services.values()) - services["netra-backend-staging"]
    assert others / sum(services.values()) >= 1 / 3
    assert len(services) == 3


@pytest.mark.parametrize("name", SIMULATED)
def test_truth_is_what_a_naive_count_sees(name: str) -> None:
    told, window = truth(name), casebook.vary(name, SEED).window
    assert told["cause"] in {*CAUSES, "no_incident"}
    assert {*told["contributing"], *told["also_acceptable"]} <= {*CAUSES, "no_incident"}
    assert set(told["fates"].values()) <= FATES
    assert told["failed_requests"]["total"] == sum(told["failed_requests"]["fates"].values())
    requests = [e for e in entries(name) if "httpRequest" in e]
    failed = [e for e in requests if e["httpRequest"]["status"] >= 500 and e["timestamp"] >= told["window"]["start"]]
    assert {e["insertId"] for e in failed} <= set(told["fates"])
    if "requests" in told["withheld"]:
        assert not requests
    elif told["dump"]["newest"] is None:
        assert {e["insertId"] for e in failed} == set(told["fates"])
        assert len({e["spanId"] for e in failed}) == told["failed_requests"]["total"]
        assert all(window.start <= datetime.fromisoformat(e["timestamp"]) < window.end for e in failed)


@pytest.mark.parametrize("name", SIMULATED)
def test_onset_is_the_first_impact_and_quiet_has_none(name: str) -> None:
    told, window = truth(name), casebook.vary(name, SEED).window
    assert (name in casebook.QUIET) == (told["cause"] == "no_incident")
    assert (told["onset"] is None) == (told["cause"] in ("no_incident", "telemetry_artefact"))
    if told["onset"] is None:
        assert not told["crash_episodes"]
        assert told["failed_requests"]["fates"].keys() <= {"application", "deliberate"}
        return
    onset = datetime.fromisoformat(told["onset"])
    assert window.start <= onset < window.end
    assert all(told["onset"] <= episode["start"] for episode in told["crash_episodes"])


@pytest.mark.parametrize("name", SIMULATED)
def test_a_dump_is_small_quick_and_gives_nothing_away(name: str) -> None:
    recording, seconds = recorded(name)
    told = recording.truth
    assert seconds < SECONDS
    assert 500 <= told["entries"] <= 9000
    assert told["entries"] == len(recording.entries.splitlines())
    assert told["synthetic"] is True
    assert (recording.metrics is None) == ("metrics" in told["withheld"])
    assert not [canary.secret for canary in CANARIES if canary.secret in recording.entries]
    spoken = recording.entries
    for innocent in INNOCENT:
        spoken = spoken.replace(innocent, "")
    assert not {word for word in {*CAUSES, *TELL_TALES, name} if word in spoken}


@pytest.mark.parametrize("name", ["cache-without-bound", "missing-value", "quiet-staging"])
def test_a_seed_is_one_history(name: str) -> None:
    again = casebook.record(casebook.vary(name, SEED))
    assert again == recorded(name)[0]
    other = casebook.record(casebook.vary(name, SEED + 1))
    assert other.entries != again.entries
    assert other.truth["window"] != again.truth["window"]


def text(name: str) -> str:
    """All that is said, as it reads: JSON strings undone."""
    said = []
    for entry in entries(name):
        body = entry.get("jsonPayload", {})
        said += [entry.get("textPayload", ""), body.get("message", ""), body.get("exception", "")]
        error = body.get("error", {})
        said.append(f"{error.get('type')}: {error.get('value')}")
    return "\n".join(said)


@pytest.mark.parametrize("pair", casebook.TWINS, ids=[pair[0] for pair in casebook.TWINS])
def test_twins_look_alike_and_differ_in_cause(pair: tuple[str, str, str]) -> None:
    label, *names = pair
    assert casebook.find(names[0]).cause != casebook.find(names[1]).cause
    assert casebook.find(names[0]).target == casebook.find(names[1]).target
    for name in names:
        assert SIGNATURES[label] in text(name), f"{name} lacks the pair's signature"


def test_the_wrong_argument_leaves_memory_flat_and_nothing_dies() -> None:
    told = truth("session-in-wrong-argument")
    assert not told["crash_episodes"]
    series = json.loads(recorded("session-in-wrong-argument")[0].metrics or "{}")["timeSeries"]
    memory = [s for s in series if s["metric"]["type"].endswith("memory/utilizations")]
    means = [p["value"]["distributionValue"]["mean"] for s in memory for p in s["points"]]
    assert max(means) < 0.6
    assert {e["kind"] for e in truth("agents-keep-sessions")["crash_episodes"]} == {"oom"}


def test_a_killed_instance_takes_its_requests_with_it() -> None:
    told = truth("reports-at-once")
    killed = {e["instance"]: e for e in told["crash_episodes"]}
    taken = [e for e in entries("reports-at-once") if told["fates"].get(e["insertId"]) == "killed_with_instance"]
    assert Counter(e["labels"]["instanceId"] for e in taken) == {n: e["victims"] for n, e in killed.items()}
    for entry in taken:
        died = datetime.fromisoformat(killed[entry["labels"]["instanceId"]]["start"])
        assert timedelta(0) <= ended(entry) - died < timedelta(seconds=1)


def test_a_blocked_loop_delays_requests_that_it_does_not_concern() -> None:
    requests = [e for e in entries("warehouse-in-the-loop") if "httpRequest" in e]
    health = [e for e in requests if e["httpRequest"]["requestUrl"].endswith("/health")]
    late = [e for e in health if float(e["httpRequest"]["latency"].rstrip("s")) > 5]
    assert late
    assert all(e["timestamp"] > truth("warehouse-in-the-loop")["window"]["start"] for e in late)


@pytest.mark.parametrize("stream", ["requests", "system", "audit", "metrics"])
def test_a_withheld_stream_is_not_there_and_the_truth_still_is(stream: str) -> None:
    seed = next(s for s in range(2, 90) if stream in casebook.vary("gone-at-the-next-start", s).circumstances.withheld)
    told, lines = truth("gone-at-the-next-start", seed), entries("gone-at-the-next-start", seed)
    logs = {entry["logName"].rpartition("%2F")[2] for entry in lines}
    assert not logs & {"requests": {"requests"}, "system": {"system"}, "audit": {"activity"}}.get(stream, set())
    assert told["withheld"] == [stream]
    assert told["fates"]
    assert told["crash_episodes"]
    assert told["dump"]["failed_requests_in_it"] == (0 if stream == "requests" else told["failed_requests"]["total"])


def test_seeds_differ_in_what_is_missing() -> None:
    given = [casebook.vary(name, seed).circumstances for name in CASES[:8] for seed in range(2, 22)]  # type: ignore[union-attr]
    assert {w for g in given for w in g.withheld} == {"metrics", "requests", "system", "audit"}
    assert {g.newest for g in given} == {None, 1000}
    assert {g.dialect for g in given} == {"A", "B", "C", "D", "structured", "stdlib", "stdlib-lines"}
    assert {g.restarts for g in given} == {True, False}


@pytest.mark.parametrize("stream", casebook.STREAMS)
def test_a_record_can_be_kept_whole_or_without_one_stream_whatever_its_seed_draws(stream: str) -> None:
    drawn = [casebook.vary("gone-at-the-next-start", seed) for seed in range(2, 40)]
    whole = [one.keeping(casebook.WHOLE).circumstances for one in drawn]  # type: ignore[union-attr]
    assert {(one.withheld, one.newest) for one in whole} == {((), None)}
    lacking = [one.keeping(stream).circumstances for one in drawn]  # type: ignore[union-attr]
    assert {(one.withheld, one.newest) for one in lacking} == {((stream,), None)}
    assert [one.origin for one in whole] == [one.circumstances.origin for one in drawn]  # type: ignore[union-attr]


def test_writing_leaves_out_metrics_that_nobody_has(tmp_path: Path) -> None:
    seed = next(s for s in range(2, 40) if "metrics" in casebook.vary("stray-errors", s).circumstances.withheld)  # type: ignore[union-attr]
    written = casebook.write("stray-errors", tmp_path, seed=seed)
    params = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert params["metrics"] == "none"
    assert params["synthetic"] is True
    assert "audit" not in params
    folder = tmp_path / "stray-errors"
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "entries.ndjson.gz", "truth.json"]
    assert "synthetic" in (folder / "README.md").read_text(encoding="utf-8")
