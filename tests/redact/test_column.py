"""A column is redacted as each of its values would be, though most of them are never looked at by themselves."""

import random
from itertools import cycle

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from netra_analysis.redact import Redactor, redact_column
from tests.redact.carriers import CARRIERS, planted
from tests.redact.kinds import NAMED, PERSONAL, PREFIXED

QUIET = [
    "",
    "GET /health 200",
    "a" * 40,
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36",
    "naïve café",
]


def alone(values: list[str], redactor: Redactor) -> list[str]:
    return [redactor(value) for value in values]


def test_every_kind_comes_out_of_a_column_as_alone() -> None:
    rng = random.Random(7)  # noqa: S311 (samples, no secrets)
    pairs = zip(cycle(CARRIERS.values()), (*PREFIXED, *NAMED, *PERSONAL), strict=False)
    secrets = [carrier(planted(kind, rng)) for carrier, kind in pairs]
    values = [*QUIET, *secrets]
    one, other = Redactor("k", names=("customer_id",)), Redactor("k", names=("customer_id",))
    assert redact_column(pa.array(values), one).to_pylist() == alone(values, other)
    assert one.counts == other.counts


def test_a_field_that_someone_named_is_seen_in_a_column_too() -> None:
    redactor = Redactor("k", names=("customer_id",))
    shown = redact_column(pa.array(["customer_id=8812345 paid", "order 8812345 paid"]), redactor).to_pylist()
    assert "8812345" not in shown[0]
    assert shown[1] == "order 8812345 paid"


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=60), max_size=20))
@example(["key=a\u017fdf9823hjkasdf98h23", "\u212aey: 89asdf98asdfh2398fh"])  # letters that fold to ASCII ones
@example(["josé@example.com", "用户@例子.公司"])
@example(["from 8.8.8.8", "%38.8.8.8", "8.8.\\n8.8"])
def test_any_column_comes_out_as_its_values_alone(values: list[str]) -> None:
    assert redact_column(pa.array(values, pa.string()), Redactor("k")).to_pylist() == alone(values, Redactor("k"))


def test_only_an_id_of_the_platform_is_left_whatever_a_hint_says_of_it() -> None:
    ids = pa.array(["4111111111111111a", "8.8.8.8"])
    kept = redact_column(ids, Redactor("k"), ids=True).to_pylist()
    assert kept[0] == "4111111111111111a"
    assert "8.8.8.8" not in kept[1]
