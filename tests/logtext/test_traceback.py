"""Exceptions are read out of text in the order in which they were raised; a cut one is said to be cut."""

import pytest

from netra_analysis.logtext.traceback import exception_of_payload, find_exceptions

PYTHON = """Traceback (most recent call last):
  File "/app/shop/orders.py", line 30, in place
    store.save(order)
    ~~~~~~~~~~^^^^^^^
  File "/usr/local/lib/python3.11/site-packages/sqlalchemy/engine.py", line 9, in execute
    raise OperationalError(...)
sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection failed:
\tIs the server running?
(Background on this error at: https://sqlalche.me/e/20/e3q8)"""
FIRST = "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in a\n    b()\nKeyError: 'x'"
DURING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
DIRECT = "\n\nThe above exception was the direct cause of the following exception:\n\n"
CUT = """2025-09-02 17:53:33.100 | ERROR    | uvicorn:run:1 | Exception in ASGI application

Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "/usr/local/lib/python3.11/asyncio/runners.py", line 118, in run
    return self._loop.run_until_complete(task)"""
NODE = """/app/index.js:3
    throw x
    ^

TypeError [ERR_X]: Cannot read properties of undefined (reading 'id')
    at getUser (/app/src/user.js:12:15)
    at async handler (file:///app/src/h.mjs:1:2)
    at new Layer (/app/node_modules/express/lib/layer.js:3:4)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
JAVA = """Exception in thread "main" org.springframework.beans.BeanCreationException: Error creating bean 'x'
\tat org.springframework.beans.Factory.create(Factory.java:12) ~[spring.jar:6]
\tat com.acme.Main.main(Main.java:5)
Caused by: java.lang.IllegalStateException: no queue
\tat com.acme.Queue.open(Queue.java:44)
\t... 12 more"""
GO = """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]

goroutine 1 [running]:
main.(*Server).handle(0xc000, {0x1, 0x2})
\t/app/main.go:12 +0x1d
net/http.serve(0x1)
\t/usr/local/go/src/net/http/server.go:2000 +0x5

