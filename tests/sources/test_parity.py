"""The bundled incident and six planted ones through every source: equal tables and findings, to the last value."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud_incident import BUNDLED, PLANTED, planted
from parity import assert_equal

import netra_analysis as na
from netra_analysis.sources import pace
from tests.servers import export
from tests.servers.bigquery import FakeBigQuery
from tests.servers.logging import FakeLogging

Entries = list[dict[str, Any]]
# By the source's name, as `export.py` writes it; a sink writes the names of a service's own fields in lower case.
SOURCES: dict[str, tuple[Callable[[str, Entries], Any], bool]] = {
    "sharded sink": (lambda project, rows: FakeBigQuery(project, "run_logs", export.sharded(rows)), True),
    "partitioned sink": (lambda project, rows: FakeBigQuery(project, "run_logs", export.partitioned(rows)), True),
    "linked dataset": (lambda project, rows: FakeBigQuery(project, "run_logs", export.linked(rows)), False),
    "API": (FakeLogging, False),
}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [BUNDLED, *PLANTED])
def test_every_source_gives_what_the_files_give(
    name: str, served: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace.time, "sleep", lambda _seconds: None)  # the quota of reads is kept by the clock
    given, entries = planted(name, tmp_path)
    path = tmp_path / "asked.yaml"
    path.write_text(yaml.safe_dump(given))
    wanted = na.open(path)
    for source, (fake, lowered) in SOURCES.items():
        served(fake(given["project"], entries))
        there = f"logging:{given['project']}" if source == "API" else f"bigquery:{given['project']}.run_logs"
        path.write_text(yaml.safe_dump({**given, "source": there}))
        found = na.open(path)
        assert_equal(found, wanted, lowered=lowered)
