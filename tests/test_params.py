"""Parameters are checked whole, and a mistake is told in one sentence with the right spelling."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from netra_analysis import params
from netra_analysis.errors import RequestError

GOOD = """
incident: staging-2025-09-02
project: netra-staging
service: netra-backend-staging
start: 2025-09-02T12:00:00Z
end: 2025-09-02T18:30:00Z
source: file:entries.ndjson.gz
"""


def test_the_least_that_is_needed() -> None:
    asked = params.from_yaml(GOOD, "x.yaml")
    assert str(asked.asked) == "2025-09-02T12:00:00Z – 2025-09-02T18:30:00Z"
    assert str(asked.before) == "2025-09-02T05:30:00Z – 2025-09-02T12:00:00Z"
    assert asked.metrics == "none"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("sorce: file:x", "did you mean 'source'"),
        ("limits: {memory: 1024}", "did you mean 'memory_mib'"),
        ("limits: {memory_mib: '1024'}", "limits.memory_mib"),
        ("limits: {pool_size: -1}", "limits.pool_size"),
        ("window: last 24h", "either start and end, or window"),
        ("metrics: prometheus:x", "starts with one of file:, monitoring:, none"),
        ("budget: {bytes: plenty}", "write it as 20GB"),
        ("audit: [{id: A1, says: x, tests: vibes}]", "audit.0.tests"),
        ("audit: [{id: A1, says: x}, {id: A1, says: y}]", "id of its own"),
        ("synthetic: perhaps", "synthetic"),
        ("region: 'us central1; DROP'", "region"),
        ("baseline: {start: 2025-09-02T12:00:00, end: 2025-09-02T13:00:00Z}", "no time zone"),
    ],
)
def test_each_mistake_is_named(change: str, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        params.from_yaml(GOOD + change + "\n", "x.yaml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("12:00:00Z", "12:00:00", "no time zone"),
        ("2025-09-02T12:00:00Z", "2025-09-02", "write it as|has no time zone"),
        ("2025-09-02T12:00:00Z", "noon", "is no time"),
        ("18:30:00Z", "11:30:00Z", "before its start"),
        ("end: 2025-09-02T18:30:00Z\n", "", "end is missing"),
        ("incident: staging-2025-09-02", "incident: ../../etc", "incident"),
        ("incident: staging-2025-09-02", "incident: Staging", "incident"),
        ("source: file:entries.ndjson.gz", "source: entries.ndjson", "source is 'entries.ndjson'"),
        ("service: netra-backend-staging", "service: 'a\" OR 1=1'", "service"),
        ("service: netra-backend-staging\n", "", "service is missing"),
        ("project: netra-staging", "incident: twice", "key given twice: incident"),
    ],
)
def test_each_wrong_value_is_named(old: str, new: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        params.from_yaml(GOOD.replace(old, new, 1), "x.yaml")


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b", "a: [", "\x00"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"x\.yaml"):
        params.from_yaml(text, "x.yaml")


def test_a_relative_window_is_resolved_once() -> None:
    text = GOOD.replace("start: 2025-09-02T12:00:00Z\nend: 2025-09-02T18:30:00Z", "window: last 24h")
    now = datetime(2025, 9, 3, 7, 30, 59, tzinfo=UTC)
    asked = params.from_yaml(text, "x.yaml").resolved(now)
    assert str(asked.asked) == "2025-09-02T07:30:00Z – 2025-09-03T07:30:00Z"
    assert asked.resolved(datetime(2030, 1, 1, tzinfo=UTC)) == asked


def test_parameters_survive_the_manifest() -> None:
    asked = params.from_yaml(GOOD + "audit: [{id: A1, says: memory pressure, tests: memory}]\n", "x.yaml")
    assert params.parse(asked.to_json(), "manifest") == asked


def test_sizes_are_read_as_people_write_them() -> None:
    assert params.from_yaml(GOOD + "budget: {bytes: 20GB}\n", "x").budget.bytes == 20_000_000_000
    assert params.from_yaml(GOOD + "budget: {bytes: 1.5 GiB}\n", "x").budget.bytes == 1_610_612_736


def test_a_missing_file_lists_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text(GOOD)
    with pytest.raises(RequestError, match=r"there\.yaml"):
        params.load(tmp_path / "missing.yaml")
