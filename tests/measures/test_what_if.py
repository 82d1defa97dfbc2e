"""What if: a load and a leak with figures that can be worked out on paper, and what is not known left unsaid."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Standing, Verdict
from tests.entries import OOM, START, at, memory, opened, pool, request, said, system

BUSY = [request(600 + i, 200, latency=2.0) for i in range(60)]  # one a second for a minute, two seconds each
CLIMB = [0.1 + 0.01 * i for i in range(50)]  # 1 % of 1000 MiB a minute: 600 MiB an hour, from 110 MiB on


def quantities(inc: Any, part: str) -> dict[str, float]:
    return {row["quantity"]: row["estimate"] for row in inc.finding("what_if").proof.to_pylist() if row["part"] == part}


def test_littles_law_by_hand(tmp_path: Path) -> None:
    """1 a second × 2 s = 2 connections; the pool of 5 has room."""
    inc = opened(tmp_path, BUSY, limits={"pool_size": 5})
    claim = inc.what_if.claim("WI-load")
    assert inc.what_if.verdict is Verdict.CLEAR
    assert claim.value == pytest.approx(2.0)
    assert claim.interval is not None
    assert claim.values["minute"] == at(600)
    assert "at the edge, for want of the handler's time" in claim.text
    assert quantities(inc, "load")["load"] == pytest.approx(0.4)


def test_a_pool_that_load_fills_fires(tmp_path: Path) -> None:
    inc = opened(tmp_path, BUSY, limits={"pool_size": 1})
    assert inc.what_if.verdict is Verdict.FIRED
    assert "is needed" in inc.what_if.claim("WI-load").text


def test_the_database_binds_before_the_pools(tmp_path: Path) -> None:
    limits = {"pool_size": 25, "max_instances": 20, "db_connections": 200}
    claim = opened(tmp_path, BUSY, limits=limits).what_if.claim("WI-fleet")
    assert (claim.value, claim.values["enough"]) == (500, 8)


def test_a_leak_meets_its_limit_by_hand(tmp_path: Path) -> None:
    """600 MiB an hour; after 50 minutes at 590 MiB, so 410 MiB or 41 minutes are left, and 141 to twice the limit."""
    entries = [system(1, START), *(request(i, 200) for i in range(30, 3000, 30))]
    inc = opened(tmp_path, entries, [memory(*CLIMB)], limits={"memory_mib": 1000.0})
    found = quantities(inc, "memory")
    assert inc.what_if.verdict is Verdict.FIRED
    assert found["per hour"] == pytest.approx(600.0)
    assert found["per request"] == pytest.approx(5.0, rel=0.01)  # two requests a minute
    assert found["hours to limit"] * 60 == pytest.approx(41.0)
    assert found["hours to double"] * 60 == pytest.approx(141.0)
    assert "it meets its limit of 1,000 MiB in 41 min" in inc.what_if.claim("WI-memory-1").text


def test_a_gap_invents_no_value(tmp_path: Path) -> None:
    holes = [value if i % 3 else None for i, value in enumerate(CLIMB)]
    entries = [system(1, START), request(30, 200)]
    inc = opened(tmp_path, entries, [memory(*holes)], limits={"memory_mib": 1000.0})
    found = quantities(inc, "memory")
    assert found["points"] == sum(value is not None for value in holes)
    assert found["per hour"] == pytest.approx(600.0)


def test_a_life_ends_with_its_instance(tmp_path: Path) -> None:
    """Killed at 12:30, the next from there: the fall between them is in no slope."""
    series = memory(*[0.3 + 0.02 * i for i in range(30)], *[0.3 + 0.01 * i for i in range(30)])
    entries = [system(1, START), system(1800, OOM, "ERROR"), system(1801, START, instance="b"), request(30, 200)]
    inc = opened(tmp_path, entries, [series], limits={"memory_mib": 1000.0})
    rates = [claim.value for claim in inc.what_if.claims if claim.id.startswith("WI-memory-")]
    assert rates == [pytest.approx(1200.0), pytest.approx(600.0)]
    assert "twice the limit would have lasted another" in inc.what_if.claim("WI-memory-1").text


def test_connections_leak_until_the_pool_is_full(tmp_path: Path) -> None:
    """One more every two minutes to the cap of 10, then flat: 30 an hour, whatever comes after."""
    series = pool(*[min(10, i // 2) for i in range(60)])
    inc = opened(tmp_path, [system(1, START), request(30, 200)], [series], limits={"pool_size": 10})
    assert inc.what_if.claim("WI-pool-1").value == pytest.approx(30.0, rel=0.05)


@pytest.mark.parametrize(
    ("series", "limits", "names", "says"),
    [
        ([], {}, ("WI-load", "WI-memory", "WI-pool"), "there is no memory metric"),
        ([memory(*CLIMB)], {}, ("WI-memory",), "the memory limit is not known"),
        ([pool(*range(30))], {}, ("WI-load", "WI-pool"), "the size of the pool is not known"),
        ([memory(0.5, 0.6)], {"memory_mib": 1000.0}, ("WI-memory",), "too few points"),
    ],
)
def test_what_is_not_known_is_not_judged(
    tmp_path: Path, series: list[Any], limits: dict[str, Any], names: tuple[str, ...], says: str
) -> None:
    inc = opened(tmp_path, BUSY, series, limits=limits)
    assert inc.what_if.verdict is Verdict.NO_DATA
    claims = [inc.what_if.claim(name) for name in names]
    assert {claim.statement.standing for claim in claims} == {Standing.UNTESTABLE}
    assert any(says in claim.text for claim in claims)


def test_nothing_at_all_is_no_data(tmp_path: Path) -> None:
    assert opened(tmp_path, [said(1, "hello")]).what_if.verdict is Verdict.NO_DATA
