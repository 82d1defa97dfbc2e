"""A fictitious clinic's booking service: gunicorn, plain logging, psycopg's own pool, a task queue as a client."""

from random import Random

from netra_analysis.casebook.engine.backends import Backend
from netra_analysis.casebook.engine.demand import Crowd, Demand, Probe
from netra_analysis.casebook.incident import Target
from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Reply
from netra_analysis.casebook.voices.faults import Names
from netra_analysis.casebook.voices.service import Line, Service, bug

ROOT = "/usr/src/app/booking"
PACKAGES = "/usr/local/lib/python3.11/site-packages"
HOST = "termine.medplan.example"
_BOOK, _SEARCH, _DOC = "views.bookings:book", "views.patients:search", "views.documents:store"
OWN = (
    ("coroutine", bug(ROOT, ("views.calendar:month",), "days = [d.label for d in slots]", "AttributeError",
                      "'NoneType' object has no attribute 'label'")),
    ("keyword", bug(ROOT, (_BOOK, "core.rules:check"), "return rule(slot, patient=patient)", "TypeError",
                    "check_overlap() missing 1 required positional argument: 'tz'")),
    ("poison", bug(ROOT, ("views.reminders:send", "core.names:salutation"), "first, last = name.split(' ')",
                   "ValueError",
                   "too many values to unpack (expected 2)")),
    ("forced", bug(ROOT, ("middleware.chaos:__call__",), "raise ChaosError(kind)",
                   "booking.middleware.chaos.ChaosError",
                   "chaos experiment 'http-500' active for this request")),
    ("handler_timeout", bug(ROOT, ("views.health:full",), "await asyncio.wait_for(ping(), 5)", "TimeoutError",
                            "database ping exceeded 5s")),
    ("module", bug(ROOT, ("wsgi:<module>",), "from booking.integrations import fhir", "ImportError",
                   "cannot import name 'fhir' from 'booking.integrations' (/usr/src/app/booking/integrations.py)")),
    ("setting", bug(ROOT, ("wsgi:<module>", "config:require"), "raise ImproperlyConfigured(name)",
                    "booking.config.ImproperlyConfigured", "environment variable SMS_GATEWAY_TOKEN is not set")),
    ("migration", bug(ROOT, ("core.schema:upgrade",), "cur.execute(lock)", "psycopg.errors.LockNotAvailable",
                      "canceling statement due to lock timeout")),
    ("native", bug(ROOT, (_DOC, "core.scan:thumbnail"), "image = pyvips.Image.new_from_buffer(data, '')",
                   "Fatal Python error", "Aborted")),
    ("lease", bug(ROOT, ("jobs.supervisor:watch",), "os._exit(1)", "SupervisorError",
                  "reminder job heartbeat stalled, terminating process")),
    ("handled", bug(ROOT, ("views.reminders:send", "core.sms:deliver"), "raise SmsRejected(code)",
                    "booking.core.sms.SmsRejected", "number not reachable, reminder queued for e-mail")),
    ("flake", bug(ROOT, (_SEARCH,), "return page.items[offset]", "IndexError", "list index out of range")),
    ("socket_state", bug(ROOT, ("views.board:push",), "await socket.send_text(payload)", "RuntimeError",
                         'Cannot call "send" once a close message has been sent.')),
    ("denied_token", bug(ROOT, ("core.oidc:verify",), "key = jwks[kid]", "KeyError", "'2025-q3-signing'")),
)  # fmt: skip
NAMES = Names(
    packages=PACKAGES,
    database="psycopg",
    db_host="172.21.0.5",
    db_user="booking",
    redis="172.21.0.9:6379",
    peers=(
        ("sms", "https://gw.sms-provider.example/v1/messages"),
        ("insurer", "https://eligibility.insurer.example/check"),
    ),
    pool=(4, 4, 8.0),
    own=OWN,
)


def _route(method: str, path: str, median_s: float, handler: str, **more: object) -> Route:
    return Route(method, path, median_s, handler=handler, **more)  # type: ignore[arg-type]


