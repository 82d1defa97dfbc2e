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

DOTNET = """fail: Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware[1]
      An unhandled exception has occurred while executing the request.
      System.InvalidOperationException: An exception has been raised that is likely due to a transient failure.
       ---> Npgsql.NpgsqlException (0x80004005): Exception while connecting
       ---> System.TimeoutException: Timeout during connection attempt
         at Npgsql.Internal.NpgsqlConnector.Connect(NpgsqlTimeout timeout)
         at Npgsql.Internal.NpgsqlConnector.<Open>d__12.MoveNext()
         --- End of inner exception stack trace ---
         at Npgsql.NpgsqlConnection.Open(Boolean async, CancellationToken token)
         --- End of inner exception stack trace ---
         at Shop.Api.Stores.OrderStore.<Save>d__4.MoveNext() in /src/Stores/OrderStore.cs:line 42
      --- End of stack trace from previous location ---
         at lambda_method12(Closure , Object , Object[] )
         at Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker.Invoke()"""
DOTNET_FLAT = """System.NullReferenceException: Object reference not set to an instance of an object.
   at Shop.Api.OrdersController.Post(OrderDto order) in /src/OrdersController.cs:line 7
   at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext context)"""
RAILS = """NoMethodError (undefined method 'total' for nil):

[3f2a-77] app/models/order.rb:42:in 'Order#total'
[3f2a-77] app/controllers/orders_controller.rb:18:in 'create'
/usr/local/bundle/gems/actionpack-7.1.3/lib/action_controller/metal.rb:224:in 'dispatch'"""
RUBY = """/app/lib/queue.rb:9:in `block in take': connection refused (PG::ConnectionBad)
\tfrom /app/lib/queue.rb:3:in `take'
\tfrom /usr/local/lib/ruby/3.2.0/monitor.rb:202:in `synchronize'"""
PUMA = """2025-09-02 12:00:00 +0000 Rack app error handling request { GET /orders }
#<ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool within 5.000 seconds>
/app/app/controllers/orders_controller.rb:6:in `index'"""
PHP = """PHP Fatal error:  Uncaught RuntimeException: no stock in /var/www/html/app/Stock.php:12
Stack trace:
#0 /var/www/html/app/Http/Controllers/OrderController.php(31): App\\Stock->take(5)
#1 /var/www/html/vendor/laravel/framework/src/Illuminate/Routing/Route.php(208): App\\Http\\OrderController->store()
#2 {main}
  thrown in /var/www/html/app/Stock.php on line 12"""
LARAVEL = (
    r'[2025-09-02 12:00:00] production.ERROR: SQLSTATE[08006] {"exception":"[object] '
    r"(Illuminate\\Database\\QueryException(code: 7): SQLSTATE[08006] timeout at /var/www/vendor/laravel/x.php:742)"
    "\n[stacktrace]\n#0 /var/www/html/app/Models/Order.php(55): Illuminate\\Database\\Connection->select()"
    '\n#1 {main}\n"}'
)


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


def test_go_s_server_that_caught_a_panic_shows_the_same_one() -> None:
    served = "2026/09/18 04:52:08 http: panic serving 169.254.1.1:2054: runtime error: index out of range [3]"
    (found,) = find_exceptions(served)
    assert (found.type, found.message, found.frames) == ("panic", "runtime error: index out of range [3]", ())
    (whole,) = find_exceptions(served + "\n" + GO.partition("\n\n")[2])
    assert [f.function for f in whole.frames if f.own] == ["main.(*Server).handle"]


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


def test_dotnet_comes_cause_first_and_its_async_methods_by_their_own_names() -> None:
    found = find_exceptions(DOTNET)
    assert [(one.type, one.cause, one.language) for one in found] == [
        ("System.TimeoutException", None, "dotnet"),
        ("Npgsql.NpgsqlException", "direct", "dotnet"),
        ("System.InvalidOperationException", "direct", "dotnet"),
    ]
    assert [(f.place, f.line, f.function) for f in found[2].frames if f.own] == [
        ("OrderStore.cs", 42, "Shop.Api.Stores.OrderStore.Save")
    ]
    (flat,) = find_exceptions(DOTNET_FLAT)
    assert (flat.type, flat.language) == ("System.NullReferenceException", "dotnet")
    assert [(f.place, f.own) for f in flat.frames] == [("", False), ("OrdersController.cs", True)]


@pytest.mark.parametrize(
    ("text", "name", "message", "failing"),
    [
        (RAILS, "NoMethodError", "undefined method 'total' for nil", "Order#total"),
        (RUBY, "PG::ConnectionBad", "connection refused", "take"),
        (
            PUMA,
            "ActiveRecord::ConnectionTimeoutError",
            "could not obtain a connection from the pool within 5.000 seconds",
            "index",
        ),
    ],
)
def test_ruby(text: str, name: str, message: str, failing: str) -> None:
    (found,) = find_exceptions(text)
    assert (found.type, found.message, found.language) == (name, message, "ruby")
    assert [f.function for f in found.frames if f.own][-1] == failing


def test_php_uncaught_and_in_a_logger_s_record() -> None:
    (found,) = find_exceptions(PHP)
    assert (found.type, found.message) == ("RuntimeException", "no stock")
    assert [(f.place, f.own) for f in found.frames] == [("Route.php", False), ("OrderController.php", True)]
    (logged,) = find_exceptions(LARAVEL)
    assert (logged.type, logged.message) == ("Illuminate\\Database\\QueryException", "SQLSTATE[08006] timeout")
    assert [f.place for f in logged.frames] == ["Order.php"]
