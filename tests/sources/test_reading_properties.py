"""What holds for any entry and any order of a file."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_samples import ENTRIES, ndjson, read, rows

from netra_analysis.schema import ENTRIES as SCHEMA
from netra_analysis.sources.reading import read_entries
from netra_analysis.sources.reading.entry import to_row
from netra_analysis.sources.reading.jsonvalue import canonical, decode_line
from netra_analysis.sources.reading.moment import read_moment
from netra_analysis.sources.reading.reason import Reason

SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(max_examples=int(os.environ.get("NETRA_ANALYSIS_EXAMPLES", "500")), deadline=None)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
fields = st.sampled_from(
    [
        "timestamp",
        "receiveTimestamp",
        "severity",
        "logName",
        "insertId",
        "textPayload",
        "jsonPayload",
        "protoPayload",
        "httpRequest",
        "labels",
        "resource",
        "trace",
        "errorGroups",
        "message",
        "payload",
        "raw_payload",
        "status",
        "service_name",
        "insert_id",
        "unknown",
    ]
)
entries = [{**ENTRIES[n % 5], "insertId": f"id{n}"} for n in range(12)] + [{"textPayload": "no time"}]


@SOME
@given(order=st.permutations(entries), cut=st.integers(0, len(entries)))
def test_order_and_splitting_change_no_row(tmp_path, order, cut):
    whole = read(tmp_path, ndjson(entries).encode(), "whole.json")
    (tmp_path / "part1.txt").write_text(ndjson(order[:cut]) if cut else "")
    (tmp_path / "part2.txt").write_text(json.dumps(order[cut:], indent=2))
    parts = read_entries("part*.txt", tmp_path)
    assert sorted(rows(parts, list(SCHEMA.names)), key=str) == sorted(rows(whole, list(SCHEMA.names)), key=str)
    assert parts.quarantine["reason"].to_pylist() == whole.quarantine["reason"].to_pylist()


@MANY
@given(st.dictionaries(fields, values, max_size=6))
def test_any_object_is_a_row_or_a_reason(value):
    row = to_row(value)
    if not isinstance(row, Reason):
        assert isinstance(row["time"], datetime)
        assert all(isinstance(row[name], str) for name in ("log", "id", "severity", "service", "revision", "instance"))


@MANY
@given(values)
def test_json_keeps_every_value(value):
    text = canonical(value)
    assert decode_line(text) == value
    once = canonical(decode_line(text))  # whole numbers have lost their point
    assert canonical(decode_line(once)) == once


@MANY
@given(
    st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - zones come below
    st.integers(-14 * 60, 14 * 60),
    st.integers(0, 9),
    st.sampled_from("T t"),
)
def test_times_are_cut_to_microseconds_in_utc(naive, offset, digits, separator):
    moment = naive.replace(tzinfo=UTC)
    local = moment.astimezone(timezone(timedelta(minutes=offset)))
    fraction = f"{local.microsecond:06}000"[:digits]
    zone = local.strftime("%z")
    text = local.strftime(f"%Y-%m-%d{separator}%H:%M:%S") + ("." + fraction if digits else "") + zone
    kept = int(fraction.ljust(6, "0")[:6] or 0)
    assert read_moment(text) == moment.replace(microsecond=kept)


@SOME
@given(st.integers(10**9, 4 * 10**9), st.integers(0, 999_999))
def test_epochs_tell_their_unit(seconds, micros):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    whole = seconds * 1_000_000 + micros
    for value in (whole, whole * 1000, str(whole), {"seconds": str(seconds), "nanos": micros * 1000}, whole / 1e6):
        assert read_moment(value) == moment
    assert read_moment(seconds * 1000) == moment.replace(microsecond=0)


@MANY
@given(st.dictionaries(fields, values, max_size=5))
def test_a_lost_id_depends_on_content_and_not_on_order(value):
    value = {**value, "timestamp": "2025-09-02T12:00:00Z"}
    assert to_row(value) == to_row(dict(reversed(value.items())))
