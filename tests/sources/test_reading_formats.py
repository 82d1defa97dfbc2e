"""The same five entries in every format people have them in: all are read to the same rows."""

import gzip
import json

import pytest
import yaml
from reading_samples import (
    ALL,
    ENTRIES,
    NO_LOG,
    PROJECTION,
    SINK,
    analytics_table,
    bigquery_ndjson,
    by_severity,
    epochs,
    explorer_csv,
    gcloud_yaml,
    lines_csv,
    markdown,
    ndjson,
    packed,
    parquet,
    pretty,
    read,
    rows,
    sink_table,
)

ONE_LINE = ndjson().strip().replace("\n", ",")
NO_IDS = [{k: e[k] for k in ("timestamp", "severity", "textPayload") if k in e} for e in ENTRIES]
MESSAGES = [{k.replace("textPayload", "message"): v for k, v in e.items()} for e in NO_IDS]

# name of the case: (bytes, format told, columns that must be as in the plain NDJSON)
CASES: dict[str, tuple[bytes, str, list[str]]] = {
    "NDJSON": (ndjson().encode(), "ndjson", ALL),
    "NDJSON with CRLF": (ndjson().replace("\n", "\r\n").encode(), "ndjson", ALL),
    "NDJSON without last line end, with blank lines": (ndjson().replace("\n", "\n\n").strip().encode(), "ndjson", ALL),
    "NDJSON escaped to ASCII": ("".join(json.dumps(e) + "\n" for e in ENTRIES).encode(), "ndjson", ALL),
    "NDJSON newest first": (ndjson(ENTRIES[::-1]).encode(), "ndjson", ALL),
    "one array per line": (f"[{ONE_LINE}]\n".encode(), "json array", ALL),
    "array, indented": (pretty().encode(), "json array", ALL),
    "array, one line": (json.dumps(ENTRIES).encode(), "json array", ALL),
    "array with trailing comma": (pretty().replace("\n]", ",\n]").encode(), "json array", ALL),
    "array of pages": (json.dumps([ENTRIES[:2], ENTRIES[2:]]).encode(), "json array", ALL),
    "gzip": (packed(ndjson()), "ndjson", ALL),
    "gzip in two members": (packed(ndjson(ENTRIES[:2])) + packed(ndjson(ENTRIES[2:])), "ndjson", ALL),
    "gzip of an array in UTF-16": (gzip.compress(pretty().encode("utf-16")), "json array", ALL),
    "BOM": (b"\xef\xbb\xbf" + ndjson().encode(), "ndjson", ALL),
    "BOM, array": (b"\xef\xbb\xbf" + pretty().encode(), "json array", ALL),
    "files with BOMs put together": (
        b"".join(b"\xef\xbb\xbf" + ndjson([e]).encode() for e in ENTRIES),
        "ndjson",
        ALL,
    ),
    "UTF-16LE with BOM and CRLF": (
        b"\xff\xfe" + pretty().replace("\n", "\r\n").encode("utf-16-le"),
        "json array",
        ALL,
    ),
    "UTF-16BE with BOM": (b"\xfe\xff" + ndjson().encode("utf-16-be"), "ndjson", ALL),
    "UTF-16LE without BOM": (ndjson().encode("utf-16-le"), "ndjson", ALL),
    "UTF-16BE without BOM": (pretty().encode("utf-16-be"), "json array", ALL),
    "objects one after the other": ("\n".join(json.dumps(e, indent=2) for e in ENTRIES).encode(), "json", ALL),
    "objects on one line": ("".join(json.dumps(e) for e in ENTRIES).encode(), "json", ALL),
    "Markdown with prose and fences": (markdown().encode(), "json", ALL),
    "shell prompt before an array": (b"$ gcloud logging read ... --format=json\n" + pretty().encode(), "json", ALL),
    "API answer": (json.dumps({"entries": ENTRIES, "nextPageToken": "x"}, indent=2).encode(), "json", ALL),
    "API answer, token first": (json.dumps({"nextPageToken": "x", "entries": ENTRIES}).encode(), "json", ALL),
    "API answers, one per line": (
        f"{json.dumps({'entries': ENTRIES[:2]})}\n{json.dumps({'entries': ENTRIES[2:]})}\n".encode(),
        "ndjson",
        ALL,
    ),
    "logs wrapper with the time of the dump": (
        json.dumps({"timestamp": "2026-01-01T00:00:00Z", "count": 5, "logs": ENTRIES}).encode(),
        "ndjson",
        ALL,
    ),
    "by severity": (by_severity(nested=False).encode(), "json", NO_LOG),
    "by severity, nested": (by_severity(nested=True).encode(), "json", NO_LOG),
    "by severity, payloads as Python wrote them": (by_severity(nested=True, as_repr=True).encode(), "json", NO_LOG),
    "YAML documents": (gcloud_yaml().encode(), "yaml", ALL),
    "YAML documents, UTF-16LE and CRLF": (gcloud_yaml(crlf=True).encode("utf-16"), "yaml", ALL),
    "YAML list": (gcloud_yaml(as_list=True).encode(), "yaml", ALL),
    "Logs Explorer CSV": (explorer_csv().encode(), "csv", ALL),
    "Logs Explorer CSV, indices with dots": (explorer_csv(brackets=False).encode(), "csv", ALL),
    "Logs Explorer CSV, 200 columns, BOM": (b"\xef\xbb\xbf" + explorer_csv(extra=175).encode(), "csv", ALL),
    "CSV with semicolons": (explorer_csv(delimiter=";").encode(), "csv", ALL),
    "BigQuery NDJSON": (bigquery_ndjson().encode(), "ndjson", ALL),
    "BigQuery Parquet": (parquet(sink_table()), "parquet", SINK),
    "BigQuery Parquet, latency as text": (parquet(sink_table("text")), "parquet", SINK),
    "BigQuery Parquet, latency as a record": (parquet(sink_table("struct")), "parquet", SINK),
    "Log Analytics Parquet": (parquet(analytics_table()), "parquet", ALL),
    "epoch in ns": (epochs(1000).encode(), "ndjson", ALL),
    "epoch in us": (epochs(1).encode(), "ndjson", ALL),
    "epoch in seconds with a fraction": (epochs(-1_000_000).encode(), "ndjson", ALL),
}

