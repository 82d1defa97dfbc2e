"""Answers that are slow because every instance that may run is busy."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import counts, gauge, opened, request
from tests.signs.looks import calm, sign
from tests.signs.test_latency import minutes

SLOW = [*calm(), *minutes(20, 12, 4.0)]


def load(cpu: float, instances: int = 2) -> list[Any]:
    """The platform's metrics: the CPU from the twentieth minute on, and the instances all the time."""
    busy = gauge("run.googleapis.com/container/cpu/utilizations", [0.3] * 19 + [cpu] * 41, "10^2.%")
    return [busy, counts("run.googleapis.com/container/instance_count", [instances] * 60, state="active")]


def test_it_is_the_capacity(tmp_path: Path) -> None:
    found = opened(tmp_path, SLOW, load(0.97), limits={"max_instances": 2})
    seen = next(one for one in found.signs if one.id == "slow_while_busy")
    assert (seen.verdict, seen.n, seen.total, found.verdict) == (Verdict.FIRED, 120, 120, "capacity")


@pytest.mark.parametrize(("cpu", "instances"), [(0.5, 2), (0.97, 1)])
def test_idle_ones_or_room_for_more_are_no_lack_of_it(tmp_path: Path, cpu: float, instances: int) -> None:
    found = sign(tmp_path, "slow_while_busy", SLOW, load(cpu, instances), limits={"max_instances": 2})
    assert found.verdict is Verdict.CLEAR


def test_a_change_just_before_may_have_made_each_request_dearer(tmp_path: Path) -> None:
    new = [request(1100 + n, 200, revision="shop-00002-new") for n in range(5)]
    found = sign(tmp_path, "slow_while_busy", [*SLOW, *new], load(0.97), limits={"max_instances": 2})
    assert (found.verdict, found.n) == (Verdict.CLEAR, 120)


def test_without_the_metrics_or_slow_answers_nobody_can_tell(tmp_path: Path) -> None:
    assert sign(tmp_path, "slow_while_busy", SLOW).verdict is Verdict.NO_DATA
    calm_day = sign(tmp_path, "slow_while_busy", calm(), load(0.97), limits={"max_instances": 2})
    assert calm_day.verdict is Verdict.NO_DATA
