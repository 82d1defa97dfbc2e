"""What lines and requests are held against each other, when they do not say where they are of."""

from pathlib import Path

from tests.entries import opened, request, said
from tests.signs.looks import calm


def test_lines_without_an_instance_are_held_against_all_that_ran_meanwhile(tmp_path: Path) -> None:
    waits = [request(600 + 20 * n, 503, latency=15.0) for n in range(60)]
    words = "WARNING QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 15.00"
    told = [said(614.9 + 20 * n, words, instance="") for n in range(60)]
    assert opened(tmp_path, [*calm(), *waits, *told]).verdict == "db_pool_exhaustion"
    elsewhere = [said(100, "INFO ready"), *(said(614.9 + 20 * n, words, instance="z") for n in range(60))]
    assert opened(tmp_path, [*calm(), *waits, *elsewhere]).verdict != "db_pool_exhaustion", "the control: of another"
