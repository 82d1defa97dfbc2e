"""Each rule has what it must find and what it must leave; the value goes, the line stays."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netra_analysis.redact import PLAIN_ID, Redactor

A40 = "A1b2C3d4E5" * 4
FOUND = [
    ("bearer", "Authorization: Bearer " + A40),
    ("jwt", "token eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0abc" + ".sig-nature_"),
    ("url_password", "postgresql://netra:" + "hunter2hunter2" + "@10.0.0.5:5432/netra"),
    ("google_api_key", "key=AI" + "za" + A40[:35]),
    ("google_oauth", "ya" + "29." + A40),
    ("aws_key", "AK" + "IA" + "ABCDEFGHIJKLMNOP"),
    ("github_token", "gh" + "p_" + A40),
    ("slack_token", "xo" + "xb-" + "123456789012"),
    ("stripe_key", "sk_" + "live_" + A40[:24]),
    ("private_key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"),
    ("private_key", "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBAD"),  # cut off with the line
    ("signature", "https://storage.googleapis.com/b/o?X-Goog-Signature=" + A40),
    ("password", 'db_password="' + "s3cr3t-pa55" + '"'),
    ("password", "client_secret: " + A40),
    ("email", "mail to some.one+x@example.co.uk now"),
    ("email", "“jörg.müller@firma.example” wrote"),
    ("email", '{"mail": "jos\\u00e9@example.com"}'),
    ("email", "用户@例子.公司 asked"),
    ("ip", "client 8.8.4.4 asked"),
    ("ip", "client 2001:4860:4860::8844 asked"),
    ("cookie", "Cookie: session=" + A40),
    ("basic_auth", "Authorization: Basic dXNlcjpwYXNz"),
]
KEPT = [
    "2025-09-02 12:33:44.555 | INFO     | netra_backend.app.main:run:79 | Request: GET /health | Status: 200",
    "Invalid JWT=REDACTED, Service Secret=REDACTED True",
    "SERVICE_SECRET validation failed: Insufficient entropy",
    '169.254.169.126:50046 - "GET /health HTTP/1.1" 200',
    "connection to 10.107.0.3:6379 and 127.0.0.1:8888 refused",
    "trace projects/p/traces/0123456789abcdef0123456789abcdef",
    "version 1.2.3.4567 of chromium 156.0.8078.73",
    "Default STARTUP TCP probe succeeded after 1 attempt for container on port 8888.",
    "API keys are listed in the docs; password reset done",
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_each_secret_is_replaced_and_counted_by_kind(kind: str, text: str) -> None:
    redactor = Redactor("key")
    clean = redactor(text)
    assert f"[{kind}:" in clean
    assert redactor.counts[kind] == 1


def test_of_an_address_no_letter_is_left() -> None:
    for text in ("jörg.müllé@firma.example", "jos\\u00e9@example.com", "a@bücher.example", "用户@例子.公司"):
        assert Redactor("key")(text).startswith("[email:")
        assert Redactor("key")(text).endswith("]")


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    redactor = Redactor("key")
    assert redactor(text) == text
    assert not redactor.counts


def test_equal_values_get_equal_tokens_and_another_key_gives_others() -> None:
    one, other = Redactor("one"), Redactor("other")
    a, b = one("from 8.8.8.8"), one("to 8.8.8.8")
    assert a.split()[1] == b.split()[1]
    assert other("from 8.8.8.8") != a


@given(st.text(max_size=400))
def test_redaction_is_idempotent_and_never_fails(text: str) -> None:
    redactor = Redactor("key")
    once = redactor(text)
    assert Redactor("key")(once) == once


def test_a_hostile_megabyte_takes_bounded_time() -> None:
    Redactor("key")("a@" * 500_000)
    Redactor("key")("password=" * 100_000)


@given(st.from_regex(PLAIN_ID, fullmatch=True))
@example("4111111111111111a")
@example("a4111111111111111")
@example("4915112345678f")
@example("projects/p-411111/traces/4111111111111111a")
def test_an_id_of_the_platform_is_left_as_it_is(text: str) -> None:
    """So that a load need not look at each one of them."""
    assert Redactor("k")(text) == text
