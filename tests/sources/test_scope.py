"""What is not asked about is counted and not kept; what does not fit is refused before it is read."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from cloud_incident import PROJECT, files, rows

import netra_analysis as na
from netra_analysis import params, tables
from netra_analysis.errors import SourceError
from netra_analysis.window import stamp
from tests.servers.export import moment, partitioned
from tests.servers.logging import FakeLogging


def crowd() -> list[dict[str, Any]]:
    """12,000 requests of another service, every tenth twice, and 600 of the same service on another day."""
    pattern = next(one for one in rows() if "httpRequest" in one)
    made = []
    for i in range(12_600):
        service, days = ("billing", 0) if i < 12_000 else ("shop", 2)
        labels = {**pattern["resource"]["labels"], "service_name": service}
        time = stamp(moment(pattern["timestamp"]) + timedelta(days=days, seconds=i % 3600))
        one = {
            **pattern,
            "insertId": f"c{i:08d}",
            "timestamp": time,
            "resource": {**pattern["resource"], "labels": labels},
        }
        made += [one, one] if i % 10 == 0 else [one]
    return made


@pytest.mark.parametrize("kind", ["parquet", "json"])
def test_a_crowd_around_the_incident_changes_nothing_and_is_counted(kind, tmp_path, plain):
    everything = [*rows(), *crowd()]
    path = files(tmp_path, source="file:export")
    (tmp_path / "export").mkdir()
    if kind == "json":
        (tmp_path / "export" / "all.ndjson").write_text("".join(json.dumps(one) + "\n" for one in everything))
    else:
        for name, stored in partitioned(everything).items():
            pq.write_table(stored.rows, tmp_path / "export" / f"{name}.parquet")
    found = na.open(path)
    before, after = plain.tables.coverage, found.tables.coverage
    assert_equal_but_for_streams(found, plain, lowered=kind == "parquet")
    assert after.entries == before.entries + len(crowd())
    assert after.duplicates == before.duplicates + 1260
    assert after.entries == after.loaded + after.duplicates
    assert after.services["billing"] == before.services["billing"] + 12_000
    assert after.services["shop"] == before.services["shop"] + 600
    assert after.streams["requests"].rows == before.streams["requests"].rows + 600
    assert after.streams["requests"].last > before.streams["requests"].last


def assert_equal_but_for_streams(found: Any, plain: Any, *, lowered: bool) -> None:
    for name, table in plain.tables.items():
        if name != "entries" or not lowered:
            assert getattr(found.tables, name).equals(table), name
    assert found.tables.entries.select(["time", "id", "text"]).equals(
        plain.tables.entries.select(["time", "id", "text"])
    )


def test_more_than_may_be_kept_is_refused_with_the_time_that_would_fit(tmp_path):
    path = files(tmp_path, rows(), budget={"entries": 100})
    with pytest.raises(SourceError, match=r"'shop' has \d+ entries or more .* 100 may be kept \(budget.entries\)"):
        tables.from_params(params.load(path), tmp_path)


def test_the_logging_api_is_asked_no_further_than_what_fits(served, tmp_path):
    fake = FakeLogging(PROJECT, rows(), most=50)
    served(fake)
    path = files(tmp_path, rows(), source=f"logging:{PROJECT}", budget={"entries": 100})
    with pytest.raises(SourceError, match="100 may be kept"):
        tables.from_params(params.load(path), tmp_path)
    assert fake.calls <= 4


LIMITED = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
from netra_analysis.cli import main
main(["check", sys.argv[1]])
"""


@pytest.mark.long
def test_more_than_fits_into_a_gibibyte_is_refused_and_not_killed(tmp_path):
    """The control is in the sentence: it is refused for its number before memory ends, with the window that fits."""
    line = (
        '{{"timestamp":"2026-03-04T{hour:02}:{minute:02}:00Z","insertId":"{n}","textPayload":"line {n}",'
        '"logName":"projects/p/logs/run.googleapis.com%2Fstderr","resource":{{"type":"cloud_run_revision",'
        '"labels":{{"service_name":"shop","revision_name":"shop-1"}}}}}}\n'
    )
    with (tmp_path / "many.ndjson").open("w") as file:
        file.writelines(line.format(hour=n // 60 % 24, minute=n % 60, n=n) for n in range(1_000_000))
    asked = tmp_path / "many.yaml"
    asked.write_text(
        "incident: many\nproject: p\nservice: shop\nsource: file:many.ndjson\n"
        "start: 2026-03-04T12:00:00Z\nend: 2026-03-05T00:00:00Z\n"
    )
    command = [sys.executable, "-c", LIMITED, str(asked)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert ended.returncode == 3, ended.stderr[-500:]
    assert "ask for a shorter window" in ended.stderr
