"""Entries that together are one traceback are found again, per instance and stream, in any order."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netra_analysis.logtext.stitch import LogLine, is_traceback_piece, stitch

START = datetime(2025, 9, 2, 17, 53, 33, tzinfo=UTC)
BLOCK = ["Traceback (most recent call last):", '  File "/app/a.py", line 3, in f', "    g()", "ValueError: no"]
NOISE = ['1.2.3.4:5 - "GET / HTTP/1.1" 200', "2025-09-02 17:53:33.101 | INFO | a:b:1 | fine", "all is well"]


def entries(
    texts: list[str], *, instance: str = "i1", stream: str = "stderr", gap_us: int = 15, at: int = 0
) -> list[LogLine]:
    return [
        LogLine(
            START + timedelta(seconds=at, microseconds=i * gap_us),
            f"{instance}-{stream}-{at}-{i:03}",
            instance,
            stream,
            text,
        )
        for i, text in enumerate(texts)
    ]


def test_one_line_per_entry() -> None:
    (found,) = stitch(entries(BLOCK))
    assert found.complete
    assert len(found.ids) == 4
    assert [(one.type, one.message) for one in found.exceptions] == [("ValueError", "no")]


RAILS = ["NoMethodError (undefined method 'x' for nil):", "", "app/models/a.rb:4:in 'x'", "app/b.rb:1:in 'y'"]
DOTNET = ["System.InvalidOperationException: no", " ---> Npgsql.NpgsqlException (0x80004005): away",
          "   at Npgsql.Open(Boolean async)", "   --- End of inner exception stack trace ---",
          "   at Shop.Store.Save() in /src/Store.cs:line 4"]  # fmt: skip
PHP = ["PHP Fatal error:  Uncaught RuntimeException: no in /var/www/app/A.php:12", "Stack trace:",
       "#0 /var/www/app/B.php(3): A->x()", "#1 {main}", "  thrown in /var/www/app/A.php on line 12"]  # fmt: skip

LARAVEL = ['[2026-04-30 03:02:43] production.ERROR: no key {"exception":"[object] (Illuminate\\\\MissingAppKeyException'
           "(code: 0): no key at /var/www/vendor/laravel/x.php:80)", "[stacktrace]",
           "#0 /var/www/vendor/laravel/x.php(80): Illuminate\\X->key()", "#1 [internal function]: App\\A->y()",
           "#2 {main}", '"} ']  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "types"),
    [
        (RAILS, ["NoMethodError"]),
        (DOTNET, ["Npgsql.NpgsqlException", "System.InvalidOperationException"]),
        (PHP, ["RuntimeException"]),
        (LARAVEL, ["Illuminate\\MissingAppKeyException"]),
    ],
)
def test_stacks_of_other_languages_one_line_per_entry(lines: list[str], types: list[str]) -> None:
    mixed = [text for pair in zip(lines, [NOISE[0]] * len(lines), strict=True) for text in pair]
    (found,) = stitch(entries(mixed))
    assert found.ids == tuple(f"i1-stderr-0-{2 * i:03}" for i in range(len(lines)))
    assert [one.type for one in found.exceptions] == types
    assert found.complete


def test_a_comment_is_no_step_of_a_stack() -> None:
    (found,) = stitch(entries([*PHP[:4], "# of places: 4", "#general: hello"]))
    assert len(found.ids) == 4


def test_unrelated_lines_between_neither_end_nor_join_it() -> None:
    mixed = [text for pair in zip(BLOCK, [*NOISE, "more"], strict=True) for text in pair]
    (found,) = stitch(entries(mixed))
    assert found.complete
    assert found.text == "\n".join(BLOCK)


def test_chained_blocks_joined_by_a_line_without_severity() -> None:
    block = "\n".join(BLOCK)
    chain = "During handling of the above exception, another exception occurred:"
    (found,) = stitch(
        entries(["[2025-09-16 00:41:13 +0000] [14] [ERROR] Exception in worker", block, chain, block, chain, block])
    )
    assert len(found.ids) == 5
    assert [one.cause for one in found.exceptions] == [None, "during", "during"]


def test_two_tracebacks_that_nothing_joins_stay_two() -> None:
    assert len(stitch(entries(["\n".join(BLOCK), "\n".join(BLOCK)]))) == 2


def test_an_entry_cut_at_the_marker_finds_its_exception_in_the_entries_after_it() -> None:
    cut = (
        "2025-09-02 17:53:33.100 | ERROR    | uvicorn:run:1 | Exception in ASGI application\n\n"
        "Traceback (most recent call last):\n"
        '  File "/usr/local/lib/python3.11/asyncio/runners.py", line 118, in run\n'
        "    return self._loop.run_until_complete(task)"
    )
    rest = [
        '> File "/usr/local/lib/python3.11/site-packages/uvicorn/h.py", line 4, in run_asgi',
        "    result = await app(",
        NOISE[1],
        '  File "/app/shop/sessions.py", line 294, in validate_agent',
        "    raise SessionIsolationError(text)",
        "",
        "shop.sessions.SessionIsolationError: Object Agent stores a session",
    ]
    (alone,) = stitch(entries([cut]))
    assert not alone.complete
    (found,) = stitch(entries([cut, *rest]))
    assert found.complete
    assert found.exceptions[-1].type == "shop.sessions.SessionIsolationError"
    assert found.exceptions[-1].frames[-1].function == "validate_agent"


def test_two_seconds_of_silence_end_it() -> None:
    (found,) = stitch([*entries(BLOCK[:3]), *entries(BLOCK[3:], at=3)])
    assert not found.complete
    assert len(found.ids) == 3


def test_java_and_go_split_by_line() -> None:
    java = ["java.lang.IllegalStateException: no", "\tat com.acme.A.b(A.java:1)", "fine", "\tat com.acme.A.c(A.java:2)"]
    (found,) = stitch(entries(java))
    assert len(found.ids) == 3
    go = ["panic: no", "", "goroutine 1 [running]:", "main.f(0x1)", "\t/app/main.go:12 +0x1", "fine"]
    (found,) = stitch(entries(go))
    assert (found.exceptions[0].type, len(found.ids)) == ("panic", 5)


def test_an_error_line_alone_is_no_traceback() -> None:
    assert stitch(entries(["ValueError: no", *NOISE])) == []


def test_pieces_are_known() -> None:
    assert all(is_traceback_piece(text) for text in BLOCK)
    assert not any(is_traceback_piece(text) for text in NOISE)


TEXTS = st.sampled_from(
    [*BLOCK, *NOISE, "\n".join(BLOCK), "", "panic: x", "\tat a.B.c(D.java:1)", "java.io.IOException: y"]
)
LINES = st.lists(
    st.builds(
        lambda text, instance, stream, at: (text, instance, stream, at),
        TEXTS,
        st.sampled_from(["i1", "i2"]),
        st.sampled_from(["stdout", "stderr"]),
        st.integers(0, 5_000_000),
    ),
    max_size=25,
).map(
    lambda rows: [
        LogLine(START + timedelta(microseconds=at), f"{i:03}", instance, stream, text)
        for i, (text, instance, stream, at) in enumerate(rows)
    ]
)


@settings(max_examples=150, deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing_and_instances_never_mix(lines: list[LogLine], dice: random.Random) -> None:
    found = stitch(lines)
    shuffled = [*lines, *lines[:3]]
    dice.shuffle(shuffled)
    assert stitch(shuffled) == found
    by_id = {line.id: line for line in lines}
    for one in found:
        assert {(by_id[i].instance, by_id[i].stream) for i in one.ids} == {(one.instance, one.stream)}
    used = [i for one in found for i in one.ids]
    assert len(used) == len(set(used))
