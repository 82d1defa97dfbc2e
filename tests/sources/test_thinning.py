"""A source larger than what may be kept is thinned: what matters stays, the rest is represented, and counts hold."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from cloud_incident import BUNDLED, planted

import netra_analysis as na
from netra_analysis.errors import SourceError
from netra_analysis.finding import Verdict
from netra_analysis.incident import Incident
from netra_analysis.signs.sign import Sign
from tests.servers.export import linked, partitioned

MOST = 5_000  # of 14,288 entries of the bundled incident


def exported(folder: Path) -> dict[str, Any]:
    """The bundled incident as a sink's Parquet in `folder/pq`, and as Log Analytics' in `folder/linked`; parameters."""
    asked, entries = planted(BUNDLED, folder)
    for shape, tables in (("pq", partitioned(entries)), ("linked", linked(entries))):
        (folder / shape).mkdir()
        for name, stored in tables.items():
            pq.write_table(stored.rows, folder / shape / f"{name}.parquet")
    return {**asked, "source": "file:pq"}


def opened(folder: Path, asked: dict[str, Any], **budget: int) -> Incident:
    path = folder / f"{'-'.join(map(str, budget.values())) or 'all'}.yaml"
    path.write_text(yaml.safe_dump({**asked, "budget": budget}))
    return na.open(path)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of the bundled incident's export, and its parameters."""
    folder = tmp_path_factory.mktemp("thinned")
    return folder, exported(folder)


@pytest.fixture(scope="module")
def both(export: tuple[Path, dict[str, Any]]) -> tuple[Incident, Incident]:
    """The bundled incident whole, and thinned."""
    return opened(*export), opened(*export, entries=MOST)


@pytest.fixture
def copied(export: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """The Parquet files of a copy of the export, to change."""
    return Path(shutil.copytree(export[0], tmp_path, dirs_exist_ok=True)) / "pq"


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
    assert thin.coverage.streams == whole.coverage.streams
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
    whole, thin = both
    assert (thin.verdict, thin.onset) == (whole.verdict, whole.onset)
    for name in ("failed_requests", "crashes"):
        assert thin.findings[name].proof.equals(whole.findings[name].proof)
    for judged in (lambda one: {j.cause.id: j.status for j in one.judgements}, lambda one: verdicts(one.signs)):
        assert judged(thin) == judged(whole)
    names = ("failed_requests", "objectives", "alerts", "summary")
    values = [{claim.id: claim.value for name in names for claim in one.claims_of(name)} for one in both]
    exact = ("FR1", "SU-seen", "SU-end", "IM-share", "FR-refused", "FR-preflights", "OB1", "AL-single", "OB-latency")
    assert {name: values[1][name] for name in exact} == {name: values[0][name] for name in exact}


def verdicts(signs: tuple[Sign, ...]) -> dict[str, Verdict]:
    return {sign.id: sign.verdict for sign in signs}


def test_repeats_are_told_from_new_entries_and_the_same_rows_are_drawn_each_time(
    both: tuple[Incident, Incident], export: tuple[Path, dict[str, Any]], copied: Path
) -> None:
    once = both[1].tables
    requests = pq.read_table(copied / "run_googleapis_com_requests.parquet")
    pq.write_table(requests.slice(0, 500), copied / "run_googleapis_com_requests_again.parquet")
    twice = opened(copied.parent, export[1], entries=MOST).tables
    assert twice.coverage.duplicates == once.coverage.duplicates + 500
    assert twice.coverage.loaded == once.coverage.loaded
    assert twice.requests.equals(once.requests)


def test_what_is_not_asked_about_is_counted_with_its_repeats(
    both: tuple[Incident, Incident], export: tuple[Path, dict[str, Any]], copied: Path
) -> None:
    alone = both[1].tables
    name = copied / "run_googleapis_com_requests.parquet"
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
    pq.write_table(pa.concat_tables([other, other.slice(0, 100)]), copied / "billing.parquet")
    beside = opened(copied.parent, export[1], entries=MOST).tables
    distinct = len(set(zip(own["timestamp"].to_pylist(), own["insertId"].to_pylist(), strict=True)))
    assert beside.coverage.services["billing"] == distinct
    assert beside.coverage.duplicates == alone.coverage.duplicates + 1000 - distinct
    assert beside.coverage.entries == alone.coverage.entries + 1000
    assert beside.requests.equals(alone.requests)


def test_all_logs_in_one_table_are_thinned_as_those_in_tables_of_their_own(
    both: tuple[Incident, Incident], export: tuple[Path, dict[str, Any]]
) -> None:
    folder, asked = export
    whole, thin = both[0].tables, opened(folder, {**asked, "source": "file:linked"}, entries=MOST + 1).tables
    assert pc.sum(thin.entries["weight"]).as_py() == whole.entries.num_rows
    assert thin.entries.num_rows < MOST
    assert thin.coverage.streams == whole.coverage.streams
    failed = [table.filter(table["failed"]) for table in (whole.requests, thin.requests)]
    assert failed[0].equals(failed[1])
    assert thin.lifecycle.equals(whole.lifecycle)


def test_a_source_that_cannot_be_thinned_is_refused(export: tuple[Path, dict[str, Any]]) -> None:
    folder, asked = export
    text = next(folder.rglob("entries*.gz")).relative_to(folder)
    with pytest.raises(SourceError, match=r"5,000 may be kept \(budget.entries\)"):
        opened(folder, {**asked, "source": f"file:{text}"}, entries=MOST)


def test_a_damaged_column_is_told_and_nothing_is_left_out(export: tuple[Path, dict[str, Any]], copied: Path) -> None:
    """In the column of clients' addresses, which choosing does not look at."""
    name = copied / "run_googleapis_com_requests.parquet"
    group = pq.ParquetFile(name).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    (column,) = [one for one in columns if one.path_in_schema == "httpRequest.remoteIp"]
    with name.open("r+b") as file:
        file.seek(column.data_page_offset + 40)
        file.write(b"\xff" * 200)
    with pytest.raises(SourceError, match=f"{name.name} cannot be read: .*export it again"):
        opened(copied.parent, export[1], entries=MOST)
