"""The application's side of the log: its lines about requests, failures, remarks, starts and ends."""

from dataclasses import dataclass, field
from random import Random

from netra_analysis.casebook.signals import Event, Fate, Happening, Place, Reply
from netra_analysis.casebook.voices.dialects import Dialect
from netra_analysis.casebook.voices.exceptions import Exc
from netra_analysis.casebook.voices.faults import exception
from netra_analysis.casebook.voices.server import ServerLines
from netra_analysis.casebook.voices.service import Service, own_frame, where

UNHEARD = (Fate.KILLED, Fate.NO_INSTANCE, Fate.STARTUP, Fate.TIMEOUT)


@dataclass(slots=True, eq=False)
class Voice:
    """Says what the service's code would say. Its draws decide wording, never what happens."""

    service: Service
    dialect: Dialect
    rng: Random
    chatter: float = 0.05  # unrelated lines per request
    server: ServerLines = field(init=False)

    def __post_init__(self) -> None:
        self.server = ServerLines(self.service, self.dialect, self.rng)

    def reply(self, reply: Reply) -> None:
        """All lines about one request."""
        if reply.fate in UNHEARD:
            return
        at = reply.ended + self.rng.triangular(0.0006, 0.0029, 0.0009)
        if reply.arrival.route.socket:
            self.server.socket(reply, at)
            if reply.failure:
                self._uncaught(reply)
            return
        if reply.failure and reply.handler_s is None:
            self._uncaught(reply)
        else:
            self._answered(reply, at)
        if self.service.access_lines:
            self.server.access(reply, at + 0.00002)
        if self.rng.random() < self.chatter:
            level, place, text = self.rng.choice(self.service.chatter)
            self.dialect.say(at + 0.0001, reply.place, level, place, text)

    def event(self, event: Event) -> None:
        """All lines about one happening in an instance."""
        match event.kind:
            case Happening.READY if event.reason != "deaf":
                self.server.booted(event)
            case Happening.READY:
                self.server.master(event.time - 0.4, event.place)
            case Happening.BOOT_FAILED:
                key, _, way = event.reason.partition("|")
                self.server.boot_failed(event, exception(self.service.names, key, self.rng), way)
            case Happening.DRAINED:
                self.server.drained(event)
            case Happening.REMARK:
                self._remark(event)
            case _:
                pass

    def _answered(self, reply: Reply, at: float) -> None:
        if reply.failure:
            exc = self._exception(reply)
            text = f"{reply.arrival.route.path} answered {reply.status}: {exc.last}"
            self.dialect.say(at - 0.0009, reply.place, "ERROR", self._place(reply), text, self._fields(reply))
        level, place, text = self.service.request_line(reply, self.rng)
        self.dialect.say(at, reply.place, level, place, text, self._fields(reply))

    def _uncaught(self, reply: Reply) -> None:
        """Nobody handled it: what the service's layers remark on its way up, and the traceback."""
        exc, at = self._exception(reply), reply.ended - 0.002
        if self.service.key == "netra":
            first = f"Database session error: {exc.message or exc.type}" if "db" in str(reply.failure) else exc.last
            self.dialect.say(at, reply.place, "ERROR", self._place(reply), first)
            middleware = "netra_backend.app.middleware.security_response_middleware:dispatch:71"
            text = f"SecurityResponseMiddleware bypassed due to exception: {exc.message or exc.type}"
            self.dialect.say(at + 0.0006, reply.place, "WARNING", middleware, text)
        server = "uvicorn.protocols.http.httptools_impl:run_asgi:414"
        place = "uvicorn.error:run_asgi:414" if self.service.key == "orders" else server
        message = "Exception in ASGI application"
        self.dialect.raised(at + 0.0012, reply.place, place, message, exc, self._fields(reply))

    def _exception(self, reply: Reply) -> Exc:
        exc = exception(self.service.names, str(reply.failure), self.rng)
        own = dict(self.service.names.own)
        frames = () if str(reply.failure) in own else self.service.frames(reply.arrival.route)
        return Exc(exc.type, exc.message, (*frames, *exc.frames), exc.cause, exc.link)

    def _place(self, reply: Reply) -> str:
        return where(f"{self.service.package}.{reply.arrival.route.handler}")

    def _fields(self, reply: Reply) -> dict[str, object]:
        """What a structured logger adds; plain text drops it."""
        fields: dict[str, object] = {"path": reply.arrival.route.path, "method": reply.arrival.route.method}
        fields["request_id"] = f"{self.rng.getrandbits(48):012x}"
        if reply.handler_s is not None:
            fields |= {"status": reply.status, "duration_ms": round(1000 * reply.handler_s, 2)}
        return fields

    def _remark(self, event: Event) -> None:
        key, subject, fatal = event.reason.split("|")
        if key in self.service.remarks:
            level, place, text = self.service.remarks[key]
            said = text.format(subject=subject, number=event.number)
            self.dialect.say(event.time, event.place, level, place, said)
            return
        exc = exception(self.service.names, key, self.rng)
        if fatal:
            self._last_words(event.time, event.place, exc)
        else:
            text = f"{subject} failed, continuing without it: {exc.last}"
            place = where(f"{self.service.package}.core.fallback:degrade")
            self.dialect.say(event.time, event.place, "ERROR", place, text)

    def _last_words(self, at: float, place: Place, exc: Exc) -> None:
        """An interpreter that dies in native code prints its own traceback; a program that gives up logs one."""
        if exc.type != "Fatal Python error":
            head = where(f"{self.service.package}.core.shutdown:stop")
            self.dialect.say(at, place, "CRITICAL", head, f"{exc.last}; exiting")
            return
        self.dialect.line(at, place, f"{exc.type}: {exc.message}")
        self.dialect.line(at + 2e-5, place, "Current thread 0x00007f3a1c7f6740 (most recent call first):")
        for number, frame in enumerate(reversed((own_frame(self.service.root, "worker:run"), *exc.frames))):
            line = f'  File "{frame.file}", line {frame.line} in {frame.function}'
            self.dialect.line(at + 3e-5 + number * 1e-5, place, line)
