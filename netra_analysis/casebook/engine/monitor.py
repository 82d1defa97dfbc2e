"""Cloud Monitoring as it would have seen a run of the engine: one look a minute, nothing between two looks."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from netra_analysis.casebook.engine.cluster import Cluster
from netra_analysis.casebook.engine.process import Process
from netra_analysis.casebook.series import PERIOD_S, Series, distribution
from netra_analysis.casebook.signals import Fate, Reply

RUN: Final = "run.googleapis.com"
SQL: Final = "cloudsql.googleapis.com/database"
RATIO_BOUNDS: Final = tuple(step / 40 for step in range(1, 41))
COUNT_BOUNDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
LATENCY_BOUNDS: Final = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0, 30000.0, 60000.0)


@dataclass(slots=True, eq=False)
class Monitor:
    """Looks at a cluster once a minute. `pool_metric` is the prefix of the service's own metric, "" for none."""

    cluster: Cluster
    series: Series
    rng: Random
    pool_metric: str
    gap: tuple[float, float] = (0.0, 0.0)
    _requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    _latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def begin(self) -> None:
        self.cluster.stage.clock.every(PERIOD_S, self._look, first=PERIOD_S)

    def reply(self, reply: Reply) -> None:
        """Counts a request that reached an instance; the others the metric does not know."""
        if reply.fate not in (Fate.NO_INSTANCE, Fate.STARTUP) and reply.status != 101:
            self._requests[reply.place.revision, reply.status] += 1
            self._latencies[reply.place.revision].append(1000 * reply.latency_s)

    def rest(self) -> list[dict[str, Any]]:
        return self.series.rest()

    def _look(self) -> None:
        now = self.cluster.stage.clock.now
        up = [w for w in self.cluster.workers if w.ready]
        if not self.gap[0] < now <= self.gap[1]:
            for revision in sorted({w.place.revision for w in up}):
                self._containers(revision, [w for w in up if w.place.revision == revision])
            self._traffic()
        self._database(up)
        self._requests.clear()
        self._latencies.clear()

    def _traffic(self) -> None:
        for (revision, status), count in sorted(self._requests.items()):
            labels = {"response_code": str(status), "response_code_class": f"{status // 100}xx"}
            self._point(f"{RUN}/request_count", revision, labels, "DELTA", count)
        for revision, values in sorted(self._latencies.items()):
            shape = distribution(values, LATENCY_BOUNDS)
            self._point(f"{RUN}/request_latencies", revision, {}, "DELTA", shape)

    def _containers(self, revision: str, up: list[Process]) -> None:
        peaks = [float(w.take_peak()) for w in up]
        self._spread("container/memory/utilizations", revision, [self._memory(w) for w in up], RATIO_BOUNDS)
        self._spread("container/cpu/utilizations", revision, [self._cpu(w) for w in up], RATIO_BOUNDS)
        self._spread("container/max_request_concurrencies", revision, peaks, COUNT_BOUNDS)
        active = sum(peak > 0 for peak in peaks)
        for state, count in (("active", active), ("idle", len(up) - active)):
            self._point(f"{RUN}/container/instance_count", revision, {"state": state}, "GAUGE", count)
        for worker in up if self.pool_metric else ():
            pool, label = worker.pool, {"instance_id": worker.place.instance}
            for name, value in (("in_use", pool.in_use), ("size", pool.size), ("waiting", pool.waiting)):
                self._point(f"{self.pool_metric}/{name}", revision, label, "GAUGE", value)

    def _memory(self, worker: Process) -> float:
        used = worker.memory_mib * (1.0 + self.rng.gauss(0.0, 0.004))
        return min(used / worker.program.memory_limit_mib, 1.0)

    def _cpu(self, worker: Process) -> float:
        busy = worker.loop.take_worked_s() / (PERIOD_S * worker.program.cpu)
        return min(0.02 + self.rng.uniform(0.0, 0.01) + busy, 1.0)

    def _database(self, up: list[Process]) -> None:
        """The server's side: a session that nobody gave back is a connection that is idle in its transaction."""
        database = self.cluster.stage.database
        working = min(sum(w.pool.in_use - w.lost for w in up), database.open - database.lost)
        states = {
            "active": max(0, working),
            "idle": max(0, database.open - database.lost - max(0, working)) + database.others,
            "idle_in_transaction": database.lost,
        }
        for state, count in states.items():
            labels = {"database": "app", "state": state}
            self._point(f"{SQL}/postgresql/num_backends_by_state", "", labels, "GAUGE", count)
        load = 0.05 + 0.004 * max(0, working) + min(0.8, 0.05 * (database.slow - 1.0)) + self.rng.uniform(0.0, 0.02)
        self._point(f"{SQL}/cpu/utilization", "", {}, "GAUGE", load)

    def _spread(self, name: str, revision: str, values: list[float], bounds: tuple[float, ...]) -> None:
        labels = {"state": "active"} if "concurrencies" in name else {}
        self._point(f"{RUN}/{name}", revision, labels, "DELTA", distribution(values, bounds))

    def _point(
        self, metric: str, revision: str, labels: dict[str, str], kind: str, value: int | float | dict[str, Any]
    ) -> None:
        self.series.point(self.cluster.stage.clock.now, metric, revision, labels, kind, value)
