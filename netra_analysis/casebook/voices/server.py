"""The server's own lines, uvicorn's or gunicorn's: starts, failed starts, access, sockets, shutdown."""

from dataclasses import dataclass
from random import Random

from netra_analysis.casebook.signals import Event, Place, Reply
from netra_analysis.casebook.voices.dialects import Dialect
from netra_analysis.casebook.voices.exceptions import Exc
from netra_analysis.casebook.voices.service import Service
from netra_analysis.casebook.writer import STDOUT

_UVICORN_END = ("Shutting down", "Waiting for application shutdown.", "Application shutdown complete.",
                "Finished server process [1]")  # fmt: skip


@dataclass(slots=True, eq=False)
class ServerLines:
    """Lines in the server's format, whatever the application's dialect."""

    service: Service
    dialect: Dialect
    rng: Random

    def booted(self, event: Event) -> None:
        """Tells a start backwards from the moment it was done, so that no instance speaks that never started."""
        started, place = event.time - event.number, event.place
        step = event.number / (len(self.service.boot) + 3)
        self.master(started + step * 0.6, place)
        for number, (level, where, text) in enumerate(self.service.boot):
            self.dialect.say(started + step * (number + 1.2) + self.rng.uniform(0, 0.1), place, level, where, text)
        lines = ["Started server process [1]", "Waiting for application startup.", "Application startup complete."]
        if self.service.server == "uvicorn":
            port = self.service.target.port
            lines.append(f"Uvicorn running on http://0.0.0.0:{port} (Press CTRL+C to quit)")
        for number, line in enumerate(lines):
            self.dialect.line(event.time - 0.4 + number * 0.05 + self.rng.uniform(0, 0.01), place, line)

    def master(self, at: float, place: Place) -> None:
        """gunicorn's master, which listens before any worker has loaded the application."""
        if self.service.server == "gunicorn":
            self._gunicorn(at, place, "INFO", "Starting gunicorn 22.0.0", 12)
            listening = f"Listening at: http://0.0.0.0:{self.service.target.port} (12)"
            self._gunicorn(at + 0.002, place, "INFO", listening, 12)
            self._gunicorn(at + 0.02, place, "INFO", "Booting worker with pid: 13", 13)

    def boot_failed(self, event: Event, exc: Exc, way: str) -> None:
        """The last lines of a start that came to nothing."""
        at, place = event.time, event.place
        if way == "hang":
            self.dialect.line(at - 40.0, place, "Waiting for application startup.")
            for wait in (30.0, 20.0, 10.0):
                self.dialect.say(
                    at - wait, place, "WARNING", f"{self.service.package}.boot:wait:61", f"still waiting: {exc.last}"
                )
            return
        if way == "late":
            self._gunicorn(at - 0.01, place, "ERROR", "Exception in worker process", 13)
        self.dialect.raised(at, place, f"{self.service.package}.boot:load:33", "startup failed", exc)
        if way == "late":
            self._gunicorn(at + 0.01, place, "INFO", "Worker exiting (pid: 13)", 13)
            self._gunicorn(at + 0.02, place, "ERROR", "Worker (pid:13) exited with code 3", 12)
            self._gunicorn(at + 0.021, place, "ERROR", "Shutting down: Master", 12)
            self._gunicorn(at + 0.022, place, "ERROR", "Reason: Worker failed to boot.", 12)
        else:
            self.dialect.line(at + 0.01, place, "Application startup failed. Exiting.")

    def drained(self, event: Event) -> None:
        """An orderly end, as the server tells it."""
        if self.service.server == "gunicorn":
            self._gunicorn(event.time, event.place, "INFO", "Handling signal: term", 12)
            self._gunicorn(event.time + 0.1, event.place, "ERROR", "Worker (pid:13) was sent SIGTERM!", 12)
            self._gunicorn(event.time + 0.3, event.place, "INFO", "Shutting down: Master", 12)
            return
        for step, line in enumerate(_UVICORN_END):
            self.dialect.line(event.time + 0.1 * step, event.place, line)

    def access(self, reply: Reply, at: float) -> None:
        route, (_, mark, query) = reply.arrival.route, reply.arrival.url.partition("?")
        asked = f'{self._peer()} - "{route.method} {route.path}{mark}{query} HTTP/1.1" {reply.status}'
        if self.service.server == "gunicorn":
            self._gunicorn(at, reply.place, "INFO", asked, 13)
        else:
            self.dialect.line(at, reply.place, asked, STDOUT)

    def socket(self, reply: Reply, at: float) -> None:
        """A socket's beginning and end; a refused one has only an end."""
        path = reply.arrival.route.path
        if reply.status == 101:
            self.dialect.line(
                reply.arrival.time + 0.003, reply.place, f'{self._peer()} - "WebSocket {path}" [accepted]', STDOUT
            )
            self.dialect.line(at, reply.place, "connection closed")
        else:
            self.dialect.line(at, reply.place, f'{self._peer()} - "WebSocket {path}" {reply.status}', STDOUT)

    def _gunicorn(self, at: float, place: Place, level: str, text: str, pid: int) -> None:
        moment = self.dialect.stamp(at)
        self.dialect.line(at, place, f"[{moment} +0000] [{pid}] [{level}] {text}")

    def _peer(self) -> str:
        return f"169.254.169.126:{self.rng.randrange(1024, 65000)}"
