"""What a starting instance says: the noise of every boot, in order, over the seconds that it took."""

from collections.abc import Iterator
from dataclasses import dataclass

from netra_analysis.casebook.narrator import Narrator
from netra_analysis.casebook.signals import Event, Place

_PHASES = ("INIT", "DEPENDENCIES", "DATABASE", "CACHE", "SERVICES", "WEBSOCKET", "FINALIZE")
_STARTUP = "netra_backend.app.startup_module"
_MACHINE = "netra_backend.app.smd"


@dataclass(frozen=True, slots=True)
class Boot:
    """Tells a boot backwards from the moment it was done, so that no instance speaks that never started."""

    narrator: Narrator

    def tell(self, event: Event) -> None:
        """All lines of the boot that ended with this event and took its number of seconds."""
        started, place = event.time - event.number + self.narrator.rng.uniform(0.0, 0.9), event.place
        say = self.narrator.say
        say(started + 3.6, place, "WARNING", *_SENTRY)
        say(started + 3.61, place, "WARNING", *_SERVICE_ID)
        for at, where, text in self._phases(started + 4.2, event.number - 7.0):
            say(at, place, "INFO", where, text)
        self._database(started + 4.2 + (event.number - 7.0) * 0.36, place)
        took = event.number - 2.4
        done = f"Startup completed in {took:.2f}s: 10/10 successful, 0 degraded, 0 failed"
        say(event.time - 0.9, place, "INFO", f"{_STARTUP}:log_startup_summary:1204", done)
        say(event.time - 0.85, place, "INFO", f"{_STARTUP}:run_complete_startup:1310", _ready(took + 0.6))
        self._server(event.time, place)

    def _phases(self, at: float, seconds: float) -> Iterator[tuple[float, str, str]]:
        weights = (0.04, 0.10, 0.42, 0.16, 0.16, 0.07, 0.05)
        for phase, weight in zip(_PHASES, weights, strict=True):
            at += self.narrator.rng.uniform(0.0001, 0.009)
            yield at, f"{_MACHINE}:_transition:212", f"🔄 PHASE TRANSITION → {phase}"
            took = weight * seconds * self.narrator.rng.uniform(0.93, 0.99)
            yield at + took, f"{_MACHINE}:_complete:231", f"✅ PHASE COMPLETED: {phase} ({took:.3f}s)"
            at += weight * seconds

    def _database(self, at: float, place: Place) -> None:
        """A database name with a newline at its end: one message that arrives as two entries."""
        where = "netra_backend.app.core.configuration.database:_connectivity_test:118"
        self.narrator.say(at, place, "ERROR", where, 'Connectivity test failed: database "netra_dev')
        rest = at + self.narrator.rng.randint(8, 30) * 1e-6
        self.narrator.print(rest, place, '" does not exist')
        where = "netra_backend.app.redis_manager:_connect:96"
        redis = "Redis connection failed: Timeout connecting to server. Service will operate without Redis."
        self.narrator.say(at + 9.7, place, "WARNING", where, redis)

    def _server(self, at: float, place: Place) -> None:
        port = self.narrator.writer.target.port
        lines = (
            "Started server process [1]",
            "Waiting for application startup.",
            "Application startup complete.",
            f"Uvicorn running on http://0.0.0.0:{port} (Press CTRL+C to quit)",
        )
        for line, before in zip(lines, (0.8, 0.79, 0.3, 0.28), strict=True):
            self.narrator.print(at - before - self.narrator.rng.uniform(0.0, 0.0009), place, line)


def _ready(seconds: float) -> str:
    return f"System Ready (Took {seconds:.2f}s)."


_SENTRY = (
    "netra_backend.app.core.app_factory:_init_monitoring:71",
    "Sentry SDK not available - install sentry-sdk[fastapi] to enable error tracking",
)
_SERVICE_ID = (
    "shared.isolated_environment:sanitize:402",
    r"SERVICE_ID contained whitespace - sanitized from 'netra-backend\n' to 'netra-backend'",
)
