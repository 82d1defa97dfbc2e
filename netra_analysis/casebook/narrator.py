"""Turns signals into log entries: what the platform writes about them, and what the application writes.

One request is seen three times, as in the real logs: the request log, the application's own line, the
server's access line. An exception that nobody handled has no line of the application's.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from netra_analysis.casebook import texts
from netra_analysis.casebook.signals import Event, Failure, Fate, Happening, Place, Reply
from netra_analysis.casebook.writer import STDERR, STDOUT, SYSTEM, LogWriter


@dataclass(slots=True, eq=False)
class Narrator:
    """Writes what is said about replies and events. Its own draws decide wording, never what happens."""

    writer: LogWriter
    limit_mib: float
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = self.writer.rng

    def say(self, at: float, place: Place, level: str, where: str, message: str) -> str:
        """A loguru line of the text era: no severity, the level inside the text."""
        written = self.writer.moment(at) - timedelta(microseconds=self.rng.randint(300, 900))
        head = f"{written:%Y-%m-%d %H:%M:%S}.{written.microsecond // 1000:03d}"
        return self.print(at, place, f"{head} | {level:<8} | {where} | {message}")

    def print(self, at: float, place: Place, text: str, log: str = STDERR, severity: str = "") -> str:
        """A line as it is."""
        return self.writer.write(at, log, place, {"textPayload": text}, severity=severity)

    def reply(self, reply: Reply) -> None:
        """All lines about one request, after the platform's own entry."""
        if reply.fate in (Fate.KILLED, Fate.NO_INSTANCE):
            return
        at = reply.ended + self.rng.triangular(0.0006, 0.0029, 0.0009)
        if reply.arrival.route.path == "/ws":
            self._socket(reply, at)
            return
        if reply.failure:
            self._failure(reply)
        elif reply.handler_s is not None:
            self._remarks(reply)
            self._request_line(reply, at)
        self._access_line(reply, at + 0.00002)

    def event(self, event: Event) -> None:
        """All lines about one happening in an instance."""
        at, place = event.time, event.place
        match event.kind:
            case Happening.MEMORY_CHECK:
                self._memory(event)
            case Happening.COLLECTED:
                self.say(at, place, "ERROR", "sqlalchemy.pool.impl:_finalize_fairy:1098", texts.UNCOLLECTED)
            case Happening.SOCKET_CLOSED_TWICE:
                where = "netra_backend.app.websocket_core.utils:safe_websocket_close:131"
                self.say(at, place, "WARNING", where, texts.CLOSED_TWICE)
            case Happening.DRAINED:
                for step, line in enumerate(_SHUTDOWN):
                    self.print(at + 0.1 * step, place, line)
            case _:
                self._platform(event)

    def _platform(self, event: Event) -> None:
        at, place, container = event.time, event.place, f"{self.writer.target.service}-1"
        match event.kind:
            case Happening.STARTING:
                reason = f"{event.reason} - {texts.SCALING[event.reason]}"
                self._system(event, "INFO", f"Starting new instance. Reason: {reason}", scaling_reason=event.reason)
            case Happening.READY:
                port = self.writer.target.port
                probe = f'after 1 attempt for container "{container}" on port {port}.'
                self._system(event, "INFO", f"Default STARTUP TCP probe succeeded {probe}")
            case Happening.OUT_OF_MEMORY:
                used = f"{self.limit_mib:.0f} MiB exceeded with {event.number:.0f} MiB used."
                self._system(event, "ERROR", f"Memory limit of {used} {texts.LIMIT_ADVICE}")
            case Happening.SIGNALLED:
                text = f"Container terminated on signal {event.reason}."
                self._system(event, "WARNING", text, container_name=container)
            case Happening.SHUT_DOWN:
                self._system(event, "INFO", "Shutting down user disabled instance")
            case _:
                raise ValueError(f"{event.kind} at {at} of {place} is no event of the platform")

    def _system(self, event: Event, severity: str, text: str, **labels: str) -> None:
        payload = {"textPayload": text}
        self.writer.write(event.time, SYSTEM, event.place, payload, severity=severity, labels=labels)

    def _memory(self, event: Event) -> None:
        share = 100 * event.number / self.limit_mib
        level, text = "INFO", f"📊 Memory: {share:.1f}% ({event.number:.1f}MB/{self.limit_mib:.1f}MB)"
        if share >= 90:
            level, text = "CRITICAL", f"🚨 CRITICAL MEMORY PRESSURE: {share:.1f}%"
        elif share >= 80:
            level, text = "WARNING", f"⚠️ HIGH MEMORY USAGE: {share:.1f}%"
        where = "netra_backend.app.services.memory_monitor:_check_memory:88"
        self.say(event.time, event.place, level, where, text)

    def _request_line(self, reply: Reply, at: float) -> None:
        asked, name = reply.arrival, f"{self.rng.getrandbits(128):032x}"
        trace = f"{name[:8]}-{name[8:12]}-4{name[13:16]}-a{name[17:20]}-{name[20:]}"
        text = (
            f"Request: {asked.route.method} {asked.route.path} | Status: {reply.status} | "
            f"Duration: {1000 * (reply.handler_s or 0.0):.2f}ms | Trace: {trace}"
        )
        where = "netra_backend.app.core.request_context:log_request_details:69"
        self.say(at, reply.place, "INFO", where, text)

    def _access_line(self, reply: Reply, at: float) -> None:
        route = reply.arrival.route
        query = reply.arrival.url.partition("?")
        asked = f"{route.method} {route.path}{query[1]}{query[2]} HTTP/1.1"
        self.print(at, reply.place, f'{self._peer()} - "{asked}" {reply.status}', STDOUT)

    def _peer(self) -> str:
        return f"169.254.169.126:{self.rng.randrange(1024, 65000)}"

    def _socket(self, reply: Reply, at: float) -> None:
        place, started = reply.place, reply.arrival.time
        if reply.status == 101:
            self.print(started + 0.003, place, f'{self._peer()} - "WebSocket /ws" [accepted]', STDOUT)
            self.print(at, place, "connection closed")
            return
        where = "netra_backend.app.routes.websocket:websocket_endpoint:178"
        text = "WebSocket connection rejected in staging: No JWT=REDACTED"
        self.say(at, place, "WARNING", where, text)
        self.print(at + 0.00001, place, f'{self._peer()} - "WebSocket /ws" 403', STDOUT)
        self.print(at + 0.00002, place, "connection rejected (403 Forbidden)")

    def _remarks(self, reply: Reply) -> None:
        """What the application remarks while it handles a request that ends well, or is refused."""
        route, at, place = reply.arrival.route, reply.ended - 0.0015, reply.place
        if route.path == "/health" and self.rng.random() < 0.92:
            where = "netra_backend.app.middleware.gcp_auth_context_middleware:_extract_auth_context:210"
            self.say(at, place, "WARNING", where, texts.NO_SESSION_MIDDLEWARE)
        elif route.path == "/etc/passwd":
            where = "netra_backend.app.middleware.security_headers:_block_traversal:64"
            blocked = f"attempt from {reply.arrival.client.ip}: Path: /etc/passwd, Query: "
            self.say(at, place, "WARNING", where, f"Blocked potential path traversal {blocked}")
        elif route.status == 403:
            self._not_authenticated(at, place)
        elif route.database and self.rng.random() < 0.3:
            text = "Using deprecated get_db_dependency - consider get_request_scoped_db_session"
            self.say(at, place, "WARNING", "netra_backend.app.dependencies:get_db_dependency:44", text)

    def _not_authenticated(self, at: float, place: Place) -> None:
        """One 403, told five times, four of them as if the database had failed."""
        request = f"req_{self.rng.getrandbits(48):012x}"
        session = f"system_{request}_{self.rng.getrandbits(32):08x}"
        factory = "netra_backend.app.database.request_scoped_session_factory"
        for step, (level, where, text) in enumerate(
            (
                ("ERROR", f"{factory}:get_request_scoped_session:198", f"Error in request-scoped session {session}"),
                ("ERROR", f"{factory}:create:141", "Failed to create request-scoped session for user system"),
                (
                    "ERROR",
                    "netra_backend.app.dependencies:get_request_scoped_db_session:231",
                    f"Failed to create request-scoped database session {request}",
                ),
                ("ERROR", "netra_backend.app.database:get_db:77", "Database session error"),
                ("INFO", "netra_backend.app.core.error_handlers:http_exception_handler:52", "api_request"),
            )
        ):
            self.say(at + 0.0001 * step, place, level, where, f"{text}: 403: Not authenticated")

    def _failure(self, reply: Reply) -> None:
        """An exception that nobody handled: its first mention, the middleware's, and the traceback."""
        at, place = reply.ended - 0.002, reply.place
        if reply.failure is Failure.STALE_SESSION:
            message, after = texts.STALE, texts.stale_tracebacks()
            first = f"Agent Supervisor failed session isolation validation: {message}"
            self.say(at, place, "ERROR", "netra_backend.app.agents.base_agent:__init__:148", first)
        else:
            message, after = texts.POOL_FULL_LONG, texts.pool_tracebacks()
            first = f"Database session error: {message}"
            self.say(at, place, "ERROR", "netra_backend.app.database:get_db:77", first)
        where = "netra_backend.app.middleware.security_response_middleware:dispatch:71"
        bypassed = f"SecurityResponseMiddleware bypassed due to exception: {message}"
        self.say(at + 0.0006, place, "WARNING", where, bypassed)
        where = "uvicorn.protocols.http.httptools_impl:run_asgi:414"
        self.say(at + 0.0012, place, "ERROR", where, "Exception in ASGI application")
        self._tracebacks(at + 0.0013, place, after, group=str(reply.failure))

    def _tracebacks(self, at: float, place: Place, chain: list[list[str]], *, group: str) -> None:
        """Grouped entries that end at the event loop; the rest line by line, microseconds apart."""
        for number, lines in enumerate(chain):
            if number:
                for line in ("", texts.CHAINED, ""):
                    at += self._gap()
                    self.print(at, place, line)
            at += self._gap()
            payload = {"textPayload": texts.upward(), "errorGroups": [{"id": _GROUPS[group]}]}
            self.writer.write(at, STDERR, place, payload, severity="ERROR")
            for line in lines:
                at += self._gap()
                self.print(at, place, line)

    def _gap(self) -> float:
        return self.rng.randint(8, 30) * 1e-6


_GROUPS = {Failure.STALE_SESSION.value: "CNqT2cGX7rKbUg", Failure.POOL_TIMEOUT.value: "CJ3H5ovD1eS9IQ"}
_SHUTDOWN = (
    "Shutting down",
    "Waiting for application shutdown.",
    "Application shutdown complete.",
    "Finished server process [1]",
)
