"""One instance as a process: its event loop, its pool, its memory, the requests inside it, and how it ends."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from netra_analysis.casebook.clock import Timer
from netra_analysis.casebook.engine.loop import Loop
from netra_analysis.casebook.engine.program import Block, Program
from netra_analysis.casebook.engine.stage import Stage
from netra_analysis.casebook.engine.work import Fail, Fault, Raised, Resume, Work
from netra_analysis.casebook.pool import Pool
from netra_analysis.casebook.signals import Arrival, Event, Fate, Happening, Place, Reply

LIMIT = "memory"  # how a worker ends that crossed its memory limit


@dataclass(slots=True, eq=False)
class Job:
    """A request inside the instance; `started` is when the handler first got the loop."""

    arrival: Arrival
    work: Work | None = None
    started: float | None = None
    over: bool = False
    held_mib: float = 0.0
    timers: list[Timer] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Process:
    """A process. `fell` is called once, when it ends by itself; `freed` whenever a request has left it."""

    place: Place
    program: Program
    stage: Stage
    timeout_s: float
    fell: Callable[["Process", str], None]
    freed: Callable[[], None]
    alive: bool = True
    ready: bool = False
    deaf: bool = False
    leaked_mib: float = 0.0
    held_mib: float = 0.0
    peak: int = 0
    born: float = 0.0
    loop: Loop = field(init=False)
    pool: Pool = field(init=False)
    open: int = 0
    lost: int = 0
    jobs: list[Job] = field(default_factory=list)
    served: int = 0
    kept: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.born = self.stage.clock.now
        self.loop = Loop(self.stage.clock)
        size = self.program.pool_size + self.program.pool_overflow
        self.pool = Pool(self.stage.clock, size, self.program.pool_timeout_s)

    @property
    def load(self) -> int:
        return len(self.jobs)

    @property
    def memory_mib(self) -> float:
        program = self.program
        age = max(0.0, self.stage.clock.now - max(self.born, program.leak.span.since)) / 60
        warm = program.warm_mib * (1.0 - math.exp(-self.served / 200))
        return program.base_mib + warm + self.leaked_mib + self.held_mib + program.leak.mib_per_minute * age

    def take_peak(self) -> int:
        """The most requests at once since the last time of asking."""
        peak, self.peak = max(self.peak, self.load), self.load
        return peak

    def begin(self) -> None:
        """The process is up: its background tasks start."""
        self.ready = True
        for block in self.program.blocks:
            if block.period_s:
                self._task(block, self.stage.rng.uniform(0.2, 1.0) * block.period_s)
        if self.program.fatal_task:
            fault, times = self.program.fatal_task
            for at in (t for t in times if t > self.stage.clock.now):
                self.stage.clock.at(at + self.stage.rng.uniform(0.0, 90.0), partial(self.fatal, fault))

    def serve(self, arrival: Arrival) -> None:
        """Takes a request in; it ends by itself, at the platform's time-out, or with the instance."""
        self.served += 1
        job = Job(arrival)
        self.jobs.append(job)
        self.peak = max(self.peak, self.load)
        if self.deaf:
            return
        job.timers.append(self.stage.clock.after(self.timeout_s, partial(self._cut, job)))
        job.work = self.work(job)
        self._step(job)

    def work(self, job: Job) -> Work:
        """The code that handles this request."""
        raise NotImplementedError

    def allocate(self, job: Job, mib: float) -> None:
        """Memory that a request holds while it runs."""
        job.held_mib += mib
        self.held_mib += mib
        self.check_memory()

    def check_memory(self) -> None:
        """Past the limit there is no next allocation."""
        if self.alive and self.memory_mib > self.program.memory_limit_mib:
            self.alive = False
            self.stage.clock.after(0.0, lambda: self.fell(self, LIMIT))

    def end(self, fate: Fate, words: str = "") -> int:
        """The process is gone, and what was inside ends within a second. Returns how many it took along."""
        self.alive = self.ready = False
        victims, clock, rng = 0, self.stage.clock, self.stage.rng
        for job in self.jobs:
            self._over(job)
            ended = clock.now + rng.uniform(0.02, 0.8)
            if job.arrival.route.socket:  # its status was sent when it was accepted
                self.stage.wire.send(Reply(job.arrival, self.place, ended, job.arrival.route.status, None))
            else:
                victims += 1
                self.stage.wire.send(Reply(job.arrival, self.place, ended, 503, None, fate, words=words))
        self._leave_backends()
        return victims

    def stop(self) -> None:
        """An orderly end: what is still inside is finished and answered."""
        self.ready = False
        for job in list(self.jobs):
            self._reply(job, None)
        self.alive = False
        self._leave_backends()

    def _leave_backends(self) -> None:
        self.jobs.clear()
        self.pool.close()
        self.stage.database.open -= self.open
        self.stage.database.lost -= self.lost
        self.open = self.lost = 0

    # --- moving along ----------------------------------------------------------------------------------

    def never(self, resume: Resume, fail: Fail) -> None:
        """The wait of somebody whom nobody wakes."""

    def _step(self, job: Job, fault: Fault | None = None) -> None:
        if job.over or job.work is None:
            return
        try:
            wait = job.work.throw(Raised(fault)) if fault else next(job.work)
        except StopIteration:
            self._finish(job, None)
        except Raised as raised:
            self._finish(job, raised.fault)
        else:
            wait(lambda: self._step(job), lambda fault: self._step(job, fault))

    def throw(self, job: Job, fault: Fault) -> None:
        if not job.over and self.alive:
            self._step(job, fault)

    def _finish(self, job: Job, fault: Fault | None) -> None:
        if not self.alive or job.over:
            return
        self._reply(job, fault)
        self.jobs.remove(job)
        self.freed()

    def _cut(self, job: Job) -> None:
        """The platform's time-out: the client is answered, the instance's place is free again."""
        if job.over or not self.alive:
            return
        self._over(job)
        self.jobs.remove(job)
        ended = self.stage.clock.now + self.stage.rng.uniform(0.0004, 0.03)
        self.stage.wire.send(Reply(job.arrival, self.place, ended, 504, None, Fate.TIMEOUT))
        if job.arrival.route.socket:
            self.remark("socket_cut", job.arrival.route.path)
        self.freed()

    def _reply(self, job: Job, fault: Fault | None) -> None:
        self._over(job)
        now, route = self.stage.clock.now, job.arrival.route
        ended = now + self.stage.rng.triangular(0.0021, 0.0070, 0.0026)
        took = None if job.started is None else now - job.started
        if fault is None:
            self.stage.wire.send(Reply(job.arrival, self.place, ended, route.status, took))
            return
        fate = fault.fate if fault.status >= 500 else None
        handler_s = took if fault.caught else None
        back = fault.background
        told = Reply(job.arrival, self.place, ended, fault.status, handler_s, fate, fault.key, background=back)
        self.stage.wire.send(told)

    def _over(self, job: Job) -> None:
        job.over = True
        for timer in job.timers:
            timer.cancel()
        self.held_mib -= job.held_mib
        job.held_mib = 0.0

    # --- what goes on beside requests ------------------------------------------------------------------

    def _task(self, block: Block, delay: float) -> None:
        def run() -> None:
            if not self.alive or not self.ready:
                return
            now, away = (
                self.stage.clock.now,
                self.stage.backends[block.backend].state != "ok" if block.backend else True,
            )
            if now in block.span and away:
                seconds = self.stage.rng.uniform(*block.seconds)
                done = self.loop.occupy(seconds)
                self.stage.clock.at(done, lambda: self.remark(block.remark, block.backend, seconds))
                self._task(block, done - now + block.period_s * self.stage.rng.uniform(0.8, 1.2))
            else:
                self.loop.occupy(0.004)
                self._task(block, block.period_s)

        self.stage.clock.after(delay, run)

    def fatal(self, fault: Fault) -> None:
        """The process ends here, with a last word."""
        if self.alive:
            self.remark(fault.key, "", fatal=True)
            self.alive = False
            self.stage.clock.after(0.03, lambda: self.fell(self, fault.fatal))

    def remark(self, key: str, subject: str, number: float = 0.0, *, fatal: bool = False) -> None:
        if self.alive:
            reason = f"{key}|{subject}|{'fatal' if fatal else ''}"
            self.stage.wire.send(Event(self.stage.clock.now, Happening.REMARK, self.place, number, reason))
