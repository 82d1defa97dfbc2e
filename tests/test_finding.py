"""A sentence may hold no number that its evidence did not give."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from netra_analysis.errors import SchemaError
from netra_analysis.finding import Claim, Statement, check_template, duration_text, number_text
from netra_analysis.query import Query


def statement(template: str) -> Statement:
    return Statement("T1", template, Query("SELECT 1 AS n"), value="n", unit="", method="test")


def said(template: str, values: dict[str, Any]) -> str:
    return Claim(statement(template), values, result="", rows=1).text


@pytest.mark.parametrize("template", ["13 requests failed.", "{n} of 25 failed", "at 12:37", "v2 failed {n} times"])
def test_a_template_with_a_number_of_its_own_is_refused(template: str) -> None:
    with pytest.raises(SchemaError, match="without evidence"):
        statement(template)


@pytest.mark.parametrize("template", ["{n} requests failed with a 5xx.", "the p95 was {n}", "{x:pct} of {n}"])
def test_names_that_hold_digits_are_no_numbers(template: str) -> None:
    check_template(template)


def test_a_claim_is_rendered_from_its_values() -> None:
    moment = datetime(2025, 9, 2, 12, 37, 34, tzinfo=UTC)
    claim = Claim(
        statement("{n} of {total} ({share:pct}) since {first:time}, every {period:dur}; {who}"),
        {"n": 13, "total": 1300, "share": 0.01, "first": moment, "period": 7.31, "who": None},
        result="sha256:0",
        rows=13,
    )
    assert claim.text == "13 of 1,300 (1.0 %) since 12:37:34 UTC, every 7.3 s; unknown"


def test_log_text_in_a_value_is_not_a_template() -> None:
    claim = Claim(statement("said {words:text}"), {"words": "{n} {0.__class__}", "n": 1}, result="", rows=1)
    assert claim.text == "said {n} {0.__class__}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (0.12345, "0.123"),
        (25.0, "25"),
        (1051.4, "1,051"),
        (True, "True"),
        (0.0, "0"),
        (4.33e-48, "< 0.0001"),
        (-4.33e-48, "> -0.0001"),
    ],
)
def test_numbers_as_people_write_them(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (0.12, "120 ms"), (7.0, "7 s"), (107, "1 min 47 s"), (3600 * 5.27, "5 h 16 min")],
)
def test_durations_as_people_write_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("chance", "text"), [(7.35e-7, "q < 0.001"), (0.0214, "q = 0.0214"), (1.0, "q = 1")])
def test_a_q_value_is_told_to_a_thousandth(chance: float, text: str) -> None:
    assert said("q {q:p}", {"q": chance}) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("failed between {a:time} and {b:time}, all", "failed at 17:29:03 UTC, all"),
        ("from {a:day} to {b:day}", "at 2025-09-02 17:29:03 UTC"),
        ("some died, the first at {a:time}, the last at {b:time}", "some died, at 17:29:03 UTC"),
        ("showed {x:pct} to {y:pct} of it", "showed 97.5 % of it"),
        ("from {a:time} to {c:time}", "from 17:29:03 UTC to 17:29:04 UTC"),
    ],
)
def test_a_span_without_length_is_said_once(template: str, text: str) -> None:
    a = datetime(2025, 9, 2, 17, 29, 3, tzinfo=UTC)
    assert said(template, {"a": a, "b": a, "c": a + timedelta(seconds=1), "x": 0.975, "y": 0.9751}) == text


def test_a_query_is_known_by_its_words_and_its_values() -> None:
    one = Query("SELECT  a\nFROM t WHERE x = @x", {"x": 1})
    assert one.fingerprint == Query("SELECT a FROM t WHERE x = @x", {"x": 1}).fingerprint
    assert one.fingerprint != Query("SELECT a FROM t WHERE x = @x", {"x": 2}).fingerprint
