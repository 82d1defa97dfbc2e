"""The same entries give the same findings, in whatever order, in however many files, however often."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import netra_analysis as na
from netra_analysis.run.evidence import evidence
from tests.entries import MALFORMED, OOM, PROBE_OK, START, memory, request, said, system, write

TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/shop/prices.py", line 9, in price',
    "    raise LookupError(order)",
    "LookupError: no price for this order",
]
ENTRIES: list[dict[str, Any]] = [
    *(request(i, 200, f"/api/orders/{i}") for i in range(0, 900, 30)),
    *(request(300 + i, 500, "/api/pay", method="POST") for i in range(4)),
    *(said(300.02 + i * 1e-5, text) for i, text in enumerate(TRACE)),
    *(said(300.020005 + i * 1e-5, text, instance="b") for i, text in enumerate(TRACE)),
    system(400, OOM, "ERROR"),
    system(400.2, "Container terminated on signal 9.", "WARNING"),
    request(399, 503, latency=1.4, textPayload=MALFORMED),
    system(403, START, instance="c"),
    system(406, PROBE_OK, instance="c"),
    said(500, "2026-03-04 12:08:20.000 | WARNING  | shop:x:1 | cache miss for 17"),
]
METRICS = [memory(0.5, 0.7, 0.95, 0.3)]


def findings(path: Path) -> dict[str, Any]:
    found = json.loads(json.dumps(evidence(na.open(path))))
    del found["coverage"]
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return findings(write(tmp_path_factory.mktemp("plain"), ENTRIES, METRICS))


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), files=st.integers(1, 4), repeats=st.integers(0, 20))
def test_permuting_duplicating_and_splitting_changes_no_finding(
    tmp_path_factory: pytest.TempPathFactory, plain: dict[str, Any], seed: int, files: int, repeats: int
) -> None:
    mixed_up(tmp_path_factory, plain, seed, files, repeats)


def test_one_shuffle_over_three_files_with_repeats_changes_no_finding(
    tmp_path_factory: pytest.TempPathFactory, plain: dict[str, Any]
) -> None:
    mixed_up(tmp_path_factory, plain, seed=17, files=3, repeats=9)


def mixed_up(
    tmp_path_factory: pytest.TempPathFactory, plain: dict[str, Any], seed: int, files: int, repeats: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 (a shuffle, no secret)
    mixed = [*ENTRIES, *draw.choices(ENTRIES, k=repeats)]
    draw.shuffle(mixed)
    other = tmp_path_factory.mktemp("mixed")
    path = write(other, [], METRICS, source="file:logs")
    (other / "logs").mkdir()
    for number in range(files):
        lines = "\n".join(json.dumps(entry) for entry in mixed[number::files]) or "\n"
        (other / "logs" / f"part-{number}.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    assert findings(path) == plain
