"""Signs of the pool, the database behind it, and everything else that the service calls."""

from dataclasses import replace

import pandas as pd

from netra_analysis.detectors.pool import CONNECTING, TIMED_OUT
from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, where
from netra_analysis.signs.process import SOON
from netra_analysis.signs.scene import Scene, any_of, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import EXAMPLE, told

BACKENDS = ("postgresql/num_backends", "postgresql/num_backends_by_state")
REFUSES = any_of(
    r"too many clients already",
    r"remaining connection slots are reserved",
    r"too many connections for (?:role|database|user)",
    r"(?:FATAL|ERROR|SQLSTATE|psycopg|asyncpg|pg_|postgres|mysql|pymysql|mariadb|1040).{0,80}too many connections\b",
    r"max_connections|max_user_connections|max_client_conn|no more connections allowed",  # MySQL, pgbouncer
    r"max(?:imum)? (?:number of )?clients reached",
    r"TooManyConnections(?:Error)?",
    r"connection limit exceeded for|too many active connections",
)
LOST = any_of(
    r"connection refused|connect call failed|Errno 111|Error \d+ connecting to|connection failed: connection to server",
    r"ConnectionRefusedError|All connection attempts failed|Connect(?:ion)? call failed",
    r"connect(?:ion)? (?:attempt )?timed ?out|connection timeout|timeout connecting to|dial tcp .{0,80}timeout",
    r"i/o timeout|context deadline exceeded|DEADLINE_EXCEEDED|deadline exceeded",
    r"ConnectTimeout|ConnectError|ReadTimeout|ReadError|WriteTimeout|RemoteProtocolError|APIConnectionError",
    r"SocketTimeoutException|ConnectException|UnknownHostException|NoRouteToHostException",
    r"timed out after|read timed out|request timed out|upstream (?:request )?time",
    r"no route to host|network is unreachable|host is unreachable|EHOSTUNREACH|ENETUNREACH",
    r"name or service not known|temporary failure in name resolution|nodename nor servname|no such host",
    r"getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)",
    r"could not connect to server|can't connect to (?:mysql|local) server|lost connection to (?:mysql|server)",
    r"server has gone away|server closed the connection unexpectedly|terminating connection due to",
    r"the database system is (?:starting up|shutting down|in recovery)",
    r"connection reset by peer|broken pipe .{0,60}(?:sql|redis|upstream)|connection was forcibly closed",
    r"connection (?:was )?closed (?:in the middle|unexpectedly)|connection (?:is|already) closed|unexpected EOF",
    r"ConnectionDoesNotExistError|CannotConnectNowError|InterfaceError: .{0,60}closed",
    r"is not reachable|Cloud SQL connection failed|failed to connect to (?:instance|backend|server|upstream)",
    r"Max retries exceeded|ECONNREFUSED|ECONNRESET|ETIMEDOUT|socket hang up|fetch failed",
    r"ServiceUnavailable|503 Service Unavailable|status(?: code)?:? 50[234] .{0,60}(?:from|for url)|code = Unavailable",
    r"Server error '50\d|bad gateway|no healthy upstream|upstream connect error",
    r"Server Error: (?:Bad Gateway|Service Unavailable|Gateway Time)|message=.(?:Service Unavailable|Bad Gateway)",
    r"StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)|failed to connect to all addresses|Cannot connect to host",
    r"Timeout on reading data from socket|SocketTimeoutError|ServerTimeoutError|ServerDisconnectedError",
    r"circuit ?breaker .{0,40}open|CircuitBreakerOpen|CallNotPermittedException",
    r"SSL: (?:UNEXPECTED_EOF|WRONG_VERSION)|SSL SYSCALL error|handshake (?:failed|timed out|timeout)",
    r"statement timeout|canceling statement|QueryCanceled",
    r"Expiring \d+ record\(s\) for|NOT_?ENOUGH_?REPLICAS|LEADER_NOT_AVAILABLE|NOT_LEADER_(?:OR_FOLLOWER|FOR_PARTITION)",
    r"CLUSTERDOWN|MASTERDOWN|LOADING Redis|READONLY You can't write|read only replica",
)
SLOW = any_of(
    r"slow (?:query|statement|request to|response from|call|sql)",
    r"(?:query|statement|call|operation|refresh|transaction) took [\d.]+ ?(?:s|sec|ms|min)",
    r"statement timeout|canceling statement|QueryCanceled|lock (?:wait )?timeout|deadlock detected",
    r"duration: \d{4,}\.\d+ ms",
)
UNCAUGHT = any_of(r"^(?:error: )?Uncaught |^Unhandled (?:promise )?rejection")
OURS = any_of(
    r"websocket|client (?:has )?disconnected|QueuePool limit|garbage collector",
    # a proxy inside the container, and the application's own server behind it
    r"upstream: \"\w+://(?:127\.|localhost|\[::1\]|unix:)|(?:AH\d+|proxy): .{0,120}(?:127\.0\.0\.1|localhost|unix:)",
)


