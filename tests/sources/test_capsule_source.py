"""A capsule is a source like any other: what it froze gives the same tables and findings again."""

import json
from pathlib import Path
from typing import Any

import pytest
from cloud_incident import PROJECT, WINDOW, entries, rows
from parity import assert_equal

import netra_analysis as na
from netra_analysis import capsule
from netra_analysis.errors import SourceError
from tests.entries import memory, write
from tests.servers.bigquery import FakeBigQuery
from tests.servers.export import partitioned


def opened(folder: Path, **more: Any) -> Path:
    (folder / "second").mkdir(exist_ok=True)
    return write(folder / "second", [], **WINDOW | {"source": "file:../capsule"} | more)


def test_a_capsule_gives_what_it_was_made_of(tmp_path, plain):
    capsule.write(tmp_path / "capsule", plain.params, plain.tables)
    again = na.open(opened(tmp_path))
    assert_equal(again, plain, lowered=False)
    assert again.tables.coverage.duplicates == 0


def test_its_metrics_are_those_that_it_froze(tmp_path):
    series = [memory(0.5, 0.75)]
    (tmp_path / "first").mkdir()
    day = {"start": "2026-03-04T12:00:00Z", "end": "2026-03-05T00:30:00Z", "project": PROJECT}
    path = write(tmp_path / "first", entries(), series, **day)
    first = na.open(path)
    capsule.write(tmp_path / "capsule", first.params, first.tables)
    again = na.open(write(tmp_path / "first", [], **day, source="file:../capsule", metrics="file:../capsule"))
    assert again.tables.metrics.equals(first.tables.metrics)
    assert again.tables.metrics.num_rows


def test_what_was_redacted_keeps_its_marks(tmp_path, plain):
    capsule.write(tmp_path / "capsule", plain.params, plain.tables)
    there = plain.tables.entries["text"].to_pylist()
    assert na.open(opened(tmp_path, incident="another")).tables.entries["text"].to_pylist() == there
    assert any("[password:" in (text or "") for text in there)


def test_a_capsule_that_was_changed_is_refused(tmp_path, plain):
    capsule.write(tmp_path / "capsule", plain.params, plain.tables)
    path = tmp_path / "capsule" / "entries.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SourceError, match=r"entries\.parquet differs from its hash"):
        na.open(opened(tmp_path))


@pytest.mark.long
def test_the_capsule_of_a_cloud_source_gives_the_same(tmp_path, plain, served):
    served(FakeBigQuery(PROJECT, "run_logs", partitioned(rows())))
    (tmp_path / "first").mkdir()
    cloud = na.open(write(tmp_path / "first", [], **WINDOW, source=f"bigquery:{PROJECT}.run_logs"))
    manifest = capsule.write(tmp_path / "capsule", cloud.params, cloud.tables)
    assert json.loads(json.dumps(manifest["bytes_scanned"])) > 0
    assert_equal(na.open(opened(tmp_path)), plain, lowered=True)
