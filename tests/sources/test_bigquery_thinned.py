"""More entries than may be kept: BigQuery chooses those that matter and counts the rest, and answers stay the same."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from cloud_incident import BUNDLED, PLANTED, PROJECT, planted, rows
from test_bigquery import SHAPES, asked, fake

import netra_analysis as na
from netra_analysis import cli, params, tables
from netra_analysis.errors import SourceError
from netra_analysis.sources.bigquery import thinned
from netra_analysis.tables import Tables
from tests.servers.bigquery import LEAST_BILLED, FakeBigQuery

MOST = 240  # of some 500


def thin(folder: Path, say: Any = None, **budget: Any) -> Tables:
    return tables.from_params(params.load(asked(folder, budget={"entries": MOST, **budget})), folder, say=say)


@pytest.fixture
def whole(plain: Any) -> Tables:
    held: Tables = plain.tables
    return held


@pytest.mark.parametrize("shape", ["partitioned", "linked"])
def test_fewer_come_over_and_they_stand_for_all(shape: str, whole: Tables, served: Any, tmp_path: Path) -> None:
    server = fake(shape)
    served(server)
    held = thin(tmp_path)
    assert held.entries.num_rows <= MOST < whole.entries.num_rows
    assert pc.sum(held.entries["weight"]).as_py() == whole.entries.num_rows
    fetched = sum(job.rows.num_rows for job in server.jobs.values() if "copies" in job.rows.column_names)
    assert fetched == held.entries.num_rows, "what is not kept is not fetched either"
    coverage = held.coverage
    own = [one for one in rows() if one["resource"]["labels"].get("service_name") != "billing"]
    assert coverage.loaded == whole.entries.num_rows
    assert coverage.entries == coverage.loaded + coverage.duplicates == len(own)
    assert any(
        said.startswith(f"of {coverage.loaded} entries {held.entries.num_rows} were") for said in coverage.blind_spots
    )


@pytest.mark.parametrize("shape", ["partitioned", "linked"])
def test_what_an_incident_is_made_of_is_all_there(shape: str, whole: Tables, served: Any, tmp_path: Path) -> None:
    served(fake(shape))
    held = thin(tmp_path)
    for name in ("lifecycle", "deploys"):
        assert getattr(held, name).equals(getattr(whole, name)), name
    failed = [table.filter(table["failed"]) for table in (whole.requests, held.requests)]
    assert failed[0].equals(failed[1])
    assert held.exceptions["id"].equals(whole.exceptions["id"])
    assert counted(held.requests) == counted(whole.requests)


def counted(requests: pa.Table) -> dict[int, int]:
    """Requests by status; each row as many as it stands for."""
    found = requests.group_by("status").aggregate([("weight", "sum")]).to_pylist()
    return {row["status"]: row["weight_sum"] for row in found}


def test_where_an_instance_died_nothing_is_thinned(whole: Tables, served: Any, tmp_path: Path) -> None:
    server = fake()
    served(server)
    held = thin(tmp_path)
    (died,) = [row["time"] for row in held.lifecycle.to_pylist() if "signal 9" in row["text"]]
    near = [
        {
            row["id"]
            for row in one.entries.to_pylist()
            if row["instance"] == "00a" and -5 <= (died - row["time"]).total_seconds() <= 60
        }
        for one in (held, whole)
    ]
    assert near[0] == near[1] != set()


def test_each_statement_was_estimated_before_it_ran_and_is_in_the_ledger(served: Any, tmp_path: Path) -> None:
    server = fake()
    served(server)
    told: list[str] = []
    held = thin(tmp_path, told.append)
    sent = [job.config["query"]["query"] for job in server.jobs.values()]
    assert set(sent) <= set(server.dry)
    assert {scan["sql"] for scan in held.coverage.scans} == set(sent)
    names = [scan["name"] for scan in held.coverage.scans]
    assert "where instances were in trouble" in names
    assert "rows of run_googleapis_com_requests, thinned" in names
    assert "rows of run_googleapis_com_varlog_system" in names, "a small table is read whole"
    assert sum(name in said for said in told for name in names) >= len(names)


def test_over_the_budget_no_row_is_asked_for(served: Any, tmp_path: Path) -> None:
    server = fake(bytes_per_row=1_000_000)  # what is asked first takes nearly as much as the rows themselves
    served(server)
    with pytest.raises(SourceError, match="over the budget"):
        thin(tmp_path, bytes=2 * len(rows()) * 1_000_000 + 7 * LEAST_BILLED)
    assert server.jobs
    assert not any("GROUP BY instance, cell" in job.config["query"]["query"] for job in server.jobs.values())
    assert not any("copies" in job.rows.column_names for job in server.jobs.values())


def test_a_check_tells_that_it_will_be_thinned_and_what_that_costs(
    served: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = fake()
    served(server)
    with pytest.raises(SystemExit, match="0"):
        cli.main(["check", str(asked(tmp_path, budget={"entries": MOST}))])
    said = capsys.readouterr()
    assert "BigQuery thins them" in said.out + said.err
    assert "rows of run_googleapis_com_requests, thinned" in said.out + said.err
    assert not any("netra_weight" in job.config["query"]["query"] for job in server.jobs.values())


def test_what_was_thinned_is_kept_for_the_next_run(
    served: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fake()
    served(server)
    monkeypatch.setenv("NETRA_ANALYSIS_CACHE", str(tmp_path / "cache"))
    first, jobs = thin(tmp_path), len(server.jobs)
    again = thin(tmp_path)
    assert len(server.jobs) == jobs
    assert again.entries.equals(first.entries)
    assert again.coverage.blind_spots == first.coverage.blind_spots


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ([10, 20], [None, None]),
        ([10, 500], [None, 90]),
        ([500, 400, 3], [48, 48, None]),
        ([30, 60, 900], [None, 35, 35]),
    ],
)
def test_small_tables_are_read_whole_and_large_ones_share_the_rest(counts: list[int], found: list[int | None]) -> None:
    assert thinned.shares(counts, 100) == found


def test_where_every_request_is_slow_only_the_largest_groups_are_looked_at_closely() -> None:
    usual = [{"instance": i, "cell": cell, "slow": 4, "grave": 0, "entries": 50} for i in (1, 2) for cell in range(900)]
    crowd = {"instance": 1, "cell": 450, "slow": 40, "grave": 0, "entries": 50}
    died = {"instance": 2, "cell": 700, "slow": 0, "grave": 1, "entries": 50}
    assert thinned.chosen([*usual, crowd, died], 1_000_000, 10_000) == ("1 450", "2 700")
    assert len(thinned.chosen([*usual[:2], crowd], 1_000_000, 10_000)) == 3


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "shape"), [*((BUNDLED, shape) for shape in SHAPES), *((name, "partitioned") for name in PLANTED)]
)
def test_a_planted_incident_has_the_same_causes(name: str, shape: str, served: Any, tmp_path: Path) -> None:
    given, entries = planted(name, tmp_path)
    served(FakeBigQuery(given["project"], "run_logs", SHAPES[shape](entries)))
    path = tmp_path / "asked.yaml"
    path.write_text(yaml.safe_dump(given))
    wanted = na.open(path)
    third = wanted.tables.entries.num_rows // 3
    there = {"source": f"bigquery:{given['project']}.run_logs", "budget": {"entries": third}}
    path.write_text(yaml.safe_dump({**given, **there}))
    found = na.open(path)
    assert found.tables.entries.num_rows < 1.2 * third
    assert (found.verdict, found.onset) == (wanted.verdict, wanted.onset)
    assert {j.cause.id: j.status for j in found.judgements} == {j.cause.id: j.status for j in wanted.judgements}
    for name in ("failed_requests", "crashes"):
        assert found.findings[name].proof.equals(wanted.findings[name].proof)


def test_a_table_with_a_round_number_of_rows_was_not_cut(served: Any, tmp_path: Path) -> None:
    asked_for = {one["insertId"]: one for one in rows() if one["logName"].endswith("requests")}
    own = [one for one in asked_for.values() if one["resource"]["labels"]["service_name"] == "shop"]
    inside = [one for one in own if one["timestamp"] > "2026-03-04T22:00"]
    served(FakeBigQuery(PROJECT, "run_logs", SHAPES["partitioned"](inside[:100])))
    coverage = tables.from_params(params.load(asked(tmp_path)), tmp_path).coverage
    assert coverage.loaded == 100
    assert not any("round limit" in said for said in coverage.blind_spots), "it is read to its end"
