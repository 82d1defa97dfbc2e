"""The staging service of the facts: loguru, SQLAlchemy over asyncpg, agents, a browser chat, many test clients."""

from dataclasses import replace
from random import Random

from netra_analysis.casebook import routes, texts
from netra_analysis.casebook.engine.backends import Backend
from netra_analysis.casebook.engine.demand import Crowd, Demand, Probe
from netra_analysis.casebook.incident import Target
from netra_analysis.casebook.signals import Reply
from netra_analysis.casebook.voices.exceptions import Exc
from netra_analysis.casebook.voices.faults import Names
from netra_analysis.casebook.voices.service import Line, Service, bug

ROOT = "/app/netra_backend/app"
_FACTORY = "services.agent_service_factory:_create_supervisor_agent"
_BASE, _CHECK = "agents.base_agent:__init__", "validate_agent_session_isolation(self)"
_VALIDATOR = "database.session_manager:validate_no_stored_sessions"
_AGENTS = "routes.agents_execute:execute_agent"


def _isolation(field: str) -> Exc:
    """What the validator says about an agent that holds a session in `field`."""
    stored = f"Object Agent(SupervisorAgent) stores AsyncSession in: Agent(SupervisorAgent).{field}."
    handlers = (f"{_FACTORY}|return SupervisorAgent(", f"{_BASE}|{_CHECK}", _VALIDATOR)
    message = f"{stored} Sessions must be passed via context only."
    return bug(ROOT, handlers, "raise SessionIsolationError(", texts.STALE_TYPE, message)


OWN = (
    ("stale_session", _isolation("db_session")),
    ("wrong_session", _isolation("llm_manager")),
    ("coroutine", bug(ROOT, ("routes.threads_route:list_threads", "services.thread_service:get_threads"),
                      "return result.get('items')", "AttributeError", "'coroutine' object has no attribute 'get'")),
    ("keyword", bug(ROOT, (_AGENTS, "agents.supervisor.execution_context:create"),
                    "context = UserExecutionContext(", "TypeError",
                    "UserExecutionContext.__init__() got an unexpected keyword argument 'metadata'")),
    ("poison", bug(ROOT, (_AGENTS, "services.corpus.reader:decode_chunk"), "text = chunk.decode('utf-8')",
                   "UnicodeDecodeError",
                   "'utf-8' codec can't decode byte 0xe9 in position 1187: invalid continuation byte")),
    ("forced", bug(ROOT, (_AGENTS,), "raise HTTPException(status_code=500, detail='Simulated agent failure')",
                   "HTTPException", "500: Simulated agent failure")),
    ("handler_timeout", bug(ROOT, ("routes.health:ready",), "raise HTTPException(status_code=503)", "TimeoutError",
                            "Readiness check exceeded 6 second timeout")),
    ("module", bug(ROOT, ("main:<module>", "core.app_factory:create_app"),
                   "from netra_backend.app.services.monitoring import gcp_error_service", "ModuleNotFoundError",
                   "No module named 'netra_backend.app.services.monitoring'")),
    ("setting", bug(ROOT, ("main:<module>", "core.configuration.base:validate"), "raise ConfigurationError(problems)",
                    "netra_backend.app.core.exceptions_config.ConfigurationError",
                    "SERVICE_SECRET validation failed: Insufficient entropy (needs mixed case and digits)")),
    ("migration", bug(ROOT, ("startup_module:_run_migrations",), "command.upgrade(cfg, 'head')",
                      "alembic.util.exc.CommandError", "Can't locate revision identified by '9f3c1d0b7a52'")),
    ("native", bug(ROOT, (_AGENTS, "services.embedding:encode"), "vectors = model.encode(texts)",
                   "Fatal Python error", "Segmentation fault")),
    ("lease", bug(ROOT, ("services.background_task_manager:_renew",), "os._exit(1)", "LeaseLostError",
                  "lease on agent-scheduler was taken by another holder")),
    ("handled", bug(ROOT, (_AGENTS, "agents.triage_sub_agent:execute"), "return self._parse(reply)",
                    "json.decoder.JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")),
    ("flake", bug(ROOT, ("routes.mcp_route:list_servers",), "return registry[name]", "KeyError", "'clickhouse-mcp'")),
    ("socket_state", bug(ROOT, ("routes.websocket:websocket_endpoint",), "data = await websocket.receive_text()",
                         "RuntimeError", 'WebSocket is not connected. Need to call "accept" first.')),
    ("denied_token", bug(ROOT, ("auth_integration.auth:validate_token", "clients.auth_client_core:validate"),
                         "raise AuthServiceError(detail)",
                         "netra_backend.app.clients.auth_client_core.AuthServiceError",
                         "JWT=REDACTED verification failed - likely JWT=REDACTED between services")),
)  # fmt: skip
NAMES = Names(
    packages=texts.PACKAGES,
    database="sqlalchemy+asyncpg",
    db_host="/cloudsql/netra-staging:us-central1:staging-shared-postgres/.s.PGSQL.5432",
    db_user="netra_app",
    redis="10.107.0.3:6379",
    peers=(
        ("llm", "https://llm.staging.netrasystems.ai/v1/generate"),
        ("auth", "https://auth.staging.netrasystems.ai/auth/validate"),
        ("olap", "https://clickhouse.staging.netrasystems.ai:8123/"),
    ),
    pool=(5, 5, 5.0),
    own=OWN,
)


