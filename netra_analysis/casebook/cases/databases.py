"""The database's side: a pool at its cap, a server that refuses, a path that is gone, statements that crawl."""

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.circumstances import BASELINE_S
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.engine.program import Sessions, Span
from netra_analysis.casebook.voices.netra import NETRA
from netra_analysis.casebook.voices.orders import ORDERS

ALL = ("write", "write2", "read", "large", "ready")


def _small_pool(scene: Scene) -> None:
    scene.runs(pool_size=2, pool_overflow=1, pool_timeout_s=6.0)
    scene.busier(1.25)


def _sessions_not_returned(scene: Scene) -> None:
    """A new revision opens a second session in confirmations, and closes one of the two."""
    _small_pool(scene)
    lost = Sessions(min(0.9, 0.5 * scene.severity), scene.paths("write2"))
    scene.deploys(scene.onset - scene.rng.uniform(300.0, 1200.0), sessions=lost)
    if scene.chance(0.5):
        scene.rolls_back(scene.over + 600.0)


def _error_path_leak(scene: Scene) -> None:
    """A switch that was turned on without a deploy: two routes keep some sessions, until the pool is empty."""
    scene.runs(pool_size=4, pool_overflow=4, pool_timeout_s=5.0)
    scene.crowd(0, per_hour=22.0 * scene.given.rate)
    since, full = BASELINE_S - 600.0, scene.onset + 300.0
    asked = scene.per_hour(0, "read", "write2") * (full - since) / 3600
    lost = Sessions(min(0.95, 8.0 / asked), scene.paths("read", "write2"), span=Span(since))
    scene.runs(sessions=lost)


def _crawling_statements(scene: Scene) -> None:
    """The database server is slow for a while: connections are held for long, so the pool runs out."""
    _small_pool(scene)
    scene.bystander()
    scene.database(scene.onset, slow=450.0 * scene.severity)
    scene.database(scene.over, slow=1.0)


def _no_pool(scene: Scene) -> None:
    """The service leaves pooling to somebody else: a connection for each request."""
    scene.runs(pool_size=0, pool_overflow=12)


def _too_many_clients(scene: Scene) -> None:
    """Other programs take the server's connections, and give some back now and then; who comes late is refused."""
    _no_pool(scene)
    scene.bystander()
    most, when = scene.service.max_connections, scene.onset
    while when < scene.over:
        scene.database(when, others=most)
        when += scene.rng.uniform(60.0, 200.0) * scene.severity
        scene.database(when, others=most - scene.rng.randint(6, 14))
        when += scene.rng.uniform(10.0, 40.0)
    scene.database(when, others=9)


def _path_gone(scene: Scene) -> None:
    """Packets to the database go nowhere; a request that needs it waits for the time-out."""
    _no_pool(scene)
    scene.bystander()
    scene.database(scene.onset, reachable=False)
    scene.database(scene.over, reachable=True)


def _engine_per_session(scene: Scene) -> None:
    """Each session gets an engine of its own, and most are never disposed of: the server fills up."""
    scene.runs(pool_size=0, pool_overflow=500)
    scene.script.database.max_connections = 50
    lost = Sessions(min(0.95, 0.7 * scene.severity), scene.paths("write", "write2", "read", "ready"), 0.6)
    scene.crowd(0, per_hour=22.0 * scene.given.rate)
    scene.deploys(scene.onset - scene.rng.uniform(900.0, 1800.0), sessions=lost, pool_size=0, pool_overflow=500)


DATABASES = (
    Case("sessions-not-returned", "Confirmations keep a session each: the pool is at its cap", "db_pool_exhaustion",
         ORDERS, _sessions_not_returned),
    Case("error-path-leak", "A rare path has kept sessions for hours: the pool is at its cap", "db_pool_exhaustion",
         NETRA, _error_path_leak),
    Case("crawling-statements", "The database server is slow, and the pool runs out behind it", "dependency_failure",
         ORDERS, _crawling_statements, ("db_pool_exhaustion",)),
    Case("too-many-clients", "The database server has no connection left for the service", "db_connection_cap", ORDERS,
         _too_many_clients),
    Case("engine-per-session", "An engine for each session fills the database server", "db_connection_cap", NETRA,
         _engine_per_session),
    Case("path-gone", "The network path to the database is gone", "dependency_failure", ORDERS, _path_gone),
)  # fmt: skip
