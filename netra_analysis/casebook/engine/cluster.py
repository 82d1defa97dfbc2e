"""The platform around the processes: routing, starts and failed starts, kills, roll-outs, scaling, probes."""

from collections import deque
from dataclasses import dataclass, field

from netra_analysis.casebook import texts
from netra_analysis.casebook.clock import Timer
from netra_analysis.casebook.engine.process import LIMIT, Process
from netra_analysis.casebook.engine.program import Program
from netra_analysis.casebook.engine.scaling import Scaling
from netra_analysis.casebook.engine.stage import Stage
from netra_analysis.casebook.engine.worker import Worker
from netra_analysis.casebook.signals import Arrival, Event, Fate, Happening, Place, Reply

AUTOSCALING = "AUTOSCALING"
KEPT_WARM = "MANUAL_OR_CUSTOMER_MIN_INSTANCE"


@dataclass(slots=True, eq=False)
class Cluster:
    """All instances of the service, and the requests that wait for a place in one."""

    stage: Stage
    scaling: Scaling
    program: Program
    workers: list[Process] = field(default_factory=list)
    starting: list[Place] = field(default_factory=list)
    _waiting: deque[tuple[Arrival, Timer]] = field(default_factory=deque)
    _last_work: dict[str, float] = field(default_factory=dict)
    _missed: dict[str, int] = field(default_factory=dict)
    _no_start_before: float = 0.0  # after a failed start the platform takes its time

    def begin(self) -> None:
        """Some warm instances are there when the record begins."""
        for _ in range(self.scaling.first):
            self._add(self._place(self.program), self.program)
        self.stage.clock.every(60.0, self._scale_in, first=60.0)
        self.stage.clock.every(10.0, self._probe, first=self.stage.rng.uniform(3.0, 13.0))

    @property
    def serving(self) -> list[Process]:
        return [w for w in self.workers if w.ready and w.program is self.program]

    def receive(self, arrival: Arrival) -> None:
        """Gives a request to one of the less loaded instances, or lets it wait for a place."""
        free = [w for w in self.serving if w.load < self.scaling.concurrency]
        if not free:
            self._wait(arrival)
            return
        self._admit(arrival, free)

    def _admit(self, arrival: Arrival, free: list[Process]) -> None:
        least = min(w.load for w in free)
        chosen = self.stage.rng.choice([w for w in free if w.load <= least + 1])
        self._last_work[chosen.place.instance] = self.stage.clock.now
        chosen.serve(arrival)
        if sum(w.load for w in self.serving) >= self.scaling.target * self.scaling.concurrency * len(self.serving):
            self._grow()

    def _wait(self, arrival: Arrival) -> None:
        clock, rng = self.stage.clock, self.stage.rng
        patience = self.scaling.patience_s + rng.uniform(0.0, 0.3)
        timer = clock.after(patience, lambda: self._refuse(arrival))
        self._waiting.append((arrival, timer))
        self._grow()

    def _refuse(self, arrival: Arrival) -> None:
        self._waiting = deque(item for item in self._waiting if item[0] is not arrival)
        self._fail(arrival, self.scaling.refusal, Fate.NO_INSTANCE)

    def _fail(self, arrival: Arrival, status: int, fate: Fate) -> None:
        self.stage.wire.send(Reply(arrival, Place(self.program.revision), self.stage.clock.now, status, None, fate))

    def _freed(self) -> None:
        """A place is free: the longest waiter gets it."""
        while self._waiting:
            free = [w for w in self.serving if w.load < self.scaling.concurrency]
            if not free:
                return
            arrival, timer = self._waiting.popleft()
            timer.cancel()
            self._admit(arrival, free)

    # --- starts ----------------------------------------------------------------------------------------

    def _grow(self) -> None:
        if self.stage.clock.now < self._no_start_before:
            return
        needed = 1 + len(self._waiting) // self.scaling.concurrency
        if len(self.serving) + len(self.starting) < self.scaling.most and len(self.starting) < min(needed, 3):
            self.start(AUTOSCALING)

    def start(self, reason: str, program: Program | None = None, seconds: float | None = None) -> None:
        """A new instance; whether it comes up is the revision's affair."""
        program = program or self.program
        place, clock, rng = self._place(program), self.stage.clock, self.stage.rng
        boot = program.boot if program.boot and clock.now in program.boot.span else None
        took = seconds or rng.uniform(*program.boot_s)
        self.starting.append(place)
        self.stage.wire.send(Event(clock.now, Happening.STARTING, place, took, reason))
        if boot is None:
            clock.after(took, lambda: self._up(place, program, took))
            return
        after = rng.uniform(*boot.after_s)
        if boot.way == "late":
            clock.after(3.7, lambda: self._deaf(place, program, after))
        else:
            clock.after(after, lambda: self._failed(place, program))

    def _up(self, place: Place, program: Program, took: float) -> None:
        self.starting.remove(place)
        self._add(place, program)
        self.stage.wire.send(Event(self.stage.clock.now, Happening.READY, place, took))
        self._freed()

    def _deaf(self, place: Place, program: Program, after: float) -> None:
        """The port is open, so the probe passes; nobody is behind it, and soon the process ends."""
        worker = self._add(place, program)
        worker.deaf = True
        self.starting.remove(place)
        self.stage.wire.send(Event(self.stage.clock.now, Happening.READY, place, 3.7, "deaf"))
        self._freed()
        self.stage.clock.after(after, lambda: self._end_deaf(worker))

    def _end_deaf(self, worker: Process) -> None:
        if worker not in self.workers:
            return
        self._tell_boot_failed(worker.place, worker.program)
        self.workers.remove(worker)
        victims = worker.end(Fate.STARTUP, texts.MALFORMED)
        now = self.stage.clock.now
        self.stage.wire.send(Event(now + 0.05, Happening.EXITED, worker.place, float(victims), _code(worker.program)))
        self._back_off()

    def _failed(self, place: Place, program: Program) -> None:
        self.starting.remove(place)
        self._tell_boot_failed(place, program)
        now, way = self.stage.clock.now, program.boot.way if program.boot else ""
        if way == "exit":
            self.stage.wire.send(Event(now + 0.05, Happening.EXITED, place, 0.0, _code(program)))
        status = "CANCELLED" if way == "exit" else "DEADLINE_EXCEEDED"
        self.stage.wire.send(Event(now + 0.3, Happening.PROBE_FAILED, place, 0.0, f"STARTUP {status}"))
        if program is not self.program:
            return
        if not self.serving:
            waiting, self._waiting = list(self._waiting), deque()
            for arrival, timer in waiting:
                timer.cancel()
                self._fail(arrival, 503, Fate.STARTUP)
        self._back_off()

    def _back_off(self) -> None:
        pause = self.stage.rng.uniform(2.0, 8.0)
        self._no_start_before = max(self._no_start_before, self.stage.clock.now + pause)
        self.stage.clock.at(self._no_start_before + 0.1, self._again)

    def _tell_boot_failed(self, place: Place, program: Program) -> None:
        fault = program.boot.fault if program.boot else ""
        way = program.boot.way if program.boot else ""
        self.stage.wire.send(Event(self.stage.clock.now, Happening.BOOT_FAILED, place, 0.0, f"{fault}|{way}"))

    def _again(self) -> None:
        if self.stage.clock.now < self._no_start_before or self.starting:
            return
        short = len(self.serving) + len(self.starting) < self.scaling.least
        if short or (self._waiting and not self.serving):
            self.start(KEPT_WARM if short and not self._waiting else AUTOSCALING)

    # --- ends ------------------------------------------------------------------------------------------

    def fall(self, worker: Process, how: str) -> None:
        """A process ends by itself: at its limit, by an exit, by a signal. What runs in it goes with it."""
        if worker not in self.workers:
            return
        self.workers.remove(worker)
        clock, rng, wire = self.stage.clock, self.stage.rng, self.stage.wire
        now = clock.now
        if how == LIMIT:
            wire.send(Event(now, Happening.OUT_OF_MEMORY, worker.place, worker.memory_mib))
        victims = worker.end(Fate.KILLED, self._words(how))
        way, _, number = how.partition(" ")
        kind = Happening.EXITED if way == "exit" else Happening.SIGNALLED
        later = now + (rng.uniform(0.12, 0.4) if how == LIMIT else 0.02)
        wire.send(Event(later, kind, worker.place, float(victims), number or "9"))
        clock.after(rng.uniform(1.2, 2.6), self._again)

    def _words(self, how: str) -> str:
        """What the requests' entries say of it; the platform knows its own kills, and does not always say so."""
        told = how == LIMIT and self.stage.rng.random() < 0.3
        return f"{texts.MALFORMED}\n{texts.TOO_MUCH_MEMORY}" if told else texts.MALFORMED

    def stop(self, worker: Process) -> None:
        """An orderly end: no new requests, what runs is answered, then the process is told to go."""
        if worker not in self.workers:
            return
        now = self.stage.clock.now
        self.stage.wire.send(Event(now, Happening.DRAINED, worker.place))
        worker.stop()
        self.workers.remove(worker)
        self.stage.wire.send(Event(now + 0.6, Happening.SHUT_DOWN, worker.place))

    def recycle(self) -> None:
        """The platform moves an instance to another machine: the old one is stopped, a new one started."""
        if self.serving:
            self.stop(self.serving[0])
            self.stage.clock.after(0.4, lambda: self.start(KEPT_WARM))

    def _scale_in(self) -> None:
        now = self.stage.clock.now
        spare = self.serving[self.scaling.least :]
        for worker in spare:
            if now - self._last_work[worker.place.instance] > self.scaling.idle_s:
                self.stop(worker)
        if len(self.serving) + len(self.starting) < self.scaling.least:
            self.start(KEPT_WARM)

    def _probe(self) -> None:
        """Liveness, and the memory that age alone takes."""
        for worker in list(self.workers):
            worker.check_memory()
            name = worker.place.instance
            late = worker.program.liveness and worker.loop.late_s > self.scaling.liveness_s
            self._missed[name] = self._missed.get(name, 0) + 1 if late else 0
            if self._missed[name] >= 3 and worker.alive:
                self.workers.remove(worker)
                victims = float(worker.end(Fate.KILLED, texts.MALFORMED))
                event = Event(self.stage.clock.now, Happening.PROBE_FAILED, worker.place, victims, "LIVENESS")
                self.stage.wire.send(event)
                self.stage.clock.after(1.5, self._again)

    # --- instances --------------------------------------------------------------------------------------

    def _place(self, program: Program) -> Place:
        return Place(program.revision, f"0069c7a988{self.stage.rng.getrandbits(584):0146x}")

    def _add(self, place: Place, program: Program) -> Process:
        worker = Worker(place, program, self.stage, self.scaling.timeout_s, self.fall, self._freed)
        self.workers.append(worker)
        self._last_work[place.instance] = self.stage.clock.now
        worker.begin()
        return worker


def _code(program: Program) -> str:
    return str(program.boot.code if program.boot else 1)
