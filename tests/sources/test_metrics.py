"""Metrics from files: three shapes in, one table out; a gap stays a gap."""

import gzip
import json
import os
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
    used = series([point(1, {"int64Value": str(512 * 2**20)})], unit="By")
    used["metric"]["type"] = "database/memory/usage"
    write(tmp_path / "m.json", used)
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
        (b"PAR1 and no Parquet", "begins as Parquet and is none"),
        (gzip.compress(b"[]")[:10] + b"\xff" * 40, "cannot be read"),
        (gzip.compress(gzip.compress(b"[]")), "gzip within gzip"),
        (b'[{"a": ' + b"[" * 100_000, "cut or no JSON"),
        (b"\xff\xfe\xfd,\n", "no table"),
        (b"\xff" * 100, "no table"),
    ],
    ids=str.split("empty no-column cut no-gzip no-series no-parquet damaged-gzip twice deep no-utf8 bytes"),
)
def test_unusable_files_are_refused_with_what_was_expected(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(SourceError, match=says):
        read_metrics("m.bin", tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"metrics: file:nowhere\.json does not exist"):
        read_metrics("nowhere.json", tmp_path)


def test_what_is_no_regular_file_or_no_path_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for location, says in (("pipe", "named pipe"), ("x" * 5000, "cannot be reached"), ("~nouser/x", "does not exist")):
        with pytest.raises(SourceError, match=f"^metrics: file:{location[:50]}.* {says}"):
            read_metrics(location, tmp_path)


EXPONENTIAL = {"exponentialBuckets": {"numFiniteBuckets": 5000, "growthFactor": 10, "scale": 1}}
BAD_DISTRIBUTIONS = {
    "null": None,
    "a list": [],
    "count is text": {"count": "x"},
    "count is too long": {"count": "9" * 5000},
    "mean is text": {"count": 1, "mean": "x"},
    "mean is not finite": {"count": 1, "mean": float("inf")},
    "no bucket holds the samples": {"count": 3, "bucketCounts": [0, 0, 0]},
    "a negative bucket": {"count": 3, "bucketCounts": [4, -1]},
    "linear buckets of nothing": {"count": 1, "bucketCounts": [1], "bucketOptions": {"linearBuckets": {}}},
    "bounds overflow": {"count": 1, "bucketCounts": [0] * 5000 + [1], "bucketOptions": EXPONENTIAL},
    "bounds fall": {"count": 1, "bucketCounts": [1], "bucketOptions": {"explicitBuckets": {"bounds": [1, 0]}}},
    "too few bounds": {"count": 1, "bucketCounts": [0, 0, 1], "bucketOptions": {"explicitBuckets": {"bounds": [1]}}},
    "options are text": {"count": 1, "bucketCounts": [1], "bucketOptions": {"linearBuckets": "x"}},
}


def one_bad(tmp_path: Path, bad: dict[str, Any]) -> list[str]:
    """The reasons for `bad` among good points, which have to be read all the same."""
    good = series([point(1, {"doubleValue": 0.5}), point(2, {"doubleValue": 0.25})])
    write(tmp_path / "m.json", [good, bad, good])
    reading = read_metrics("m.json", tmp_path)
    assert reading.read == reading.points.num_rows + reading.quarantine.num_rows
    assert reading.points.num_rows >= 4
    return list(reading.quarantine["reason"].to_pylist())


@pytest.mark.parametrize("name", BAD_DISTRIBUTIONS)
def test_a_distribution_that_is_none_is_counted(tmp_path: Path, name: str) -> None:
    bad = series([point(3, {"distributionValue": BAD_DISTRIBUTIONS[name]})])
    assert one_bad(tmp_path, bad) == ["bad distribution"]


def test_bounds_beyond_the_buckets_are_not_computed() -> None:
    endless = {"exponentialBuckets": {"numFiniteBuckets": 10**15, "growthFactor": 10, "scale": 1}}
    for options in (endless, EXPONENTIAL):
        value = {"count": 1, "mean": 1, "bucketCounts": [0, 1], "bucketOptions": options}
        assert distribution_statistics(value)["max"] == 10.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"metric": {"type": 5}}, "not a time series"),
        ({"metric": {"type": ""}}, "not a time series"),
        ({"metric": None}, "not a time series"),
        ({"metric": {"type": "x", "labels": {"a": []}}}, "not a time series"),
        ({"resource": {"labels": [1]}}, "not a time series"),
        ({"unit": []}, "not a time series"),
        ({"points": None}, "not a time series"),
        ({"points": [None]}, "no interval or value"),
        ({"points": [point(3, None)]}, "no value"),  # type: ignore[arg-type]
        ({"points": [point(3, {"doubleValue": None})]}, "no value"),
        ({"points": [{"interval": {"endTime": "now"}, "value": {"doubleValue": 0.5}}]}, "bad time"),
        ({"metric": {"type": "\ud800"}}, "bad encoding"),
        ({"metric": {"type": "x", "labels": {"\ud800": "y"}}}, "bad encoding"),
        ({"resource": {"labels": {"revision_name": "\ud800"}}}, "bad encoding"),
        ({"points": [point(3, {"int64Value": "9" * 5000})]}, "no value"),
        ({"points": [point(3, {"doubleValue": 10**400})]}, "no value"),
        ({"unit": "By"}, "out of range"),
        ({"unit": "MiBy"}, "out of range"),
        ({"points": [point(3, {"doubleValue": 57.5})]}, "out of range"),
        ({"points": [point(3, {"doubleValue": -0.1})]}, "out of range"),
        ({"points": [point(3, {"distributionValue": {"count": -3}})]}, "out of range"),
        ({"metric": {"type": "container/instance_count"}, "points": [point(3, {"int64Value": "-1"})]}, "out of range"),
    ],
)
def test_a_series_that_is_none_is_counted(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    assert one_bad(tmp_path, series([point(3, {"doubleValue": 0.5})]) | change) == [reason]


def test_integers_that_python_does_not_read_cost_their_point(tmp_path: Path) -> None:
    text = json.dumps(series([point(1, {"doubleValue": 0.5}), point(2, {"doubleValue": 7654})]))
    (tmp_path / "m.json").write_text(text.replace("7654", "9" * 5000))
    assert read_metrics("m.json", tmp_path).quarantine["reason"].to_pylist() == ["no value"]


def test_lists_in_lists_are_opened_however_deep(tmp_path: Path) -> None:
    text = json.dumps(series([point(1, {"doubleValue": 0.5})]))
    (tmp_path / "m.json").write_text("[" * 500 + text + "]" * 500)
    assert read_metrics("m.json", tmp_path).points.num_rows == 1


@pytest.mark.parametrize("metric", [MEMORY, "cloudsql.googleapis.com/database/cpu/utilization"])
def test_percentages_of_utilization_become_shares(tmp_path: Path, metric: str) -> None:
    asked = series([point(1, {"doubleValue": 57.5}), point(2, {"doubleValue": 201.0})], unit="%")
    asked["metric"]["type"] = metric
    write(tmp_path / "m.json", asked)
    reading = read_metrics("m.json", tmp_path)
    assert [(p["value"], p["unit"]) for p in reading.points.to_pylist()] == [(0.575, "ratio")]
    assert reading.quarantine["reason"].to_pylist() == ["out of range"]


def test_a_table_says_why_its_rows_are_not_used(tmp_path: Path) -> None:
    rows = {
        "0.5,ratio,,value": None,
        "50,%,,value": None,
        "0.5,ratio,notjson,value": "bad labels",
        "0.5,ratio,[],value": "bad labels",
        '0.5,ratio,"{""a"": {}}",value': "bad labels",
        "50,,,value": "out of range",
        "0.5,By,,value": "out of range",
        "-1,,,count": "out of range",
        "x,,,value": "no value",
    }
    lines = [f"2025-09-02T12:0{n}:00Z,{MEMORY},{row}" for n, row in enumerate(rows)]
    lines.append("2025-09-02T13:00:00Z,,1,,,value")
    text = "\n".join(["time,metric,value,unit,labels,statistic", *lines])
    (tmp_path / "m.csv").write_text(text)
    reading = read_metrics("m.csv", tmp_path)
    assert [p["value"] for p in reading.points.to_pylist()] == [0.5, 0.5]
    assert reading.quarantine["reason"].to_pylist() == [*filter(None, rows.values()), "no metric"]


def test_a_parquet_table_has_nothing_where_it_has_nothing(tmp_path: Path) -> None:
    columns = {"time": ["2025-09-02T12:00:00Z"] * 2, "metric": ["x"] * 2, "value": [1.0, 2.0]}
    empty = {name: [None, text] for name, text in (("labels", '{"a": "b"}'), ("revision", "r"), ("unit", "By"))}
    pd.DataFrame(columns | empty).to_parquet(tmp_path / "m.parquet")
    rows = read_metrics("m.parquet", tmp_path).points.to_pylist()
    found = {(p["revision"], p["labels"], p["unit"]) for p in rows}
    assert found == {("", "{}", "count"), ("r", '{"a": "b"}', "MiB")}
