"""What cannot be used is quarantined with its reason, and costs nothing else."""

import gzip
import json
import os
import socket
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from reading_samples import ENTRIES, explorer_csv, gcloud_yaml, ndjson, packed, parquet, pretty, read, sink_table

from netra_analysis.errors import SourceError
from netra_analysis.redact import Redactor
from netra_analysis.schema import ENTRIES as SCHEMA
from netra_analysis.sources.reading import REASONS, read_entries

GOOD = ndjson()
TIME = '"timestamp":"2025-09-02T12:00:00Z"'

# One line among good ones, and why it is refused; None where it is read.
LINES: dict[str, tuple[bytes, str | None]] = {
    "prose": (b"gcloud: command not found", "not JSON"),
    "two values": (b'{"a": 1}{"b": 2}', "not JSON"),
    "text": (b'"text"', "not an object"),
    "number": (b"12", "not an object"),
    "array of no entries": (b"[1, 2]", "not an object"),
    "no time": (b'{"textPayload": "x"}', "no timestamp"),
    "time null": (b'{"timestamp": null, "textPayload": "x"}', "no timestamp"),
    "time is prose": (b'{"timestamp": "yesterday", "textPayload": "x"}', "bad timestamp"),
    "time is an object": (b'{"timestamp": {}, "textPayload": "x"}', "bad timestamp"),
    "time is a small number": (b'{"timestamp": 12, "textPayload": "x"}', "bad timestamp"),
    "month 13": (b'{"timestamp": "2025-13-02T12:00:00Z"}', "bad timestamp"),
    "year 0": (b'{"timestamp": "0001-01-01T00:00:00+14:00"}', "bad timestamp"),
    "too long": (b'{"textPayload": "' + b"x" * (1 << 20) + b'",' + TIME.encode() + b"}", "too long"),
    "too deep": (b"{" + TIME.encode() + b',"jsonPayload": ' + b'{"a":' * 150 + b"1" + b"}" * 151, "too deep"),
    "far too deep": (b'{"jsonPayload": ' + b"[" * 100_000, "too deep"),
    "bytes that break it": (b'{"textPayload\xff: 1}', "bad encoding"),
    "NUL outside text": (b'{"textPayload": \x00 1}', "not JSON"),
    "bytes within text": (b'{"textPayload": "caf\xe9",' + TIME.encode() + b"}", None),
    "NUL within text": (b'{"textPayload": "a\x00b",' + TIME.encode() + b"}", None),
    "raw controls within text": (b'{"textPayload": "\x1b[31mred\t",' + TIME.encode() + b"}", None),
    "lone surrogate": (b'{"textPayload": "\\ud83d",' + TIME.encode() + b"}", None),
    "duplicate key": (b'{"textPayload": "a", "textPayload": "b",' + TIME.encode() + b"}", None),
    "huge float": (b'{"jsonPayload": {"x": 1e400},' + TIME.encode() + b"}", None),
    "huge integer": (b'{"jsonPayload": {"x": ' + b"9" * 5000 + b"}," + TIME.encode() + b"}", None),
    "NaN": (b'{"jsonPayload": {"x": NaN},' + TIME.encode() + b"}", None),
    "every field of a wrong type": (
        b'{"labels": 1, "resource": [], "httpRequest": "x", "severity": {}, "textPayload": [1], "errorGroups": {},'
        b'"jsonPayload": 7, "trace": 1, "insertId": {}, "logName": 3, "protoPayload": "x",' + TIME.encode() + b"}",
        None,
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_one_line_costs_no_other(tmp_path, name):
    line, reason = LINES[name]
    reading = read(tmp_path, GOOD.encode() + line + b"\n" + GOOD.encode())
    assert reading.read == 11
    assert reading.quarantine["reason"].to_pylist() == ([reason] if reason else [])
    assert reading.quarantine["position"].to_pylist() == ([6] if reason else [])
    assert not reason or reason in REASONS
    assert SCHEMA.conform(reading.entries).num_rows == (10 if reason else 11)


def one(tmp_path, line):
    return read(tmp_path, line + b"\n").entries.to_pylist()[0]


def test_numbers_that_no_double_holds_keep_their_text(tmp_path):
    line = f'{{"jsonPayload": {{"a": 1e400, "b": {2**70}, "c": NaN, "d": 0.1}}, {TIME}}}'
    assert one(tmp_path, line.encode())["json"] == f'{{"a":"1e400","b":{2**70},"c":"NaN","d":0.1}}'


def test_what_is_no_unicode_is_shown_as_the_replacement_character(tmp_path):
    reading = read(tmp_path, b'{"textPayload": "caf\xe9 \\ud83d",' + TIME.encode() + b"}\n")
    assert reading.entries["text"].to_pylist() == ["caf\ufffd \ufffd"]
    assert "U+FFFD" in " ".join(reading.warnings)


def test_text_that_looks_like_json_stays_text(tmp_path):
    text = '{"severity": "ERROR", "message": "x"}'
    row = one(tmp_path, json.dumps({"timestamp": "2025-09-02T12:00:00Z", "textPayload": text}).encode())
    assert (row["text"], row["json"], row["severity"]) == (text, None, "DEFAULT")


def test_samples_are_scrubbed_visible_and_short(tmp_path):
    line = b"token=hunter2 \x1b[31m" + b"x" * 400
    reading = read(tmp_path, GOOD.encode() + line + b"\n", scrub=lambda text: text.replace("hunter2", "[secret]"))
    sample = reading.quarantine["sample"][0].as_py()
    assert sample.startswith("token=[secret] \\x1b[31mxxx")
    assert len(sample) == 200


def test_assumptions_are_counted(tmp_path):
    lines = [{"timestamp": "2025-09-02 12:00:00", "textPayload": "x"}, {"receiveTimestamp": "2025-09-02T12:00:00Z"}]
    reading = read(tmp_path, ndjson([*lines, {**ENTRIES[0], "extra": 1}]).encode())
    said = " ".join(reading.warnings)
    assert "1 timestamps without a time zone" in said
    assert "1 entries without a timestamp took receiveTimestamp" in said
    assert "extra" in said


def test_a_cut_array_gives_what_came_before_and_the_rest_once(tmp_path):
    for text in (pretty(), json.dumps(ENTRIES), "".join(json.dumps(e, indent=1) for e in ENTRIES)):
        reading = read(tmp_path, text[: int(len(text) * 0.7)].encode())
        assert reading.quarantine["reason"].to_pylist() == ["truncated"]
        assert 2 <= reading.entries.num_rows <= 4


def test_an_array_cut_between_two_values_says_so(tmp_path):
    text = pretty()
    reading = read(tmp_path, text[: text.rindex("\n  {")].encode())
    assert (reading.read, reading.entries.num_rows) == (4, 4)
    assert "cut between two values" in reading.warnings[0]


@pytest.mark.parametrize("text", [pretty(), json.dumps(ENTRIES), json.dumps({"entries": ENTRIES}, indent=2)])
def test_a_broken_value_in_an_array_costs_itself(tmp_path, text):
    broken = text.replace('"status": 500', '"status": 5"00')
    reading = read(tmp_path, broken.encode())
    assert (reading.entries.num_rows, reading.quarantine["reason"].to_pylist()) == (4, ["not JSON"])


def test_a_first_line_longer_than_all_that_is_looked_at_hides_no_lines(tmp_path):
    """Two values on one line are one line that is none, as they are where the first line is short."""
    lines = [json.dumps({**ENTRIES[n % 5], "insertId": f"id{n}"}) for n in range(6)]
    lines[3] += '{"a":[' * 3
    for first in (lines[0], lines[0][:-1] + ', "textPayload": "' + "x" * 2**21 + '"}'):
        path = tmp_path / "dump.ndjson"
        path.write_text("\n".join([first, *lines[1:]]))
        reading = read_entries(path.name, tmp_path)
        assert reading.read == reading.entries.num_rows + reading.quarantine.num_rows == len(lines)


def test_values_too_long_or_too_deep_in_an_array_cost_themselves(tmp_path):
    deep: dict[str, object] = {}
    for _ in range(150):
        deep = {"a": deep}
    bad = [ENTRIES[0] | {"textPayload": "y" * size} for size in (1_100_000, 3_000_000)]
    mixed = [ENTRIES[0], bad[0], ENTRIES[1], {**ENTRIES[2], "jsonPayload": deep}, bad[1], ENTRIES[3], 7, "x"]
    for indent in (None, 2):
        reading = read(tmp_path, json.dumps(mixed, indent=indent).encode())
        counted = sorted(reading.quarantine["reason"].to_pylist())
        assert counted == ["not an object"] * 2 + ["too deep"] + ["too long"] * 2
        assert reading.entries.num_rows == 3


def test_a_large_wrapper_is_walked(tmp_path):
    many = [{**ENTRIES[n % 5], "insertId": str(n)} for n in range(6000)]
    text = json.dumps({"count": 6000, "project": "p", "ERROR": {"stderr": many[:3000]}, "logs": many[3000:]})
    reading = read(tmp_path, text.encode())
    assert (reading.read, reading.entries.num_rows) == (6000, 6000)
    no_severity = reading.entries.filter(pc.equal(reading.entries["severity"], "ERROR")).num_rows
    assert no_severity == 600 + 600 + 600  # the group's, for those of its entries that have none


def test_a_cut_gzip_gives_what_could_be_unpacked(tmp_path):
    many = [{**ENTRIES[n % 5], "insertId": os.urandom(8).hex()} for n in range(2000)]
    whole = packed(ndjson(many))
    reading = read(tmp_path, whole[: len(whole) // 2])
    assert reading.entries.num_rows > 500
    assert reading.quarantine["reason"].to_pylist() == ["truncated"]
    assert "gzip data ends early" in " ".join(reading.warnings)
    wrong_sum = read(tmp_path, whole[:-8] + bytes(8))
    assert (wrong_sum.entries.num_rows, wrong_sum.quarantine["reason"].to_pylist()) == (2000, ["truncated"])
    assert "gzip data is damaged" in wrong_sum.quarantine["sample"][0].as_py()


def test_padding_after_gzip_is_nothing_and_rubbish_is_damage(tmp_path):
    for rest, reasons in ((bytes(700), []), (b"\0\0rubbish", ["truncated"]), (bytes(40_000), [])):
        reading = read(tmp_path, packed(GOOD) + rest)
        assert (reading.entries.num_rows, reading.quarantine["reason"].to_pylist()) == (5, reasons)


def test_a_bad_yaml_document_costs_no_other(tmp_path):
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    bad = ["{unclosed: [", bomb, "textPayload: !!python/object/apply:os.system [ls]\n", "just text", "- " * 150 + "x"]
    text = gcloud_yaml() + "".join(f"---\n{document}\n" for document in bad) + gcloud_yaml()
    reading = read(tmp_path, text.encode())
    assert (reading.entries.num_rows, reading.read) == (10, 15)
    assert reading.quarantine["reason"].to_pylist() == [
        "not YAML",
        "not YAML",
        "not YAML",
        "not an object",
        "too deep",
    ]


def test_yaml_scalars_are_what_json_would_read(tmp_path):
    text = (
        "---\ninsertId: 0123\ntimestamp: 2025-09-02T12:37:30.5Z\nseverity: INFO\nlogName: projects/p/logs/x\n"
        'textPayload: 12:30:45\njsonPayload:\n  on: yes\n  n: 5\n  f: 1.5\n  z: null\n  b: true\n  c: "\\e[1m\x1b"\n'
    )
    row = read(tmp_path, text.encode()).entries.to_pylist()[0]
    assert (row["id"], row["text"], row["time"].microsecond) == ("0123", "12:30:45", 500_000)
    assert json.loads(row["json"]) == {"on": "yes", "n": 5, "f": 1.5, "z": None, "b": True, "c": "\x1b[1m\x1b"}


def test_a_stray_quote_in_csv_costs_its_row(tmp_path):
    rows = explorer_csv().split("\r\n")
    rows.insert(2, '"unclosed,' + "x," * 3)
    reading = read(tmp_path, "\r\n".join(rows).encode())
    assert reading.entries.num_rows == 5
    assert set(reading.quarantine["reason"].to_pylist()) == {"not a CSV row"}


def test_guard_quotes_are_taken_off_and_others_stay(tmp_path):
    text = "'timestamp,severity,textPayload\n" + "".join(
        f"2025-09-02T12:00:0{n}Z,INFO,{cell}\n" for n, cell in enumerate(["'=1+1", "'None' has no x", "'@a", "'x"])
    )
    assert read(tmp_path, text.encode()).entries["text"].to_pylist() == ["=1+1", "'None' has no x", "@a", "'x"]


def test_damaged_parquet_costs_its_row_groups(tmp_path):
    whole = parquet(pa.concat_tables([sink_table()] * 3))
    (tmp_path / "good.json").write_text(GOOD)
    (tmp_path / "footer.parquet").write_bytes(whole[:-20])
    (tmp_path / "page.parquet").write_bytes(whole[:100] + bytes(300) + whole[400:])
    reading = read_entries("*", tmp_path)
    assert Counter(reading.quarantine["file"].to_pylist()) == {"footer.parquet": 1, "page.parquet": 15}
    assert set(reading.quarantine["reason"].to_pylist()) == {"unreadable parquet"}


def test_parquet_rows_without_a_time_are_quarantined(tmp_path):
    table = sink_table()
    times = pa.array([None, *table["timestamp"].to_pylist()[1:]], pa.timestamp("us", "UTC"))
    for name in ("timestamp", "receiveTimestamp"):
        table = table.set_column(table.column_names.index(name), name, times)
    reading = read(tmp_path, parquet(table))
    assert reading.quarantine.select(["position", "reason"]).to_pylist() == [{"position": 1, "reason": "no timestamp"}]
    assert (reading.read, reading.entries.num_rows) == (5, 4)


REFUSED = {
    "nothing.json": (None, "does not exist"),
    "empty.json": (b"", "empty"),
    "nonsense.log": (b"hello\nworld\n", "no log entry in 1 values (1 not JSON); the first: 'hello"),
    "binary.gz": (os.urandom(3000), "not text"),
    "no-times.json": (b'{"a": 1}\n{"a": 2}\n{"a": 3}\n', "in 3 values (3 no timestamp)"),
    "metrics.json": (b'{"timeSeries": [{"metric": {}}]}', "Cloud Monitoring time series"),
    "table.csv": (b"time,metric,value\n2025-09-02T12:00:00Z,cpu,1\n", "a table without log fields"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_source_without_an_entry_is_refused_in_one_sentence(tmp_path, name):
    content, said = REFUSED[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_entries(name, tmp_path)
    assert said in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_read_and_what_was_passed_over_is_listed(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.json", "sub/b.log"):
        (tmp_path / name).write_text(GOOD)
    for name in ("README.md", ".hidden.json", "plot.png"):
        (tmp_path / name).write_text(GOOD)
    seen: list[tuple[str, int]] = []
    reading = read_entries(".", tmp_path, progress=lambda name, count: seen.append((name, count)))
    assert reading.entries.num_rows == 10
    assert sorted(note.name for note in reading.files if note.format == "ignored") == [
        ".hidden.json",
        "README.md",
        "plot.png",
    ]
    assert seen == [("a.json", 5), ("b.log", 10)]


def test_an_empty_folder_and_a_pattern_without_match_are_refused(tmp_path):
    for location in (".", "*.json"):
        with pytest.raises(SourceError):
            read_entries(location, tmp_path)


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text(GOOD)

    def closed(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)  # root may read every file, so the mode alone proves nothing
    with pytest.raises(SourceError, match=r"a\.json .* cannot be read: Permission denied"):
        read_entries("a.json", tmp_path)


HOSTILE = {
    "newlines after a broken value": '[{"insertId": x' + "\n" * 2_000_000 + pretty()[1:],
    "spaces": "[" + " " * 2_000_000 + pretty()[1:],
    "brackets": pretty() + "[" * 2_000_000,
    "braces with spaces": pretty() + "{ " * 1_000_000,
    "quotes": pretty() + '"' * 2_000_000,
    "commas": "[" + "," * 2_000_000 + pretty()[1:],
    "quotes in CSV": explorer_csv() + '"\n' * 300_001,
    "YAML dashes": gcloud_yaml() + "---\n" * 300_000 + "- " * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_more_time_than_its_length(tmp_path, name):
    start = time.process_time()
    reading = read(tmp_path, HOSTILE[name].encode())
    assert time.process_time() - start < 10
    assert reading.entries.num_rows == 5


def test_a_single_line_that_is_cut_or_broken_keeps_its_good_values(tmp_path):
    line = json.dumps({"timestamp": "2026-01-01T00:00:00Z", "logs": ENTRIES})
    side_by_side = "".join(json.dumps(entry) for entry in ENTRIES)
    for text in (line, side_by_side):
        broken = text.replace('"status": 500', '"status": 5"00')
        reading = read(tmp_path, broken.encode())
        assert (reading.entries.num_rows, reading.read) == (4, 5)


def test_gigabytes_of_prose_are_counted_and_not_kept(tmp_path):
    text = '{"a": 1} ' + "a line of prose\n" * 400_000 + pretty()
    reading = read(tmp_path, text.encode())
    assert reading.entries.num_rows == 5
    assert "400000 lines of prose" in reading.files[0].note


def test_what_is_no_regular_file_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(tmp_path / "socket"))
    (tmp_path / "null").symlink_to(os.devnull)
    for name, what in (("pipe", r"a named pipe \(FIFO\)"), ("socket", "a socket"), ("null", "a character device")):
        with pytest.raises(SourceError, match=f"^file:{name} is {what}, no regular file"):
            read_entries(name, tmp_path)
    with pytest.raises(SourceError, match="no file to read"):
        read_entries(".", tmp_path)
    with pytest.raises(SourceError, match="no file matches"):
        read_entries("*", tmp_path)


def test_a_folder_lists_the_pipes_that_it_passed_over(tmp_path):
    (tmp_path / "a.json").write_text(GOOD)
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    passed = {note.name: note.note for note in read_entries(".", tmp_path).files if note.format == "ignored"}
    assert passed == {"broken": "a link to nothing", "pipe": "a named pipe (FIFO)"}
    assert read_entries("*", tmp_path).entries.num_rows == 5


NO_PATHS = {
    "no user": "~nouser/x",
    "long": "x" * 5000,
    "no pattern": "a/**b",
    "brackets": "[" * 3000,
    "NUL": "nul\0",
    "half": "half\udc8b",
    "half in a pattern": "*\udc8b",
}


@pytest.mark.parametrize("location", NO_PATHS.values(), ids=NO_PATHS)
def test_a_path_that_cannot_be_is_refused(tmp_path, location):
    with pytest.raises(SourceError) as caught:
        read_entries(location, tmp_path)
    str(caught.value).encode()


def test_gzip_within_gzip_is_refused_and_says_what_to_do(tmp_path):
    twice = gzip.compress(packed(GOOD))
    with pytest.raises(SourceError, match="gzip within gzip; unpack it once"):
        read(tmp_path, twice, scrub=Redactor(key="k"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.gz").write_bytes(twice)
    (tmp_path / "folder/b.gz").write_bytes(packed(GOOD))
    reading = read_entries("folder", tmp_path, scrub=Redactor(key="k"))
    assert (reading.entries.num_rows, reading.quarantine["reason"].to_pylist()) == (5, ["not text"])


@pytest.mark.parametrize("line", [b"\x8b\x8c\xff prose", b'{"textPayload": "\\ud800"}', b'{"\xff": 1}'])
def test_the_redactor_sees_no_half_of_a_surrogate_pair(tmp_path, line):
    reading = read(tmp_path, GOOD.encode() + line + b"\n", scrub=Redactor(key="k"))
    assert reading.quarantine.num_rows == 1
    with pytest.raises(SourceError) as caught:
        read(tmp_path, line + b"\n", scrub=Redactor(key="k"))
    str(caught.value).encode()


def test_names_that_are_no_unicode_are_written_out(tmp_path):
    (tmp_path / "a\udcff.json").write_text(GOOD + "prose\n")
    (tmp_path / ".b\udcff.json").write_text(GOOD)
    (tmp_path / "c.json").write_text(json.dumps({**ENTRIES[0], "k\ud800": 1}))
    reading = read_entries(".", tmp_path)
    assert reading.quarantine["file"].to_pylist() == ["a\\udcff.json"]
    "".join([*reading.warnings, *(note.name for note in reading.files)]).encode()
