"""A line says its level, its logger and its message, whatever wrote it."""

import json

import pytest

from netra_analysis.logtext.line import error_text, read_line

RED, BOLD, OFF = "\x1b[31m", "\x1b[1m", "\x1b[0m"

# text, level, logger, message
TEXTS = [
    # The service's own eras: colour tags, raw escapes, plain pipes.
    (
        "2025-08-25 16:18:19.555 | WARNING  | shop.db:connect:88 | <yellow>pool is slow</yellow>",
        "WARNING",
        "shop.db:connect:88",
        "pool is slow",
    ),
    (
        f"\x1b[32m2025-08-28 00:20:14.597{OFF} | {RED}{BOLD}ERROR   {OFF} | \x1b[36mshop.log{OFF}:\x1b[36memit{OFF}"
        ":\x1b[36m202\x1b[0m"
        f" | {RED}{BOLD}[Warehouse] connection failed{OFF}",
        "ERROR",
        "shop.log:emit:202",
        "[Warehouse] connection failed",
    ),
    (
        "2025-09-02 17:53:33.101 | CRITICAL | shop.start:main:7 | 🚨 no tables",
        "CRITICAL",
        "shop.start:main:7",
        "🚨 no tables",
    ),
    ("2025-09-02 17:53:33.101 | SUCCESS | shop.start:main:7 - up", "INFO", "shop.start:main:7", "up"),
    # Go's server names its package where others write a level.
    (
        "2026/09/18 04:52:08 http: panic serving 169.254.1.1:20542: runtime error: index out of range",
        "ERROR",
        "net/http",
        "http: panic serving 169.254.1.1:20542: runtime error: index out of range",
    ),
    ("http: GET /orders 200 12 ms", "INFO", None, "http: GET /orders 200 12 ms"),
    # .NET's console, Ruby's logger, Monolog.
    ("fail: Shop.Api.Orders[0]      no stock", "ERROR", "Shop.Api.Orders", "no stock"),
    ("E, [2025-09-02T10:00:00.123456 #1] ERROR -- : no stock", "ERROR", None, "no stock"),
    ("[2025-09-02 12:00:00] production.ERROR: no stock", "ERROR", "production", "no stock"),
    # Python's other writers.
    ("2025-09-07 13:20:45 - shop.routes - WARNING - token is old", "WARNING", "shop.routes", "token is old"),
    ("2025-08-28 00:20:01,683 - shop-auth - auth.main - INFO - ready", "INFO", "auth.main", "ready"),
    ("2025-09-02 10:00:00,123 INFO sqlalchemy.engine.Engine SELECT 1", "INFO", "sqlalchemy.engine.Engine", "SELECT 1"),
    ("WARNING:root:disk is full", "WARNING", "root", "disk is full"),
    (
        "[2025-09-16 01:40:54 +0000] [13] [ERROR] Exception in worker process",
        "ERROR",
        "gunicorn",
        "Exception in worker process",
    ),
    ("[2025-09-07 15:39:41 +0000] [15] [INFO] connection closed", "INFO", "gunicorn", "connection closed"),
    ("[2025-09-02 10:00:00,123] ERROR in app: Exception on / [GET]", "ERROR", "app", "Exception on / [GET]"),
    ("INFO:     Application startup complete.", "INFO", None, "Application startup complete."),
    ("ERROR:    Exception in ASGI application", "ERROR", None, "Exception in ASGI application"),
    ('INFO:     1.2.3.4:5 - "GET / HTTP/1.1" 200 OK', "INFO", None, '1.2.3.4:5 - "GET / HTTP/1.1" 200 OK'),
    (
        '169.254.169.126:504 - "GET /health HTTP/1.1" 200',
        "INFO",
        "access",
        '169.254.169.126:504 - "GET /health HTTP/1.1" 200',
    ),
    (
        '169.254.169.126:504 - "WebSocket /ws" [accepted]',
        "INFO",
        "access",
        '169.254.169.126:504 - "WebSocket /ws" [accepted]',
    ),
    (
        "/app/shop/cache.py:267: DeprecationWarning: Call to deprecated close.",
        "WARNING",
        "/app/shop/cache.py:267",
        "/app/shop/cache.py:267: DeprecationWarning: Call to deprecated close.",
    ),
    # Node.
    ("[Nest] 1  - 09/02/2025, 10:00:00 AM     LOG [NestFactory] Starting", "INFO", "NestFactory", "Starting"),
    ("[Nest] 37  - 09/02/2025, 10:00:00 AM   ERROR [ExceptionsHandler] boom", "ERROR", "ExceptionsHandler", "boom"),
    ("error: cannot reach the queue", "ERROR", None, "cannot reach the queue"),
    ("2025-09-02T10:00:00.1Z warn: slow query", "WARNING", None, "slow query"),
    # Java.
    ("2025-09-02T10:00:00.123Z ERROR 1 --- [main] c.e.Foo : no bean", "ERROR", "c.e.Foo", "no bean"),
    ("2025-09-02T10:00:00.123Z  WARN 1 --- [app] [nio-8080-exec-1] c.e.Foo    : slow", "WARNING", "c.e.Foo", "slow"),
    ("10:15:30.123 [main] ERROR c.e.Foo - no bean", "ERROR", "c.e.Foo", "no bean"),
    ("Sep 02, 2025 10:00:00 AM com.example.Foo bar\nSEVERE: no bean", "ERROR", "com.example.Foo", "no bean"),
    # Go.
    ("E0902 10:00:00.123456       1 main.go:12] no route", "ERROR", "main.go:12", "no route"),
    ("2009/01/23 01:23:23 main.go:23: ERROR: no route", "ERROR", "main.go:23", "no route"),
    ("2009/01/23 01:23:23 listening", "UNKNOWN", None, "listening"),
    ("level=warning msg=slow", "WARNING", None, "msg=slow"),
    ("ERRO[0001] no route", "ERROR", None, "no route"),
    ("2025-09-02T10:00:00.123Z\tERROR\tapp/main.go:12\tno route", "ERROR", "app/main.go:12", "no route"),
    ("panic: runtime error: index out of range", "CRITICAL", None, "panic: runtime error: index out of range"),
    # Databases, and words in capitals.
    ("FATAL:  password authentication failed for user", "CRITICAL", None, "password authentication failed for user"),
    ("CRITICAL STARTUP FAILURE: no secret", "CRITICAL", None, "CRITICAL STARTUP FAILURE: no secret"),
    # Exceptions without a level of their own.
    ("ModuleNotFoundError: No module named 'shop'", "ERROR", None, "ModuleNotFoundError: No module named 'shop'"),
    ("Traceback (most recent call last):", "ERROR", None, "Traceback (most recent call last):"),
    (
        "During handling of the above exception, another exception occurred:",
        "ERROR",
        None,
        "During handling of the above exception, another exception occurred:",
    ),
    # Nothing said.
    ("   - Local:        http://localhost:3000", "UNKNOWN", None, "- Local:        http://localhost:3000"),
    ("", "UNKNOWN", None, ""),
    ("================", "UNKNOWN", None, "================"),
]


