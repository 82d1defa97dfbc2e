"""One instance: the memory it holds, the connections it holds, the requests inside it.

The mechanism of the bundled incident lives here. An agent endpoint runs a SupervisorAgent; with the
revision's `leak_chance` the agent keeps the request's AsyncSession. Such a session holds its connection
and the memory of its engine until the instance dies or the garbage collector finds it. When the registry
of agents is full it hands a conversation its old agent again, and the validator refuses the stale session
inside it. Requests hold memory while they run, and while they wait for a connection: a full pool fills
the memory too, and the limit kills everything that is inside.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from netra_analysis.casebook.clock import Clock, Timer
from netra_analysis.casebook.pool import Pool
from netra_analysis.casebook.routes import Route
from netra_analysis.casebook.signals import Arrival, Event, Failure, Fate, Happening, Place, Reply, Wire


@dataclass(frozen=True, slots=True)
class Build:
    """What a revision's code does, and the container it runs in."""

    revision: str
    memory_limit_mib: float = 1024.0
    base_mib: float = 392.0
    leak_chance: float = 0.0
    leak_mib: float = 21.0
    leak_spread_mib: float = 2.0
    timed_out_mib: float = 7.0  # what the traceback of a time-out keeps alive
    collect_chance: float = 0.12
    registry_size: int = 19
    pool_size: int = 25
    pool_timeout_s: float = 5.0
    socket_limit_s: float = 300.0
    boot_s: tuple[float, float] = (78.0, 92.0)


@dataclass(slots=True, eq=False)
class _Inside:
    """A request inside the instance, and the timer that would end it."""

    arrival: Arrival
    entered: float
    timer: Timer


