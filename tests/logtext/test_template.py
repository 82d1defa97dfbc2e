"""Masking gives one shape to messages that differ in values, in Python and in the engine alike."""

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from netra_analysis.logtext.template import LONGEST, MASKS, digits_sql, mask, mask_sql, shapes_sql

SHAPES = [
    (
        "Request: GET /api/mcp/config | Status: 200 | Duration: 130.35ms",
        "Request: GET <path> | Status: <num> | Duration: <num>",
    ),
    ("session system_req_66c13f2a08e6_0819350f closed", "session <num> closed"),
    ("Trace: 4e8a189d-d52b-4110-bcb1-63c9ea8d0100", "Trace: <id>"),
    ("at 2025-09-02T17:53:33.101Z and 2025-09-02 17:53:33,101", "at <time> and <time>"),
    ("took 12 ms for 3.5 MiB", "took <num> for <num>"),
    ("ports 80, 443, 8080 open", "ports <num> open"),
    ("lifetime <1 sec", "lifetime <num>"),
    ("peer 10.0.0.1:6379 gone", "peer <ip> gone"),
    ("see https://x.example/a?b=1#c.", "see <url>"),
    ("mail bob@example.com", "mail <email>"),
    ("No module named 'shop.monitoring'", "No module named '<str>'"),
    ("ready=True, cause: None", "ready=<str>, cause: <str>"),
    ("rejected: No token", "rejected: No token"),
    ("open /etc/app/x.yaml failed", "open <path> failed"),
    ("from 64:d9:89:6b:b5:33 to fe80::1", "from <addr> to <addr>"),
    ("object at 0x7fccd8b65250", "object at <num>"),
]
SAME = [
    ["🔑 key loaded", "[U+1F511] key loaded", "[?] key loaded", "? key loaded", "� key loaded"],
    [" FAIL:  PHASE FAILED: DATABASE", "❌ PHASE FAILED: DATABASE"],
    ["\x1b[31mdown\x1b[0m", "down", " down\t"],
    ["user alice-1 in", "user bob-22 in"],
]
HARD = [
    "it's 'x' \\d \\1 \\\\ \"q\" $1 %s",
    "a\x00b 1",
    "ünïcode ℃ 12 日本語 ٣",
    "'\\''",
    "line\r\nbreak\u00a0nbsp",
    "x" * 2000,
    "1 " * 900,
    "🚨" * 900 + " 7",
    "-- ; DROP TABLE t; --",
]
PIECES = st.sampled_from(
    [
        *"1'\"=:/\\[]{}() ,-+.~_<>%é", "ab", "deadbeef", "<num>", "//a/b", "a.b.c", "10.0.0.1", "FAIL: ", "[?]",
        "? ", "🚨", "GET /x", "http://", "a@b.c",
        "12:30", "12:30:01", "2025-01-01", "T", "Z", " KB", "5 ms", "<5 s",
        "Jan 12", "true", "=None", "0x1f", "\x1b[0m", "\n", "12345678-1234-1234-1234-123456789012", "fe80::1",
        "a/b/c", "C:\\a\\b",
        "OK: ",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=9).map("".join), st.text(max_size=60))


def in_engine(lines: list[str], expression: str) -> list[tuple[str, str]]:
    engine = duckdb.connect(config={"threads": 1})
    engine.register("lines", pa.table({"line": pa.array(lines, pa.string())}))
    sql = f"SELECT line, {expression} FROM lines"  # noqa: S608
    return engine.execute(sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]).fetchall()


@pytest.mark.parametrize(("text", "shape"), SHAPES)
def test_what_varies_is_named_by_its_kind(text: str, shape: str) -> None:
    assert mask(text) == shape


@pytest.mark.parametrize("texts", SAME)
def test_spellings_of_one_message(texts: list[str]) -> None:
    assert len({mask(text) for text in texts}) == 1


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_masking_a_masked_text_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS.map(lambda text: text.replace("\x00", " ")), min_size=1, max_size=40))
def test_the_engine_and_python_agree(texts: list[str]) -> None:
    texts = [text for text in texts if text.isprintable() or text.isascii()]
    for line, shape in in_engine(texts, mask_sql("line")) if texts else []:
        assert shape == mask(line)


def test_the_engine_and_python_agree_on_hard_lines() -> None:
    lines = [*HARD, *(text for text, _ in SHAPES), *(text for texts in SAME for text in texts)]
    assert in_engine(lines, mask_sql("line")) == [(line, mask(line)) for line in lines]


def test_which_digit_it_is_never_matters() -> None:
    lines = [*HARD, *(text for text, _ in SHAPES)]
    for line, kind in in_engine(lines, digits_sql("line")):
        assert mask(kind) == mask(line)
        assert not any(digit in mask(line) for digit in "0123456789")


def test_shapes_with_their_counts_come_from_one_query() -> None:
    lines = ["took 12 ms", "took 7 ms", "took 7 ms", "gone"]
    engine = duckdb.connect()
    engine.register("lines", pa.table({"line": lines}))
    sql = sqlglot.transpile(shapes_sql("lines", "line"), read="bigquery", write="duckdb")[0]
    assert engine.execute(sql).fetchall() == [("gone", 1), ("took <num>", 3)]


def test_a_shape_is_never_longer_than_what_was_looked_at() -> None:
    assert all(len(mask(text)) <= LONGEST for text in HARD)


def test_rules_are_named_once() -> None:
    names = [rule.name for rule in MASKS]
    assert len(names) == len(set(names))


def test_what_redaction_left_is_of_its_kind_and_of_no_shape_of_its_own() -> None:
    """A token differs by value and by whoever redacted; the shape of its line must not."""
    lines = {mask(f"refused [ip:{a}]:443 for [email:{a}] with [password:{a}]") for a in ("0a1b2c", "abcdef", "123456")}
    assert lines == {"refused <ip> for <email> with <str>"}