@pytest.mark.parametrize(("text", "level", "logger", "message"), TEXTS, ids=[t[0][:40] for t in TEXTS])
def test_a_text_line_without_severity(text: str, level: str, logger: str | None, message: str) -> None:
    line = read_line(None, text, None)
    assert (line.level, line.logger, line.message) == (level, logger, message)
    assert line.level_from == ("none" if level == "UNKNOWN" else "text")
    assert read_line("DEFAULT", text, None) == line


def test_a_level_that_the_line_states_beats_the_stream() -> None:
    line = read_line("ERROR", "[2025-09-07 15:39:41 +0000] [15] [INFO] Handling signal: term", None)
    assert (line.level, line.level_from) == ("INFO", "text")


def test_a_traceback_that_the_platform_grouped_stays_an_error() -> None:
    text = "2025-09-02 10:00:00.000 | INFO | a:b:1 | retried\nTraceback (most recent call last):\n  File"
    line = read_line("ERROR", text, None)
    assert (line.level, line.level_from) == ("ERROR", "severity")


def test_the_time_is_kept_as_it_was_written() -> None:
    assert read_line(None, "2025-09-07 13:20:45 - a.b - INFO - x", None).time_text == "2025-09-07 13:20:45"


def test_an_error_object_on_an_info_line_is_no_error() -> None:
    payload = {
        "logger": "shop.api",
        "message": "AgentRegistry ready",
        "textPayload": "AgentRegistry ready",
        "error": {"message": "Missing field", "severity": "ERROR", "traceback": "", "type": "str"},
        "validation": {"severity": "ok"},
    }
    line = read_line("INFO", None, payload)
    assert (line.level, line.level_from, line.logger, line.message) == (
        "INFO",
        "severity",
        "shop.api",
        "AgentRegistry ready",
    )
    assert read_line(None, None, payload).level == "UNKNOWN"