def _with(route: routes.Route, handler: str, **more: object) -> routes.Route:
    return replace(route, handler=handler, **more)  # type: ignore[arg-type]


PARTS = {
    "health": _with(routes.HEALTH, "routes.health:health"),
    "ready": _with(routes.READY, "routes.health:ready", patience_s=6.0),
    "write": _with(routes.TRIAGE, _AGENTS, held_mib=5.0, optional=("redis",)),
    "write2": _with(routes.OPTIMIZATION, _AGENTS, held_mib=5.0),
    "read": _with(routes.THREADS, "routes.threads_route:list_threads"),
    "plain": _with(routes.MCP_SERVERS, "routes.mcp_route:list_servers"),
    "call": _with(routes.Route("POST", "/api/agent/message", 0.05, request_bytes=900), "routes.agent_route:message",
                  calls=("llm",)),
    "login": _with(routes.Route("GET", "/api/users/me", 0.004), "routes.users:me", calls=("auth",)),
    "cache": _with(routes.Route("GET", "/api/llm-cache", 0.004), "routes.llm_cache:stats", calls=("redis",)),
    "large": _with(routes.Route("POST", "/api/corpus", 1.1, database=True, held_mib=2.0, cpu_s=0.05),
                   "routes.corpus:upload"),
    "heavy": _with(routes.Route("POST", "/api/generation", 0.8, cpu_s=0.02, held_mib=2.0),
                   "routes.generation:generate"),
    "socket": _with(replace(routes.SOCKET, median_s=60.0, spread=0.3), "routes.websocket:websocket_endpoint"),
    "discovery": _with(routes.DISCOVERY, "routes.discovery:services"),
}  # fmt: skip


def _backends() -> tuple[Backend, ...]:
    return (
        Backend("llm", "llm", 0.9, 8.0, answers_for=True),
        Backend("auth", "auth", 0.006, 3.0, answers_for=True),
        Backend("redis", "redis", 0.001, 5.0),
        Backend("olap", "olap", 0.02, 10.0),
    )


def _demand(rate: float) -> Demand:
    asks = (
        (PARTS["write"], 3.0), (PARTS["write2"], 2.0), (PARTS["read"], 2.0), (PARTS["plain"], 1.0),
        (PARTS["call"], 1.5), (PARTS["login"], 1.0), (PARTS["cache"], 0.5), (PARTS["large"], 0.4),
        (PARTS["heavy"], 0.4), (PARTS["socket"], 0.5),
    )  # fmt: skip
    people = Crowd(routes.BROWSERS, 26.0 * rate, asks, (PARTS["discovery"], PARTS["plain"]), (2, 6), browser=True)
    probing = ((PARTS["plain"], 1.0), (PARTS["write"], 1.0), (routes.SOCKET_REFUSED, 2.0), (routes.INVALID, 1.0))
    tests = Crowd((routes.E2E, routes.TESTER), 3.0, probing, (PARTS["health"],), (4, 8), (0.4, 3.0), retries=0)
    probes = (Probe(PARTS["health"], routes.UPTIME, 60.0), Probe(PARTS["health"], routes.MONITOR, 40.0),
              Probe(PARTS["ready"], routes.MONITOR, 120.0))  # fmt: skip
    return Demand(probes, (people, tests))


