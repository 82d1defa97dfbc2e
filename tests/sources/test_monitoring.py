"""Metrics through the Cloud Monitoring API: those of the files, gaps and buckets kept."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pytest

from netra_analysis import cli, params
from netra_analysis.errors import RequestError, SourceError
from netra_analysis.params import Params
from netra_analysis.sources import pace
from netra_analysis.sources.load import load
from netra_analysis.sources.monitoring import RUN, SQL
from tests.entries import gauge, memory, pool, request, write
from tests.servers.logging import FakeLogging
from tests.servers.monitoring import FakeMonitoring

STAGING = Path(__file__).parents[2] / "params"
POOL = tuple(f"custom.googleapis.com/netra/db_pool/{name}" for name in ("in_use", "size", "waiting"))
PROJECT = "netra-staging"


@cache
def series() -> list[dict[str, Any]]:
    """The bundled incident's series, each with its first and last points: every kind, label and unit there is."""
    text = gzip.decompress((STAGING / "staging-2025-09-02" / "metrics.json.gz").read_bytes())
    made = json.loads(text)["timeSeries"]
    return [one | {"points": [*one["points"][:40], *one["points"][-40:]]} for one in made]


def staging(folder: Path, metrics: str, **more: Any) -> Params:
    """The bundled incident's parameters over one entry and the shortened series."""
    (folder / "metrics.json").write_text(json.dumps({"timeSeries": series()}))
    only = request(1, 200)
    only["resource"]["labels"]["service_name"] = "netra-backend-staging"
    (folder / "entries.ndjson").write_text(json.dumps(only))
    asked = params.load(STAGING / "staging-2025-09-02.yaml")
    return asked.model_copy(update={"source": "file:entries.ndjson", "metrics": metrics, **more})


def metrics_of(folder: Path, made: list[dict[str, Any]], told: list[str] | None = None, **more: Any) -> Any:
    path = write(folder, [request(1, 200)], made, **more)
    return load(params.load(path), folder, say=(told if told is not None else []).append)


def test_every_point_is_that_of_the_files(served, tmp_path):
    fake = FakeMonitoring(PROJECT, series())
    served(fake)
    there = load(staging(tmp_path, "file:metrics.json"), tmp_path).metrics
    asked = staging(tmp_path, f"monitoring:{PROJECT}", custom_metrics=POOL)
    here = load(asked, tmp_path).metrics
    scope = asked.scope
    assert here.equals(there.filter([moment in scope for moment in there["time"].to_pylist()]))
    assert here.num_rows > 2000
    assert {one.filter.split('"')[1] for one in fake.asked} == {*RUN, *SQL, *POOL}


def test_what_is_asked_for_is_raw_pinned_and_bounded(served, tmp_path):
    fake = FakeMonitoring(PROJECT, series())
    served(fake)
    load(staging(tmp_path, f"monitoring:{PROJECT}"), tmp_path)
    for one in fake.asked:
        assert not one.aggregation.per_series_aligner, "sampled points, so that no gap is filled"
        assert f"{one.interval.end_time:%H:%M:%S}" == "18:30:00"
        pinned = 'resource.type = "cloud_run_revision" AND resource.labels.service_name = "netra-backend-staging"'
        assert pinned in one.filter or 'resource.type = "cloudsql_database"' in one.filter
    assert not any("network/connections" in one.filter for one in fake.asked), "MySQL's and SQL Server's alone"


def test_a_gap_stays_a_gap(served, tmp_path):
    made = [memory(0.5, None, None, 0.75)]
    there = metrics_of(tmp_path, made).metrics
    served(FakeMonitoring("p", made))
    here = metrics_of(tmp_path, [], metrics="monitoring:p").metrics
    assert here.equals(there)
    assert here["value"].to_pylist() == [0.5, 0.75]


def test_a_cumulative_series_is_asked_for_by_its_growth(served, tmp_path):
    name = "workload.googleapis.com/shop/jobs"
    made = [gauge(name, [1.0, 5.0]) | {"metricKind": "CUMULATIVE", "valueType": "DOUBLE"}]
    fake = FakeMonitoring("p", made)
    served(fake)
    metrics_of(tmp_path, [], metrics="monitoring:p", custom_metrics=[name])
    assert [one.aggregation.per_series_aligner.name for one in fake.asked[-2:]] == ["ALIGN_NONE", "ALIGN_DELTA"]


def test_a_metric_that_the_project_does_not_know_is_told(served, tmp_path):
    name = "logging.googleapis.com/user/pool_in_use"
    served(FakeMonitoring("p", [memory(0.5)], unknown=frozenset({name})))
    raw = metrics_of(tmp_path, [], metrics="monitoring:p", custom_metrics=[name])
    assert f"the metric {name} is not known in p" in raw.warnings


def test_a_check_counts_series_by_their_headers_and_reads_no_point(served, tmp_path, capsys):
    name = "logging.googleapis.com/user/pool_in_use"
    fake = FakeMonitoring("p", [memory(0.5, 0.75), pool(3.0)], unknown=frozenset({name}))
    served(fake)
    served(FakeLogging("p", [request(1, 200)]))
    path = write(
        tmp_path,
        [],
        source="logging:p",
        metrics="monitoring:p",
        custom_metrics=[name, "custom.googleapis.com/shop/db_pool/in_use"],
    )
    with pytest.raises(SystemExit, match="0"):
        cli.main(["check", str(path)])
    said = capsys.readouterr().out
    assert "stream metrics: 2 series, whose points a run reads" in said
    assert f"warning: the metric {name} is not known in p" in said
    assert "no metrics stream" not in said
    assert {one.view.name for one in fake.asked} == {"HEADERS"}


def test_no_point_at_all_is_told_with_what_to_do(served, tmp_path):
    served(FakeMonitoring("p", []))
    with pytest.raises(SourceError, match=r"holds no point of the service 'shop' .* or give metrics: none"):
        metrics_of(tmp_path, [], metrics="monitoring:p")


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(served, tmp_path, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(pace.time, "sleep", waited.append)
    fake = FakeMonitoring("p", [memory(0.5)], faults=[grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
    served(fake)
    assert metrics_of(tmp_path, [], metrics="monitoring:p").metrics.num_rows
    assert 1 <= waited[0] <= 4
    assert 1 <= waited[1] <= 8
    calls = len(fake.asked)
    with pytest.raises(SourceError, match="ask for the role Monitoring Viewer"):
        metrics_of(tmp_path, [], metrics="monitoring:another")
    assert len(fake.asked) == calls + 1


@pytest.mark.parametrize(
    "name", ["pool_in_use", 'custom.googleapis.com/x" OR metric.type = "y', "run.googleapis.com/x"]
)
def test_a_name_that_is_no_metric_of_ones_own_is_refused(name, tmp_path):
    with pytest.raises(RequestError, match="custom_metrics"):
        params.load(write(tmp_path, [request(1, 200)], metrics="monitoring:p", custom_metrics=[name]))
