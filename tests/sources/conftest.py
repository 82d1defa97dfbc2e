"""Local servers for the cloud's clients, and the addresses at which the clients find them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from cloud_incident import files, rows

import netra_analysis as na
from netra_analysis.reconstruct.handled import handled
from tests.servers.bigquery import FakeBigQuery, bigquery
from tests.servers.bigquery_storage import FakeStorage, storage
from tests.servers.logging import FakeLogging, logging
from tests.servers.monitoring import FakeMonitoring, monitoring

Serve = Callable[[Any], Any]


@pytest.fixture(scope="session")
def plain(tmp_path_factory: Any) -> Any:
    """The incident from files: what every other source has to give."""
    incident = na.open(files(tmp_path_factory.mktemp("plain"), rows()))
    accounts = handled(incident.tables, incident.params.asked)["handler_s"]
    assert accounts.null_count < len(accounts), "handlers tell their own time, under names that a sink changes"
    return incident


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts the server of a fake until the test ends, and points its client at it; nothing is kept."""
    monkeypatch.setenv("NETRA_ANALYSIS_CACHE", "off")
    with ExitStack() as running:

        def start(fake: Any) -> Any:
            kinds = {
                FakeBigQuery: (bigquery, "BIGQUERY_EMULATOR_HOST"),
                FakeStorage: (storage, "BIGQUERY_STORAGE_EMULATOR_HOST"),
                FakeMonitoring: (monitoring, "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING"),
                FakeLogging: (logging, "CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"),
            }
            server, variable = kinds[type(fake)]
            address = running.enter_context(server(fake))
            monkeypatch.setenv(variable, address.url)
            return address

        yield start