goroutine 7 [select]:
main.other()
\t/app/other.go:1 +0x1"""


def test_a_python_traceback() -> None:
    (found,) = find_exceptions("before\n" + PYTHON)
    assert (found.type, found.cause, found.truncated, found.language) == (
        "sqlalchemy.exc.OperationalError",
        None,
        False,
        "python",
    )
    assert found.message.splitlines() == [
        "(psycopg2.OperationalError) connection failed:",
        "\tIs the server running?",
        "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
    ]
    assert [(f.place, f.line, f.function, f.code, f.own) for f in found.frames] == [
        ("orders.py", 30, "place", "store.save(order)", True),
        ("engine.py", 9, "execute", "raise OperationalError(...)", False),
    ]


@pytest.mark.parametrize(("phrase", "cause"), [(DURING, "during"), (DIRECT, "direct")])
def test_a_chain_in_the_order_of_raising(phrase: str, cause: str) -> None:
    found = find_exceptions(FIRST + phrase + PYTHON)
    assert [(one.type, one.cause) for one in found] == [
        ("KeyError", None),
        ("sqlalchemy.exc.OperationalError", cause),
    ]
    assert found[0].message == "'x'"


def test_one_cut_before_its_exception_has_no_type() -> None:
    (found,) = find_exceptions(CUT)
    assert (found.type, found.truncated) == (None, True)
    assert found.frames[-1].function == "run"
    assert not any(frame.own for frame in found.frames)


def test_the_rest_of_a_cut_one_with_logurus_marker() -> None:
    rest = (
        '> File "/usr/local/lib/python3.11/site-packages/uvicorn/h.py", line 4, in run_asgi\n    result = await app(\n'
        '  File "/app/shop/sessions.py", line 294, in validate_agent\n    raise SessionIsolationError(text)\n\n'
        "shop.sessions.SessionIsolationError: Object Agent stores a session"
    )
    (found,) = find_exceptions(rest)
    assert (found.type, found.frames[-1].function, found.frames[-1].line) == (
        "shop.sessions.SessionIsolationError",
        "validate_agent",
        294,
    )


def test_line_ends_written_as_backslash_n() -> None:
    assert find_exceptions("failed: " + PYTHON.replace("\n", "\\n").replace('"', '\\"')) == find_exceptions(PYTHON)


def test_colours_change_nothing() -> None:
    coloured = PYTHON.replace("Traceback", "\x1b[33mTraceback").replace("place", "\x1b[35mplace\x1b[0m")
    assert find_exceptions(coloured) == find_exceptions(PYTHON)


def test_a_syntax_error_has_a_frame_without_a_function() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/app/m.py", line 1, in <module>\n    import b\n'
        '  File "/app/b.py", line 3\n    def x(:\n          ^\nSyntaxError: invalid syntax'
    )
    (found,) = find_exceptions(text)
    assert (found.type, found.frames[-1].place, found.frames[-1].function) == ("SyntaxError", "b.py", "<module>")


def test_the_next_log_line_is_not_the_message() -> None:
    (found,) = find_exceptions(FIRST + "\n2025-09-02 17:53:33.100 | INFO | a:b:1 | next")
    assert found.message == "'x'"


def test_an_exception_group_shows_its_members() -> None:
    text = (
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/app/a.py", line 3, in f\n  |     raise ExceptionGroup("many", [e])\n'
        "  | ExceptionGroup: many (1 sub-exception)\n  +-+---------------- 1 ----------------\n"
        '    | Traceback (most recent call last):\n    |   File "/app/b.py", line 4, in h\n'
        "    | ValueError: v\n    +------------------------------------"
    )
    assert [one.type for one in find_exceptions(text)] == ["ExceptionGroup", "ValueError"]


def test_node() -> None:
    (found,) = find_exceptions(NODE)
    assert (found.type, found.message) == ("TypeError", "Cannot read properties of undefined (reading 'id')")
    assert [(f.place, f.function, f.own) for f in found.frames] == [
        ("task_queues", "process.processTicksAndRejections", False),
        ("layer.js", "Layer", False),
        ("h.mjs", "handler", True),
        ("user.js", "getUser", True),
    ]


def test_java_comes_cause_first_like_everything_else() -> None:
    found = find_exceptions(JAVA)
    assert [(one.type, one.message, one.cause) for one in found] == [
        ("java.lang.IllegalStateException", "no queue", None),
        ("org.springframework.beans.BeanCreationException", "Error creating bean 'x'", "direct"),
    ]
    assert [(f.place, f.own) for f in found[1].frames] == [("Main.java", True), ("Factory.java", False)]


def test_go_shows_the_goroutine_that_panicked() -> None:
    (found,) = find_exceptions(GO)
    assert (found.type, found.message) == (
        "panic",
        "runtime error: invalid memory address or nil pointer dereference",
    )
    assert [(f.place, f.function, f.own) for f in found.frames] == [
        ("server.go", "net/http.serve", False),
        ("main.go", "main.(*Server).handle", True),
    ]


@pytest.mark.parametrize("text", ["", "all is well", "Warning: x", "INFO: y", "look at this", "  at home"])
def test_no_exception(text: str) -> None:
    assert find_exceptions(text) == ()


def test_a_last_line_on_its_own() -> None:
    (found,) = find_exceptions("ModuleNotFoundError: No module named 'shop.monitoring'")
    assert (found.type, found.message, found.frames) == ("ModuleNotFoundError", "No module named 'shop.monitoring'", ())


def test_a_json_error_object_and_a_false_one() -> None:
    real = {"error": {"traceback": None, "type": "ModuleNotFoundError", "value": "No module named 'x'"}}
    false = {"error": {"message": "Missing field", "severity": "ERROR", "traceback": "", "type": "str"}}
    found = exception_of_payload(real)
    assert found
    assert (found.type, found.message) == ("ModuleNotFoundError", "No module named 'x'")
    assert exception_of_payload(false) is None
