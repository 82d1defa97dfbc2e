"""The words for faults, by library: what SQLAlchemy, asyncpg, psycopg, redis and httpx raise, and our own bugs raise.

A vocabulary maps a fault's key to the exception that a program with these libraries would print for it.
Messages vary with the draws the way they vary in life: hosts, counts, ids.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from netra_analysis.casebook.texts import Frame
from netra_analysis.casebook.voices.callers import aiohttp, grpc, requests
from netra_analysis.casebook.voices.exceptions import Exc

SQLALCHEMY_PAGE = "(Background on this error at: https://sqlalche.me/e/20"


@dataclass(frozen=True, slots=True)
class Names:
    """What a service's own code and surroundings are called in its messages."""

    packages: str
    database: str  # "sqlalchemy+asyncpg", "sqlalchemy+psycopg", "psycopg" or "django"
    db_host: str
    db_user: str
    redis: str
    peers: tuple[tuple[str, str], ...]  # a backend's name, and the URL that is called
    pool: tuple[int, int, float] = (5, 5, 5.0)
    own: tuple[tuple[str, Exc], ...] = ()  # the service's own bugs, by key
    http: str = "httpx"  # or "requests", "aiohttp", "grpc"


Teller = Callable[[Names, Random], Exc]


def exception(names: Names, key: str, rng: Random) -> Exc:
    """The exception for `key`: the service's own words for it, or its library's."""
    own = dict(names.own)
    if key in own:
        return own[key]
    family, _, state = key.partition("_")
    if family == "db" or key == "pool_timeout":
        return _DATABASE[key](names, rng)
    if family == "redis":
        return _redis(names, state)
    if family in dict(names.peers):
        return HTTP.get(names.http, _httpx)(names, dict(names.peers)[family], state)
    raise ValueError(f"{key} has no words")


def accented(names: Names, rng: Random) -> Names:
    """The same service written with other libraries: a cause must not be known by one library's words."""
    database = rng.choice((names.database, names.database, "psycopg", "django"))
    return replace(names, database=database, http=rng.choice(("httpx", "httpx", "requests", "aiohttp", "grpc")))


def _frame(names: Names, path: str, line: int, function: str, source: str) -> Frame:
    return Frame(f"{names.packages}/{path}", line, function, source)


def _sqlalchemy(names: Names) -> tuple[Frame, ...]:
    return (
        _frame(names, "sqlalchemy/engine/base.py", 146, "__init__", "self._dbapi_connection = engine.raw_connection()"),
        _frame(names, "sqlalchemy/pool/base.py", 712, "checkout", "rec = pool._do_get()"),
    )


def _pool_timeout(names: Names, rng: Random) -> Exc:
    size, overflow, seconds = names.pool
    if names.database in ("psycopg", "django"):
        wait = _frame(names, "psycopg_pool/pool.py", 203, "getconn", "raise PoolTimeout(")
        raised = Exc("psycopg_pool.PoolTimeout", f"couldn't get a connection after {seconds:.2f} sec", (wait,))
        return _django(names, raised) if names.database == "django" else raised
    told = f"QueuePool limit of size {size} overflow {overflow} reached, connection timed out, timeout {seconds:.2f}"
    wait = _frame(names, "sqlalchemy/pool/impl.py", 177, "_do_get", "raise exc.TimeoutError(")
    return Exc("sqlalchemy.exc.TimeoutError", f"{told} {SQLALCHEMY_PAGE}/3o7r)", (*_sqlalchemy(names), wait))


def _refused(names: Names, rng: Random) -> Exc:
    reserved = rng.random() < 0.3
    text = "remaining connection slots are reserved for roles with the SUPERUSER attribute" if reserved else ""
    return _connection(names, "TooManyConnectionsError", text or "sorry, too many clients already")


def _password(names: Names, rng: Random) -> Exc:
    return _connection(names, "InvalidPasswordError", f'password authentication failed for user "{names.db_user}"')


def _connection(names: Names, asyncpg_type: str, text: str) -> Exc:
    """The server's refusal, as each driver words it."""
    if names.database == "sqlalchemy+asyncpg":
        frame = _frame(names, "asyncpg/connect_utils.py", 1049, "__connect_addr", "await connected")
        return Exc(f"asyncpg.exceptions.{asyncpg_type}", text, (*_sqlalchemy(names), frame))
    return _operational(names, f'connection to server at "{names.db_host}", port 5432 failed: FATAL:  {text}')


