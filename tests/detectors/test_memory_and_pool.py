"""Limits are judged by witnesses; where none was looking, the answer is NO_DATA and never CLEAR."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import OOM, at, gauge, opened, pool, request, said, system
from tests.entries import memory as memory_metric

QUEUE = (
    "sqlalchemy.exc.TimeoutError: QueuePool limit of size 10 overflow 15 reached, connection timed out, timeout 5.00"
)


LIMIT = {"pool_size": 25}


@pytest.mark.parametrize(
    ("entries", "metrics", "verdict"),
    [
        ([], [memory_metric(0.5, 0.6, 0.95)], Verdict.FIRED),
        ([system(100, OOM)], [], Verdict.FIRED),
        ([], [memory_metric(0.5, 0.6, 0.89)], Verdict.CLEAR),
        ([], [], Verdict.NO_DATA),
        ([system(100, "Container terminated on signal 9.")], [], Verdict.NO_DATA),
        ([said(100, "HIGH MEMORY USAGE: 91%")], [], Verdict.NO_DATA),
    ],
)
def test_memory(tmp_path: Path, entries: list[Any], metrics: list[Any], verdict: Verdict) -> None:
    inc = opened(tmp_path, [request(1, 200), *entries], metrics)
    assert inc.memory.verdict is verdict


def test_memory_names_its_first_moment_and_both_witnesses(tmp_path: Path) -> None:
    inc = opened(
        tmp_path, [request(1, 200), system(170, OOM)], [memory_metric(0.5, 0.93)], limits={"memory_mib": 1024.0}
    )
    assert inc.memory.finding.time == at(120)
    assert inc.memory.claim("ME-kills").value == 1051
    assert inc.memory.claim("ME1").value == pytest.approx(0.93)


@pytest.mark.parametrize(
    ("entries", "metrics", "limits", "verdict"),
    [
        ([], [pool(10, 25, 25)], {"pool_size": 25}, Verdict.FIRED),
        ([said(100, QUEUE)], [], {}, Verdict.FIRED),
        ([], [pool(10, 24, 12)], {"pool_size": 25}, Verdict.CLEAR),
        ([], [pool(10, 24, 12)], {}, Verdict.NO_DATA),
        ([], [], {"pool_size": 25}, Verdict.NO_DATA),
        ([said(100, "in get_async_session: async with pool.acquire()")], [], {}, Verdict.NO_DATA),
    ],
)
def test_pool(tmp_path: Path, entries: list[Any], metrics: list[Any], limits: dict[str, int], verdict: Verdict) -> None:
    inc = opened(tmp_path, [request(1, 200), *entries], metrics, limits=limits)
    assert inc.pool.verdict is verdict


@pytest.mark.parametrize(
    "name",
    [
        "ledger/pgxpool/acquired_conns",
        "hikaricp/connections/active",
        "hikaricp_connections_active",
        "shop/pool/checked_out_connections",
        "prisma_pool_connections_busy",
    ],
)
def test_what_pools_call_their_level(tmp_path: Path, name: str) -> None:
    inc = opened(tmp_path, [request(1, 200)], [gauge(f"custom.googleapis.com/{name}", [10, 25])], limits=LIMIT)
    assert inc.pool.verdict is Verdict.FIRED
    idle = [gauge("custom.googleapis.com/hikaricp/connections/idle", [10, 25])]
    assert opened(tmp_path, [request(1, 200)], idle, limits=LIMIT).pool.verdict is Verdict.NO_DATA, "the control"


def test_the_pools_own_words_give_its_cap(tmp_path: Path) -> None:
    inc = opened(tmp_path, [request(1, 200), said(100, QUEUE)], [pool(10, 20)])
    assert inc.pool.claim("PO1").values["cap"] == 25
    assert inc.pool.claim("PO-timeouts").value == 1


def test_a_gap_in_the_metric_is_no_observation(tmp_path: Path) -> None:
    inc = opened(tmp_path, [request(1, 200)], [memory_metric(0.5, None, None, 0.6)])
    assert inc.memory.claim("ME1").values["n"] == 2


def test_what_came_after_the_last_point_the_metric_cannot_have_seen(tmp_path: Path) -> None:
    incident = opened(tmp_path, [system(130, OOM, "ERROR")], [memory_metric(0.5, 0.6, None, 0.3)])
    claim = incident.memory.claim("ME-unseen")
    assert claim.value == 10.0, "the last point before the kill at 130 s ends at 120 s"
    assert "showed 60.0 % of the limit" in claim.text
