"""The platform around the instances: routing, starts, the memory limit's kill, roll-outs, scaling.

It answers for what no instance can: requests that wait while none is ready, and give up.
"""

from dataclasses import dataclass, field
from functools import partial
from random import Random

from netra_analysis.casebook.clock import Clock, Timer
from netra_analysis.casebook.instance import Build, Instance
from netra_analysis.casebook.signals import Arrival, Event, Fate, Happening, Place, Reply, Wire

AUTOSCALING = "AUTOSCALING"
ROLLOUT = "DEPLOYMENT_ROLLOUT"


@dataclass(frozen=True, slots=True)
class Platform:
    """How the platform behaves: what it waits for, and when it scales."""

    patience_s: float = 10.0  # how long a request waits for an instance
    no_instance_status: int = 503
    scale_out_at: int = 24  # requests inside the only instance
    max_instances: int = 2
    idle_s: float = 900.0  # an instance without work is stopped after this
    memory_check_s: float = 300.0


@dataclass(slots=True, eq=False)
class Fleet:
    """All instances of the service, and the requests that wait for one."""

    clock: Clock
    rng: Random
    wire: Wire
    platform: Platform
    build: Build
    instances: list[Instance] = field(default_factory=list)
    _pending: dict[int, tuple[Arrival, Timer]] = field(default_factory=dict)
    _asked: int = 0
    _last_work: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """One warm instance is there when the record begins."""
        self._add(ready=True)
        self.clock.every(60.0, self._scale_in, first=60.0)

    @property
    def ready(self) -> list[Instance]:
        return [i for i in self.instances if i.ready and i.build is self.build]

    def receive(self, arrival: Arrival) -> None:
        """Routes a request to the first instance, or to a second one when the first is loaded."""
        ready = self.ready
        if not ready:
            self._wait(arrival)
            return
        chosen = ready[0]
        if chosen.load >= self.platform.scale_out_at and not arrival.route.socket:
            chosen = min(ready, key=lambda i: i.load)
            self._scale_out()
        self._last_work[chosen.place.instance] = self.clock.now
        chosen.serve(arrival)

    def deploy(self, build: Build, seconds: float) -> None:
        """Rolls out another build: new instance, traffic shifts, the old one is drained."""
        place = Place(build.revision)
        self.wire.send(Event(self.clock.now, Happening.DEPLOY_REQUESTED, place))
        old = self.build

        def shift() -> None:
            self.build = build
            self.wire.send(Event(self.clock.now, Happening.DEPLOY_READY, place, seconds))
            for instance in [i for i in self.instances if i.build is old]:
                self.clock.after(self.rng.uniform(9.0, 14.0), partial(self._stop, instance))

        self.clock.after(4.0, lambda: self._start(ROLLOUT, build, seconds - 9.0))
        self.clock.after(seconds, shift)

    def _wait(self, arrival: Arrival) -> None:
        self._asked += 1
        number = self._asked
        patience = self.platform.patience_s + self.rng.uniform(0.0, 0.3)
        timer = self.clock.after(patience, lambda: self._abort(number))
        self._pending[number] = (arrival, timer)

    def _abort(self, number: int) -> None:
        arrival, _ = self._pending.pop(number)
        place, status = Place(self.build.revision), self.platform.no_instance_status
        self.wire.send(Reply(arrival, place, self.clock.now, status, None, Fate.NO_INSTANCE))

    def _add(self, *, ready: bool, build: Build | None = None) -> Instance:
        build = build or self.build
        name = f"0069c7a988{self.rng.getrandbits(584):0146x}"
        place = Place(build.revision, name)
        instance = Instance(place, build, self.clock, self.rng, self.wire, self._out_of_memory, ready=ready)
        self.instances.append(instance)
        self._last_work[name] = self.clock.now
        check = self.platform.memory_check_s
        self.clock.every(check, lambda: self._check_memory(instance), first=self.clock.now + check * 0.7)
        return instance

    def _start(self, reason: str, build: Build | None = None, boot_s: float | None = None) -> None:
        instance = self._add(ready=False, build=build)
        boot = boot_s or self.rng.uniform(*instance.build.boot_s)
        self.wire.send(Event(self.clock.now, Happening.STARTING, instance.place, boot, reason))
        self.clock.after(boot, lambda: self._ready(instance, boot))

    def _ready(self, instance: Instance, boot: float) -> None:
        instance.ready = True
        self.wire.send(Event(self.clock.now, Happening.READY, instance.place, boot))
        if instance.build is not self.build:
            return
        waiting, self._pending = list(self._pending.values()), {}
        for arrival, timer in waiting:
            timer.cancel()
            self.receive(arrival)

    def _out_of_memory(self, instance: Instance) -> None:
        """The limit was crossed: the container is killed with all that runs in it, and replaced."""
        now = self.clock.now
        self.wire.send(Event(now, Happening.OUT_OF_MEMORY, instance.place, instance.memory_mib))
        victims = instance.kill()
        signalled = now + self.rng.uniform(0.12, 0.40)
        self.wire.send(Event(signalled, Happening.SIGNALLED, instance.place, float(victims), "9"))
        self.instances.remove(instance)
        if not self._starting():
            self.clock.after(self.rng.uniform(1.4, 2.6), lambda: self._start(AUTOSCALING))

    def _starting(self) -> bool:
        return any(i.alive and not i.ready and i.build is self.build for i in self.instances)

    def _scale_out(self) -> None:
        alive = sum(i.alive and i.build is self.build for i in self.instances)
        if alive < self.platform.max_instances and not self._starting():
            self._start(AUTOSCALING)

    def _scale_in(self) -> None:
        for instance in self.ready[1:]:
            if self.clock.now - self._last_work[instance.place.instance] > self.platform.idle_s:
                self._stop(instance)

    def _stop(self, instance: Instance) -> None:
        """An orderly end: no new requests, what runs is answered, then the process is told to go."""
        if instance not in self.instances:
            return
        now = self.clock.now
        self.wire.send(Event(now, Happening.DRAINED, instance.place))
        instance.stop()
        self.instances.remove(instance)
        self.wire.send(Event(now + 0.6, Happening.SHUT_DOWN, instance.place))

    def _check_memory(self, instance: Instance) -> None:
        if instance.ready:
            used = instance.memory_mib
            self.wire.send(Event(self.clock.now, Happening.MEMORY_CHECK, instance.place, used))
