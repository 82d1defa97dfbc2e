"""Inside the process: a loop that is kept busy, a process that ends, sockets that end badly."""

from dataclasses import replace

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.engine.program import Block
from netra_analysis.casebook.engine.work import Fault
from netra_analysis.casebook.routes import Route
from netra_analysis.casebook.voices.clinic import CLINIC
from netra_analysis.casebook.voices.netra import NETRA
from netra_analysis.casebook.voices.orders import ORDERS


def _warehouse_in_the_loop(scene: Scene) -> None:
    """A task connects synchronously to a warehouse that went away, and tries again: nobody else gets a turn.

    With a liveness probe the platform ends such an instance; without one, requests reach its time-out.
    """
    watched = scene.chance(0.5)
    block = Block((27.0, 42.0) if watched else (37.0, 52.0), (), "", 50.0 / scene.severity, "olap", "olap_sync")
    scene.runs(blocks=(block,), liveness=watched)
    if not watched:
        _sockets(scene, 0.0)
        scene.scales(timeout_s=30.0)
    scene.bystander()
    scene.backend("olap", scene.onset, scene.over, state="timeout")


def _reports_on_the_loop(scene: Scene) -> None:
    """A release computes reports on the loop's own thread; the liveness probe waits like everybody."""
    seconds = (26.0 * scene.severity, 60.0 * scene.severity)
    block = Block(seconds, scene.paths("heavy"), remark="crunched")
    scene.runs(liveness=True)
    scene.deploys(scene.onset, blocks=(block,), liveness=True)
    if scene.chance(0.5):
        scene.rolls_back(scene.over)


def _native_crash(scene: Scene) -> None:
    """A release brings a library that ends the process now and then."""
    defect = scene.defect("native", "heavy", share=0.3 * scene.severity, fatal="signal 11")
    scene.crowd(0, per_hour=100.0 * scene.given.rate)
    scene.deploys(scene.onset - 120.0, defects=(defect,))


def _gives_up(scene: Scene) -> None:
    """A supervisor thread ends the process when a background job stalls."""
    count = scene.rng.randint(3, 6)
    times = tuple(scene.onset + n * scene.rng.uniform(300.0, 600.0) for n in range(count))
    scene.bystander()
    scene.busier(1.6)
    scene.runs(fatal_task=(Fault("lease", fatal="exit 1"), times))


def _sockets(scene: Scene, weight: float, **changes: float) -> None:
    """More people with a socket, and sockets of another length."""
    crowd = scene.script.demand.crowds[0]
    old = scene.part("socket")
    new: Route = replace(old, **changes)  # type: ignore[arg-type]
    asks = tuple((new if route == old else route, weight if route == old else w) for route, w in crowd.asks)
    scene.crowd(0, asks=asks)


def _sockets_cut(scene: Scene) -> None:
    """Boards stay open longer than the platform lets a request live: each is cut at the time-out."""
    _sockets(scene, 3.0, median_s=40.0)
    base = scene.script.demand.crowds[0]
    long = replace(scene.part("socket"), median_s=1500.0, spread=0.3)
    boards = replace(base, per_hour=0.02, asks=((long, 1.0),), opening=(), length=(1, 1))
    scene.script.demand = replace(scene.script.demand, crowds=(*scene.script.demand.crowds, boards))
    scene.surge(scene.onset, scene.given.length, 1400.0 * scene.severity, crowd=2, ramp_s=30.0)
    scene.deploys(scene.onset - 60.0)


def _hung_sockets(scene: Scene) -> None:
    """Handlers outlive their clients, each in a place of its own, until nobody finds one."""
    _sockets(scene, 3.0, median_s=40.0)
    scene.scales(most=1, concurrency=9, refusal=503)
    scene.crowd(0, per_hour=32.0 * scene.given.rate)
    scene.deploys(scene.onset, hung_sockets=min(0.95, 0.8 * scene.severity))


def _closed_before_accepted(scene: Scene) -> None:
    """A release writes to sockets that are not open: the handshake ends in an exception."""
    _sockets(scene, 2.5)
    defect = scene.defect("socket_state", "socket", share=min(0.95, 0.6 * scene.severity))
    scene.deploys(scene.onset, socket_defect=defect)
    if scene.chance(0.5):
        scene.rolls_back(scene.over)


PROCESSES = (
    Case("warehouse-in-the-loop", "A task's synchronous connects keep the event loop", "event_loop_block", NETRA,
         _warehouse_in_the_loop, ("dependency_failure",)),
    Case("reports-on-the-loop", "Reports are computed on the event loop's thread", "event_loop_block", CLINIC,
         _reports_on_the_loop, ("code_regression",)),
    Case("native-crash", "A library of the release ends the process now and then", "process_crash", ORDERS,
         _native_crash),
    Case("gives-up", "A supervisor thread ends the process", "process_crash", CLINIC, _gives_up),
    Case("sockets-cut", "Sockets live longer than a request may", "websocket_lifecycle", CLINIC, _sockets_cut),
    Case("hung-sockets", "Socket handlers outlive their clients and take all places", "websocket_lifecycle", NETRA,
         _hung_sockets, ("capacity",)),
    Case("closed-before-accepted", "A release writes to sockets that are not open", "websocket_lifecycle", ORDERS,
         _closed_before_accepted, (), ("code_regression",)),
)  # fmt: skip