def _request_line(reply: Reply, rng: Random) -> Line:
    asked, name = reply.arrival, f"{rng.getrandbits(128):032x}"
    trace = f"{name[:8]}-{name[8:12]}-4{name[13:16]}-a{name[17:20]}-{name[20:]}"
    took = f"Duration: {1000 * (reply.handler_s or 0.0):.2f}ms | Trace: {trace}"
    text = f"Request: {asked.route.method} {asked.route.path} | Status: {reply.status} | {took}"
    return "INFO", "netra_backend.app.core.request_context:log_request_details:69", text


_DB = "netra_backend.app.db.database_manager:get_async_session:1069"
REMARKS = {
    "slow_query": ("WARNING", _DB, "Slow query on {subject}: {number:.2f}s"),
    "closed_twice": ("WARNING", "netra_backend.app.websocket_core.utils:safe_websocket_close:131", texts.CLOSED_TWICE),
    "socket_gone": ("WARNING", "netra_backend.app.websocket_core.manager:_monitor:388",
                    "Heartbeat missed, connection marked stale; handlers still registered: 1"),
    "socket_cut": ("INFO", "netra_backend.app.websocket_core.manager:disconnect:254",
                   "WebSocket disconnected: code=1006"),
    "olap_sync": ("ERROR", "netra_backend.app.db.clickhouse:_connect:142",
                  "[ClickHouse] REAL connection failed: Could not connect to ClickHouse: Error HTTPSConnectionPool("
                  "host='clickhouse.staging.netrasystems.ai', port=8123): Max retries exceeded (connect timeout=10)"),
    "crunched": ("INFO", "netra_backend.app.services.generation:render:201", "Rendered corpus preview for {subject}"),
}  # fmt: skip
CHATTER: tuple[Line, ...] = (
    ("WARNING", "netra_backend.app.middleware.gcp_auth_context_middleware:_extract_auth_context:210",
     texts.NO_SESSION_MIDDLEWARE),
    ("WARNING", "netra_backend.app.dependencies:get_db:88",
     "Using deprecated get_db_dependency - consider get_request_scoped_db_session"),
    ("INFO", "netra_backend.app.websocket_core.manager:_cleanup:301",
     "Handler cleanup complete. Remaining handlers: 0"),
)  # fmt: skip
_SM = "netra_backend.app.smd:_transition:212"
BOOT: tuple[Line, ...] = (
    ("WARNING", "netra_backend.app.core.sentry:init:31",
     "Sentry SDK not available - install sentry-sdk[fastapi] to enable error tracking"),
    ("WARNING", "shared.isolated_environment:get:140",
     "SERVICE_ID contained whitespace - sanitized from 'netra-backend\\n' to 'netra-backend'"),
    ("INFO", _SM, "🔄 PHASE TRANSITION → DATABASE"),
    ("INFO", _SM, "✅ PHASE COMPLETED: DATABASE (2.114s)"),
    ("WARNING", "netra_backend.app.db.clickhouse:init:77",
     "ClickHouse skipped in staging environment (infrastructure not available)"),
    ("INFO", "netra_backend.app.startup_module:log_startup_summary:1204",
     "Startup completed in 9.12s: 10/10 successful, 0 degraded, 0 failed"),
)  # fmt: skip
NETRA = Service(
    key="netra",
    target=Target("netra-staging", "701982941522", "netra-backend-staging", "us-central1", 8000,
                  "netra-staging:staging-shared-postgres"),
    root=ROOT,
    package="netra_backend.app",
    names=NAMES,
    server="uvicorn",
    dialects=("A", "B", "C", "C", "D"),
    parts=PARTS,
    backends=_backends,
    demand=_demand,
    tester=routes.E2E,
    partner=routes.Client("batch", "python-requests/2.32.3", "198.51.100.140"),
    request_line=_request_line,
    remarks=REMARKS,
    chatter=CHATTER,
    boot=BOOT,
    memory_limit_mib=1024.0,
    base_mib=392.0,
    boot_s=(11.0, 22.0),
    max_connections=100,
    access_lines=True,
    account="netra-staging-deploy",
)  # fmt: skip