def look(scene: Scene) -> list[Sign]:
    return [_pool_full(scene), _pool_timeouts(scene), _refuses(scene), _backends(scene), _lost(scene), _slow(scene)]


def _pool_full(scene: Scene) -> Sign:
    rows = frame(scene.findings["pool"].proof)
    levels = rows[(rows["witness"] == "in use") & rows["cap"].notna()]
    if levels.empty:
        return not_seen(
            "pool_full", "Whether the pool was full cannot be told: {n} points of its metric.", "metrics.pool"
        )
    full = levels[levels["value"] >= levels["cap"]]
    return Sign(
        "pool_full",
        Verdict.FIRED if len(full) else Verdict.CLEAR,
        "The pool was at its cap in {n} of {total} points.",
        time=first(full),
        n=len(full),
        total=len(levels),
        unit="points",
        method="pool metric against its cap, once a minute",
        evidence=Query("SELECT * FROM finding_pool WHERE witness = 'in use' ORDER BY time"),
    )


def _pool_timeouts(scene: Scene) -> Sign:
    lines = scene.lines(TIMED_OUT, loud=False)
    return told(
        scene,
        "pool_timeouts",
        lines[~lines["message"].str.contains(CONNECTING, regex=False)],
        says="{n} lines say that a wait for a pooled connection timed out.",
        unknown="Whether waits for a connection timed out cannot be told from {n} lines.",
        method="the pool's own words in the application log",
    )


def _refuses(scene: Scene) -> Sign:
    """Whether the server refuses; who waits for the pool meanwhile waits for connections that it does not give."""
    found = told(
        scene,
        "db_refuses",
        scene.lines(REFUSES, loud=False),
        says="{n} lines say that the database server refuses connections.",
        unknown="Whether the database refused connections cannot be told from {n} lines.",
        method="the server's own words: too many clients, reserved slots, too many connections; the failures that met "
        "them, or a wait for the pool since",
    )
    if not found.fired or found.share is None:
        return found
    both = scene.lines(any_of(REFUSES.pattern, TIMED_OUT.pattern), loud=False)
    return replace(found, share=scene.met(both))


def _backends(scene: Scene) -> Sign:
    limit = scene.settings.limits.db_connections
    own = scene.all_metrics[scene.all_metrics["metric"].str.endswith(BACKENDS)]
    own = own[(own["time"] >= scene.window.start) & (own["time"] < scene.window.end)]
    if own.empty or not limit:
        says = "Whether the server's connections ran out cannot be told: {n} points with a known limit."
        return not_seen("db_backends_full", says, "metrics.num_backends")
    by_time = own.groupby(["metric", "time"])["value"].sum().groupby("time").max()
    full = by_time[by_time >= 0.95 * limit]
    return Sign(
        "db_backends_full",
        Verdict.FIRED if len(full) else Verdict.CLEAR,
        "The database had {a} connections at the most, of {b} that it allows.",
        time=full.index.min().to_pydatetime() if len(full) else None,
        a=float(by_time.max()),
        b=float(limit),
        unit="connections",
        method="sum of backends over states, highest point, against the limit in the parameters",
    )


def _lost(scene: Scene) -> Sign:
    now, before = (rows[~_own_words(rows)] for rows in (scene.lines(LOST), scene.lines(LOST, before=True)))
    now = now[~_last_words(scene, now)]
    says = "{n} lines say that something the service calls was out of reach"
    return told(
        scene,
        "dependency_lost",
        now,
        before=before,
        says=says + EXAMPLE if len(now) else says + ".",
        unknown="Whether a dependency was out of reach cannot be told from {n} lines.",
        method="connection refused, timed out, reset, not resolved, not reachable; clearly more than in the baseline",
    )


def _slow(scene: Scene) -> Sign:
    now = scene.lines(SLOW, loud=False)
    says = "{n} lines tell of slow statements or calls"
    return told(
        scene,
        "dependency_slow",
        now,
        before=scene.lines(SLOW, before=True, loud=False),
        says=says + EXAMPLE if len(now) else says + ".",
        unknown="Whether a dependency was slow cannot be told from {n} lines.",
        method="words of slow statements and calls; clearly more than in the baseline",
        least=3,
        met=False,
    )


def _last_words(scene: Scene, rows: pd.DataFrame) -> pd.Series:
    """What nobody caught, of a process that then exited in service: its requests failed because it was gone."""
    exits = scene.deaths[scene.deaths["kind"] == "exit"]
    ended = {name: list(own["start_time"]) for name, own in exits.groupby("instance")}
    last = [
        UNCAUGHT.search(row.message) is not None
        and any(abs(at - row.time) <= SOON for at in ended.get(row.instance, ()))
        for row in rows.itertuples()
    ]
    return where(rows, last)


def _own_words(rows: pd.DataFrame) -> pd.Series:
    """Lines about clients or our own pool, which are no dependency."""
    own = [OURS.search(message) is not None or TIMED_OUT.search(message) is not None for message in rows["message"]]
    return where(rows, own)
