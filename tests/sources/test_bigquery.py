"""One incident from files and from BigQuery in each of its shapes: equal tables, equal findings, a bounded bill."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import sqlglot
from cloud_incident import PROJECT, files, rows
from parity import assert_equal
from sqlglot import exp

import netra_analysis as na
from netra_analysis import capsule, cli, params, tables
from netra_analysis.errors import SourceError
from netra_analysis.tables import Tables
from tests.servers import export
from tests.servers.bigquery import LEAST_BILLED, FakeBigQuery
from tests.servers.bigquery_storage import FakeStorage
from tests.servers.http import Refusal

SOURCE = f"bigquery:{PROJECT}.run_logs"
SHAPES: dict[str, Callable[[Any], dict[str, export.Stored]]] = {
    "partitioned": export.partitioned,
    "partitioned by arrival": lambda rows: export.partitioned(rows, field=None),
    "sharded": export.sharded,
    "linked": export.linked,
}


def fake(shape: str = "partitioned", **more: Any) -> FakeBigQuery:
    return FakeBigQuery(PROJECT, "run_logs", SHAPES[shape](rows()), **more)


def small(**more: Any) -> FakeBigQuery:
    """Two of its tables, for what is no question of shapes."""
    stored = SHAPES["partitioned"](rows())
    kept = ("run_googleapis_com_requests", "run_googleapis_com_stdout")
    return FakeBigQuery(PROJECT, "run_logs", {name: stored[name] for name in kept}, **more)


def asked(folder: Path, **more: Any) -> Path:
    return files(folder, rows(), source=SOURCE, **more)


def loaded(folder: Path, **more: Any) -> Tables:
    return tables.from_params(params.load(asked(folder, **more)), folder)


@pytest.mark.parametrize(
    "shape", [pytest.param(s, marks=() if s in ("partitioned", "linked") else pytest.mark.long) for s in SHAPES]
)
def test_tables_and_findings_are_those_of_the_files(shape, plain, served, tmp_path):
    served(fake(shape))
    assert_equal(na.open(asked(tmp_path)), plain, lowered=shape != "linked")


@pytest.mark.parametrize("shape", ["partitioned", "linked"])
def test_the_storage_api_gives_the_same_rows(shape, plain, served, tmp_path):
    server = fake(shape)
    served(server)
    arrow = FakeStorage(server)
    served(arrow)
    assert loaded(tmp_path).requests.equals(plain.tables.requests)
    assert len(arrow.sessions) == len(server.jobs)


def test_without_permission_for_the_storage_api_rows_come_over_rest(plain, served, tmp_path):
    server = fake()
    served(server)
    served(FakeStorage(server, fault=grpc.StatusCode.PERMISSION_DENIED))
    told: list[str] = []
    path = asked(tmp_path)
    held = tables.from_params(params.load(path), tmp_path, say=told.append)
    assert held.requests.equals(plain.tables.requests)
    assert sum("reading over REST" in said for said in told) == 1


def test_every_copy_is_counted(served, tmp_path):
    served(fake())
    coverage = loaded(tmp_path).coverage
    own = [one for one in rows() if one["resource"]["labels"].get("service_name") != "billing"]
    assert coverage.entries == coverage.loaded + coverage.duplicates == len(own)
    assert coverage.duplicates == len(own) - len({one["insertId"] for one in own})
    assert coverage.services["billing"] == len(rows()) - len(own)


def test_only_the_window_is_asked_for_and_only_its_shards(served, tmp_path):
    server = fake("sharded")
    days = {"run_googleapis_com_stdout_20260301", "run_googleapis_com_stdout_20260306"}
    server.tables = {
        **server.tables,
        **dict.fromkeys(days, export.Stored(server.tables["run_googleapis_com_stdout_20260304"].rows)),
    }
    address = served(server)
    loaded(tmp_path)
    assert not any(request.path.endswith(day) for request in address.seen for day in days)
    sent = [job.config["query"] for job in server.jobs.values()]
    assert all("timestamp >= @start AND timestamp < @end" in query["query"] for query in sent)
    starts = {p["parameterValue"]["value"] for query in sent for p in query["queryParameters"] if p["name"] == "start"}
    assert starts == {"2026-03-04 21:30:00+00:00"}, "an hour before the baseline: a request is dated by its start"


def test_what_is_sent_is_bounded_labelled_and_was_estimated(served, tmp_path):
    server = small()
    served(server)
    loaded(tmp_path, budget={"bytes": "1GB"})
    left = 10**9
    for job in server.jobs.values():
        config, query = job.config, job.config["query"]
        assert query["query"] in server.dry
        assert int(query["maximumBytesBilled"]) == left
        assert config["labels"] == {"tool": "netra-analysis", "incident": "made-up"}
        assert int(config["jobTimeoutMs"]) == 600_000
        assert query["useLegacySql"] is False
        assert query["parameterMode"] == "NAMED"
        left -= job.billed


def test_over_the_budget_nothing_is_run(served, tmp_path):
    server = small(bytes_per_row=10**7)
    served(server)
    with pytest.raises(
        SourceError, match=r"over the budget: \d+ queries would scan .* GB, and budget.bytes allows 20.0 MB"
    ):
        loaded(tmp_path, budget={"bytes": "20MB"})
    assert server.dry
    assert server.jobs == {}


def test_a_bill_over_the_estimate_stops_at_the_budget(served, tmp_path):
    server = small(bytes_per_row=1)  # tiny estimates, but a query is billed 10 MiB at least
    served(server)
    with pytest.raises(SourceError, match="bytesBilledLimitExceeded"):
        loaded(tmp_path, budget={"bytes": 2 * LEAST_BILLED + 1})
    assert server.billed <= 2 * LEAST_BILLED + 1


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (Refusal(403, "accessDenied", "Access Denied: dataset"), "ask for the roles BigQuery Data Viewer"),
        (Refusal(403, "quotaExceeded", "Quota exceeded"), "a quota of the project is used up"),
        (Refusal(400, "invalidQuery", "Unrecognized name: x"), "please report it"),
    ],
)
def test_a_refusal_is_told_with_what_to_do(refusal, says, served, tmp_path):
    server = small(faults=[refusal])
    served(server)
    with pytest.raises(SourceError, match=says):
        loaded(tmp_path)
    assert server.faults == [], "asked once"


def test_a_busy_server_is_asked_again_and_billed_once(served, tmp_path):
    server = small(faults=[Refusal(503, "backendError", "try later")])
    served(server)
    held = loaded(tmp_path)
    assert server.faults == []
    assert sum(scan["bytes"] for scan in held.coverage.scans) == server.billed


def test_a_dataset_that_is_not_there_is_named(served, tmp_path):
    served(small())
    path = files(tmp_path, rows(), source=f"bigquery:{PROJECT}.elsewhere")
    with pytest.raises(SourceError, match=r"dataset p-shop.elsewhere was refused \(notFound\)"):
        tables.from_params(params.load(path), tmp_path)


def test_a_service_that_is_not_there_is_told_with_those_that_are(served, tmp_path):
    served(small())
    with pytest.raises(SourceError, match=r"'stop' has no entry .* it holds entries of .*billing, shop"):
        loaded(tmp_path, service="stop")


@pytest.mark.parametrize("place", ["nothing", "p.d;DROP", "p-shop.run-logs", "P.d", "p`x.d"])
def test_a_place_that_is_no_dataset_is_refused_before_anything_is_sent(place, tmp_path):
    path = files(tmp_path, rows(), source=f"bigquery:{place}")
    with pytest.raises(SourceError, match=r"write bigquery:PROJECT\.DATASET"):
        tables.from_params(params.load(path), tmp_path)


def test_entries_that_the_sink_could_not_write_are_told(served, tmp_path):
    stored = SHAPES["partitioned"](rows())
    stored["export_errors"] = export.Stored(
        stored["run_googleapis_com_stdout"].rows.select(["timestamp", "logName"]),
        partitioning={"type": "DAY", "field": "timestamp"},
    )
    served(FakeBigQuery(PROJECT, "run_logs", stored))
    assert any("could not be written by the sink" in said for said in loaded(tmp_path).coverage.warnings)


def test_an_answer_is_kept_and_asked_for_once(served, tmp_path, monkeypatch):
    server = small()
    served(server)
    monkeypatch.setenv("NETRA_ANALYSIS_CACHE", str(tmp_path / "kept"))
    first = loaded(tmp_path)
    sent = len(server.jobs)
    again = loaded(tmp_path)
    assert len(server.jobs) == sent
    assert again.entries.equals(first.entries)
    assert again.coverage.cost == {"bytes": 0, "usd": 0.0}
    assert {scan["cached"] for scan in again.coverage.scans} == {True}
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert b"hunter2hunter2" not in kept.read_bytes()
    kept.write_bytes(b"no longer Parquet")
    assert loaded(tmp_path).entries.equals(first.entries)
    loaded(tmp_path, incident="another")  # has a redaction key of its own
    assert len(server.jobs) == 3 * sent


def test_the_ledger_is_in_the_capsule(served, tmp_path):
    server = small()
    served(server)
    held = loaded(tmp_path)
    manifest = capsule.write(tmp_path / "capsule", params.load(asked(tmp_path)), held)
    assert manifest["bytes_scanned"] == server.billed
    assert {scan["job"] for scan in manifest["scans"]} == set(server.jobs)
    assert sum(scan["bytes"] for scan in manifest["scans"]) == server.billed
    assert all(scan["params"]["start"] == "2026-03-04T21:30:00Z" for scan in manifest["scans"])
    rows_read = sum(scan["rows"] for scan in manifest["scans"] if scan["name"].startswith("rows of"))
    assert rows_read == held.coverage.loaded
    assert capsule.read(tmp_path / "capsule").tables.coverage == held.coverage
    assert any("this postmortem scanned" in said and "about $0.0" in said for said in held.coverage.warnings)


def test_check_tells_the_cost_of_each_query_and_fetches_no_row(served, tmp_path, capsys):
    server = small()
    served(server)
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(asked(tmp_path)), "--json"])
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert said["streams"]["requests"]["rows"] > 100
    assert said["entries"] == said["loaded"] + said["duplicates"]
    assert said["services"]["billing"] == 14
    assert len(said["cost"]["queries"]) == len(server.dry)
    assert said["cost"]["bytes"] == sum(query["bytes"] for query in said["cost"]["queries"])
    for job in server.jobs.values():
        assert_only_counts(job.config["query"]["query"])


@pytest.mark.parametrize("shape", SHAPES)
def test_check_runs_nothing_but_counts(shape, served, tmp_path):
    server = fake(shape)
    served(server)
    tables.looked_at(params.load(asked(tmp_path)), tmp_path, lambda _name, _count: None, lambda _text: None)
    assert server.jobs
    for job in server.jobs.values():
        assert_only_counts(job.config["query"]["query"])


def assert_only_counts(sql: str) -> None:
    """Columns are sums over rows or what these are counted by; only service, log and time are read."""
    tree = sqlglot.parse_one(sql, read="bigquery")
    grouped = {part.name for part in group.expressions} if (group := tree.args.get("group")) else set()
    for column in tree.expressions:
        assert column.find(exp.AggFunc) or column.alias_or_name in grouped, sql
    read = {name.lower() for column in tree.find_all(exp.Column) for name in column.sql("bigquery").split(".")}
    known = {"resource", "labels", "service_name", "service", "log", "log_id", "timestamp", "_partitiontime"}
    assert {name.strip("`") for name in read} <= known, sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT textPayload, COUNT(*) AS n FROM t WHERE timestamp >= @start GROUP BY textPayload",
        "SELECT MAX(textPayload) AS longest FROM t WHERE timestamp >= @start",
        "SELECT timestamp FROM t WHERE timestamp >= @start",
    ],
)
def test_a_query_for_a_payload_or_a_row_would_be_noticed(sql):
    with pytest.raises(AssertionError):
        assert_only_counts(sql)


def test_check_over_the_budget_ends_with_3(served, tmp_path, capsys):
    served(small())
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(asked(tmp_path, budget={"bytes": "1KB"}))])
    assert ended.value.code == 3
    told = capsys.readouterr().err
    assert "bigquery: rows of run_googleapis_com_requests:" in told
    assert "Traceback" not in told