# Projections keep time, severity and text of those entries that have a text.
REDUCED: dict[str, tuple[str, str]] = {
    "three fields": (ndjson([e for e in NO_IDS if "textPayload" in e]), "ndjson"),
    "three fields, array": (pretty([e for e in NO_IDS if "textPayload" in e]), "json array"),
    "timestamp, severity, message": (ndjson([e for e in MESSAGES if "message" in e]), "ndjson"),
    "gcloud CSV": (lines_csv("timestamp,severity,text_payload", "timestamp", "severity", "textPayload"), "csv"),
    "CSV by hand": (lines_csv("timestamp,severity,textPayload", "timestamp", "severity", "textPayload"), "csv"),
    "tab-separated": (
        "timestamp\tseverity\ttextPayload\n"
        + "".join(
            "\t".join([e["timestamp"], e.get("severity", ""), '"' + e["textPayload"].replace('"', '""') + '"']) + "\n"
            for e in NO_IDS
            if "textPayload" in e
        ),
        "csv",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_format_gives_the_same_entries(tmp_path, name):
    content, kind, columns = CASES[name]
    expected = rows(read(tmp_path, ndjson().encode(), "plain.ndjson"), columns)
    reading = read(tmp_path, content)
    assert rows(reading, columns) == expected
    assert (reading.read, reading.quarantine.num_rows, reading.files[0].values) == (5, 0, 5)
    assert reading.files[0].format == kind


@pytest.mark.parametrize("name", REDUCED)
def test_reduced_projections_keep_time_severity_and_text(tmp_path, name):
    content, kind = REDUCED[name]
    full = read(tmp_path, ndjson([e for e in ENTRIES if "textPayload" in e]).encode(), "plain.ndjson")
    reading = read(tmp_path, content.encode())
    found = [row for row in rows(reading, PROJECTION) if row[2]]
    assert found == rows(full, PROJECTION)
    assert reading.files[0].format == kind
    assert all(value.startswith("sha1:") for value in reading.entries["id"].to_pylist())


def test_an_entry_without_an_id_has_the_same_one_in_every_format(tmp_path):
    ids = {name: set(read(tmp_path, text.encode()).entries["id"].to_pylist()) for name, (text, _) in REDUCED.items()}
    texts = [ids["three fields"] <= found for found in ids.values()]
    assert all(texts)
    assert len(ids["three fields"]) == 3


def test_what_the_platform_writes_tells_the_log(tmp_path):
    bare = [{k: v for k, v in e.items() if k != "logName"} for e in ENTRIES]
    logs = read(tmp_path, ndjson(bare).encode()).entries["log"].to_pylist()
    assert logs == ["", "run.googleapis.com/requests", "", "run.googleapis.com/varlog/system", ""]


def test_shards_with_different_columns_are_one_reading(tmp_path):
    whole = sink_table()
    (tmp_path / "a.parquet").write_bytes(parquet(whole.slice(0, 2).drop_columns(["jsonPayload", "errorGroups"])))
    (tmp_path / "b.parquet").write_bytes(parquet(whole.slice(2)))
    from netra_analysis.sources.reading import read_entries

    reading = read_entries("*.parquet", tmp_path)
    assert rows(reading, SINK) == rows(read(tmp_path, parquet(whole), "c"), SINK)


def test_labels_in_the_sinks_names_lose_only_the_instance(tmp_path):
    assert read(tmp_path, parquet(sink_table())).entries["labels"].to_pylist() == ['{"commit_sha":"4f2a"}'] * 5


@pytest.mark.parametrize("kind", ["ndjson", "yaml"])
def test_a_whole_number_is_one_number_however_it_is_written(tmp_path, kind):
    entry = {**ENTRIES[2], "jsonPayload": {"message": "told", "took": 86.0, "half": 0.5, "none": -0.0}}
    text = ndjson([entry]) if kind == "ndjson" else "---\n" + yaml.safe_dump(entry)
    assert rows(read(tmp_path, text.encode()), ["json"]) == [('{"half":0.5,"message":"told","none":0,"took":86}',)]
