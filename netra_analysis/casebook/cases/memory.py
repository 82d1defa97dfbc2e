"""Memory: what climbs until the limit kills, and what takes an instance over its limit at once."""

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.engine.program import Leak, Sessions, Span
from netra_analysis.casebook.voices.clinic import CLINIC
from netra_analysis.casebook.voices.netra import NETRA
from netra_analysis.casebook.voices.orders import ORDERS


def _free(scene: Scene) -> float:
    """MiB between a warm instance and its limit."""
    return scene.program.memory_limit_mib - scene.program.base_mib - scene.program.warm_mib


def _agents_keep_sessions(scene: Scene) -> None:
    """Agents keep their request's session: its connection, its engine's memory, and themselves, to be met again."""
    scene.runs(pool_size=10, pool_overflow=15)
    scene.crowd(0, per_hour=34.0 * scene.given.rate)
    share, minutes = 0.45, scene.rng.uniform(18.0, 30.0) / scene.severity
    mib = _free(scene) / (scene.per_hour(0, "write", "write2") * share * minutes / 60)
    kept = Sessions(share, scene.paths("write", "write2"), min(mib, _free(scene) / 7), kept=True)
    scene.deploys(scene.onset - scene.rng.uniform(0.0, 300.0), sessions=kept)


def cache_leak(scene: Scene, deployed: float, full: float) -> Leak:
    """A leak that fills the memory between two moments, as far as traffic is what it is on average."""
    asked = scene.per_hour(0, "read", "cache") * (full - deployed) / 3600
    return Leak(_free(scene) / asked, 0.5, scene.paths("read", "cache"))


def _cache_without_bound(scene: Scene) -> None:
    """Each list that is read stays in a dictionary that nobody empties."""
    scene.busier(1.3)
    full = scene.onset + scene.rng.uniform(0.0, 400.0)
    deployed = full - scene.rng.uniform(1300.0, 2300.0) / scene.severity
    scene.deploys(deployed, leak=cache_leak(scene, deployed, full))


def _grows_with_age(scene: Scene) -> None:
    """Since a switch was turned on, a background thread appends to a list, whatever is asked. No deploy."""
    minutes = scene.rng.uniform(22.0, 36.0) / scene.severity
    leak = Leak(mib_per_minute=_free(scene) / minutes, span=Span(scene.onset - 60 * minutes))
    scene.runs(leak=leak)


def _one_large_import(scene: Scene) -> None:
    """One file of a partner's, read whole into memory; the partner tries again."""
    scene.bystander()
    size = 330.0 + 90.0 * scene.severity
    scene.volley(scene.onset, 1, 1.0, "large", size_mib=size, retries=scene.rng.randint(0, 2))
    scene.script.pause_s = (20.0, 240.0)
    if scene.chance(0.5):
        scene.volley(scene.over, 1, 1.0, "large", size_mib=size)


def _reports_at_once(scene: Scene) -> None:
    """Everybody's monthly report in the same seconds: each is modest, all together are not."""
    scene.bystander()
    for when in (scene.onset, scene.over)[: scene.rng.randint(1, 2)]:
        scene.volley(when, 12 + scene.rng.randint(0, 6), 0.04, "heavy", size_mib=34.0 * max(1.0, scene.severity))


MEMORY = (
    Case("agents-keep-sessions", "Agents keep sessions: connections and memory fill until the instance is killed",
         "memory_leak", NETRA, _agents_keep_sessions, ("db_pool_exhaustion",)),
    Case("cache-without-bound", "A cache without a bound grows with every read until the limit kills the instance",
         "memory_leak", ORDERS, _cache_without_bound),
    Case("grows-with-age", "Memory grows with an instance's age, whatever is asked of it", "memory_leak", CLINIC,
         _grows_with_age),
    Case("one-large-import", "One large import takes the instance over its limit", "memory_burst", ORDERS,
         _one_large_import),
    Case("reports-at-once", "Many reports in the same seconds take the instance over its limit", "memory_burst", CLINIC,
         _reports_at_once),
)  # fmt: skip
