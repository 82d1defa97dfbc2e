"""Cloud Monitoring as it would have seen the run: one look a minute, and nothing between two looks.

What rises and falls inside a minute is missed, and where no instance is up there is no point, not a zero.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.fleet import Fleet
from netra_analysis.casebook.incident import Incident
from netra_analysis.casebook.instance import Instance
from netra_analysis.casebook.series import PERIOD_S, Series, distribution
from netra_analysis.casebook.signals import Fate, Reply

RUN: Final = "run.googleapis.com"
POOL: Final = "custom.googleapis.com/netra/db_pool"
BACKENDS: Final = "cloudsql.googleapis.com/database/postgresql/num_backends_by_state"
RATIO_BOUNDS: Final = tuple(step / 40 for step in range(1, 41))
COUNT_BOUNDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


@dataclass(slots=True, eq=False)
class Sampler:
    """Looks at the fleet once a minute, and keeps what it saw as series."""

    incident: Incident
    clock: Clock
    fleet: Fleet
    rng: Random
    _series: Series = field(init=False)
    _requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    _cpu_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._series = Series(self.incident.origin, self.incident.target)

    def begin(self) -> None:
        self.clock.every(PERIOD_S, self._look, first=PERIOD_S)

    def reply(self, reply: Reply) -> None:
        """Counts a request that reached an instance; the others the metric does not know."""
        if reply.fate is not Fate.NO_INSTANCE:
            self._requests[reply.place.revision, reply.status] += 1
            spent = self._cpu_s.get(reply.place.instance, 0.0)
            self._cpu_s[reply.place.instance] = spent + reply.arrival.route.cpu_s

    def time_series(self) -> list[dict[str, Any]]:
        """All series in the REST shape, points newest first."""
        return self._series.rest()

    def _look(self) -> None:
        blind = any(start < self.clock.now <= end for start, end in self.incident.metric_gaps)
        if not blind:
            for revision in sorted({i.place.revision for i in self.fleet.instances if i.ready}):
                self._containers(revision, [i for i in self._up() if i.place.revision == revision])
            for (revision, status), count in sorted(self._requests.items()):
                labels = {"response_code": str(status), "response_code_class": f"{status // 100}xx"}
                self._point(f"{RUN}/request_count", revision, labels, "DELTA", count)
        self._database()
        self._requests.clear()
        self._cpu_s.clear()

    def _up(self) -> list[Instance]:
        return [i for i in self.fleet.instances if i.ready]

    def _containers(self, revision: str, up: list[Instance]) -> None:
        peaks = [float(i.take_peak()) for i in up]
        self._spread("container/memory/utilizations", revision, [self._memory(i) for i in up], RATIO_BOUNDS)
        self._spread("container/cpu/utilizations", revision, [self._cpu(i) for i in up], RATIO_BOUNDS)
        self._spread("container/max_request_concurrencies", revision, peaks, COUNT_BOUNDS)
        active = sum(peak > 0 for peak in peaks)
        for state, count in (("active", active), ("idle", len(up) - active)):
            self._point(f"{RUN}/container/instance_count", revision, {"state": state}, "GAUGE", count)
        for instance in up:
            pool, label = instance.pool, {"instance_id": instance.place.instance}
            for name, value in (("in_use", pool.in_use), ("size", pool.size), ("waiting", pool.waiting)):
                self._point(f"{POOL}/{name}", revision, label, "GAUGE", value)

    def _memory(self, instance: Instance) -> float:
        used = instance.memory_mib + self.rng.gauss(0.0, 2.5)
        return min(used / instance.build.memory_limit_mib, 1.0)

    def _cpu(self, instance: Instance) -> float:
        busy = self._cpu_s.get(instance.place.instance, 0.0) / (PERIOD_S * 2)
        return min(0.03 + self.rng.uniform(0.0, 0.01) + busy, 1.0)

    def _database(self) -> None:
        """The server's side: a leaked session is a connection that is idle in its transaction."""
        up = self._up()
        held = sum(i.leaked_sessions for i in up)
        states = {
            "active": sum(i.pool.in_use for i in up) - held,
            "idle": 7 + 2 * len(up) + self.rng.randint(0, 2),
            "idle_in_transaction": held,
        }
        for state, count in states.items():
            self._point(BACKENDS, "", {"database": "netra_staging", "state": state}, "GAUGE", count)

    def _spread(self, name: str, revision: str, values: list[float], bounds: tuple[float, ...]) -> None:
        labels = {"state": "active"} if "concurrencies" in name else {}
        self._point(f"{RUN}/{name}", revision, labels, "DELTA", distribution(values, bounds))

    def _point(
        self, metric: str, revision: str, labels: dict[str, str], kind: str, value: int | dict[str, Any]
    ) -> None:
        self._series.point(self.clock.now, metric, revision, labels, kind, value)
