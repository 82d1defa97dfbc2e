"""A fictitious parcel shop's order service: structured JSON, SQLAlchemy over psycopg, redis, httpx, mobile clients."""

from random import Random

from netra_analysis.casebook.engine.backends import Backend
from netra_analysis.casebook.engine.demand import Crowd, Demand, Probe
from netra_analysis.casebook.incident import Target
from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Reply
from netra_analysis.casebook.voices.faults import Names
from netra_analysis.casebook.voices.service import Line, Service, bug

ROOT = "/srv/parcelo/orders"
PACKAGES = "/opt/venv/lib/python3.12/site-packages"
HOST = "api.parcelo.example"
_CREATE, _QUOTE, _LABEL = "api.orders:create_order", "api.quotes:create_quote", "api.labels:render_label"
OWN = (
    ("coroutine", bug(ROOT, ("api.orders:list_orders", "domain.paging:page"), "return cursor['next']", "TypeError",
                      "'coroutine' object is not subscriptable")),
    ("keyword", bug(ROOT, (_CREATE, "domain.pricing:total"), "zone = order.ship_zone",
                    "sqlalchemy.exc.ProgrammingError",
                    "(psycopg.errors.UndefinedColumn) column orders.ship_zone does not exist\nLINE 1: SELECT id, "
                    "orders.ship_zone \n                          ^")),
    ("poison", bug(ROOT, ("api.imports:import_rows", "domain.money:parse"), "amount = Decimal(cell)",
                   "decimal.InvalidOperation", "[<class 'decimal.ConversionSyntax'>]")),
    ("forced", bug(ROOT, ("middleware.faults:dispatch",), "raise HTTPException(500, 'simulated error')",
                   "HTTPException",
                   "500: simulated error requested by header x-fault-injection")),
    ("handler_timeout", bug(ROOT, ("api.health:deep",), "async with asyncio.timeout(4):", "TimeoutError",
                            "deep health check gave up after 4s")),
    ("module", bug(ROOT, ("main:<module>", "wiring:build"), "from parcelo_common import outbox", "ModuleNotFoundError",
                   "No module named 'parcelo_common'")),
    ("setting", bug(ROOT, ("main:<module>", "settings:load"), "return Settings()", "pydantic_core.ValidationError",
                    "1 validation error for Settings\nPAYMENTS_API_KEY\n  Field required [type=missing, "
                    "input_value={}, input_type=dict]")),
    ("migration", bug(ROOT, ("boot:fetch_tariffs",), "blob.download_to_filename(target)",
                      "google.api_core.exceptions.NotFound",
                      "404 GET https://storage.googleapis.com/parcelo-tariffs/2025/current.bin: No such object")),
    ("native", bug(ROOT, (_LABEL, "labels.engine:rasterize"), "page = fitz.open(stream=pdf)", "Fatal Python error",
                   "Segmentation fault")),
    ("lease", bug(ROOT, ("outbox.relay:run",), "sys.exit(1)", "RelayError",
                  "outbox relay lost its advisory lock, giving up")),
    ("handled", bug(ROOT, (_QUOTE, "carriers.dpx:rates"), "raise CarrierUnavailable(name)",
                    "orders.carriers.CarrierUnavailable", "dpx returned no rates for postcode, falling back to table")),
    ("flake", bug(ROOT, ("api.tracking:show",), "event = history[-1]", "IndexError", "list index out of range")),
    ("socket_state", bug(ROOT, ("api.live:stream",), "await ws.send_json(update)", "RuntimeError",
                         "Unexpected ASGI message 'websocket.send', after sending 'websocket.close' or response "
                         "already completed.")),
    ("denied_token", bug(ROOT, ("security.tokens:verify",), "claims = jwt.decode(token, key)",
                         "jwt.exceptions.InvalidSignatureError", "Signature verification failed")),
)  # fmt: skip
NAMES = Names(
    packages=PACKAGES,
    database="sqlalchemy+psycopg",
    db_host="10.24.8.3",
    db_user="orders_rw",
    redis="10.24.9.11:6379",
    peers=(
        ("payments", "https://payments.internal.parcelo.example/v1/charges"),
        ("carriers", "https://rates.carriers.example/v3/quote"),
    ),
    pool=(5, 3, 10.0),
    own=OWN,
)


def _route(method: str, path: str, median_s: float, handler: str, **more: object) -> Route:
    return Route(method, path, median_s, handler=handler, **more)  # type: ignore[arg-type]