def test_labels_name_the_logger_and_the_interceptor_does_not() -> None:
    labels = {"module": "shop.db", "function": "connect", "line": "88"}
    assert read_line("INFO", None, {"message": "m", "labels": labels}).logger == "shop.db:connect:88"
    intercepted = {"module": "logging", "function": "callHandlers", "line": "1706"}
    payload = {"message": "m", "labels": intercepted, "context": {"name": "shop.auth"}}
    assert read_line("INFO", None, payload).logger == "shop.auth"


@pytest.mark.parametrize(
    ("payload", "level"),
    [
        ({"level": 30, "msg": "pino"}, "INFO"),
        ({"level": 60, "msg": "pino"}, "CRITICAL"),
        ({"level": "warn", "message": "winston"}, "WARNING"),
        ({"levelname": "ERROR", "levelno": 40, "message": "python"}, "ERROR"),
        ({"levelno": 40, "message": "python"}, "ERROR"),
        ({"level": 400, "level_name": "ERROR", "message": "Monolog"}, "ERROR"),
        ({"level": 250, "message": "Monolog's notice"}, "INFO"),
        ({"loglevel": "Critical", "category": "Shop.Api", "message": ".NET, as stored"}, "CRITICAL"),
        ({"t": "2025-09-02T12:00:00Z", "l": "Error", "mt": "Serilog, as stored"}, "ERROR"),
        ({"level": True, "message": "not a level"}, "UNKNOWN"),
        ({"severity": "notice", "message": "m"}, "INFO"),
        ({"message": 7}, "UNKNOWN"),
        ({}, "UNKNOWN"),
    ],
)
def test_a_json_line_states_its_level(payload: dict[str, object], level: str) -> None:
    line = read_line(None, None, payload)
    assert (line.level, line.level_from) == (level, "none" if level == "UNKNOWN" else "json")


GELF = {"version": "1.1", "host": "shop", "short_message": "unhandled", "level": 3, "_log_logger": "shop.Errors"}


@pytest.mark.parametrize(
    ("more", "level", "message"),
    [
        ({}, "ERROR", "unhandled"),
        ({"full_message": "unhandled\nShopException: no"}, "ERROR", "unhandled\nShopException: no"),
        ({"level": 6}, "INFO", "unhandled"),
        ({"level": 4}, "WARNING", "unhandled"),
        ({"level": 9}, "UNKNOWN", "unhandled"),
    ],
)  # fmt: skip
def test_gelf_has_its_stack_in_a_field_and_levels_of_syslog(more: dict[str, object], level: str, message: str) -> None:
    line = read_line(None, json.dumps(GELF | more), None)
    assert (line.level, line.message) == (level, message)


def test_a_json_line_that_nothing_parsed_is_read_as_json() -> None:
    line = read_line(None, json.dumps({"level": 50, "msg": "boom", "time": 1}), None)
    assert (line.level, line.level_from, line.message) == ("ERROR", "json", "boom")


TRACING = {
    "timestamp": "2026-08-11T01:22:58Z",
    "level": "ERROR",
    "fields": {"message": "request failed", "error": "pool timed out"},
    "target": "usage::error",
}


@pytest.mark.parametrize("whole", [True, False], ids=["parsed", "as text"])
def test_what_rust_nests_under_fields_is_the_line(whole: bool) -> None:
    line = read_line(None, None if whole else json.dumps(TRACING), TRACING if whole else None)
    assert (line.level, line.message) == ("ERROR", "request failed")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"msg": "request failed", "error": "context deadline exceeded\nat x"}, "context deadline exceeded"),
        ({"msg": "request failed", "err": {"message": "refused"}}, "refused"),
        ({"msg": "request failed", "error": {}}, ""),
        ({"msg": "fine"}, ""),
    ],
)
def test_the_reason_that_a_logger_keeps_in_a_field(payload: dict[str, object], said: str) -> None:
    assert error_text(payload) == said


def test_a_json_message_with_a_head_of_its_own_is_read_when_nothing_else_states_a_level() -> None:
    line = read_line(None, None, {"message": "2025-09-07 13:20:45 - a.b - ERROR - x"})
    assert (line.level, line.level_from, line.message) == ("ERROR", "text", "x")


def test_only_known_colour_tags_go() -> None:
    assert read_line(None, "2025-01-01 00:00:00.000 | INFO | a:b:1 | <red>x</red> <AsyncEngine> <b>", None).message == (
        "x <AsyncEngine> <b>"
    )
