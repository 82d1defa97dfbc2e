"""The project's other services, as the same export shows them: a few healthy requests, nothing more."""

from random import Random

from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Arrival, Place, Reply
from netra_analysis.casebook.writer import LogWriter

_UPTIME = Client(
    "uptime_check",
    "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
    "198.51.100.220",
    "netra-frontend-staging-pnovr5vsba-uc.a.run.app",
)
_BACKEND = Client("test_client", "python-httpx/0.28.1", "198.51.100.208", "auth.staging.netrasystems.ai")
_SLASH = Route("GET", "/chat/", 0.0024, status=308, response_bytes=142)
_CHAT = Route("GET", "/chat", 0.0086, response_bytes=4441)
_BLACKLIST = Route("POST", "/auth/check-blacklist", 0.0062, request_bytes=1040, response_bytes=340)


def neighbours(writer: LogWriter, rng: Random, length: float) -> None:
    """An uptime check on the frontend every two minutes, a token check at the auth service every four."""
    front = Place("netra-frontend-staging-00094-45l", f"0069c7a988{rng.getrandbits(584):0146x}")
    auth = Place("netra-auth-service-00052-l55", f"0069c7a988{rng.getrandbits(584):0146x}")
    at = rng.uniform(0.0, 120.0)
    while at < length:
        _request(writer, rng, at, _SLASH, _UPTIME, front)
        _request(writer, rng, at + 0.9, _CHAT, _UPTIME, front)
        at += 120.0 + rng.uniform(-1.0, 1.0)
    at = rng.uniform(0.0, 240.0)
    while at < length:
        _request(writer, rng, at, _BLACKLIST, _BACKEND, auth)
        at += rng.uniform(180.0, 300.0)


def _request(writer: LogWriter, rng: Random, at: float, route: Route, client: Client, place: Place) -> None:
    arrival = Arrival(at, route, client, f"https://{client.host}{route.path}")
    took = route.median_s * rng.uniform(0.8, 1.5)
    reply = Reply(arrival, place, at + took, route.status, took)
    writer.request(reply, service=place.revision.rsplit("-", 2)[0])
