"""A scenario before it runs: the service, its world, its demand, and what is done to them when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.engine.backends import Backend, Database
from netra_analysis.casebook.engine.cluster import Cluster
from netra_analysis.casebook.engine.demand import Demand, first_attempts
from netra_analysis.casebook.engine.program import Defect, Program
from netra_analysis.casebook.engine.rollout import deploy
from netra_analysis.casebook.engine.scaling import Scaling
from netra_analysis.casebook.engine.stage import Stage
from netra_analysis.casebook.signals import Wire
from netra_analysis.casebook.traffic import Clients

Act = Callable[[Cluster], None]
Draws = Callable[[str], Random]


@dataclass(slots=True, eq=False)
class Script:
    """Written by a case, played once. Times are seconds after the origin."""

    program: Program
    scaling: Scaling
    demand: Demand
    database: Database
    backends: tuple[Backend, ...] = ()
    background: tuple[Defect, ...] = ()
    pause_s: tuple[float, float] = (1.2, 3.5)  # how long clients wait before another try
    acts: list[tuple[float, Act]] = field(default_factory=list)
    asked: dict[str, Scaling] = field(default_factory=dict)  # the limits that each revision's deploy asks for

    def at(self, when: float, act: Act) -> None:
        """Lets `act` happen to the running service at `when`."""
        self.acts.append((when, act))

    def deploy(self, when: float, program: Program, seconds: float, scaling: Scaling | None = None) -> None:
        """A roll-out of `program`, perhaps with other limits of the service."""
        self.asked[program.revision] = scaling or self.scaling
        self.at(when, lambda cluster: deploy(cluster, program, seconds, scaling))


def play(script: Script, draw: Draws, length: float, listen: Callable[[Clock, Cluster, Wire], None]) -> None:
    """Runs the script. `listen` joins the listeners to the wire before anything happens."""
    clock, wire = Clock(), Wire()
    stage = Stage(clock, wire, draw("service"), script.database, {b.name: b for b in script.backends})
    stage.background = script.background
    cluster = Cluster(stage, script.scaling, script.program)
    listen(clock, cluster, wire)
    wire.listeners.append(Clients(clock, draw("clients"), cluster.receive, script.pause_s))
    cluster.begin()
    for arrival in first_attempts(script.demand, draw("traffic"), length):
        clock.at(arrival.time, partial(cluster.receive, arrival))
    for when, act in script.acts:
        clock.at(when, partial(act, cluster))
    clock.run(length)
