"""Roll-outs: a new instance of another revision, then traffic, then an orderly end for the old ones."""

from functools import partial

from netra_analysis.casebook.engine.cluster import Cluster
from netra_analysis.casebook.engine.program import Program
from netra_analysis.casebook.engine.scaling import Scaling
from netra_analysis.casebook.signals import Event, Happening, Place

ROLLOUT = "DEPLOYMENT_ROLLOUT"


def deploy(cluster: Cluster, program: Program, seconds: float, scaling: Scaling | None = None) -> None:
    """Rolls out `program` in `seconds`, perhaps with other limits of the service.

    A revision whose first instance fails its probe never gets traffic.
    """
    clock, wire = cluster.stage.clock, cluster.stage.wire
    place = Place(program.revision)
    wire.send(Event(clock.now, Happening.DEPLOY_REQUESTED, place))
    refused = program.boot is not None and program.boot.way != "late" and clock.now in program.boot.span
    boot_s = None if refused else max(3.0, seconds - 9.0)
    for _ in range(1 if refused else max(1, len(cluster.serving))):
        clock.after(4.0, lambda: cluster.start(ROLLOUT, program, boot_s))
    if refused:
        failed = Event(clock.now + seconds, Happening.DEPLOY_FAILED, place, seconds)
        clock.after(seconds, lambda: wire.send(failed))
    else:
        clock.after(seconds, lambda: _shift(cluster, program, seconds, scaling))


def _shift(cluster: Cluster, program: Program, seconds: float, scaling: Scaling | None) -> None:
    clock, old = cluster.stage.clock, cluster.program
    cluster.program = program
    cluster.scaling = scaling or cluster.scaling
    cluster.stage.wire.send(Event(clock.now, Happening.DEPLOY_READY, Place(program.revision), seconds))
    for worker in [w for w in cluster.workers if w.program is old]:
        clock.after(cluster.stage.rng.uniform(9.0, 14.0), partial(cluster.stop, worker))
