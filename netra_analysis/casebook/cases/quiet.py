"""Days without an incident, some of which look like one; failures that somebody asked for; two causes at once."""

from dataclasses import replace

from netra_analysis.casebook import routes
from netra_analysis.casebook.cases.case import NO_INCIDENT, Case
from netra_analysis.casebook.cases.memory import cache_leak
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.engine.cluster import AUTOSCALING, Cluster
from netra_analysis.casebook.engine.demand import Crowd
from netra_analysis.casebook.voices.clinic import CLINIC
from netra_analysis.casebook.voices.netra import NETRA
from netra_analysis.casebook.voices.orders import ORDERS


def _nothing(scene: Scene) -> None:
    scene.bystander()


def _preflights(scene: Scene) -> None:
    """Many browsers ask whether they may; a client without a token is refused, another sends a bad body."""
    scene.bystander()
    refused = ((routes.SOCKET_REFUSED, 2.0), (routes.INVALID, 2.0), (routes.NOT_FOUND, 1.0), (routes.UNKNOWN_USER, 2.0))
    asked = tuple((routes.preflight(scene.part(p)), 2.0) for p in ("write", "write2", "read"))
    lot = Crowd(routes.BROWSERS, 8.0, (*refused, *asked), (), (4, 9), (0.3, 4.0), 0)
    scene.script.demand = replace(scene.script.demand, crowds=(*scene.script.demand.crowds, lot))
    scene.surge(scene.onset, scene.over, 6.0, crowd=2)


def _rollouts(scene: Scene) -> None:
    """Two or three releases in an hour, each drained in order."""
    for step in range(scene.rng.randint(2, 3)):
        scene.deploys(scene.onset + 700.0 * step)


def _handled(scene: Scene) -> None:
    """The code logs an error where it has a way out, and answers well."""
    scene.bystander()
    scene.runs(defects=(scene.defect("handled", "write2", "call", share=0.5, survived=True),))


def _boots(scene: Scene) -> None:
    """Instances come for a wave of people and go again; each says at its start what it always says."""
    scene.scales(most=4, idle_s=240.0)
    for step in range(scene.rng.randint(3, 5)):
        scene.at(scene.onset + step * 420.0, lambda cluster: cluster.start(AUTOSCALING))
    scene.at(scene.over, Cluster.recycle)


def _stray(scene: Scene) -> None:
    """A few failures an hour, before as well as now."""
    scene.bystander()
    scene.script.background = (scene.defect("flake", "plain", "read", "cache", share=0.012, background=True),)


def _tests(scene: Scene) -> None:
    """A load test asks for what is not there, and is told so."""
    scene.bystander()
    absent = replace(scene.part("plain"), path="/v2/rates/unknown", status=404, handler="api.rates:table")
    wrong = replace(scene.part("call"), status=422, calls=(), optional=())
    crowd = Crowd((scene.service.tester,), 10.0, ((absent, 2.0), (wrong, 2.0), (scene.part("plain"), 1.0)), (), (5, 12),
                  (0.2, 2.0), 0)  # fmt: skip
    scene.script.demand = replace(scene.script.demand, crowds=(*scene.script.demand.crowds, crowd))
    scene.surge(scene.onset, scene.over, 7.0, crowd=2)


def _told_twice(scene: Scene) -> None:
    """From the onset on a second sink delivers each entry again; failures stay as rare as they are."""
    _stray(scene)
    scene.doubled_from = scene.onset


def _on_demand(scene: Scene) -> None:
    """Tests ask for errors, and get them."""
    scene.bystander()
    scene.runs(defects=(scene.forced("on-demand", "write", "write2"),))
    for step in range(scene.rng.randint(3, 6)):
        count = scene.rng.randint(6, 14)
        client = scene.service.tester
        scene.volley(scene.onset + 180.0 * step, count, 1.5, "write", tag="on-demand", client=client)


def _leak_and_payments(scene: Scene) -> None:
    """A cache without a bound; and while it grows, the payment service goes away for a while."""
    deployed = scene.rng.uniform(900.0, 2400.0)
    scene.deploys(deployed, leak=cache_leak(scene, deployed, scene.onset))
    scene.backend("payments", scene.over - 300.0, scene.over + 300.0, state="timeout")


def _release_in_a_wave(scene: Scene) -> None:
    """A release that fails on a page, in an hour when many come."""
    scene.surge(scene.onset - 300.0, scene.over, 2.5)
    scene.deploys(scene.onset, defects=(scene.defect("coroutine", "plain", share=0.8),))


FALSE_ALARM = ("telemetry_artefact",)
QUIET_CASES = (
    Case("quiet-staging", "A quiet day of the staging service", NO_INCIDENT, NETRA, _nothing),
    Case("quiet-orders", "A quiet day of the order service", NO_INCIDENT, ORDERS, _nothing),
    Case("quiet-clinic", "A quiet day of the booking service", NO_INCIDENT, CLINIC, _nothing),
    Case("preflights-only", "Preflights and refused clients", NO_INCIDENT, NETRA, _preflights, (), FALSE_ALARM),
    Case("rollouts-in-order", "Several releases, each in order", NO_INCIDENT, ORDERS, _rollouts),
    Case("handled-errors", "Errors that the code logs and handles", NO_INCIDENT, CLINIC, _handled, (), FALSE_ALARM),
    Case("boot-noise", "Instances come and go, and say what they always say", NO_INCIDENT, CLINIC, _boots),
    Case("stray-errors", "As few failures as on any day", NO_INCIDENT, ORDERS, _stray),
    Case("test-traffic", "A load test that is told no", NO_INCIDENT, ORDERS, _tests, (), FALSE_ALARM),
    Case("told-twice", "Each entry is delivered twice from some moment on", NO_INCIDENT, CLINIC, _told_twice, (),
         FALSE_ALARM),
)  # fmt: skip
ARTEFACTS = (
    Case("errors-on-demand", "Tests ask for errors, and get them", "telemetry_artefact", NETRA, _on_demand, (),
         (NO_INCIDENT,)),
    Case("chaos-experiment", "An experiment asks for errors", "telemetry_artefact", CLINIC, _on_demand, (),
         (NO_INCIDENT,)),
)  # fmt: skip
AT_ONCE = (
    Case("leak-and-payments", "A growing cache, and the payment service away for a while", "memory_leak", ORDERS,
         _leak_and_payments, ("dependency_failure",), ("dependency_failure",)),
    Case("release-in-a-wave", "A release that fails, in an hour when many come", "code_regression", CLINIC,
         _release_in_a_wave, ("traffic_surge",)),
)  # fmt: skip