PARTS = {
    "health": _route("GET", "/healthz", 0.001, "api.health:alive", response_bytes=17),
    "ready": _route("GET", "/healthz/deep", 0.012, "api.health:deep", database=True, patience_s=4.0),
    "write": _route("POST", "/v2/orders", 0.09, _CREATE, database=True, calls=("payments",), held_mib=1.5, spread=0.4,
                    request_bytes=2210, response_bytes=640),
    "write2": _route("POST", "/v2/orders/confirm", 0.07, "api.orders:confirm", database=True, held_mib=1.2, spread=0.4),
    "read": _route("GET", "/v2/orders", 0.045, "api.orders:list_orders", database=True, spread=0.5,
                   response_bytes=8120),
    "plain": _route("GET", "/v2/rates", 0.006, "api.rates:table", response_bytes=5200),
    "call": _route("POST", "/v2/quotes", 0.03, _QUOTE, calls=("carriers",), optional=("redis",), request_bytes=700),
    "login": _route("POST", "/v2/sessions", 0.02, "security.tokens:login", calls=("payments",)),
    "cache": _route("GET", "/v2/tracking", 0.008, "api.tracking:show", calls=("redis",), response_bytes=1400),
    "large": _route("POST", "/v2/imports", 0.9, "api.imports:import_rows", database=True, held_mib=3.0, cpu_s=0.03),
    "heavy": _route("POST", "/v2/labels", 0.12, _LABEL, held_mib=4.0, cpu_s=0.05, response_bytes=48200),
    "socket": _route("GET", "/v2/live", 70.0, "api.live:stream", status=101, socket=True, spread=0.3, held_mib=0.3,
                     response_bytes=0),
}  # fmt: skip
_APPS = tuple(Client("app", f"ParceloApp/7.{n}.0 okhttp/4.12.0", f"198.51.100.{60 + n}", HOST) for n in range(1, 6))
_SHOPS = tuple(
    Client("partner", f"shop-sync/2.{n} python-requests/2.32.3", f"198.51.100.{80 + n}", HOST) for n in (1, 4)
)
_PROBER = Client("uptime_check", "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
                 "198.51.100.220", HOST)  # fmt: skip


def _backends() -> tuple[Backend, ...]:
    return (
        Backend("payments", "payments", 0.16, 6.0, answers_for=True),
        Backend("carriers", "carriers", 0.22, 4.0, answers_for=True),
        Backend("redis", "redis", 0.001, 3.0),
    )


def _demand(rate: float) -> Demand:
    asks = (
        (PARTS["write"], 2.0), (PARTS["write2"], 1.5), (PARTS["read"], 3.0), (PARTS["plain"], 2.0),
        (PARTS["call"], 2.0), (PARTS["login"], 0.6), (PARTS["cache"], 2.0), (PARTS["heavy"], 0.8),
        (PARTS["socket"], 0.4),
    )  # fmt: skip
    people = Crowd(_APPS, 75.0 * rate, asks, (PARTS["read"],), (2, 6), (2.0, 25.0))
    shops = Crowd(_SHOPS, 10.0 * rate, ((PARTS["large"], 1.0), (PARTS["write"], 2.0)), (), (2, 5), (3.0, 30.0))
    return Demand((Probe(PARTS["health"], _PROBER, 60.0), Probe(PARTS["ready"], _PROBER, 150.0)), (people, shops))


def _request_line(reply: Reply, rng: Random) -> Line:
    asked = reply.arrival.route
    text = f"{asked.method} {asked.path} {reply.status} in {1000 * (reply.handler_s or 0.0):.1f} ms"
    level = "WARNING" if reply.status >= 400 else "INFO"
    return level, "orders.access:log:41", text


REMARKS = {
    "slow_query": ("WARNING", "orders.db:observe:58", "statement took {number:.1f}s (route {subject})"),
    "closed_twice": ("WARNING", "orders.api.live:close:97",
                     "Unexpected ASGI message 'websocket.close', after sending 'websocket.close'."),
    "socket_gone": ("WARNING", "orders.api.live:pump:71", "peer vanished, subscription kept until the next publish"),
    "socket_cut": ("INFO", "orders.api.live:stream:60", "live stream ended: WebSocketDisconnect(code=1006)"),
    "olap_sync": ("WARNING", "orders.tariffs.refresh:pull:44",
                   "tariff refresh took {number:.1f}s, upstream did not answer"),
    "crunched": ("INFO", "orders.labels.engine:rasterize:133", "rasterised a batch of labels for {subject}"),
}  # fmt: skip
CHATTER: tuple[Line, ...] = (
    ("INFO", "orders.outbox.relay:tick:33", "outbox drained, 0 pending"),
    ("WARNING", "orders.carriers.dpx:rates:87", "carrier dpx answered without etag, response not cached"),
    ("INFO", "orders.pricing:total:140", "discount code applied"),
)
BOOT: tuple[Line, ...] = (
    ("INFO", "orders.settings:load:19", "settings loaded from environment"),
    ("WARNING", "opentelemetry.sdk:configure:77", "OTEL_EXPORTER_OTLP_ENDPOINT is not set, traces are dropped"),
    ("INFO", "orders.db:connect:24", "database pool ready"),
    ("ERROR", "orders.flags:refresh:52", "feature flags: first refresh failed, defaults in use"),
)
ORDERS = Service(
    key="orders",
    target=Target("parcelo-prod", "418820176653", "parcelo-orders", "europe-west4", 8080, "parcelo-prod:orders-pg15"),
    root=ROOT,
    package="orders",
    names=NAMES,
    server="uvicorn",
    dialects=("structured",),
    parts=PARTS,
    backends=_backends,
    demand=_demand,
    tester=Client("test_client", "k6/0.53.0 (https://k6.io/)", "198.51.100.91", HOST),
    partner=_SHOPS[0],
    request_line=_request_line,
    remarks=REMARKS,
    chatter=CHATTER,
    boot=BOOT,
    memory_limit_mib=512.0,
    base_mib=176.0,
    boot_s=(5.0, 9.0),
    max_connections=60,
    access_lines=False,
    account="ci-deployer",
)
