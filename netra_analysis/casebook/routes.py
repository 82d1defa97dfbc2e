"""What can be asked of the service, and by whom: the routes and clients of the staging traffic, as data.

Medians follow the measured latencies of the service's own logs (4 ms for /health, 3 ms for a preflight,
tens of ms where a database connection is opened).
"""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: user agent, address, and the host asked."""

    kind: str
    agent: str
    ip: str
    host: str = "api.staging.netrasystems.ai"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint's cost: how long it works, what memory it holds meanwhile, and whether it takes a
    database connection. `agent` marks the endpoints that run a SupervisorAgent; `socket` a WebSocket.

    `calls` are the other services it needs, `optional` those it can do without; `patience_s` is the
    handler's own time-out, 0 for none; `handler` names its code as `module:function`.
    """

    method: str
    path: str
    median_s: float
    status: int = 200
    spread: float = 0.25
    database: bool = False
    agent: bool = False
    socket: bool = False
    held_mib: float = 0.05
    cpu_s: float = 0.003
    request_bytes: int = 420
    response_bytes: int = 320
    calls: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    patience_s: float = 0.0
    handler: str = ""


def agent_route(name: str, median_s: float) -> Route:
    """A POST that runs an agent: it holds a connection and its working memory while the model thinks."""
    return Route(
        "POST",
        f"/api/agents/{name}",
        median_s,
        spread=0.5,
        database=True,
        agent=True,
        held_mib=13.0,
        cpu_s=0.22,
        request_bytes=1180,
        response_bytes=1460,
    )


def preflight(route: Route) -> Route:
    """The CORS preflight that a browser sends before `route`."""
    return Route("OPTIONS", route.path, 0.0012, request_bytes=610, response_bytes=120)


HEALTH: Final = Route("GET", "/health", 0.0012, request_bytes=328, response_bytes=2445)
READY: Final = Route("GET", "/health/ready", 0.021, database=True, response_bytes=610)
DISCOVERY: Final = Route("GET", "/api/discovery/services", 0.0018, response_bytes=980)
MCP_CONFIG: Final = Route("GET", "/api/mcp/config", 0.036, response_bytes=1820)
MCP_SERVERS: Final = Route("GET", "/api/mcp/servers", 0.028, response_bytes=2210)
THREADS: Final = Route("GET", "/api/threads", 0.034, spread=0.4, database=True, response_bytes=3320)
CORPUS: Final = Route("GET", "/api/corpus", 1.3, spread=0.3, held_mib=1.5, cpu_s=0.5, response_bytes=28410)
SOCKET: Final = Route("GET", "/ws", 95.0, status=101, spread=1.0, socket=True, held_mib=0.4, response_bytes=0)
SOCKET_REFUSED: Final = Route("GET", "/ws", 0.0011, status=403, request_bytes=1016, response_bytes=95)
UNKNOWN_USER: Final = Route("GET", "/api/users/me", 0.0042, status=403, response_bytes=142)
NOT_FOUND: Final = Route("GET", "/api/agents", 0.0031, status=404, response_bytes=118)
INVALID: Final = Route("POST", "/api/agents/execute", 0.0034, status=422, response_bytes=410)
TRAVERSAL: Final = Route("GET", "/etc/passwd", 0.0016, status=404, response_bytes=88)

TRIAGE: Final = agent_route("triage", 1.9)
OPTIMIZATION: Final = agent_route("optimization", 2.6)
DATA: Final = agent_route("data", 2.2)
EXECUTE: Final = agent_route("execute", 1.7)
AGENTS: Final = (TRIAGE, OPTIMIZATION, DATA, EXECUTE)
# The same question asked before: answered from the cache, before any session is opened.
CACHED: Final = replace(DATA, median_s=0.31, database=False, agent=False, held_mib=1.0, cpu_s=0.03)
MESSAGES: Final = (*AGENTS, CACHED)

_RUN_APP: Final = "netra-backend-staging-pnovr5vsba-uc.a.run.app"
_CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
)
_SAFARI: Final = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15"
)
MONITOR: Final = Client("test_client", "python-httpx/0.28.1", "198.51.100.50")
UPTIME: Final = Client(
    "uptime_check",
    "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
    "198.51.100.220",
    _RUN_APP,
)
TESTER: Final = Client("test_client", "python-httpx/0.28.1", "198.51.100.61")
E2E: Final = Client("test_client", "Netra-E2E-Tests/1.0", "198.51.100.61")
SCANNER: Final = Client("scanner", "Scanner/1.0", "198.51.100.99", _RUN_APP)
BROWSERS: Final = tuple(
    Client("browser", agent, f"198.51.100.{last}")
    for agent, last in ((_CHROME, 12), (_CHROME, 17), (_SAFARI, 23), (_CHROME, 31), (_SAFARI, 44))
)
