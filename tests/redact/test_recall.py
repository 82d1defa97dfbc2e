"""How much is found, of 342 kinds of secrets in twelve carriers; and how little else is touched (trust.md R10, R11).

The control stands in each test: the same search over the text as it came must find every secret.
"""

import csv
import gzip
import io
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netra_analysis.redact import Redactor
from netra_analysis.redact.redactor import MARK
from netra_analysis.redact.tokens import TOKENS
from tests.redact.carriers import CARRIERS, leaked, planted
from tests.redact.kinds import NAMED, PERSONAL, PREFIXED

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
BARS = {"prefixed": (PREFIXED, 0.995), "named": (NAMED, 0.95), "personal": (PERSONAL, 0.995)}
FOR_PEOPLE = {"ip", "email", "user"}  # counted apart: such lines are touched rightly


def recall(table: str, carrier: str, samples: int) -> float:
    """The share of planted secrets that are gone; refuses where the search itself would not see them."""
    redactor, kinds = Redactor("key"), BARS[table][0]
    gone = 0
    for kind in kinds:
        for seed in range(samples):
            one = planted(kind, random.Random(f"{kind} {seed}"))  # noqa: S311 - made up, not secret
            text = CARRIERS[carrier](one)
            assert leaked(one, carrier, text), (kind, text)
            gone += not leaked(one, carrier, redactor(text))
    return gone / (samples * len(kinds))


def test_there_are_enough_kinds() -> None:
    assert len(PREFIXED) + len(NAMED) + len(PERSONAL) >= 240
    assert len(CARRIERS) == 12


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("table", BARS)
def test_secrets_are_found_in_every_carrier(table: str, carrier: str) -> None:
    assert recall(table, carrier, 1) >= BARS[table][1]


@pytest.mark.long
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("table", BARS)
def test_twenty_of_each_kind_are_found_in_every_carrier(table: str, carrier: str) -> None:
    assert recall(table, carrier, 20) >= BARS[table][1]


@pytest.mark.long
@pytest.mark.parametrize("rule", TOKENS, ids=lambda rule: rule.pattern.pattern.decode()[:40])
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_hint_is_never_narrower_than_its_pattern(rule, data) -> None:
    """Samples that Hypothesis draws from the pattern itself, however unlike a real token they look."""
    pattern = re.compile(rule.pattern.pattern.decode(), re.ASCII)
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    if text.isascii() and rule.pattern.search(text.encode()):
        assert re.search(rule.hint, text, re.ASCII), rule.hint


def test_the_same_value_has_the_same_token_however_it_is_written() -> None:
    redactor = Redactor("key")
    plain, quoted, packed = map(
        redactor, ("from ada@example.org now", "from ada%40example.org now", "from YWRhQGV4YW1wbGUub3Jn now")
    )
    assert plain == quoted == packed == f"from {redactor.token('email', 'ada@example.org')} now"


def test_a_name_that_someone_gave_goes_with_whatever_it_holds() -> None:
    redactor = Redactor("key", ("user_id", "account"))
    clean = redactor('{"user_id": "u-17", "account": 4711, "other": "u-17x"} user_id=u-18')
    assert re.findall(r"u-17x|u-1[78]|4711", clean) == ["u-17x"]
    assert Redactor("key")('{"user_id": "u-17"}') == '{"user_id": "u-17"}'


def test_a_line_that_follows_a_token_stays() -> None:
    text = "token ghp_" + "a1B2" * 9 + "\nINFO 2025-09-02T12:00:00Z next line\n"
    assert Redactor("key")(text).endswith("]\nINFO 2025-09-02T12:00:00Z next line\n")


def touched(lines: list[str]) -> tuple[int, int]:
    """Lines of which something was taken that is no person's, and lines of which nothing is left."""
    redactor = Redactor("key")
    some = whole = 0
    for line in lines:
        clean = redactor(line)
        kinds = {kind.decode() for kind in MARK.findall(clean.encode())} - FOR_PEOPLE
        some += clean != line and bool(kinds)
        whole += clean != line and not MARK.sub(b"", clean.encode()).strip()
    return some, whole


def loghub(every: int) -> list[str]:
    files = sorted((SHARED / "loghub").glob("*.csv.gz"))
    if not files:
        pytest.skip("the loghub lines are not beside the project (shared/data/loghub)")
    texts = [gzip.decompress(path.read_bytes()).decode() for path in files]
    lines = [row["Content"] for text in texts for row in csv.DictReader(io.StringIO(text))]
    return lines[::every]


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.long)])
def test_of_the_logs_of_nine_systems_hardly_a_line_is_touched(every: int) -> None:
    lines = loghub(every)
    start = time.process_time()
    some, whole = touched(lines)
    rate = len(lines) / (time.process_time() - start)
    assert some <= 0.001 * len(lines)
    assert whole == 0
    assert rate >= 5_000  # a second, one process; on an idle core 35,000


def test_of_real_exports_few_entries_are_touched() -> None:
    files = sorted((SHARED / "real").glob("*.ndjson.gz"))
    if not files:
        pytest.skip("the real exports are not beside the project (shared/data/real)")
    lines = [line for path in files for line in gzip.decompress(path.read_bytes()).decode().splitlines()][::4]
    some, whole = touched(lines)
    assert some <= 0.007 * len(lines)
    assert whole == 0


def test_control_a_rule_that_goes_by_words_alone_touches_far_more() -> None:
    lines = loghub(6)
    words = re.compile(r"(?i)pass|secret|token|auth|key|credential|session|cookie|private")
    assert sum(bool(words.search(line)) for line in lines) >= 0.05 * len(lines)


WORST = ["secret, ", "DE89370400440532013000 ", "password=x1y2z3a4 ", "a@", "%41", "a\n", "QUJDREVGR0hJ.", "8.8.8.8 "]
OTHERS = [
    "password: ", "sig=aB3dE5fG7hI9jK1lM3 ", "key: ", "eyJhbGciOiJIUzI1NiJ9.eyJ", "-----BEGIN PRIVATE KEY-----\nMIIE",
    "cookie: a=b; ", "+4915112345678 ", "4111 1111 1111 1111 ", "/home/x/", "sk-", "Bearer ", "2001:", "\x00", "é",
    "[email:123456]", 'Set-Cookie: a="', '\\"', "-u a:b12345 ", "ghp_", "%2541", "123-45-6789 ", "://a:", "://a:b@",
]  # fmt: skip


@pytest.mark.parametrize("unit", [*WORST, *(pytest.param(u, marks=pytest.mark.long) for u in OTHERS)], ids=ascii)
def test_a_hostile_megabyte_takes_half_a_second(unit: str) -> None:
    redactor = Redactor("key")
    redactor("warm up, password=none")
    text = unit * (1_000_000 // len(unit.encode()))
    spent = []
    while len(spent) < 3 and not (spent and min(spent) <= 0.5):  # a busy machine slows CPU seconds, too
        start = time.process_time()
        redactor(text)
        spent.append(time.process_time() - start)
    assert min(spent) <= 0.5


def test_what_is_left_unread_is_not_left_standing() -> None:
    """More places than any honest text has: the rest goes as a whole, with the secret at its end."""
    redactor = Redactor("key")
    clean = redactor("8.8.8.8 " * 9_000 + "password=hunter2hunter2")
    assert "hunter2" not in clean
    assert clean.count("[ip:") == 8_001
