"""Signs of traffic that is no users': failures on demand, test clients, and users who are served well meanwhile."""

from scipy.special import pdtrc

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.frames import count, where
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen

ARTIFICIAL = ("test_client", "scanner", "preflight")
STRAYS = 0.1  # of the failures, that others may have had on any day
CHANCE = 0.05  # of windows have so many failures by chance
OWN_ANSWER = ("application", "deliberate")  # what the platform or a death did is no invention of a test


def look(scene: Scene) -> list[Sign]:
    return _artefact(scene)


def _artefact(scene: Scene) -> list[Sign]:
    if not scene.has("requests"):
        missing = "Whether failures were artificial cannot be told from {n} requests."
        return [not_seen(name, missing, "requests") for name in ("on_demand", "artificial_clients", "served_well")]
    asked = int((scene.failed["fate"] == "deliberate").sum())
    fake = int((scene.failed["client"].isin(ARTIFICIAL) & scene.failed["fate"].isin(OWN_ANSWER)).sum())
    stray = scene.impact - fake
    all_fake = fake > 0 and stray <= STRAYS * scene.impact and _usual(scene, stray) and scene.ill_served is None
    users = scene.real[~scene.real["client"].isin(ARTIFICIAL)]
    bad = int(users["failed"].sum())
    ready = where(scene.deaths, [True] * len(scene.deaths))
    return [
        Sign(
            "on_demand",
            Verdict.FIRED if asked and asked >= 0.9 * scene.impact and scene.ill_served is None else Verdict.CLEAR,
            "{n} of {total} failed requests were failures on demand.",
            time=first(scene.failed[scene.failed["fate"] == "deliberate"], "end_time") if asked else None,
            share=asked / scene.impact if scene.impact else None,
            n=asked,
            total=scene.impact,
            unit="requests",
            method="the application says that it was told to fail",
        ),
        Sign(
            "artificial_clients",
            Verdict.FIRED if all_fake else Verdict.CLEAR,
            "{n} of {total} failed requests came from test clients, scanners or preflights and were answered.",
            time=first(scene.failed, "end_time") if all_fake else None,
            share=fake / scene.impact if scene.impact else None,
            n=fake,
            total=scene.impact,
            unit="requests",
            method="user agents; what few others failed is no more than usual",
        ),
        Sign(
            "served_well",
            Verdict.FIRED if count(users) >= 20 and _usual(scene, bad) and not int(ready.sum()) else Verdict.CLEAR,
            "{n} of {total} requests of users failed.",
            n=bad,
            total=count(users),
            unit="requests",
            method="real traffic without test clients; none failed, or no more than usual",
        ),
    ]


def _usual(scene: Scene, failed: int) -> bool:
    """Whether so many failures of others than test clients are none, or what the baseline has as well."""
    before = scene.before[scene.before["failed"] & ~scene.before["client"].isin(ARTIFICIAL)]
    expected = count(before) * (scene.window.duration / scene.settings.baseline.duration)
    return not failed or failed <= expected or bool(pdtrc(failed - 1, expected) >= CHANCE)
