"""Metrics from files: three shapes in, one table out; a gap stays a gap."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from netra_analysis.errors import SourceError
from netra_analysis.sources.metrics import distribution_statistics, of_service, read_metrics

MEMORY = "run.googleapis.com/container/memory/utilizations"


def point(minute: int, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "interval": {"startTime": f"2025-09-02T12:{minute - 1:02}:00Z", "endTime": f"2025-09-02T12:{minute:02}:00Z"},
        "value": value,
    }


def distribution(counts: list[int]) -> dict[str, Any]:
    total = sum(counts)
    return {
        "distributionValue": {
            "count": str(total),
            "mean": 0.5,
            "bucketCounts": [str(n) for n in counts],
            "bucketOptions": {"explicitBuckets": {"bounds": [0, 0.5, 1.0]}},
        }
    }


def series(points: list[dict[str, Any]], service: str = "s", unit: str = "10^2.%") -> dict[str, Any]:
    labels = {"service_name": service, "revision_name": f"{service}-00001-abc"}
    return {
        "metric": {"type": MEMORY, "labels": {"container_name": "c"}},
        "resource": {"type": "cloud_run_revision", "labels": labels},
        "unit": unit,
        "points": points,
    }


def write(path: Path, content: Any, *, packed: bool = False) -> Path:
    data = json.dumps(content).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize(
    "wrap", [lambda s: {"timeSeries": [s]}, lambda s: [s], lambda s: s, lambda s: [{"timeSeries": [s]}]]
)
@pytest.mark.parametrize("packed", [True, False])
def test_each_wrapping_of_time_series_is_read(tmp_path: Path, wrap: Any, packed: bool) -> None:
    write(
        tmp_path / "m.json",
        wrap(series([point(2, {"doubleValue": 0.5}), point(1, {"doubleValue": 0.25})])),
        packed=packed,
    )
    points = read_metrics("m.json", tmp_path).points.to_pylist()
    assert [p["value"] for p in points] == [0.25, 0.5]
    assert {p["unit"] for p in points} == {"ratio"}
    assert {p["revision"] for p in points} == {"s-00001-abc"}


def test_bytes_become_mib_and_integers_are_read_from_text(tmp_path: Path) -> None:
    write(tmp_path / "m.json", series([point(1, {"int64Value": str(512 * 2**20)})], unit="By"))
    assert read_metrics("m.json", tmp_path).points.to_pylist()[0]["value"] == 512


def test_a_distribution_gives_its_statistics() -> None:
    stats = distribution_statistics(distribution([0, 4, 0, 0])["distributionValue"])
    assert stats == {"count": 4.0, "mean": 0.5, "p50": 0.25, "p95": 0.475, "p99": 0.495, "max": 0.5}


def test_an_empty_distribution_has_no_mean_and_no_percentile() -> None:
    assert distribution_statistics({"count": "0"}) == {"count": 0.0}


@pytest.mark.parametrize(
    ("options", "p50"),
    [
        ({"linearBuckets": {"numFiniteBuckets": 2, "width": 1, "offset": 0}}, 0.5),
        ({"exponentialBuckets": {"numFiniteBuckets": 2, "growthFactor": 2, "scale": 1}}, 1.5),
    ],
)
def test_linear_and_exponential_buckets(options: dict[str, Any], p50: float) -> None:
    value = {"count": 2, "mean": 1, "bucketCounts": [0, 2, 0], "bucketOptions": options}
    assert distribution_statistics(value)["p50"] == p50


def test_a_missing_minute_stays_missing(tmp_path: Path) -> None:
    write(tmp_path / "m.json", series([point(1, {"doubleValue": 0.5}), point(9, {"doubleValue": 0.5})]))
    assert read_metrics("m.json", tmp_path).points.num_rows == 2


def test_bad_points_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    points = [point(1, {"doubleValue": 0.5}), point(2, {"stringValue": "x"}), {"value": {"doubleValue": 1}}]
    write(tmp_path / "m.json", {"timeSeries": [series(points), {"not": "a series"}]})
    reading = read_metrics("m.json", tmp_path)
    assert reading.read == 4 == reading.points.num_rows + reading.quarantine.num_rows
    assert sorted(reading.quarantine["reason"].to_pylist()) == ["no interval or value", "no value", "not a time series"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_long_table_keeps_its_other_columns_as_labels(tmp_path: Path, kind: str) -> None:
    table = pd.DataFrame(
        {"time": ["2025-09-02T12:00:00Z"], "metric": ["pool/in_use"], "value": ["17"], "state": ["active"]}
    )
    path = tmp_path / f"m.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    (row,) = read_metrics(path.name, tmp_path).points.to_pylist()
    assert (row["value"], row["statistic"], json.loads(row["labels"])) == (17.0, "value", {"state": "active"})


def test_other_services_are_left_out_and_databases_kept(tmp_path: Path) -> None:
    database = {
        "metric": {"type": "x"},
        "resource": {"labels": {"database_id": "p:i"}},
        "points": [point(1, {"int64Value": "3"})],
    }
    both = [series([point(1, {"doubleValue": 1})]), series([point(1, {"doubleValue": 2})], "other"), database]
    write(tmp_path / "m.json", both)
    assert sorted(of_service(read_metrics("m.json", tmp_path).points, "s")["value"].to_pylist()) == [1.0, 3.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no column|no table|no point"),
        (b"time,value\n1,2\n", "no column metric"),
        (b'{"timeSeries": [', "cut or no JSON"),
        (b"\x1f\x8b\x08garbage", "cannot be read"),
        (b'{"timeSeries": []}', "no point"),
    ],
)
def test_unusable_files_are_refused_with_what_was_expected(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(SourceError, match=says):
        read_metrics("m.bin", tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file at"):
        read_metrics("nowhere.json", tmp_path)
