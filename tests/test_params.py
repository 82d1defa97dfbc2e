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
    assert str(asked.asked) == "2025-09-02 12:00:00 to 18:30:00 UTC"
    assert str(asked.before) == "2025-09-02 05:30:00 to 12:00:00 UTC"
    assert asked.metrics == "none"


def test_objectives_survive_the_manifest_and_what_nobody_agreed_stays_open() -> None:
    asked = params.from_yaml(GOOD + "objectives: {availability: 0.999}\n", "x.yaml")
    again = params.parse(asked.to_json(), "manifest")
    assert (again.objectives.availability, again.objectives.latency_s) == (0.999, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("sorce: file:x", "did you mean 'source'"),
        ("limits: {memory: 1024}", "did you mean 'memory_mib'"),
        ("limits: {memory_mib: '1024'}", "limits.memory_mib"),
        ("limits: {pool_size: -1}", "limits.pool_size"),
        ("objectives: {availabilty: 0.99}", "did you mean 'availability'"),
        ("objectives: {availability: 99.5}", "objectives.availability"),
        ("objectives: {latency: 1}", "objectives.latency"),
        ("objectives: {latency_s: 0}", "objectives.latency_s"),
        ("window: last 24h", "either start and end, or window"),
        ("metrics: prometheus:x", "must start with one of file:, monitoring:, none; for files write file:PATH"),
        ("budget: {bytes: plenty}", "write it as 20GB"),
        ("audit: [{id: A1, says: x, tests: vibes}]", "audit.0.tests"),
        ("audit: [{id: A1, says: x}, {id: A1, says: y}]", "id of its own"),
        ("synthetic: perhaps", "synthetic"),
        ("region: 'us central1; DROP'", "region"),
        ("baseline: {start: 2025-09-02T12:00:00, end: 2025-09-02T13:00:00Z}", "no time zone"),
        ("baseline: {start: 2025-09-02T12:00:00, end: 2025-09-02T13:00:00Z}", "+02:00 for a local time"),
        ("baseline: {start: 2025-09-02T10:00:00Z, end: 2025-09-02T12:00:01Z}", "overlaps the window"),
        ("baseline: {start: 2025-09-02T18:29:00Z, end: 2025-09-02T19:00:00Z}", "or starts after it ends"),
        ("baseline: {start: 2025-06-02T10:00:00Z, end: 2025-06-02T12:00:00Z}", "the longest allowed is 62 days"),
        ("? [a]\n: b", "a key is a list or a mapping"),
        ("? {a: 1}\n: b", "a key is a list or a mapping"),
        ("5: x", "5"),
        ("<<: {region: x}", "line 8: merge keys (<<) are not read"),
        ("limits: &a {}\nbudget: *a", "aliases (*) are not read"),
        ("limits: " + "[" * 3000, "nested too deep"),
        ("limits: " + "{a: " * 3000, "nested too deep"),
        ("limits: {pool_size: " + "9" * 5000 + "}", "limits.pool_size"),
        ("limits: {pool_size: 0x" + "f" * 5000 + "}", "limits.pool_size"),
        ("limits: {pool_size: !!int 0x" + "f" * 5000 + "}", "no whole number"),
        ("limits: {pool_size: 1:30}", "given: '1:30'"),
        ("limits: {pool_size: 010}", "given: '010'"),
        ("limits: {memory_mib: 1:30.5}", "given: '1:30.5'"),
        ("limits: {memory_mib: .inf}", "finite"),
        ("limits: {memory_mib: .nan}", "limits.memory_mib"),
        ("limits: {memory_mib: 1.0e400}", "finite"),
        ("synthetic: !!bool perhaps", "not YAML"),
        ("synthetic: !!float x", "not YAML"),
        ("budget: {bytes: " + "9" * 400 + "GB}", "is not between 1 byte and"),
        ("budget: {bytes: 0GB}", "is not between 1 byte and"),
        ("budget: {bytes: 0}", "is not between 1 byte and"),
        ("budget: {bytes: 2.5}", "write it as 20GB"),
        ('metrics: "file:a\\0b"', "NUL"),
        ('metrics: "file:\\ud800"', "surrogate"),
        ("? " + "x" * 5000 + "\n: 1", "unknown key"),
    ],
    ids=lambda value: value[:60],
)
def test_each_mistake_is_named(change: str, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        params.from_yaml(GOOD + change + "\n", "x.yaml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700
    str(caught.value).encode()


def test_no_path_holds_a_nul_whoever_gives_it() -> None:
    with pytest.raises(RequestError, match=r"source .* NUL"):
        params.parse(params.from_yaml(GOOD, "x").to_json() | {"source": "file:a\0b"}, "manifest")
    with pytest.raises(RequestError, match="cannot be read"):
        params.load(Path("a\0b"))


@pytest.mark.parametrize("huge", [float("inf"), float("nan"), 10**400, 10**5000], ids="abcd")
def test_numbers_from_json_are_finite(huge: float) -> None:
    with pytest.raises(RequestError, match=r"limits\.memory_mib"):
        params.parse(params.from_yaml(GOOD, "x").to_json() | {"limits": {"memory_mib": huge}}, "manifest")


def test_a_file_name_that_is_no_unicode_is_written_out(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"\\udcff"):
        params.load(tmp_path / "\udcff.yaml")


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1960-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
    ],
)
@pytest.mark.parametrize("other", ["2025-09-02T12:00:00Z", "2025-09-02T18:30:00Z"])
def test_times_that_cannot_be_computed_with_are_refused(time: str, other: str) -> None:
    with pytest.raises(RequestError, match="outside the years 1970 to 2200"):
        params.from_yaml(GOOD.replace(other, time), "x.yaml")


