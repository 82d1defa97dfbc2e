"""A request's way through the code: its turn on the loop, the revision's defects, what it calls and holds.

Nothing is decided about a reply but here, by what the request met on its way.
"""

import math
from functools import partial

from netra_analysis.casebook.engine.process import Job, Process
from netra_analysis.casebook.engine.program import Block, on
from netra_analysis.casebook.engine.work import Fail, Fault, Raised, Resume, Wait, Work
from netra_analysis.casebook.signals import Arrival

PIECE_MIB, READ_MIB_PER_S = 12.0, 110.0
SLOW_S = 2.0  # a statement that takes longer is worth a line


class Worker(Process):
    """A process that runs the service's code."""

    __slots__ = ()

    def work(self, job: Job) -> Work:
        return self._socket(job) if job.arrival.route.socket else self._handle(job)

    def _handle(self, job: Job) -> Work:
        route, stage = job.arrival.route, self.stage
        yield self.loop.sleep(0.0)
        job.started = stage.clock.now
        self.allocate(job, route.held_mib)
        yield from self._read(job)
        if route.patience_s:
            late = partial(self.throw, job, Fault("handler_timeout", 503, caught=True))
            job.timers.append(stage.clock.after(route.patience_s, lambda: self.loop.soon(late)))
        yield self.loop.compute(route.cpu_s * self.program.cpu_factor)
        yield from self._defects(job)
        for block in self.program.blocks:
            if self._blocks(block, job.arrival):
                yield self.loop.compute(stage.rng.uniform(*block.seconds))
        for name in (*route.calls, *route.optional):
            yield from self._call(name, needed=name in route.calls)
        if route.database:
            yield from self._query(job)
        else:
            yield self.loop.sleep(self._duration(job))
        self._leaves(job)

    def _read(self, job: Job) -> Work:
        """A large body arrives in pieces, and each piece stays."""
        left = job.arrival.size_mib
        while left > 0.0:
            self.allocate(job, min(PIECE_MIB, left))
            left -= PIECE_MIB
            yield self.loop.sleep(PIECE_MIB / READ_MIB_PER_S)

    def _defects(self, job: Job) -> Work:
        rng, now = self.stage.rng, self.stage.clock.now
        if job.arrival.route.agent and self.kept.get(job.arrival.conversation):
            yield self.loop.sleep(rng.uniform(0.03, 0.1))
            raise Raised(Fault("stale_session"))
        for defect in (*self.stage.background, *self.program.defects):
            if not defect.hits(job.arrival, now, self.born, rng):
                continue
            yield self.loop.sleep(rng.uniform(*defect.after_s))
            if defect.survived:
                self.remark(defect.fault.key, job.arrival.route.path)
            elif defect.fault.fatal:
                self.fatal(defect.fault)
                yield self.never
            else:
                raise Raised(defect.fault)

    def _blocks(self, block: Block, arrival: Arrival) -> bool:
        mine = on(block.paths, arrival) and block.tag in ("", arrival.tag)
        return mine and self.stage.clock.now in block.span

    def _call(self, name: str, *, needed: bool) -> Work:
        """Another service's answer; one that comes while the loop is busy elsewhere is met too late."""
        backend, asked = self.stage.backends[name], self.stage.clock.now
        seconds, fault = backend.answer(self.stage.rng)
        yield self.loop.sleep(seconds)
        if self.stage.clock.now - asked > backend.timeout_s + 1.0:
            fault = backend.fault("timeout")
        if fault and needed:
            raise Raised(fault)
        if fault:
            self.remark(fault.key, name)

    def _query(self, job: Job) -> Work:
        """A session around the handler's work: a connection, the statements, and giving it back."""
        yield self._acquire(job)
        try:
            yield from self._connect()
            yield from self._statements(job)
        except Raised:
            self._give_back()
            raise
        if not self._loses(job):
            self._give_back()

    def _connect(self) -> Work:
        """A new connection, where the pool has none to spare."""
        if self.open >= self.pool.in_use:
            return
        seconds, fault = self.stage.database.connect(self.stage.rng)
        yield self.loop.sleep(seconds)
        if fault:
            raise Raised(fault)
        self.open += 1
        self.stage.database.open += 1

    def _statements(self, job: Job) -> Work:
        seconds, fault = self.stage.database.query(self._duration(job), self.stage.rng)
        yield self.loop.sleep(seconds)
        if fault:
            self._disconnect()
            raise Raised(fault)
        if seconds > SLOW_S and not job.arrival.route.agent:
            self.remark("slow_query", job.arrival.route.path, seconds)

    def _give_back(self) -> None:
        self.pool.release()
        if self.open - self.lost > self.program.pool_size and not self.pool.waiting:
            self._disconnect()

    def _disconnect(self) -> None:
        if self.open > self.lost:
            self.open -= 1
            self.stage.database.open -= 1

    def _loses(self, job: Job) -> bool:
        sessions, rng = self.program.sessions, self.stage.rng
        if not on(sessions.lost_paths, job.arrival) or self.stage.clock.now not in sessions.span:
            return False
        if rng.random() >= sessions.lost_share:
            return False
        self.lost += 1
        self.stage.database.lost += 1
        if sessions.kept:
            self.kept[job.arrival.conversation] = 1
        self.leaked_mib += sessions.lost_mib * rng.uniform(0.8, 1.2)
        self.check_memory()
        return True

    def _leaves(self, job: Job) -> None:
        leak = self.program.leak
        if leak.mib and on(leak.paths, job.arrival) and self.stage.clock.now in leak.span:
            self.leaked_mib += leak.mib * max(0.1, self.stage.rng.gauss(1.0, leak.spread))
        self.check_memory()

    def _socket(self, job: Job) -> Work:
        """A WebSocket: it lives until its client leaves; a hung one until the platform's time-out."""
        defect = self.program.socket_defect
        yield self.loop.sleep(0.001)
        self.allocate(job, job.arrival.route.held_mib)
        if defect and defect.hits(job.arrival, self.stage.clock.now, self.born, self.stage.rng):
            raise Raised(defect.fault)
        yield self.loop.sleep(self._duration(job))
        if self.stage.rng.random() < self.program.hung_sockets:
            self.remark("socket_gone", job.arrival.route.path)
            yield self.never
        if self.stage.rng.random() < 0.2:
            self.remark("closed_twice", job.arrival.route.path)

    def _duration(self, job: Job) -> float:
        route = job.arrival.route
        stretch = 1.0 + job.arrival.size_mib / 150
        return route.median_s * stretch * math.exp(route.spread * self.stage.rng.gauss(0.0, 1.0))

    def _acquire(self, job: Job) -> Wait:
        def wait(resume: Resume, fail: Fail) -> None:
            def granted() -> None:
                if job.over:
                    self._give_back()
                else:
                    self.loop.soon(resume)

            self.pool.acquire(granted, lambda: self.loop.soon(lambda: fail(Fault("pool_timeout"))))

        return wait
