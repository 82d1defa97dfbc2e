"""The application's own account of a request: text lines and JSON payloads, and the unit of their durations."""

import json

import pytest

from netra_analysis.logtext.access import Access, answered_by_line, called_by_payload, told_by_line, told_by_payload


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Request: GET /health | Status: 200 | Duration: 31.49ms", Access("GET", "/health", 200, 0.03149)),
        ("POST /api/x?y=1 500 12.5 ms - 30", Access("POST", "/api/x", 500, 0.0125)),
        ('169.254.1.1:0 - "GET /api/x HTTP/1.1" 404', Access("GET", "/api/x", 404, None)),
        ('"WebSocket /ws" [accepted]', Access("GET", "/ws", 101, None)),
        ('"WebSocket /ws" 403', Access("GET", "/ws", 403, None)),
        ("nothing of the kind", None),
    ],
)
def test_lines_of_text(line: str, told: Access | None) -> None:
    assert told_by_line(line) == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("200 OK: GET - /v1/parcels/5afa in 20ms", Access("GET", "/v1/parcels/5afa", 200, 0.02)),  # Ktor
        (
            "method=GET path=/orders/7 format=json controller=Orders status=500 duration=12.50 view=0.1",  # lograge
            Access("GET", "/orders/7", 500, 0.0125),
        ),
        ("[info] GET /e/ba97275 status=503 ms=2062", Access("GET", "/e/ba97275", 503, None)),
        ("GET /boards/512 -> 200 OK", Access("GET", "/boards/512", 200, None)),
        ('"POST /api/x HTTP/1.1" 201', Access("POST", "/api/x", 201, None)),
        ("GET /boards/512 took long", None),
        ("calling GET https://rates.example/v3 500", None),
        ("GET /orders/7 took 512 ms", None),
        ("Completed GET /orders in 503 ms", None),
        ("retrying GET /v3/rates after 500 ms", None),
        ("upstream GET /v3/rates returned 503", None),
        ("GET /orders/7 rows=512 status=200", Access("GET", "/orders/7", 200, None)),
    ],
)
def test_any_form_in_which_an_answer_is_told(line: str, told: Access | None) -> None:
    found = answered_by_line(line)
    assert (found[1] if found else None) == told


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (  # pino-http
            {
                "msg": "request completed",
                "res": {"statusCode": 200},
                "responseTime": 12.5,
                "url": "/a?b",
                "method": "GET",
            },
            Access("GET", "/a", 200, 0.0125),
        ),
        (  # winston
            {"message": "http", "req": {"method": "post", "url": "/a"}, "statusCode": 201, "duration": "12.5ms"},
            Access("POST", "/a", 201, 0.0125),
        ),
        (  # zap, with a duration as text
            {"method": "GET", "path": "/a", "status": 200, "latency": "3.5ms"},
            Access("GET", "/a", 200, 0.0035),
        ),
        (  # structlog
            {"http": {"method": "GET", "path": "/a", "status_code": 503}, "duration_s": 1.5},
            Access("GET", "/a", 503, 1.5),
        ),
        (
            {"method": "GET", "url": "https://x.example/a/b?c", "status": "200", "elapsed_ms": 7},
            Access("GET", "/a/b", 200, 0.007),
        ),
        (
            {"method": "GET", "path": "/a", "status": 200, "latency": 0.1},
            Access("GET", "/a", 200, None),
        ),  # of no known unit
        ({"method": "GET", "path": "/a", "status": 200}, Access("GET", "/a", 200, None)),
        ({"method": "GET", "path": "/a", "status": True, "duration": 5}, None),
        ({"method": ["GET"], "path": "/a", "status": 200, "duration": 5}, None),
        (["GET", "/a"], None),
    ],
)
def test_payloads(payload: object, told: Access | None) -> None:
    assert told_by_payload(json.dumps(payload)) == told


@pytest.mark.parametrize(
    "payload", ["", "{", "[" * 100_000, '{"duration": "..", "method": "GET", "url": "/", "status": 0}']
)
def test_what_is_no_payload_tells_of_nothing(payload: str) -> None:
    assert told_by_payload(payload) is None


@pytest.mark.parametrize(
    "status", ["NaN", "Infinity", "-1", "1" + "0" * 400, '"\u00b2\u00b2\u00b2"', f'"{"9" * 5000}"', "true"]
)
def test_what_is_no_status_tells_of_nothing(status: str) -> None:
    payload = '{"method": "GET", "url": "https://rates.example/v3", "duration": 5, "status": %s}'
    assert told_by_payload(payload % status) is None
    assert called_by_payload(payload % status) is None
    assert called_by_payload(payload % "503.0") == ("/v3", 503)