def test_a_baseline_may_come_after_the_window_and_touch_it() -> None:
    after = params.from_yaml(GOOD + "baseline: {start: 2025-09-02T18:30:00Z, end: 2025-09-02T19:00:00Z}\n", "x")
    assert str(after.scope) == "2025-09-02 12:00:00 to 19:00:00 UTC"


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
    assert str(asked.asked) == "2025-09-02 07:30:00 to 2025-09-03 07:30:00 UTC"
    assert asked.resolved(datetime(2030, 1, 1, tzinfo=UTC)) == asked


@pytest.mark.parametrize(
    ("window", "says"),
    [
        ("last 3000000d", "the longest allowed is 62 days"),
        ("last 99999999999d", "the longest allowed is 62 days"),
        ("last " + "9" * 5000 + "d", "the longest allowed is 62 days"),
        ("last 63d", "together with its baseline"),
        ("last 60d", "120 days long together, because the baseline is as much time again before the window"),
        ("last 0d", "write it as"),
    ],
    ids=lambda value: value[:60],
)
def test_a_relative_window_has_a_longest_length(window: str, says: str) -> None:
    text = GOOD.replace("start: 2025-09-02T12:00:00Z\nend: 2025-09-02T18:30:00Z", f"window: {window}")
    with pytest.raises(RequestError, match=says):
        params.from_yaml(text, "x.yaml").resolved(datetime(2025, 9, 3, tzinfo=UTC))


def test_a_relative_window_is_held_against_its_baseline_when_it_is_resolved() -> None:
    text = GOOD.replace("start: 2025-09-02T12:00:00Z\nend: 2025-09-02T18:30:00Z", "window: last 24h")
    asked = params.from_yaml(text + "baseline: {start: 2025-09-02T10:00:00Z, end: 2025-09-02T12:00:00Z}", "x.yaml")
    with pytest.raises(RequestError, match="overlaps the window"):
        asked.resolved(datetime(2025, 9, 3, tzinfo=UTC))


def test_a_window_as_long_as_a_month_fits_with_its_baseline() -> None:
    text = GOOD.replace("2025-09-02T18:30:00Z", "2025-10-03T12:00:00Z")
    assert params.from_yaml(text, "x").scope.duration.days == 62
    with pytest.raises(RequestError, match="give a window of at most 31 days, or a shorter baseline"):
        params.from_yaml(text.replace("10-03", "10-04"), "x")


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
