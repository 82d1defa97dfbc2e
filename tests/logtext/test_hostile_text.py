"""No text makes reading slow or raise: a megabyte takes less than a second."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netra_analysis.logtext.fingerprint import fingerprint_of
from netra_analysis.logtext.grouping import group
from netra_analysis.logtext.line import read_line
from netra_analysis.logtext.platform import read_event, read_request_failure
from netra_analysis.logtext.route import route_template
from netra_analysis.logtext.stitch import LogLine, is_traceback_piece, stitch
from netra_analysis.logtext.template import mask
from netra_analysis.logtext.traceback import find_exceptions
from netra_analysis.logtext.user_agent import client_class

MEGABYTE = 1_000_000
NOW = datetime(2025, 9, 2, tzinfo=UTC)
UNITS = [
    "1 ", "'", "a.b.", "/a", "<num> ", "0:", "\x1b[", "\x1b[31m", "<red>", "\x00", "\n", "[", "{",
    '{"a":', "é", "🚨",
    "Traceback (most recent call last):\n",
    '  File "a", line 1, in f\n', "    at f (a.js:1:2)\n", "X: y\n", "\\n", "| ",
    "  | ", "goroutine 1 [running]:\n", "a=", "During handling of the above exception, another exception occurred:\n",
    "ValueError: no\n", "Caused by: ", "-", " ",
]  # fmt: skip
READERS: list[Callable[[str], object]] = [
    lambda text: read_line(None, text, None),
    lambda text: read_line("ERROR", None, {"message": text}),
    lambda text: fingerprint_of(find_exceptions(text)),
    is_traceback_piece,
    lambda text: stitch([LogLine(NOW, "1", "i", "stderr", text)]),
    mask,
    lambda text: group({mask(text): 1}),
    read_event,
    read_request_failure,
    route_template,
    lambda text: client_class("GET", text),
]


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_a_megabyte_takes_less_than_a_second(unit: str) -> None:
    text = unit * (MEGABYTE // len(unit))
    for reader in READERS:
        start = time.process_time()
        reader(text)
        assert time.process_time() - start < 1.0


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(UNITS), max_size=12).map("".join)))
def test_nothing_raises(text: str) -> None:
    for reader in READERS:
        reader(text)


def test_lone_surrogates_are_read() -> None:
    for reader in READERS:
        reader("\ud800 ValueError: \udfff")
        reader('Traceback (most recent call last):\n  File "\ud800", line 1, in \udfff\nValueError: \ud800')
