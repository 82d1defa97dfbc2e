"""One failure counts once, however many entries tell of it; and what was cut is said to be cut."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.entries import opened, request, said

WORDS = "no price for order 17 in list spring"
TRACE = [
    "Traceback (most recent call last):",
    '  File "/usr/local/lib/python3.11/site-packages/starlette/routing.py", line 75, in app',
    "    response = await f(request)",
    '  File "/app/shop/orders.py", line 41, in place_order',
    "    total = price(order)",
    '  File "/app/shop/prices.py", line 9, in price',
    "    raise LookupError(f'no price for {order}')",
    "LookupError: no price for order 17 in list spring",
]
WRAPPED = [
    "The above exception was the direct cause of the following exception:",
    "Traceback (most recent call last):",
    '  File "/app/shop/orders.py", line 44, in place_order',
    "    raise RuntimeError('order failed') from error",
    "RuntimeError: order failed: no price for order 17 in list spring",
]


def split(seconds: float, lines: list[str], **fields: Any) -> list[dict[str, Any]]:
    """One entry a line, some microseconds apart, as Cloud Run cuts plain text."""
    return [said(seconds + i * 2e-5, line, **fields) for i, line in enumerate(lines)]


def told(folder: Path, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return opened(folder, [request(1, 200), *entries]).tables.exceptions.to_pylist()


def test_a_traceback_split_line_by_line_is_one_failure(tmp_path: Path) -> None:
    (one,) = told(tmp_path, split(10, TRACE))
    assert (one["type"], one["message"]) == ("LookupError", "no price for order 17 in list spring")
    assert [frame["function"] for frame in json.loads(one["frames"])] == ["place_order", "price"]
    assert one["title"] == "LookupError in price (prices.py)"
    assert len(json.loads(one["entries"])) == len(TRACE)


def test_a_wrapped_exception_is_one_failure_named_by_what_is_behind_it(tmp_path: Path) -> None:
    (one,) = told(tmp_path, split(10, [*TRACE, *WRAPPED]))
    assert json.loads(one["chain"]) == ["LookupError", "RuntimeError"]
    assert one["type"] == "LookupError"


def test_what_repeats_it_is_folded_in(tmp_path: Path) -> None:
    repeats = [
        said(10.05, f"2026-03-04 12:00:10.050 | ERROR    | shop.mw:call:7 | RuntimeError: {WORDS}"),
        said(10.1, f"2026-03-04 12:00:10.100 | WARNING  | shop.api:h:9 | answered 500 for LookupError: {WORDS}"),
    ]
    (one,) = told(tmp_path, [*split(10, TRACE), *repeats])
    assert one["tellings"] == 3


def test_the_same_failure_a_second_later_is_another(tmp_path: Path) -> None:
    assert len(told(tmp_path, split(10, TRACE) + split(11, TRACE))) == 2


def test_two_instances_never_share_a_traceback(tmp_path: Path) -> None:
    both = [e for pair in zip(split(10, TRACE), split(10.00001, TRACE, instance="b"), strict=True) for e in pair]
    found = told(tmp_path, both)
    assert sorted(row["instance"] for row in found) == ["00a", "00b"]
    assert all(row["complete"] for row in found)


def test_a_cut_traceback_names_no_frame_as_the_failure(tmp_path: Path) -> None:
    outer = [
        "Traceback (most recent call last):",
        '  File "/usr/local/lib/python3.11/asyncio/runners.py", line 118, in run',
        "    return self._loop.run_until_complete(task)",
    ]
    (one,) = told(tmp_path, [said(10, "\n".join(outer), severity="ERROR")])
    assert not one["complete"]
    assert one["type"] is None
    assert "run_until_complete" not in one["title"]


def test_the_line_after_the_cut_names_the_failure(tmp_path: Path) -> None:
    cut = said(10, "\n".join(TRACE[:3]), severity="ERROR")
    (one,) = told(tmp_path, [cut, *split(10.0001, ["> " + TRACE[3].strip(), *TRACE[4:]])])
    assert one["complete"]
    assert one["type"] == "LookupError"


@pytest.mark.parametrize("text", ["all good", "errors: 0", "Error handling initialised", "LookupError is handled here"])
def test_words_are_no_exceptions(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, [said(10, text)]) == []


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    entries = split(10, [*TRACE, *WRAPPED]) + split(30, TRACE) + split(10.00001, TRACE, instance="b")
    mixed = entries.copy()
    random.Random(7).shuffle(mixed)  # noqa: S311 (a shuffle, no secret)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert told(tmp_path / "a", entries) == told(tmp_path / "b", mixed + entries)
