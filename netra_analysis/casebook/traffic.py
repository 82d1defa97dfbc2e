"""Who asks what, when: health checks, uptime checks, browser sessions, test runs and a scanner.

Arrivals are drawn before the service runs, from a generator of their own, so that the same people ask the
same things whatever the service does to them. Only what follows an answer depends on it (`Clients`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from netra_analysis.casebook import routes
from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Arrival, Reply, Signal


@dataclass(frozen=True, slots=True)
class Workload:
    """The demand: periods in seconds, browser sessions per hour by phase (from second, rate)."""

    health_period: float
    uptime_period: float
    sessions: tuple[tuple[float, float], ...]
    messages: tuple[int, int]  # a browser session's messages to the agents: fewest, most
    test_period: float
    scans: tuple[float, ...] = ()
    bursts: tuple["Burst", ...] = ()
    appointments: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class Burst:
    """`count` requests by one client, `gap` seconds apart: a parallel test, a load test."""

    time: float
    count: int
    gap: float
    asks: tuple[Route, ...]
    client: Client = routes.TESTER


def arrivals(work: Workload, rng: Random, length: float) -> list[Arrival]:
    """All first attempts of `length` seconds, in order."""
    drawn = [
        *_steady(routes.HEALTH, routes.MONITOR, work.health_period, rng, length),
        *_steady(routes.HEALTH, routes.UPTIME, work.uptime_period, rng, length),
        *_steady(routes.READY, routes.MONITOR, 600.0, rng, length),
        *_sessions(work, rng, length),
        *_test_runs(work, rng, length),
        *(_ask(at, routes.TRAVERSAL, routes.SCANNER) for at in work.scans),
        *(arrival for burst in work.bursts for arrival in _burst(burst)),
        *work.appointments,
    ]
    unsteady = [replace(a, time=a.time + rng.uniform(0.0, 0.02)) for a in drawn]
    return sorted((a for a in unsteady if a.time < length), key=lambda a: (a.time, a.route.path))


def asked_by_browser(at: float, route: Route, client: Client, conversation: str = "", *, retries: int = 0) -> Arrival:
    """A browser's request across origins: the preflight, and the request itself if that is answered well."""
    asked = replace(_ask(at, route, client, conversation=conversation), retries=retries)
    return replace(_ask(at, routes.preflight(route), client), then=asked)


def _ask(at: float, route: Route, client: Client, *, query: str = "", conversation: str = "") -> Arrival:
    return Arrival(at, route, client, f"https://{client.host}{route.path}{query}", conversation)


def _steady(route: Route, client: Client, period: float, rng: Random, length: float) -> Iterator[Arrival]:
    at = rng.uniform(0.0, period)
    while at < length:
        yield _ask(at + rng.uniform(-0.4, 0.4), route, client)
        at += period


def _sessions(work: Workload, rng: Random, length: float) -> Iterator[Arrival]:
    """Browser sessions, arriving at random with each phase's rate; each is one conversation."""
    for number, (start, rate) in enumerate(work.sessions):
        end = work.sessions[number + 1][0] if number + 1 < len(work.sessions) else length
        at, count = start + rng.expovariate(rate / 3600), 0
        while at < end:
            count += 1
            yield from _session(at, f"chat-{number}-{count}", work.messages, rng)
            at += rng.expovariate(rate / 3600)


def _session(at: float, conversation: str, messages: tuple[int, int], rng: Random) -> Iterator[Arrival]:
    """A page load, a WebSocket, and some messages that the chat sends to the agents' endpoints."""
    client = rng.choice(routes.BROWSERS)
    for route in (routes.DISCOVERY, routes.MCP_CONFIG, routes.MCP_SERVERS):
        yield asked_by_browser(at + rng.uniform(0.05, 0.5), route, client)
    yield _ask(at + 0.9, routes.THREADS, client, query="?limit=20&offset=0")
    refused = rng.random() < 0.25
    yield _ask(at + rng.uniform(1.0, 2.0), routes.SOCKET_REFUSED if refused else routes.SOCKET, client)
    if rng.random() < 0.3:
        yield _ask(at + 1.4, routes.UNKNOWN_USER, client)
    when = at
    for _ in range(rng.randint(*messages)):
        when += rng.uniform(9.0, 55.0)
        yield asked_by_browser(when, rng.choice(routes.MESSAGES), client, conversation, retries=1)


def _test_runs(work: Workload, rng: Random, length: float) -> Iterator[Arrival]:
    """The staging test suite: probes one after the other, each agent message a conversation of its own."""
    at, run = rng.uniform(0.1, 0.6) * work.test_period, 0
    while at < length:
        run, when = run + 1, at
        probes = (routes.HEALTH, routes.MCP_CONFIG, routes.MCP_SERVERS, routes.NOT_FOUND, routes.INVALID)
        refused = (routes.SOCKET_REFUSED,) * rng.randint(1, 4)
        for route in (*probes, *refused, rng.choice(routes.AGENTS), rng.choice(routes.AGENTS)):
            client = routes.TESTER if route.agent else routes.E2E
            yield _ask(when, route, client, conversation=f"test-{run}-{when:.0f}")
            when += rng.uniform(0.4, 2.5) + (6.0 if route.agent else 0.0)
        at += work.test_period * rng.uniform(0.8, 1.2)


def _burst(burst: Burst) -> Iterator[Arrival]:
    for number in range(burst.count):
        route = burst.asks[number % len(burst.asks)]
        conversation = f"burst-{burst.time:.0f}-{number}"
        yield _ask(burst.time + number * burst.gap, route, burst.client, conversation=conversation)


@dataclass(slots=True, eq=False)
class Clients:
    """What clients do about an answer: the request after its preflight, another try after a failure."""

    clock: Clock
    rng: Random
    send: Callable[[Arrival], None]
    pause_s: tuple[float, float] = (1.2, 3.5)

    def __call__(self, signal: Signal) -> None:
        if not isinstance(signal, Reply):
            return
        asked = signal.arrival
        if asked.then and signal.status < 400:
            self._send(asked.then, signal.ended + self.rng.uniform(0.008, 0.03))
        if asked.retries and signal.status >= 500:
            again = replace(asked, retries=asked.retries - 1)
            self._send(again, signal.ended + self.rng.uniform(*self.pause_s))

    def _send(self, arrival: Arrival, at: float) -> None:
        sent = replace(arrival, time=at)
        self.clock.at(at, lambda: self.send(sent))
