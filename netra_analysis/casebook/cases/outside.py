"""What comes from outside the code: other services, clients, the places that are left, single inputs."""

from dataclasses import replace

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.voices.clinic import CLINIC
from netra_analysis.casebook.voices.netra import NETRA
from netra_analysis.casebook.voices.orders import ORDERS


def _payments_away(scene: Scene) -> None:
    """The payment service fails or does not answer; it comes back by itself."""
    scene.bystander()
    state = scene.rng.choice(("error", "timeout", "refused"))
    scene.backend("payments", scene.onset, scene.over, state=state, share=min(1.0, 0.7 * scene.severity))


def _cache_unreachable(scene: Scene) -> None:
    """The cache does not answer, and a page needs it."""
    scene.bystander()
    scene.backend("redis", scene.onset, scene.over, state=scene.rng.choice(("timeout", "refused")))


def _fewer_places(scene: Scene) -> None:
    """A change of the service leaves one instance with a few places; traffic is what it was."""
    scene.scales(refusal=scene.rng.choice((429, 503, 500)))
    scene.crowd(0, per_hour=110.0 * scene.given.rate)
    scene.reshapes(scene.onset, most=1, concurrency=1 if scene.severity > 0.85 else 2)
    if scene.chance(0.5):
        scene.reshapes(scene.over)


def _nobody_is_up(scene: Scene) -> None:
    """No instance is kept warm any more, and a start takes longer than a request waits."""
    scene.runs(boot_s=(18.0, 34.0))
    scene.scales(refusal=scene.rng.choice((429, 500, 503)))
    scene.crowd(0, per_hour=26.0 * scene.given.rate)
    scene.crowd(1, per_hour=9.0)
    slow_probes = tuple(replace(p, period_s=p.period_s * 12) for p in scene.script.demand.probes)
    scene.script.demand = replace(scene.script.demand, probes=slow_probes)
    scene.reshapes(scene.onset, least=0, idle_s=45.0)


def _narrow(scene: Scene, places: int) -> None:
    """A small service: one instance, few places."""
    scene.scales(most=1, concurrency=places, refusal=scene.rng.choice((429, 503, 503)))


def _crawler(scene: Scene) -> None:
    """One client walks through all reports, ten times a second."""
    _narrow(scene, 3)
    scene.bystander()
    client = replace(scene.service.partner, agent=_BOT, ip="198.51.100.177")
    for step in range(scene.rng.randint(1, 2)):
        scene.volley(scene.onset + 300.0 * step, int(480 * scene.severity), 0.09, "heavy", client=client)


def _campaign(scene: Scene) -> None:
    """A letter went out, and everybody comes at once."""
    _narrow(scene, 4)
    scene.bystander()
    scene.surge(scene.onset, scene.onset + 300.0, 30.0 * scene.severity, ramp_s=90.0)


def _tries_in_a_storm(scene: Scene) -> None:
    """A batch that tries again at once, and again; each refusal is answered with another request."""
    _narrow(scene, 4)
    scene.script.pause_s = (0.1, 0.5)
    for step in range(3):
        scene.volley(scene.onset + 200.0 * step, int(80 * scene.severity), 0.04, "call", retries=4)


def _poisoned_task(scene: Scene) -> None:
    """One task of the queue fails wherever it lands, and comes back until it is dropped."""
    scene.runs(defects=(scene.defect("poison", "write2", tag="two-surnames"),))
    at, period = scene.onset, scene.rng.uniform(20.0, 45.0)
    if scene.chance(0.5):
        scene.deploys(scene.onset + scene.rng.uniform(500.0, 900.0))
    while at < scene.over:
        scene.volley(at, 1, 1.0, "write2", tag="two-surnames")
        at += period


def _poisoned_file(scene: Scene) -> None:
    """One file ends the process that opens it; its sender sends it again."""
    scene.scales(first=2, least=2)
    scene.runs(defects=(scene.defect("native", "large", tag="odd-pdf", fatal="signal 6"),))
    for number in range(scene.rng.randint(3, 5)):
        scene.volley(scene.onset + number * scene.rng.uniform(150.0, 420.0), 1, 1.0, "large", tag="odd-pdf")


_BOT = "Mozilla/5.0 (compatible; PriceHarvest/1.3; +https://harvest.example/bot)"
OUTSIDE = (
    Case("payments-away", "The payment service fails for a while", "dependency_failure", ORDERS, _payments_away),
    Case("cache-unreachable", "The cache does not answer, and a page needs it", "dependency_failure", CLINIC,
         _cache_unreachable),
    Case("fewer-places", "A change leaves fewer places than ordinary traffic needs", "capacity", ORDERS, _fewer_places,
         (), ("config_or_secret",)),
    Case("nobody-is-up", "No instance is kept warm, and a start takes longer than a request waits", "capacity", CLINIC,
         _nobody_is_up),
    Case("crawler", "A crawler asks for more than the service has places for", "traffic_surge", CLINIC, _crawler,
         ("capacity",)),
    Case("campaign", "Everybody comes at once", "traffic_surge", ORDERS, _campaign, ("capacity",)),
    Case("tries-in-a-storm", "A batch tries again at once, and again", "traffic_surge", NETRA, _tries_in_a_storm,
         ("capacity",)),
    Case("poisoned-task", "One task fails wherever it lands, and comes back", "poison_request", CLINIC, _poisoned_task),
    Case("poisoned-file", "One file ends every process that opens it", "poison_request", CLINIC, _poisoned_file,
         ("process_crash",), ("process_crash",)),
)  # fmt: skip