def _unreachable(names: Names, rng: Random) -> Exc:
    if names.database == "sqlalchemy+asyncpg":
        frame = _frame(
            names, "asyncpg/connect_utils.py", 1218, "_connect", "raise last_error or exceptions.TargetServer"
        )
        timed_out = Frame("/usr/local/lib/python3.11/asyncio/timeouts.py", 115, "__aexit__", "raise TimeoutError")
        cause = Exc("asyncio.exceptions.CancelledError", "", (frame,))
        return Exc("TimeoutError", "", (*_sqlalchemy(names), timed_out), cause)
    tail = "\n\tIs the server running on that host and accepting TCP/IP connections?"
    head = f'connection to server at "{names.db_host}", port 5432 failed: '
    return _operational(names, f"{head}{'Connection timed out' if rng.random() < 0.85 else 'No route to host'}{tail}")


def _operational(names: Names, text: str) -> Exc:
    raised = _frame(names, "psycopg/connection.py", 117, "connect", "raise last_ex.with_traceback(None)")
    inner = Exc("psycopg.OperationalError", f"connection failed: {text}", (raised,))
    if names.database in ("psycopg", "django"):
        return _django(names, inner) if names.database == "django" else inner
    outer = f"(psycopg.OperationalError) connection failed: {text}\n{SQLALCHEMY_PAGE}/e3q8)"
    return Exc("sqlalchemy.exc.OperationalError", outer, _sqlalchemy(names), inner)


def _django(names: Names, inner: Exc) -> Exc:
    """Django's own exception around the driver's, with the driver's words."""
    frame = _frame(names, "django/db/utils.py", 91, "__exit__", "raise dj_exc_value.with_traceback(traceback) from exc")
    return Exc("django.db.utils.OperationalError", inner.message, (frame,), inner)


def _redis(names: Names, state: str) -> Exc:
    frame = _frame(names, "redis/asyncio/connection.py", 296, "connect", "await self.retry.call_with_retry(")
    if state == "refused":
        text = f"Error 111 connecting to {names.redis}. Connect call failed ({names.redis.split(':')[0]!r}, 6379)."
        return Exc("redis.exceptions.ConnectionError", text, (frame,))
    if state == "error":
        return Exc("redis.exceptions.ReadOnlyError", "You can't write against a read only replica.", (frame,))
    return Exc("redis.exceptions.TimeoutError", "Timeout connecting to server", (frame,))


def _httpx(names: Names, url: str, state: str) -> Exc:
    send = _frame(
        names, "httpx/_transports/default.py", 118, "map_httpcore_exceptions", "raise mapped_exc(message) from exc"
    )
    check = _frame(
        names, "httpx/_models.py", 829, "raise_for_status", "raise HTTPStatusError(message, request=request)"
    )
    page = "For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status"
    if state == "timeout":
        low = Exc(
            "httpcore.ReadTimeout", "", (_frame(names, "httpcore/_exceptions.py", 14, "map_exceptions", "raise"),)
        )
        return Exc("httpx.ReadTimeout", "", (send,), low)
    if state == "refused":
        return Exc("httpx.ConnectError", "All connection attempts failed", (send,))
    if state == "denied":
        text = f"Client error '401 Unauthorized' for url '{url}'\n{page}/401"
    else:
        text = f"Server error '503 Service Unavailable' for url '{url}'\n{page}/503"
    return Exc("httpx.HTTPStatusError", text, (check,))


def _elsewhere(teller: Callable[[str, str, str], Exc]) -> Callable[[Names, str, str], Exc]:
    return lambda names, url, state: teller(names.packages, url, state)


HTTP: dict[str, Callable[[Names, str, str], Exc]] = {
    "httpx": _httpx,
    "requests": _elsewhere(requests),
    "aiohttp": _elsewhere(aiohttp),
    "grpc": _elsewhere(grpc),
}
_DATABASE: dict[str, Teller] = {
    "pool_timeout": _pool_timeout,
    "db_refused": _refused,
    "db_password": _password,
    "db_unreachable": _unreachable,
}
