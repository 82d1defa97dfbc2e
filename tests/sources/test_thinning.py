"""A source larger than what may be kept is thinned: what matters stays, the rest is represented, and counts hold."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

import netra_analysis as na
from netra_analysis import casebook
from netra_analysis.errors import SourceError
from netra_analysis.incident import Incident
from netra_analysis.run.evidence import evidence
from tests.servers.export import partitioned

MOST = 5_000  # of 14,288 entries of the bundled incident


def exported(folder: Path) -> dict[str, Any]:
    """The bundled incident as a sink's Parquet in `folder/pq`; its parameters."""
    asked: dict[str, Any] = yaml.safe_load(casebook.write("staging-2025-09-02", folder).read_text())
    with gzip.open(folder / asked["source"].removeprefix("file:"), "rt") as lines:
        entries = [json.loads(line) for line in lines]
    (folder / "pq").mkdir()
    for name, stored in partitioned(entries).items():
        pq.write_table(stored.rows, folder / "pq" / f"{name}.parquet")
    return {**asked, "source": "file:pq"}


def opened(folder: Path, asked: dict[str, Any], **budget: int) -> Incident:
    path = folder / f"{'-'.join(map(str, budget.values())) or 'all'}.yaml"
    path.write_text(yaml.safe_dump({**asked, "budget": budget}))
    return na.open(path)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Incident, Incident]:
    """The bundled incident whole, and thinned."""
    folder = tmp_path_factory.mktemp("thinned")
    asked = exported(folder)
    return opened(folder, asked), opened(folder, asked, entries=MOST)


def weighed(table: pa.Table, *by: str) -> dict[Any, int]:
    """What the rows stand for, by some columns."""
    grouped = table.group_by(list(by)).aggregate([("weight", "sum")]).to_pylist()
    return {tuple(row[name] for name in by): row["weight_sum"] for row in grouped}


def test_fewer_are_kept_and_they_stand_for_all(both: tuple[Incident, Incident]) -> None:
    whole, thin = (one.tables for one in both)
    assert set(whole.entries["weight"].to_pylist()) == {1}
    assert thin.entries.num_rows < MOST < whole.entries.num_rows
    assert pc.sum(thin.entries["weight"]).as_py() == whole.entries.num_rows
    for name in ("entries", "loaded", "duplicates", "quarantined", "services"):
        assert getattr(thin.coverage, name) == getattr(whole.coverage, name)
    assert {n: s.rows for n, s in thin.coverage.streams.items()} == {
        n: s.rows for n, s in whole.coverage.streams.items()
    }
    (said,) = set(thin.coverage.blind_spots) - set(whole.coverage.blind_spots)
    assert said.startswith(f"of {whole.entries.num_rows:,} entries {thin.entries.num_rows:,} were kept")


def test_what_an_incident_is_made_of_is_all_there(both: tuple[Incident, Incident]) -> None:
    whole, thin = (one.tables for one in both)
    for name in ("lifecycle", "deploys", "metrics"):
        assert getattr(thin, name).equals(getattr(whole, name))
    failed = [table.filter(table["failed"]) for table in (whole.requests, thin.requests)]
    assert failed[0].equals(failed[1])
    assert thin.exceptions["id"].equals(whole.exceptions["id"])


def test_counts_of_requests_are_exact_by_cell_of_time_route_method_and_status(both: tuple[Incident, Incident]) -> None:
    whole, thin = (one.tables.requests for one in both)
    common = ("route", "method", "status")
    often = {key for key, count in weighed(whole, *common).items() if count >= 20}
    assert len(often) >= 10
    kept, every = weighed(thin, *common), weighed(whole, *common)
    assert {key: kept[key] for key in often} == {key: every[key] for key in often}
    cells = [
        weighed(table.append_column("cell", pc.floor_temporal(table["end_time"], 5, "minute")), "cell", "status")
        for table in (whole, thin)
    ]
    assert cells[0] == cells[1]


def test_the_answers_are_the_same(both: tuple[Incident, Incident]) -> None:
    whole, thin = (json.loads(json.dumps(evidence(one))) for one in both)
    for name in ("verdict", "onset", "failed_requests", "crash_episodes", "deploys"):
        assert thin[name] == whole[name]
    status = [{one["id"]: one["status"] for one in found["hypotheses"]} for found in (whole, thin)]
    assert status[0] == status[1]
    values = [{one["id"]: one["value"] for one in found["claims"]} for found in (whole, thin)]
    for name in ("FR1", "SU-seen", "IM-share", "FR-refused", "FR-preflights", "OB1", "AL-single", "OB-latency"):
        assert values[1][name] == values[0][name], name


def test_repeats_are_told_from_new_entries_and_the_same_rows_are_drawn_each_time(tmp_path: Path) -> None:
    asked = exported(tmp_path)
    once = opened(tmp_path, asked, entries=MOST).tables
    requests = pq.read_table(tmp_path / "pq" / "run_googleapis_com_requests.parquet")
    pq.write_table(requests.slice(0, 500), tmp_path / "pq" / "run_googleapis_com_requests_again.parquet")
    twice = opened(tmp_path, asked, entries=MOST).tables
    assert twice.coverage.duplicates == once.coverage.duplicates + 500
    assert twice.coverage.loaded == once.coverage.loaded
    assert twice.requests.equals(once.requests)


def test_what_is_not_asked_about_is_counted_with_its_repeats(tmp_path: Path) -> None:
    asked = exported(tmp_path)
    alone = opened(tmp_path, asked, entries=MOST).tables
    name = tmp_path / "pq" / "run_googleapis_com_requests.parquet"
    own = pq.read_table(name).slice(0, 900)
    labels = own["resource"].combine_chunks().field("labels")
    fields = [labels.type.field(i).name for i in range(labels.type.num_fields)]
    renamed = [pa.array(["billing"] * len(own)) if f == "service_name" else labels.field(f) for f in fields]
    resource = own["resource"].combine_chunks()
    parts = [pa.StructArray.from_arrays(renamed, fields), resource.field("type")]
    other = own.set_column(
        own.schema.get_field_index("resource"), "resource", pa.StructArray.from_arrays(parts, ["labels", "type"])
    )
    fresh = pc.binary_join_element_wise("b", own["insertId"], "")
    other = other.set_column(own.schema.get_field_index("insertId"), "insertId", fresh)
    pq.write_table(pa.concat_tables([other, other.slice(0, 100)]), tmp_path / "pq" / "billing.parquet")
    beside = opened(tmp_path, asked, entries=MOST).tables
    distinct = len(set(zip(own["timestamp"].to_pylist(), own["insertId"].to_pylist(), strict=True)))
    assert beside.coverage.services["billing"] == distinct
    assert beside.coverage.duplicates == alone.coverage.duplicates + 1000 - distinct
    assert beside.coverage.entries == alone.coverage.entries + 1000
    assert beside.requests.equals(alone.requests)


def test_a_source_that_cannot_be_thinned_is_refused(tmp_path: Path) -> None:
    asked: dict[str, Any] = yaml.safe_load(casebook.write("staging-2025-09-02", tmp_path).read_text())
    with pytest.raises(SourceError, match=r"5,000 may be kept \(budget.entries\)"):
        opened(tmp_path, asked, entries=MOST)
