"""Against a real project: what local servers cannot show. Opt-in, read-only, and within a budget of its own.

NETRA_LIVE_PROJECT and NETRA_LIVE_SERVICE name what to look at; NETRA_LIVE_DATASET (a sink's, or a linked one),
NETRA_LIVE_LOGGING=1 and NETRA_LIVE_MONITORING=1 choose the sources; NETRA_LIVE_HOURS is how far to look back
(default 1), NETRA_LIVE_BUDGET what a query may scan (default 1GB). See docs/live-tests.md.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from netra_analysis import params, tables
from netra_analysis.params import Params
from netra_analysis.sources.load import load, survey
from netra_analysis.window import stamp

PROJECT, SERVICE = os.environ.get("NETRA_LIVE_PROJECT"), os.environ.get("NETRA_LIVE_SERVICE")
pytestmark = pytest.mark.skipif(
    not (PROJECT and SERVICE), reason="live tests are opt-in: NETRA_LIVE_PROJECT and NETRA_LIVE_SERVICE are not set"
)


def chosen(variable: str) -> Any:
    return pytest.mark.skipif(not os.environ.get(variable), reason=f"{variable} is not set")


def asked(folder: Path, **more: Any) -> Params:
    hours = float(os.environ.get("NETRA_LIVE_HOURS", "1"))
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=90)  # settled, also with late entries
    written = {
        "incident": "live",
        "project": PROJECT,
        "service": SERVICE,
        "start": stamp(end - timedelta(hours=hours)),
        "end": stamp(end),
        "source": f"logging:{PROJECT}",
        "budget": {"bytes": os.environ.get("NETRA_LIVE_BUDGET", "1GB")},
    } | more
    (folder / "live.yaml").write_text(json.dumps(written))
    return params.load(folder / "live.yaml")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRA_ANALYSIS_CACHE", "off")


@chosen("NETRA_LIVE_DATASET")
def test_every_query_is_taken_by_the_dry_run_and_by_bigquery(tmp_path):
    wanted = asked(tmp_path, source=f"bigquery:{PROJECT}.{os.environ['NETRA_LIVE_DATASET']}")
    told: list[str] = []
    found = survey(wanted, tmp_path, told.append)
    assert found is not None
    held = tables.from_params(wanted, tmp_path, say=told.append)
    assert held.coverage.loaded > 0
    for scan in held.coverage.scans:
        assert scan["job"]
        assert scan["bytes"] <= max(2 * scan["estimate"], 20 * 2**20), scan["name"]


@chosen("NETRA_LIVE_LOGGING")
@chosen("NETRA_LIVE_DATASET")
def test_bigquery_and_the_logging_api_hold_the_same_requests(tmp_path):
    sink = tables.from_params(
        asked(tmp_path, source=f"bigquery:{PROJECT}.{os.environ['NETRA_LIVE_DATASET']}"), tmp_path
    )
    api = tables.from_params(asked(tmp_path), tmp_path)
    assert sink.requests.select(["time", "id", "status", "path"]).equals(
        api.requests.select(["time", "id", "status", "path"])
    )


@chosen("NETRA_LIVE_LOGGING")
def test_the_logging_api_takes_the_filter(tmp_path):
    assert tables.from_params(asked(tmp_path), tmp_path).coverage.loaded > 0


@chosen("NETRA_LIVE_MONITORING")
def test_monitoring_knows_every_metric_that_is_asked_for(tmp_path):
    raw = load(asked(tmp_path, metrics=f"monitoring:{PROJECT}"), tmp_path)
    assert raw.metrics is not None
    assert raw.metrics.num_rows > 0
    assert not [warning for warning in raw.warnings if "is not known" in warning]