PARTS = {
    "health": _route("GET", "/ping", 0.001, "views.health:ping", response_bytes=4),
    "ready": _route("GET", "/ping/full", 0.015, "views.health:full", database=True, patience_s=5.0),
    "write": _route("POST", "/api/bookings", 0.11, _BOOK, database=True, held_mib=1.0, spread=0.4, request_bytes=800),
    "write2": _route("POST", "/api/reminders", 0.06, "views.reminders:send", database=True, held_mib=0.8),
    "read": _route("GET", "/api/patients/search", 0.06, _SEARCH, database=True, spread=0.6, response_bytes=4100),
    "plain": _route("GET", "/api/calendar", 0.009, "views.calendar:month", response_bytes=9200),
    "call": _route("POST", "/api/eligibility", 0.02, "views.eligibility:check", calls=("insurer",)),
    "login": _route("POST", "/api/login", 0.05, "core.oidc:verify", calls=("sms",)),
    "cache": _route("GET", "/api/slots", 0.007, "views.slots:free", calls=("redis",), response_bytes=2600),
    "large": _route("POST", "/api/documents", 0.7, _DOC, database=True, held_mib=4.0, cpu_s=0.04, request_bytes=480000),
    "heavy": _route("GET", "/api/reports/monthly", 0.4, "views.reports:monthly", held_mib=3.0, cpu_s=0.05,
                    response_bytes=88000),
    "socket": _route("GET", "/rt/board", 80.0, "views.board:push", status=101, socket=True, spread=0.3, held_mib=0.3,
                     response_bytes=0),
}  # fmt: skip
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_DESKS = tuple(Client("browser", _FIREFOX, f"198.51.100.{100 + n}", HOST) for n in range(6))
QUEUE = Client("task_queue", "Google-Cloud-Tasks", "198.51.100.130", HOST)
_CHECK = Client("uptime_check", "Better Uptime Bot Mozilla/5.0", "198.51.100.131", HOST)


def _backends() -> tuple[Backend, ...]:
    return (
        Backend("sms", "sms", 0.12, 5.0, answers_for=True),
        Backend("insurer", "insurer", 0.35, 6.0, answers_for=True),
        Backend("redis", "redis", 0.001, 2.0),
    )


def _demand(rate: float) -> Demand:
    asks = (
        (PARTS["write"], 2.0), (PARTS["read"], 3.0), (PARTS["plain"], 2.0), (PARTS["call"], 1.5),
        (PARTS["login"], 0.7), (PARTS["cache"], 2.5), (PARTS["large"], 0.6), (PARTS["heavy"], 0.4),
        (PARTS["socket"], 0.4),
    )  # fmt: skip
    desks = Crowd(_DESKS, 55.0 * rate, asks, (PARTS["cache"],), (3, 8), (3.0, 30.0))
    queue = Crowd((QUEUE,), 40.0 * rate, ((PARTS["write2"], 1.0),), (), (1, 2), (1.0, 6.0), retries=2)
    return Demand((Probe(PARTS["health"], _CHECK, 30.0), Probe(PARTS["ready"], _CHECK, 180.0)), (desks, queue))


def _request_line(reply: Reply, rng: Random) -> Line:
    asked = reply.arrival.route
    text = (
        f"{asked.method} {asked.path} -> {reply.status} ({(reply.handler_s or 0.0):.3f}s) req={rng.getrandbits(32):08x}"
    )
    return "INFO", "booking.requests:finish:29", text


REMARKS = {
    "slow_query": ("WARNING", "booking.db:timed:66", "query for {subject} needed {number:.2f} s"),
    "closed_twice": ("WARNING", "booking.views.board:close:58",
                     'socket error on close: Cannot call "send" once a close message has been sent.'),
    "socket_gone": ("INFO", "booking.views.board:push:40", "desk went away, board subscriber still attached"),
    "socket_cut": ("INFO", "booking.views.board:push:52", "board connection dropped by peer (1006)"),
    "olap_sync": ("ERROR", "booking.jobs.export:push:81", "export: warehouse did not answer within {number:.0f} s"),
    "crunched": ("INFO", "booking.views.reports:monthly:90", "report built for {subject}"),
}  # fmt: skip
CHATTER: tuple[Line, ...] = (
    ("INFO", "booking.core.audit:write:22", "audit record stored"),
    ("WARNING", "booking.core.holidays:load:31", "no holiday calendar for region DE-BB, federal one used"),
    ("INFO", "booking.jobs.supervisor:watch:49", "heartbeat ok"),
)
BOOT: tuple[Line, ...] = (
    ("INFO", "booking.config:load:14", "configuration profile: production"),
    ("WARNING", "booking.core.mail:init:20", "SMTP_STARTTLS not set, using implicit TLS"),
    ("ERROR", "booking.integrations.push:init:38", "push notifications disabled: credentials file not found"),
    ("INFO", "booking.db:open:51", "pool 'booking' opened, min_size=4 max_size=8"),
)
CLINIC = Service(
    key="clinic",
    target=Target("medplan-eu", "902214417800", "clinic-booking", "europe-west1", 8000, "medplan-eu:booking-main"),
    root=ROOT,
    package="booking",
    names=NAMES,
    server="gunicorn",
    dialects=("stdlib", "stdlib-lines"),
    parts=PARTS,
    backends=_backends,
    demand=_demand,
    tester=Client("test_client", "Playwright/1.47.0", "198.51.100.133", HOST),
    partner=QUEUE,
    request_line=_request_line,
    remarks=REMARKS,
    chatter=CHATTER,
    boot=BOOT,
    memory_limit_mib=512.0,
    base_mib=190.0,
    boot_s=(4.0, 8.0),
    max_connections=50,
    access_lines=True,
    account="release-bot",
)
