"""A death is what the platform calls one. A traceback alone, an orderly stop or a drain is none."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import MALFORMED, OOM, PROBE_OK, START, opened, request, said, system

KILLED = "Container terminated on signal 9."
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/app/main.py", line 7, in serve\n    go()\nValueError: no such order'
)


def episodes(folder: Path, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return opened(folder, entries).crashes.finding.proof.to_pylist()


def test_a_kill_over_memory_is_one_episode_with_its_victims(tmp_path: Path) -> None:
    inc = opened(
        tmp_path,
        [
            request(10, 200),
            system(100, OOM, "ERROR"),
            system(100.1, KILLED, "WARNING"),
            request(99, 503, latency=1.3, textPayload=MALFORMED),
            request(98, 500, latency=2.2, textPayload=MALFORMED),
            request(99, 503, latency=1.2, textPayload=MALFORMED, instance="b"),
            system(103, START, instance="c"),
            system(106, PROBE_OK, instance="c"),
        ],
    )
    (episode,) = inc.crashes.finding.proof.to_pylist()
    assert inc.crashes.verdict is Verdict.FIRED
    assert (episode["kind"], episode["exit"], episode["victims"]) == ("oom", "signal 9", 2)
    assert (episode["used_mib"], episode["limit_mib"]) == (1051, 1024)
    assert (episode["end_time"] - episode["start_time"]).total_seconds() == pytest.approx(6)
    assert "1,051 MiB used of 1,024 MiB" in inc.crashes.claim("CR-oom").text


@pytest.mark.parametrize(
    ("lines", "kind", "exit_"),
    [
        ([(100, "Container called exit(1).")], "exit", "exit 1"),
        ([(100, "Container terminated on signal 11.")], "signal", "signal 11"),
        ([(100, "Uncaught signal: 6, pid=1, tid=1, fault_addr=0.")], "signal", "signal 6"),
        (
            [(100, 'LIVENESS HTTP probe failed 3 times consecutively for container "s" on port 8080 path "/livez". '
              "The instance has been shut down.")],
            "probe",
            None,
        ),
        (
            [(100, 'Default STARTUP TCP probe failed 1 time consecutively for container "s" on port 8080. '
              "The instance was not started.\nConnection failed with status DEADLINE_EXCEEDED.")],
            "startup",
            None,
        ),
        ([(90, START), (100, "Container called exit(3).")], "startup", "exit 3"),
    ],
)  # fmt: skip
def test_each_kind_of_death(tmp_path: Path, lines: list[tuple[int, str]], kind: str, exit_: str | None) -> None:
    served = [] if kind == "startup" else [request(50, 200)]
    (episode,) = episodes(tmp_path, served + [system(s, text) for s, text in lines])
    assert episode["kind"] == kind
    if exit_:
        assert episode["exit"] == exit_


@pytest.mark.parametrize(
    "entries",
    [
        [said(50, TRACEBACK, severity="ERROR")],
        [system(50, "Container called exit(0).")],
        [system(50, "Shutting down user disabled instance"), system(55, "Container terminated on signal 6.")],
        [system(50, "Container terminated on signal 15.")],
        [system(50, "Truncated response body. Usually implies that the request timed out or the application exited")],
        [request(50, 500)],
    ],
)
def test_what_is_no_crash(tmp_path: Path, entries: list[dict[str, Any]]) -> None:
    inc = opened(tmp_path, [system(1, START), system(4, PROBE_OK), *entries])
    assert inc.crashes.verdict is Verdict.CLEAR
    assert inc.crashes.claim("CR1").text.startswith("No crash")


def test_without_a_system_log_nothing_is_known(tmp_path: Path) -> None:
    inc = opened(tmp_path, [request(1, 200), said(2, TRACEBACK)])
    assert inc.crashes.verdict is Verdict.NO_DATA
    assert inc.crashes.claim("CR1").statement.standing == "untestable"


def test_a_crash_loop_is_one_loop_with_its_period(tmp_path: Path) -> None:
    entries = []
    for boot in range(6):
        name, begun = f"i{boot}", 100 + 10 * boot
        entries += [
            system(begun, START, instance=name),
            system(begun + 3, PROBE_OK, instance=name),
            said(begun + 6, TRACEBACK.replace("ValueError: no such order", "ImportError: no module x"), instance=name),
            system(begun + 7, "Container called exit(3).", instance=name),
        ]
    inc = opened(tmp_path, entries[1:])  # the first start lies before the export
    proof = inc.crashes.finding.proof.to_pylist()
    assert {(row["kind"], row["loop"]) for row in proof} == {("startup", 1)}
    loop = inc.crashes.claim("CR-loop1")
    assert loop.values["n"] == 6
    assert loop.values["period"] == pytest.approx(10)
    assert inc.crashes.claim("CR-words").values["words"] == "ImportError: no module x"


def test_deaths_of_two_instances_at_one_moment_are_two(tmp_path: Path) -> None:
    both = [system(100, "Container called exit(1).", instance=name) for name in ("a", "b")]
    assert len(episodes(tmp_path, [request(50, 200), *both])) == 2


def test_a_death_before_the_window_is_not_this_incident(tmp_path: Path) -> None:
    inc = opened(tmp_path, [system(-100, "Container called exit(1)."), system(10, START)])
    assert inc.crashes.verdict is Verdict.CLEAR


LIVENESS = 'LIVENESS HTTP probe failed 1 time consecutively for container "s" on port 8080 path "/livez".'
READINESS = 'READINESS HTTP probe failed 1 time consecutively for container "s" on port 8080 path "/r".'
STARTUP = 'STARTUP HTTP probe failed 1 time consecutively for container "s" on port 8080 path "/h".'
TOO_MUCH = (
    "While handling this request, the container instance was found to be using too much memory and was terminated."
)


@pytest.mark.parametrize("text", [LIVENESS, READINESS, STARTUP])
def test_a_probe_that_failed_while_its_instance_serves_on_killed_nothing(tmp_path: Path, text: str) -> None:
    serving = [request(i, 200) for i in range(5, 600, 20)]
    inc = opened(tmp_path, [system(1, START), system(3, PROBE_OK), *serving, system(300, text, "ERROR")])
    assert inc.crashes.verdict is Verdict.CLEAR


def test_what_started_after_a_death_is_no_victim_of_it(tmp_path: Path) -> None:
    late = request(104, 500, latency=0.1)
    inc = opened(tmp_path, [request(1, 200), system(100, "Container called exit(1)."), late])
    assert inc.crashes.finding.proof["victims"].to_pylist() == [0]
    assert inc.failed_requests.finding.proof["fate"].to_pylist() == ["application"]


def test_a_kill_over_memory_that_only_requests_tell_of_is_a_death(tmp_path: Path) -> None:
    killed = [request(100 + i / 10, 500, textPayload=TOO_MUCH) for i in range(3)]
    inc = opened(tmp_path, [request(1, 200), *killed])
    (episode,) = inc.crashes.finding.proof.to_pylist()
    assert (episode["kind"], episode["victims"]) == ("oom", 3)


def test_each_exit_is_a_death_and_a_restart_lies_between_two(tmp_path: Path) -> None:
    exits = [system(100 + 10 * i, "Container called exit(1).", instance="b") for i in range(6)]
    assert len(episodes(tmp_path, [request(1, 200), *exits])) == 6


def test_deaths_without_an_instance_are_kept_apart(tmp_path: Path) -> None:
    pairs = [
        system(s + d, text, instance="")
        for s in (100, 110, 120)
        for d, text in ((0, OOM), (0.1, "Container terminated on signal 9."))
    ]
    assert [row["kind"] for row in episodes(tmp_path, [request(1, 200), *pairs])] == ["oom"] * 3


def test_a_shutdown_without_an_instance_excuses_nobody(tmp_path: Path) -> None:
    lines = [
        system(100, "Shutting down user disabled instance", instance=""),
        system(105, "Container called exit(3).", instance=""),
    ]
    assert len(episodes(tmp_path, [request(1, 200), *lines])) == 1


def test_odd_figures_in_a_kill_line_do_no_harm(tmp_path: Path) -> None:
    odd = [
        system(100, "Memory limit of 0M exceeded with 248M used."),
        system(200, "Memory limit of 512 MiB exceeded with 200 MiB used."),
        system(300, "Container called exit(4294967295)."),
    ]
    inc = opened(tmp_path, [request(1, 200), *odd])
    assert inc.crashes.claim("CR1").value == 3
    assert inc.memory.verdict is Verdict.FIRED


def test_an_empty_window_is_not_a_quiet_one(tmp_path: Path) -> None:
    outside = [system(-5000, START), request(-5000, 200), said(-5000, "hello"), request(4000, 200)]
    inc = opened(tmp_path, outside)
    assert {finding.verdict for finding in inc.findings.values()} == {Verdict.NO_DATA}
    assert inc.verdict == "inconclusive"
