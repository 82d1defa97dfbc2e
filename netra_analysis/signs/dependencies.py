"""Signs of the pool, the database behind it, and everything else that the service calls."""

import pandas as pd

from netra_analysis.detectors.pool import TIMED_OUT
from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, where
from netra_analysis.signs.scene import Scene, any_of, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import EXAMPLE, told

BACKENDS = ("postgresql/num_backends", "postgresql/num_backends_by_state")
REFUSES = any_of(
    r"too many clients already",
    r"remaining connection slots are reserved",
    r"too many connections for (?:role|database)",
    r"too many connections\b",
    r"max_connections",
    r"max(?:imum)? (?:number of )?clients reached",
    r"TooManyConnectionsError",
)
LOST = any_of(
    r"connection refused|connect call failed|Errno 111|Error \d+ connecting to|connection failed: connection to server",
    r"ConnectionRefusedError",
    r"connect(?:ion)? (?:attempt )?timed ?out",
    r"connection timeout",
    r"timeout connecting to",
    r"ConnectTimeout",
    r"ConnectError",
    r"ReadTimeout",
    r"timed out after",
    r"read timed out",
    r"upstream (?:request )?time",
    r"no route to host",
    r"network is unreachable",
    r"name or service not known",
    r"temporary failure in name resolution",
    r"getaddrinfo (?:failed|ENOTFOUND)",
    r"could not connect to server",
    r"server closed the connection unexpectedly",
    r"connection reset by peer",
    r"connection (?:was )?closed (?:in the middle|unexpectedly)",
    r"ConnectionDoesNotExistError",
    r"is not reachable",
    r"Cloud SQL connection failed",
    r"Max retries exceeded",
    r"ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH",
    r"ServiceUnavailable|503 Service Unavailable",
    r"bad gateway",
    r"circuit breaker .*open",
    r"statement timeout|canceling statement|QueryCanceled",
)
SLOW = any_of(
    r"slow (?:query|statement|request|response|call)",
    r"(?:query|statement|call|operation|refresh) took [\d.]+ ?(?:s|sec|ms|min)",
    r"statement timeout|canceling statement|QueryCanceled|lock timeout",
    r"duration: \d{4,}\.\d+ ms",
)
OURS = any_of(r"websocket", r"client disconnected", r"QueuePool limit", r"garbage collector")


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
    return told(
        scene,
        "pool_timeouts",
        scene.lines(TIMED_OUT, loud=False),
        says="{n} lines say that a wait for a pooled connection timed out.",
        unknown="Whether waits for a connection timed out cannot be told from {n} lines.",
        method="the pool's own words in the application log",
    )


def _refuses(scene: Scene) -> Sign:
    return told(
        scene,
        "db_refuses",
        scene.lines(REFUSES, loud=False),
        says="{n} lines say that the database server refuses connections.",
        unknown="Whether the database refused connections cannot be told from {n} lines.",
        method="the server's own words: too many clients, reserved slots, too many connections",
    )


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


def _own_words(rows: pd.DataFrame) -> pd.Series:
    """Lines about clients or our own pool, which are no dependency."""
    return where(rows, [OURS.search(message) is not None for message in rows["message"]])
