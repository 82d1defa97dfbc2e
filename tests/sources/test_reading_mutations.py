"""Hundreds of damaged exports: no crash, no hang, and every line accounted for (trust.md R1).

The control reads the same files with DuckDB's `read_json(ignore_errors=true)`, which must lose lines; if it
does not, the mutations prove nothing.
"""

import contextlib
import gzip
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from reading_samples import ENTRIES, parquet, sink_schema, sink_table

from netra_analysis import params
from netra_analysis.errors import SourceError
from netra_analysis.sources.load import load
from netra_analysis.sources.reading import Reading, read_entries

FILES = 320
MORE, MOST = 2_400, 100_000  # under the markers long and release
LINES = 40

Lines = list[bytes]
Mutation = Callable[[random.Random, Lines], Lines]


def original() -> Lines:
    entries = [{**ENTRIES[n % 5], "insertId": f"id{n:04}"} for n in range(LINES)]
    return [json.dumps(entry).encode() for entry in entries]


def _edit(change: Callable[[random.Random, bytes], bytes]) -> Mutation:
    """The mutation that changes one line."""

    def mutation(rng: random.Random, lines: Lines) -> Lines:
        at = rng.randrange(len(lines))
        return [*lines[:at], change(rng, lines[at]), *lines[at + 1 :]]

    return mutation


def _flip(rng: random.Random, line: bytes) -> bytes:
    at = rng.randrange(len(line))
    return line[:at] + bytes([line[at] ^ (1 << rng.randrange(8))]) + line[at + 1 :]


def _insert(*choices: bytes) -> Callable[[random.Random, bytes], bytes]:
    def change(rng: random.Random, line: bytes) -> bytes:
        at = rng.randrange(len(line) + 1)
        return line[:at] + rng.choice(choices) + line[at:]

    return change


def _with(fields: dict[str, object]) -> Callable[[random.Random, bytes], bytes]:
    def change(rng: random.Random, line: bytes) -> bytes:
        key = rng.choice(list(fields))
        with contextlib.suppress(ValueError):  # what was damaged before is no JSON any more
            return json.dumps({**json.loads(line), key: fields[key]}).encode()
        return line

    return change


def _text(raw: bytes) -> Callable[[random.Random, bytes], bytes]:
    """The line with raw JSON put in as one more value."""
    return lambda _rng, line: line[:-1] + b', "jsonPayload": ' + raw + b"}"


def _shuffle(rng: random.Random, lines: Lines) -> Lines:
    return rng.sample(lines, len(lines))


def _duplicate(rng: random.Random, lines: Lines) -> Lines:
    return lines + rng.choices(lines, k=rng.randrange(1, 9))


