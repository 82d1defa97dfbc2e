"""A runtime with a cap of its own: it ends far below the container's limit, and its collector says what it held."""

from pathlib import Path
from typing import Any

from netra_analysis.finding import Verdict
from tests.entries import PROBE_OK, START, memory, opened, request, said, system
from tests.signs.looks import calm, sign

GONE = "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory"
FLAT = memory(*[0.7] * 60)


def collections(end: float, first: int, last: int, who: str = "a") -> list[Any]:
    """A collection a minute for 40 minutes, after which ever more remains of 768 MiB."""
    return [
        said(
            end - 2400 + 60 * n,
            f"[{n}.1s][info][gc] GC({n}) Pause Full (G1 Compaction Pause) "
            f"760M->{first + (last - first) * n // 39}M(768M) 90.1ms",
            instance=who,
        )
        for n in range(40)
    ]


def ended(at: float, who: str = "a") -> list[Any]:
    """What it says last, the requests that it takes with it, and its exit."""
    lost = [request(at - 2 - n / 10, 503, latency=2.0, instance=who) for n in range(6)]
    words = said(at - 0.2, "java.lang.OutOfMemoryError: Java heap space", instance=who)
    return [*lost, words, system(at, "Container called exit(3).", "ERROR", instance=who)]


def aged(*ages: float, code: int = 6) -> list[Any]:
    """Instances that start one after the other and abort at these ages, out of heap."""
    made, now = [], 100.0
    for number, age in enumerate(ages):
        who = f"k{number}"
        made += [system(now, START, instance=who), system(now + 2, PROBE_OK, instance=who)]
        made += [request(now + step, 200, instance=who) for step in range(5, int(age) - 10, 60)]
        end = now + age
        made += [request(end - 2, 503, latency=2.0, instance=who), said(end - 0.2, GONE, instance=who)]
        made += [system(end, f"Container terminated on signal {code}.", "ERROR", instance=who)]
        now = end + 1
    return made


def test_what_collectors_leave_shows_the_climb_that_the_containers_memory_hides(tmp_path: Path) -> None:
    leak = [*calm(), *collections(3000, 300, 740), *ended(3000)]
    found = sign(tmp_path, "memory_climbs", leak, [FLAT])
    assert (found.verdict, found.n, found.total) == (Verdict.FIRED, 1, 1)
    assert "What remained on the heap climbed" in found.says
    assert opened(tmp_path, leak, [FLAT]).verdict == "memory_leak"


def test_what_collectors_leave_is_enough_where_no_metric_is(tmp_path: Path) -> None:
    leak = [*calm(), *collections(3000, 300, 740), *ended(3000)]
    assert opened(tmp_path, leak).verdict == "memory_leak"


def test_a_heap_that_stays_as_it_is_does_not_climb(tmp_path: Path) -> None:
    steady = [*calm(), *collections(3000, 500, 500), *ended(3000)]
    assert sign(tmp_path, "memory_climbs", steady, [FLAT]).verdict is Verdict.CLEAR


def test_who_died_counts_and_not_who_is_young(tmp_path: Path) -> None:
    young = [line for n in range(3) for line in collections(3300, 200, 210, f"y{n}")]
    leak = [*calm(), *collections(3000, 300, 740), *ended(3000)]
    assert sign(tmp_path, "memory_climbs", [*leak, *young], [FLAT]).verdict is Verdict.FIRED


def test_memory_is_not_low_where_processes_end_at_a_cap_of_their_own(tmp_path: Path) -> None:
    found = sign(tmp_path, "memory_low", [*calm(), *ended(3000)], [FLAT])
    assert found.verdict is Verdict.CLEAR
    assert "a cap of their own" in found.says
    assert sign(tmp_path, "memory_low", calm(), [FLAT]).verdict is Verdict.FIRED, "the control"


def test_aborts_out_of_heap_at_one_age_are_of_something_that_filled_up(tmp_path: Path) -> None:
    found = sign(tmp_path, "killed_at_one_age", [*calm(), *aged(820, 800, 830)], [FLAT])
    assert (found.verdict, found.n) == (Verdict.FIRED, 3)
    assert opened(tmp_path, [*calm(), *aged(820, 800, 830)], [FLAT]).verdict == "memory_leak"


def test_an_abort_without_a_word_of_memory_is_a_crash(tmp_path: Path) -> None:
    silent = [entry for entry in aged(820, 800, 830) if entry.get("textPayload") != GONE]
    assert opened(tmp_path, [*calm(), *silent], [FLAT]).verdict == "process_crash"


def pages(born: float, end: float, last: int, who: str) -> list[Any]:
    """Every five minutes, in pages of 4 KiB, from 160 MiB up to `last` MiB."""
    steps = int((end - born) // 300)
    return [
        said(
            born + 300 * n,
            f"[info] janitor: served={n} statm.resident={(160 + (last - 160) * n // steps) * 256}",
            instance=who,
        )
        for n in range(steps + 1)
    ]


def stopped(end: float, who: str) -> list[Any]:
    lost = [request(end - 2, 503, latency=2.0, instance=who)]
    return [*lost, system(end, "Container terminated on signal 9.", "ERROR", instance=who)]


def test_instances_that_end_without_a_reason_full_by_their_own_lines_leak(tmp_path: Path) -> None:
    own = [*pages(-3400, 1000, 1010, "p"), *stopped(1010, "p"), *pages(-3300, 1900, 1000, "q"), *stopped(1910, "q")]
    limits = {"limits": {"memory_mib": 1024}}
    found = sign(tmp_path, "ended_full", [*calm(), *own], **limits)
    assert (found.verdict, found.n) == (Verdict.FIRED, 2)
    assert opened(tmp_path, [*calm(), *own], **limits).verdict == "memory_leak"
    roomy = [*pages(-3400, 1000, 300, "p"), *stopped(1010, "p"), *pages(-3300, 1900, 310, "q"), *stopped(1910, "q")]
    assert sign(tmp_path, "ended_full", [*calm(), *roomy], **limits).verdict is Verdict.CLEAR
    assert opened(tmp_path, [*calm(), *roomy], **limits).verdict == "process_crash"


def test_of_two_that_tell_in_turn_the_lower_is_no_fall(tmp_path: Path) -> None:
    turns = [said(60 * n, f"Memory: {(95, 30)[n % 2]}% of the limit", instance=("p", "q")[n % 2]) for n in range(40)]
    assert sign(tmp_path, "memory_resets", turns).verdict is Verdict.CLEAR
