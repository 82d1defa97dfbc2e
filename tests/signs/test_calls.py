"""What the service's own calls were answered is told by lines of any level; its own answers are no calls."""

import json
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import entry, opened, request, said
from tests.signs.looks import calm, sign

FORMS = [
    "INFO [carriers] rates POST /v2/rates -> {} (87 ms)",
    'INFO HTTP Request: POST https://rates.example/v2/rates "HTTP/1.1 {} Other"',
    "DEBUG POST https://rates.example/v2/rates => {}",
    "INFO POST https://rates.example/v2/rates returned {} in 80 ms",
    "INFO POST https://rates.example/v2/rates status={}",
]


FIELDS: list[dict[str, Any]] = [
    {"message": "upstream call", "url": "https://rates.example/v2/rates", "status": 0},
    {"msg": "call done", "req": {"url": "https://rates.example/v2/rates"}, "res": {"statusCode": 0}},
    {"message": "client", "http.url": "https://rates.example/v2/rates", "http.status_code": "0"},
]


def with_status(fields: dict[str, Any], status: int) -> dict[str, Any]:
    """`fields` with a status in place of 0."""
    return json.loads(json.dumps(fields).replace('"0"', f'"{status}"').replace(" 0}", f" {status}}}"))


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("status", "verdict"), [(403, "config_or_secret"), (500, "dependency_failure")])
def test_the_answer_to_a_call_is_read_from_the_fields_of_its_line(
    tmp_path: Path, fields: dict[str, Any], status: int, verdict: str
) -> None:
    told = [entry(601 + 20 * k, "stdout", jsonPayload=with_status(fields, status)) for k in range(40)]
    quotes = [request(600 + 20 * k, 502, "/api/quotes", latency=1.5) for k in range(40)]
    assert opened(tmp_path, [*calm(), *calm(path="/api/quotes"), *quotes, *told]).verdict == verdict


def failing(line: str, n: int = 40) -> list[Any]:
    """Quotes that fail, each with a line that tells of the call that it made."""
    told = [said(601 + 20 * k, line) for k in range(n)]
    return [*(request(600 + 20 * k, 502, "/api/quotes", latency=1.5) for k in range(n)), *told]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("status", "name", "verdict"),
    [(401, "config_words", "config_or_secret"), (503, "dependency_lost", "dependency_failure")],
)
def test_the_answer_to_a_call_is_read_from_its_line(
    tmp_path: Path, form: str, status: int, name: str, verdict: str
) -> None:
    found = opened(tmp_path, [*calm(), *calm(path="/api/quotes"), *failing(form.format(status))])
    assert found.verdict == verdict
    assert next(one for one in found.signs if one.id == name).n == 40


@pytest.mark.parametrize("name", ["config_words", "dependency_lost"])
def test_what_the_service_answers_itself_or_got_well_tells_of_nothing(tmp_path: Path, name: str) -> None:
    lines = ["INFO POST /api/quotes -> 401 (3 ms)", "INFO POST /api/quotes -> 503 (3 ms)", FORMS[0].format(200)]
    for line in lines:
        found = sign(tmp_path, name, [*calm(), *calm(path="/api/quotes"), *failing(line)])
        assert found.verdict is Verdict.CLEAR, line