OPERATORS: dict[str, Mutation] = {
    "cut": _edit(lambda rng, line: line[: rng.randrange(1, len(line))]),
    "byte flip": _edit(_flip),
    "type flip": _edit(
        _with({"labels": [1], "httpRequest": "x", "timestamp": True, "severity": 500, "resource": 1, "textPayload": {}})
    ),
    "new key": _edit(_with({"new": 1, "trace_id": "x", "message": "m", "jsonPayload": {"new": {"a": [None]}}})),
    "duplicate": _duplicate,
    "reorder": _shuffle,
    "surrogate": _edit(_text(b'{"m": "\\ud83d", "\\udc00": 1}')),
    "bad UTF-8": _edit(_insert(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80")),
    "NUL": _edit(_insert(b"\x00", b"\x00\x00\x00")),
    "depth": _edit(_text(b"[" * 400 + b"]" * 400)),
    "unclosed depth": _edit(lambda _rng, line: line + b'{"a":[' * 3000),
    "huge number": _edit(_text(b'{"a": 1e400, "b": -' + b"9" * 5000 + b', "c": NaN}')),
    "long line": _edit(lambda rng, line: line[:-1] + b', "textPayload": "' + b"x" * rng.choice((2**18, 2**21)) + b'"}'),
    "key collision": _edit(lambda _rng, line: line[:-1] + b', "insertId": "other", "insertID": "x", "insert_id": "y"}'),
}


def damaged(seed: int) -> tuple[str, bytes, set[bytes]]:
    """The operators' names, the file, and the lines that stayed as they were."""
    rng = random.Random(seed)  # noqa: S311 - damage, not secrets
    before = original()
    lines, names = before, [list(OPERATORS)[seed % len(OPERATORS)], *rng.choices(list(OPERATORS), k=rng.randrange(2))]
    for name in names:
        lines = OPERATORS[name](rng, lines)
    end = b"" if rng.random() < 0.3 else b"\n"
    return "+".join(names), b"\n".join(lines) + end, set(before) & set(lines)


def counted(content: bytes) -> int:
    """An independent count: lines that are not blank."""
    return sum(1 for line in content.split(b"\n") if line.strip(b" \t\r"))


def timed(path: Path) -> Reading:
    start = time.process_time()
    reading = read_entries(path.name, path.parent)
    assert time.process_time() - start < 10
    return reading


def chunks(start: int, end: int, each: int, mark: pytest.MarkDecorator) -> list[Any]:
    return [pytest.param(range(n, n + each), marks=mark, id=str(n)) for n in range(start, end, each)]


CHUNKS = [
    *(pytest.param(range(n, n + 40), id=str(n)) for n in range(0, FILES, 40)),
    *chunks(FILES, MORE, 40, pytest.mark.long),
    *chunks(MORE, MOST, 400, pytest.mark.release),
]


@pytest.mark.parametrize("seeds", CHUNKS)
def test_every_line_of_a_damaged_file_is_loaded_or_quarantined(tmp_path, seeds):
    for seed in seeds:
        names, content, intact = damaged(seed)
        path = tmp_path / f"{seed}.ndjson"
        path.write_bytes(gzip.compress(content, 1) if seed % 3 == 0 else content)
        reading = timed(path)
        loaded, refused = reading.entries.num_rows, reading.quarantine.num_rows
        assert loaded + refused == counted(content) == reading.read, (seed, names)
        ids = set(reading.entries["id"].to_pylist())
        assert {json.loads(line)["insertId"] for line in intact} <= ids, (seed, names)
        assert_unchanged(reading, intact, (seed, names))


FIELDS = {"text": "textPayload", "json": "jsonPayload", "severity": "severity", "id": "insertId"}


def assert_unchanged(reading: Reading, intact: set[bytes], where: object) -> None:
    """What stands in a line that nothing was done to stands in a row, value by value, read by `json` alone."""
    rows: dict[str, list[dict[str, object]]] = {}
    for row in reading.entries.select(list(FIELDS)).to_pylist():
        rows.setdefault(str(row["id"]), []).append(row)
    for line in intact:
        said = json.loads(line)
        wanted = {name: said.get(key) for name, key in FIELDS.items()} | {"severity": said.get("severity", "DEFAULT")}
        held = [{**row, "json": row["json"] and json.loads(str(row["json"]))} for row in rows[said["insertId"]]]
        assert wanted in held, where


@pytest.mark.parametrize("seeds", [range(14), pytest.param(range(14, 300), marks=pytest.mark.long)], ids=len)
def test_through_the_whole_load_every_line_is_in_the_ledger(tmp_path, seeds):
    """Entries = loaded + passed over + duplicates + quarantined, counted on the file by a reader that knows no JSON."""
    for seed in seeds:
        _, content, _ = damaged(seed)
        (tmp_path / "x.ndjson").write_bytes(content)
        asked = {"incident": "x", "project": "p", "service": "shop", "source": "file:x.ndjson", "synthetic": True}
        asked |= {"start": "2025-09-02T00:00:00Z", "end": "2025-09-03T00:00:00Z"}
        raw = load(params.parse(asked, "x"), tmp_path)
        kept = raw.entries.num_rows + raw.passed + raw.duplicates + raw.quarantine.num_rows
        assert raw.read == kept == counted(content), seed


def test_control_duckdb_alone_breaks_the_identity(tmp_path):
    broken, engine = 0, duckdb.connect()
    for seed in range(100):
        _, content, _ = damaged(seed)
        path = tmp_path / f"{seed}.ndjson"
        path.write_bytes(content)
        broken += _loaded_raw(engine, path) != counted(content)
    assert broken >= 5


def _loaded_raw(engine: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Rows with a time that `read_json` finds; -1 where it gives up."""
    sql = "SELECT count(timestamp) FROM read_json(?, format='newline_delimited', ignore_errors=true)"
    try:
        return int(engine.execute(sql, [str(path)]).fetchone()[0])
    except duckdb.Error:
        return -1


SEEDS = [range(60), pytest.param(range(60, 1060), marks=pytest.mark.long)]


@pytest.mark.parametrize("seeds", SEEDS, ids=len)
def test_damaged_arrays_lose_little_and_count_all(tmp_path, seeds):
    """In an array the damage may join or split two values, so the count may differ by the operators' reach."""
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - damage, not secrets
        values = json.loads(b"[" + b",".join(original()) + b"]")
        text = json.dumps(values, indent=rng.choice((None, 1, 2, 4))).encode()
        path = tmp_path / f"{seed}.json"
        path.write_bytes(_flip(rng, text) if seed % 2 else text[: rng.randrange(1000, len(text))])
        reading = timed(path)
        if seed % 2:
            assert LINES - 2 <= reading.read <= LINES + 2, seed
            assert reading.entries.num_rows >= LINES - 2, seed
        else:
            assert reading.quarantine.num_rows <= 1, seed


@pytest.mark.parametrize("seeds", SEEDS, ids=len)
def test_damaged_parquet_counts_all_its_rows(tmp_path, seeds):
    whole = parquet(pa.concat_tables([sink_table()] * 8))
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - damage, not secrets
        path = tmp_path / f"{seed}.parquet"
        path.write_bytes(_flip(rng, whole) if seed % 2 else whole[: rng.randrange(1000, len(whole))])
        (tmp_path / f"{seed}.json").write_bytes(original()[0])
        start = time.process_time()
        reading = read_entries(f"{seed}.*", tmp_path)
        assert time.process_time() - start < 10
        assert reading.read - 1 in ({1, 40} if seed % 2 else {1}), seed


def test_a_shard_with_another_type_keeps_its_rows(tmp_path):
    """One day's status is text and its latency too; BigQuery lets both happen."""
    table = sink_table("text")
    http = table["httpRequest"].combine_chunks()
    kinds = [
        pa.field(f.name, pa.string() if f.name == "status" else f.type)
        for f in sink_schema("text").field("httpRequest").type
    ]
    changed = table.set_column(8, "httpRequest", http.cast(pa.struct(kinds)))
    (tmp_path / "day1.parquet").write_bytes(parquet(sink_table("float")))
    (tmp_path / "day2.parquet").write_bytes(parquet(changed))
    reading = read_entries("*.parquet", tmp_path)
    assert (reading.read, reading.entries.num_rows) == (10, 10)
    assert [value for value in reading.entries["status"].to_pylist() if value] == [500, 500]


def test_nothing_but_damage_is_a_refusal_and_no_crash(tmp_path):
    for seed in range(40):
        rng = random.Random(seed)  # noqa: S311 - damage, not secrets
        path = tmp_path / f"{seed}.log"
        path.write_bytes(
            rng.choice((b"", b"{", b"[", b"---\n", b"PAR1", b"\x1f\x8b\x08", b"timestamp,log\n")) + rng.randbytes(300)
        )
        with pytest.raises(SourceError):
            read_entries(path.name, tmp_path)


BOMBS = {
    "one line of 300 MB": [b'{"timestamp":"2025-09-02T12:00:00Z","textPayload":"', *[b"a" * 10_000_000] * 30, b'"}'],
    "two million levels": [b'{"a":' * 2_000_000, b"1", b"}" * 2_000_000],
    "twenty million brackets": [b"[" * 20_000_000],
    "a million keys": [b'{"labels":{', *(b'"k%d":"v",' % n for n in range(1_000_000)), b'"z":"v"}}'],
    "thirty million digits": [b'{"jsonPayload":{"n":', b"9" * 30_000_000, b"}}"],
}
LIMITED = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))
from netra_analysis.sources.reading import read_entries
reading = read_entries(sys.argv[1], Path(sys.argv[2]))
print(reading.read, reading.entries.num_rows, reading.quarantine["reason"].to_pylist())
"""


@pytest.mark.long
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_in_a_small_archive_costs_bounded_memory_and_one_line(tmp_path, name):
    """A few kilobytes that unpack to hundreds of megabytes, between two good lines, in 1.5 GiB of address space."""
    good = original()[:2]
    with gzip.open(tmp_path / "bomb.json.gz", "wb", 1) as file:
        file.writelines([good[0], b"\n", *BOMBS[name], b"\n", good[1], b"\n"])
    command = [sys.executable, "-c", LIMITED, "bomb.json.gz", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.strip() == "3 2 ['too long']", ended.stderr[-500:]


@pytest.mark.long
def test_control_json_alone_does_not_survive_the_bombs():
    """The standard reader, given two million levels, gives up with its own error; so the bombs are bombs."""
    with pytest.raises(RecursionError):
        json.loads(b"".join(BOMBS["two million levels"]))
