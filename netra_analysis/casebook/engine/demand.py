"""Who asks what, when: probes, crowds of people or programs, bursts, and single appointments.

First attempts are drawn before anything runs, from a generator of their own; what follows an answer (a
preflight's request, another try) is up to `traffic.Clients`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from netra_analysis.casebook import routes
from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Arrival


@dataclass(frozen=True, slots=True)
class Probe:
    """One route, asked by one client at a steady period."""

    route: Route
    client: Client
    period_s: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """Sessions per hour; in each, some of the routes, by weight, with seconds between them.

    `opening` is asked once at a session's start. Browsers across origins send a preflight before a POST.
    """

    clients: tuple[Client, ...]
    per_hour: float
    asks: tuple[tuple[Route, float], ...]
    opening: tuple[Route, ...] = ()
    length: tuple[int, int] = (2, 6)
    gap_s: tuple[float, float] = (4.0, 40.0)
    retries: int = 1
    browser: bool = False


@dataclass(frozen=True, slots=True)
class Surge:
    """A crowd's sessions times `factor` for a while, with a ramp at either end. `crowd` is its place in the list."""

    since: float
    until: float
    factor: float
    crowd: int = 0
    ramp_s: float = 60.0

    def at(self, when: float) -> float:
        if not self.since - self.ramp_s < when < self.until + self.ramp_s:
            return 1.0
        outside = max(self.since - when, when - self.until, 0.0)
        return 1.0 + (self.factor - 1.0) * (1.0 - outside / self.ramp_s if self.ramp_s else 1.0)


@dataclass(frozen=True, slots=True)
class Volley:
    """`count` requests by one client, `gap_s` apart, each with what is special about its body."""

    at: float
    count: int
    gap_s: float
    route: Route
    client: Client
    size_mib: float = 0.0
    tag: str = ""
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """All that is asked of a service."""

    probes: tuple[Probe, ...]
    crowds: tuple[Crowd, ...]
    surges: tuple[Surge, ...] = ()
    volleys: tuple[Volley, ...] = ()


def first_attempts(demand: Demand, rng: Random, length: float) -> list[Arrival]:
    """All first attempts of `length` seconds, in order."""
    drawn = [arrival for probe in demand.probes for arrival in _probe(probe, rng, length)]
    for number, crowd in enumerate(demand.crowds):
        surges = [s for s in demand.surges if s.crowd == number]
        drawn += _crowd(number, crowd, surges, rng, length)
    drawn += [arrival for volley in demand.volleys for arrival in _volley(volley, rng)]
    return sorted((a for a in drawn if 0.0 <= a.time < length), key=lambda a: (a.time, a.route.path))


def _ask(at: float, route: Route, client: Client, **more: object) -> Arrival:
    return replace(Arrival(at, route, client, f"https://{client.host}{route.path}"), **more)  # type: ignore[arg-type]


def _probe(probe: Probe, rng: Random, length: float) -> Iterator[Arrival]:
    at = rng.uniform(0.0, probe.period_s)
    while at < length:
        yield _ask(at + rng.uniform(-0.2, 0.2), probe.route, probe.client)
        at += probe.period_s


def _crowd(number: int, crowd: Crowd, surges: list[Surge], rng: Random, length: float) -> Iterator[Arrival]:
    """Sessions as a Poisson process, thinned from its highest rate to the rate of the moment."""
    highest = 1.0
    for surge in surges:
        highest = max(highest, highest * surge.factor)
    at, count = rng.expovariate(crowd.per_hour * highest / 3600), 0
    while at < length:
        now = 1.0
        for surge in surges:
            now *= surge.at(at)
        if rng.random() < now / highest:
            count += 1
            yield from _session(at, f"c{number}-{count}", crowd, rng)
        at += rng.expovariate(crowd.per_hour * highest / 3600)


def _session(at: float, name: str, crowd: Crowd, rng: Random) -> Iterator[Arrival]:
    client, (what, weights) = rng.choice(crowd.clients), zip(*crowd.asks, strict=True)
    for route in crowd.opening:
        at += rng.uniform(0.05, 0.6)
        yield _as_client(_ask(at, route, client, conversation=name, retries=crowd.retries), crowd)
    for route in rng.choices(what, weights, k=rng.randint(*crowd.length)):
        at += rng.uniform(*crowd.gap_s)
        yield _as_client(_ask(at, route, client, conversation=name, retries=crowd.retries), crowd)


def _as_client(arrival: Arrival, crowd: Crowd) -> Arrival:
    if not crowd.browser or arrival.route.method == "GET":
        return arrival
    return _ask(arrival.time, routes.preflight(arrival.route), arrival.client, then=arrival)


def _volley(volley: Volley, rng: Random) -> Iterator[Arrival]:
    for number in range(volley.count):
        at = volley.at + number * volley.gap_s + rng.uniform(0.0, 0.02)
        name = f"v{volley.at:.0f}-{number}"
        body = {"size_mib": volley.size_mib, "tag": volley.tag, "retries": volley.retries}
        yield _ask(at, volley.route, volley.client, conversation=name, **body)
