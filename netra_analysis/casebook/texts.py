"""What the service and the platform say: messages and tracebacks in the shapes of the text era (C).

The tracebacks are loguru's: extended upwards to the process's start, so that the grouped entry ends at
`run_until_complete(task)`, cut there by Cloud Logging at loguru's `> File` mark. The exception itself
follows line by line, each an entry without severity.
"""

from dataclasses import dataclass
from typing import Final

PACKAGES: Final = "/usr/local/lib/python3.11/site-packages"
APP: Final = "/app/netra_backend/app"
STALE: Final = (
    "Object Agent(SupervisorAgent) stores AsyncSession in: Agent(SupervisorAgent).db_session. "
    "Sessions must be passed via context only."
)
POOL_FULL: Final = "QueuePool limit of size 10 overflow 15 reached, connection timed out, timeout 5.00"
POOL_FULL_LONG: Final = f"{POOL_FULL} (Background on this error at: https://sqlalche.me/e/20/3o7r)"
STALE_TYPE: Final = "netra_backend.app.database.session_manager.SessionIsolationError"
POOL_TYPE: Final = "sqlalchemy.exc.TimeoutError"
CHAINED: Final = "During handling of the above exception, another exception occurred:"

SCALING: Final = {
    "AUTOSCALING": "Instance started due to configured scaling factors (e.g. CPU utilization, request "
    "throughput, etc.) or no existing capacity for current traffic.",
    "DEPLOYMENT_ROLLOUT": "Instance started due to traffic shifting between revisions due to deployment, "
    "traffic split adjustment, or deployment health check.",
    "MANUAL_OR_CUSTOMER_MIN_INSTANCE": "Instance started because of customer-configured min-instances or "
    "manual scaling.",
}
LIMIT_ADVICE: Final = (
    "Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits"
)
MALFORMED: Final = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error. "
    "Additional troubleshooting documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#malformed-response-or-connection-error"
)
TOO_MUCH_MEMORY: Final = (
    "While handling this request, the container instance was found to be using too much memory and was terminated. "
    "This is likely to cause a new container instance to be used for the next request to this revision. If you see "
    "this message frequently, you may have a memory leak in your code or may need more memory. Consider creating a "
    "new revision with more memory."
)
UNCOLLECTED: Final = (
    "The garbage collector is trying to clean up non-checked-in connection "
    "<AdaptedConnection <asyncpg.connection.Connection object>>, which will be terminated"
)
CLOSED_TWICE: Final = 'Runtime error closing WebSocket: Cannot call "send" once a close message has been sent.'
NO_SESSION_MIDDLEWARE: Final = (
    "Session access failed (middleware not installed?): SessionMiddleware must be installed to access request.session"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a traceback: its file, line, function and source."""

    file: str
    line: int
    function: str
    source: str

    def text(self, mark: str = " ") -> list[str]:
        """Its two lines; `mark` is loguru's ">" at the frame that caught the exception."""
        return [f'{mark} File "{self.file}", line {self.line}, in {self.function}', f"    {self.source}"]


_UPWARD: Final = (
    Frame("/usr/local/bin/uvicorn", 8, "<module>", "sys.exit(main())"),
    Frame(f"{PACKAGES}/uvicorn/main.py", 413, "main", "run("),
    Frame(f"{PACKAGES}/uvicorn/main.py", 580, "run", "server.run()"),
    Frame(f"{PACKAGES}/uvicorn/server.py", 67, "run", "return asyncio.run(self.serve(sockets=sockets))"),
    Frame("/usr/local/lib/python3.11/asyncio/runners.py", 190, "run", "return runner.run(main)"),
    Frame(
        "/usr/local/lib/python3.11/asyncio/runners.py",
        118,
        "run",
        "return self._loop.run_until_complete(task)",
    ),
)
_CAUGHT: Final = Frame(f"{PACKAGES}/uvicorn/protocols/http/httptools_impl.py", 409, "run_asgi", "result = await app(")
_INWARD: Final = (
    Frame(f"{PACKAGES}/fastapi/applications.py", 1054, "__call__", "await super().__call__(scope, receive, send)"),
    Frame(f"{PACKAGES}/fastapi/routing.py", 291, "app", "solved_result = await solve_dependencies("),
)
_SESSION: Final = Frame(
    f"{APP}/db/database_manager.py", 1052, "get_async_session", "async with async_session_factory() as session:"
)
_STALE_FRAMES: Final = (
    Frame(
        f"{APP}/services/agent_service_factory.py",
        58,
        "_create_supervisor_agent",
        "return SupervisorAgent(",
    ),
    Frame(f"{APP}/agents/base_agent.py", 151, "__init__", "validate_agent_session_isolation(self)"),
    Frame(f"{APP}/database/session_manager.py", 294, "validate_no_stored_sessions", "raise SessionIsolationError("),
)
_POOL_FRAMES: Final = (
    _SESSION,
    Frame(f"{PACKAGES}/sqlalchemy/ext/asyncio/session.py", 461, "execute", "result = await greenlet_spawn("),
    Frame(f"{PACKAGES}/sqlalchemy/pool/impl.py", 177, "_do_get", "raise exc.TimeoutError("),
)


def upward() -> str:
    """The grouped entry: from the process's start down to the event loop, where the mark cuts it."""
    lines = [line for frame in _UPWARD for line in frame.text()]
    return "\n".join(["Traceback (most recent call last):", *lines])


def stale_tracebacks() -> list[list[str]]:
    """The lines after each grouped entry: the validator's error, then the same thrown through the session."""
    last = f"{STALE_TYPE}: {STALE}"
    return [_after(_STALE_FRAMES, last), _after((_SESSION, *_STALE_FRAMES), last)]


def pool_tracebacks() -> list[list[str]]:
    return [_after(_POOL_FRAMES, f"{POOL_TYPE}: {POOL_FULL_LONG}")]


def _after(frames: tuple[Frame, ...], last: str) -> list[str]:
    inner = [line for frame in (*_INWARD, *frames) for line in frame.text()]
    return [*_CAUGHT.text(">"), *inner, last]