@dataclass(slots=True, eq=False)
class Instance:
    """A running process. `out_of_memory` is called once, at the allocation that crosses the limit."""

    place: Place
    build: Build
    clock: Clock
    rng: Random
    wire: Wire
    out_of_memory: Callable[["Instance"], None]
    alive: bool = True
    ready: bool = False
    leaked_mib: float = 0.0
    held_mib: float = 0.0
    peak: int = 0
    pool: Pool = field(init=False)
    _agents: dict[str, int] = field(default_factory=dict)
    _inside: dict[int, _Inside] = field(default_factory=dict)
    _served: int = 0

    def __post_init__(self) -> None:
        self.pool = Pool(self.clock, self.build.pool_size, self.build.pool_timeout_s)

    @property
    def memory_mib(self) -> float:
        """What the container uses: the program, its caches as they warm, what leaked, what runs."""
        warm = 18.0 * (1.0 - math.exp(-self._served / 400))
        return self.build.base_mib + warm + self.leaked_mib + self.held_mib

    @property
    def leaked_sessions(self) -> int:
        return sum(self._agents.values())

    @property
    def load(self) -> int:
        return len(self._inside)

    def take_peak(self) -> int:
        """The most requests at once since the last time of asking."""
        peak, self.peak = max(self.peak, self.load), self.load
        return peak

    def serve(self, arrival: Arrival) -> None:
        """Takes a request in; it ends by itself, by its client, or with the instance."""
        self._served += 1
        number = self._served
        self._inside[number] = _Inside(arrival, self.clock.now, Timer(None))
        self.peak = max(self.peak, self.load)
        self._allocate(arrival.route.held_mib)
        if not self.alive:
            return
        if arrival.route.agent and self._must_reuse(arrival.conversation):
            self._work(number, self.rng.uniform(0.030, 0.110), failure=Failure.STALE_SESSION)
        elif arrival.route.database:
            self.pool.acquire(lambda: self._query(number), lambda: self._waited_in_vain(number))
        else:
            self._work(number, self._duration(arrival.route))

    def kill(self) -> int:
        """The process is gone; what was inside ends within a second. Returns the requests it took along."""
        self.alive = self.ready = False
        victims = 0
        for inside in self._inside.values():
            inside.timer.cancel()
            ended = self.clock.now + self.rng.uniform(0.05, 0.85)
            if inside.arrival.route.socket:  # its status was sent when it was accepted
                self._say(inside.arrival, ended, inside.arrival.route.status, None)
            else:
                victims += 1
                self._say(inside.arrival, ended, 503, None, fate=Fate.KILLED)
        self._inside.clear()
        self.pool.close()
        return victims

    def stop(self) -> None:
        """An orderly end: what is still inside is finished and answered."""
        self.ready = False
        for number in list(self._inside):
            self._finish(number, None)
        self.alive = False
        self.pool.close()

    def _must_reuse(self, conversation: str) -> bool:
        full = len(self._agents) >= self.build.registry_size
        return full and conversation in self._agents

    def _duration(self, route: Route) -> float:
        seconds = route.median_s * math.exp(route.spread * self.rng.gauss(0.0, 1.0))
        return min(seconds, self.build.socket_limit_s) if route.socket else seconds

    def _query(self, number: int) -> None:
        self._work(number, self._duration(self._inside[number].arrival.route), connected=True)

    def _work(self, number: int, seconds: float, *, connected: bool = False, failure: Failure | None = None) -> None:
        def done() -> None:
            inside = self._inside[number]
            if connected and not self._leaks(inside.arrival):
                self.pool.release()
            self._finish(number, failure)

        self._inside[number].timer = self.clock.after(seconds, done)

    def _waited_in_vain(self, number: int) -> None:
        self._work(number, 0.002, failure=Failure.POOL_TIMEOUT)
        self._allocate(self.build.timed_out_mib, leaked=True)

    def _leaks(self, arrival: Arrival) -> bool:
        """Whether this agent keeps its session: then nothing is given back."""
        if not arrival.route.agent or self.rng.random() >= self.build.leak_chance:
            return False
        size = max(6.0, self.rng.gauss(self.build.leak_mib, self.build.leak_spread_mib))
        self._agents[arrival.conversation] = self._agents.get(arrival.conversation, 0) + 1
        if self.rng.random() < self.build.collect_chance:
            delay = self.rng.uniform(900.0, 4200.0)
            self.clock.after(delay, lambda: self._collect(arrival.conversation, size))
        self._allocate(size, leaked=True)
        return True

    def _collect(self, conversation: str, size: float) -> None:
        """The garbage collector finds an agent, and terminates the connection that nobody checked in."""
        if not self.alive:
            return
        self._agents[conversation] -= 1
        if not self._agents[conversation]:
            del self._agents[conversation]
        self.leaked_mib -= size * 0.6
        self.pool.release()
        self.wire.send(Event(self.clock.now, Happening.COLLECTED, self.place))

    def _allocate(self, mib: float, *, leaked: bool = False) -> None:
        if leaked:
            self.leaked_mib += mib
        else:
            self.held_mib += mib
        if self.alive and self.memory_mib > self.build.memory_limit_mib:
            self.alive = self.ready = False
            self.clock.after(0.0, lambda: self.out_of_memory(self))

    def _finish(self, number: int, failure: Failure | None) -> None:
        inside = self._inside.pop(number)
        inside.timer.cancel()
        route = inside.arrival.route
        self.held_mib -= route.held_mib
        ended = self.clock.now + self.rng.triangular(0.0021, 0.0070, 0.0026)
        if failure:
            self._say(inside.arrival, ended, 500, None, fate=Fate.APPLICATION, failure=failure)
        else:
            self._say(inside.arrival, ended, route.status, self.clock.now - inside.entered)
        if route.socket and self.rng.random() < 0.3:
            self.wire.send(Event(ended + 0.004, Happening.SOCKET_CLOSED_TWICE, self.place))

    def _say(
        self,
        arrival: Arrival,
        ended: float,
        status: int,
        handler_s: float | None,
        *,
        fate: Fate | None = None,
        failure: Failure | None = None,
    ) -> None:
        self.wire.send(Reply(arrival, self.place, ended, status, handler_s, fate, failure))
