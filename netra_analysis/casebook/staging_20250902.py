"""The bundled incident: the day of the audit, as that audit describes it. Synthetic throughout.

Leaked sessions fill the pool and the memory of the only instance in about two and a half hours, and again
in the afternoon. What the audit saw is what people meet then: a user whose conversation is handed its old
agent (fast 500s, answered with more tries), others whose requests still succeed, a parallel test run whose
waiting requests take the instance over its limit. The audit's seconds are the seconds at which somebody
asked; what they got is up to the mechanism.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from netra_analysis.casebook import routes
from netra_analysis.casebook.fleet import Platform
from netra_analysis.casebook.incident import Canary, Incident, Target
from netra_analysis.casebook.instance import Build
from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Arrival
from netra_analysis.casebook.traffic import Burst, Workload, asked_by_browser
from netra_analysis.window import TimeWindow

ORIGIN: Final = datetime(2025, 9, 2, 10, tzinfo=UTC)


def at(clock: str) -> float:
    """`HH:MM:SS` of that day, as seconds after the origin."""
    hours, minutes, seconds = clock.split(":")
    return (int(hours) - 10) * 3600 + int(minutes) * 60 + float(seconds)


def _user(client: Client, conversation: str, route: Route, *times: str) -> list[Arrival]:
    """Somebody in the chat who asks, is refused, and asks again."""
    return [asked_by_browser(at(time), route, client, conversation) for time in times]


def _looks(client: Client, *times: str) -> list[Arrival]:
    """The same page reloads its lists between the tries."""
    return [asked_by_browser(at(time), routes.MCP_CONFIG, client) for time in times]


ANN, BEN, CAT = routes.BROWSERS[:3]
PEOPLE: Final = (
    *_user(ANN, "ann", routes.OPTIMIZATION, "12:20:41.3", "12:24:05.8", "12:28:12.4", "12:30:03.9"),
    *_user(ANN, "ann", routes.OPTIMIZATION, "12:37:34.218", "12:37:36.402"),
    *_looks(ANN, "12:37:35.1"),
    *_user(BEN, "ben", routes.CACHED, "12:37:34.9"),
    *_user(CAT, "cat", routes.TRIAGE, "17:33:40.2", "17:38:12.9", "17:42:51.6", "17:46:02.2"),
    *_user(CAT, "cat", routes.TRIAGE, "17:53:33.156", "17:53:34.611", "17:53:37.204"),
    *_looks(CAT, "17:53:35.4"),
    *_user(BEN, "ben", routes.CACHED, "17:53:35.9"),
)
BURSTS: Final = (
    Burst(at("11:12:20"), 6, 0.21, routes.AGENTS),
    Burst(at("12:31:40"), 6, 0.9, routes.AGENTS),
    Burst(at("12:34:20"), 6, 0.5, routes.AGENTS),
    Burst(at("12:37:37.3"), 12, 0.19, routes.AGENTS),
    Burst(at("15:10:04"), 46, 0.02, (routes.CORPUS,), routes.E2E),
    Burst(at("17:47:10"), 6, 0.9, routes.AGENTS),
    Burst(at("17:50:30"), 6, 0.5, routes.AGENTS),
    Burst(at("17:53:37.9"), 12, 0.19, routes.AGENTS),
)
OLD: Final = Build("netra-backend-staging-00142-x7k")
NEW: Final = replace(OLD, revision="netra-backend-staging-00143-gh6", leak_chance=0.4)
TARGET: Final = Target(
    project="netra-staging",
    project_number="701982941522",
    service="netra-backend-staging",
    region="us-central1",
    port=8000,
    database="netra-staging:staging-shared-postgres",
)
WORKLOAD: Final = Workload(
    health_period=13.0,
    uptime_period=60.0,
    sessions=((0.0, 7.0), (at("12:37:40"), 3.5)),
    messages=(1, 4),
    test_period=1800.0,
    scans=(at("11:03:19"), at("13:41:07")),
    bursts=BURSTS,
    appointments=PEOPLE,
)

# Put together from pieces, so that no scanner takes the source for a leak. None of them opens anything.
_DIGEST: Final = "c3ludGhldGlj" + "Y2FuYXJ5"
_TOKEN: Final = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJjYW5hcnkifQ", _DIGEST * 2))
CANARIES: Final = (
    Canary(at("12:11:42.5"), "bearer", _TOKEN, "Outgoing call to auth service, headers: Authorization: Bearer {}"),
    Canary(
        at("13:27:08.1"),
        "dsn",
        "postgresql+asyncpg://netra_app:" + "tr0ub4dor-canary" + "@10.107.0.9:5432/netra_staging",
        "Database URL in use: {}",
    ),
    Canary(at("14:02:33.9"), "email", "ada.canary" + "@" + "lovelace-mail.org", "User {} joined thread thread_81"),
    Canary(at("15:44:10.2"), "ip", ".".join(("93", "184", "215", "14")), "Rate limit window opened for {}"),
    Canary(at("16:58:51.7"), "aws_key", "AKIA" + "IOSFODNN7" + "EXAMPLE", "Exporting corpus with key id {}"),
)
AUDIT: Final = (
    ("A1", "1 GB of memory may be insufficient for the load: memory pressure", "memory"),
    ("A2", "repeated uvicorn server crashes, several per hour, seen at 12:37 and 17:53", "crashes"),
    ("A3", "asyncio event loop failures at run_until_complete(task) are the crash", "event_loop"),
    ("A4", "500s on /api/agents/triage and /api/agents/optimization after 36 to 120 ms", "failed_requests"),
    ("A5", "200s between the 500s show an unstable state", "success_rate"),
    ("A6", "session isolation violations (SessionIsolationError) leak connections", "session_isolation"),
    ("A7", "WebSockets are cleaned up improperly: send after close", "websocket"),
    ("A8", "risk of connection pool exhaustion, from failures of get_async_session", "pool"),
)
NOTES: Final = {
    "audited_seconds": "each of the audit's five 500s starts and ends within the second that the audit names",
    "window": "fates and failed_requests go by a request's start inside the window",
    "crash_episodes": "start is the kill, end is when the next instance was ready; victims are requests "
    "answered 503, open WebSockets not counted",
}
STAGING_20250902: Final = Incident(
    name="staging-2025-09-02",
    title="Leaked sessions fill the pool and the memory until the instance is killed, twice",
    seed=300,
    target=TARGET,
    origin=ORIGIN,
    window=TimeWindow(ORIGIN + timedelta(hours=2), ORIGIN + timedelta(hours=8, minutes=30)),
    cause="memory_leak",
    contributing=("db_pool_exhaustion",),
    old=OLD,
    new=NEW,
    deploy_at=at("10:05:31.418"),
    deploy_s=94.237,
    platform=Platform(),
    workload=WORKLOAD,
    metric_gaps=((at("14:20:00"), at("14:24:00")),),
    canaries=CANARIES,
    limits=(
        ("memory_mib", 1024),
        ("pool_size", 25),
        ("db_connections", 200),
        ("max_instances", 20),
        ("concurrency", 160),
    ),
    audit=AUDIT,
    notes=NOTES,
)
