"""An incident as data: the scenario's parameters over the shared mechanism, and how to run one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from random import Random

from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.fleet import Fleet, Platform
from netra_analysis.casebook.instance import Build
from netra_analysis.casebook.signals import Wire
from netra_analysis.casebook.traffic import Clients, Workload, arrivals
from netra_analysis.window import TimeWindow


@dataclass(frozen=True, slots=True)
class Target:
    """The service's names, as they stand in logs, metrics and parameters."""

    project: str
    project_number: str
    service: str
    region: str
    port: int
    database: str


@dataclass(frozen=True, slots=True)
class Canary:
    """A synthetic secret in a log line, which no report may show. `line` names its place with `{}`."""

    at: float
    kind: str
    secret: str
    line: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of the casebook. Times inside are seconds after `origin`."""

    name: str
    title: str
    seed: int
    target: Target
    origin: datetime
    window: TimeWindow
    cause: str
    contributing: tuple[str, ...]
    old: Build
    new: Build
    deploy_at: float
    deploy_s: float
    platform: Platform
    workload: Workload
    metric_gaps: tuple[tuple[float, float], ...] = ()
    canaries: tuple[Canary, ...] = ()
    limits: tuple[tuple[str, int], ...] = ()
    audit: tuple[tuple[str, str, str], ...] = ()  # what an earlier audit claimed: id, says, tests
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> float:
        """Seconds from the origin to the window's end."""
        return (self.window.end - self.origin).total_seconds()

    def seconds(self, moment: datetime) -> float:
        return (moment - self.origin).total_seconds()

    def seeded(self, seed: int) -> "Incident":
        return replace(self, seed=seed)

    def random(self, part: str) -> Random:
        """A generator for one part alone, so that a change in one part leaves the others' draws as they were."""
        return Random(f"{self.name}/{self.seed}/{part}")


def simulate(incident: Incident, listen: Callable[[Clock, Fleet, Wire], None]) -> None:
    """Runs the incident. `listen` joins the listeners to the wire before anything happens."""
    clock, wire = Clock(), Wire()
    fleet = Fleet(clock, incident.random("service"), wire, incident.platform, incident.old)
    listen(clock, fleet, wire)
    wire.listeners.append(Clients(clock, incident.random("clients"), fleet.receive))
    fleet.begin()
    for arrival in arrivals(incident.workload, incident.random("traffic"), incident.length):
        clock.at(arrival.time, partial(fleet.receive, arrival))
    clock.at(incident.deploy_at, partial(fleet.deploy, incident.new, incident.deploy_s))
    clock.run(incident.length)
