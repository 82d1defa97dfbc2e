"""Signs of the pool, the database behind it, and everything else that the service calls."""

from dataclasses import replace

import pandas as pd

from netra_analysis.detectors.pool import CONNECTING
from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import LOST, REFUSES, SLOW, TIMED_OUT, any_of
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, where
from netra_analysis.signs import calls
from netra_analysis.signs.process import SOON
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

BACKENDS = ("postgresql/num_backends", "postgresql/num_backends_by_state")
UNCAUGHT = any_of(r"^(?:error: )?Uncaught |^Unhandled (?:promise )?rejection")
OURS = any_of(
    r"websocket|client (?:has disconnected|disconnected|did)|QueuePool limit|garbage collector",
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
    own, before = (_waited(scene, before=before) for before in (False, True))
    found = told(
        scene,
        "pool_timeouts",
        own,
        before=before,
        says="{n} lines say that a wait for a pooled connection timed out",
        unknown="Whether waits for a connection timed out cannot be told from {n} lines.",
        method="the pool's own words in the application log, clearly more than in the baseline; it explains nobody who "
        "was held up and then served",
    )
    if found.share and scene.besides is not None:
        return replace(found, share=scene.during(scene.failed, own) / len(scene.hurt))
    return found


def _waited(scene: Scene, *, before: bool) -> pd.DataFrame:
    lines = scene.lines(TIMED_OUT, before=before, loud=False)
    return lines[~lines["message"].str.contains(CONNECTING, regex=False)]


def _refuses(scene: Scene) -> Sign:
    """Whether the server refuses; who waits for the pool meanwhile waits for connections that it does not give."""
    found = told(
        scene,
        "db_refuses",
        scene.lines(REFUSES, loud=False),
        before=scene.lines(REFUSES, before=True, loud=False),
        says="{n} lines say that the database server refuses connections",
        unknown="Whether the database refused connections cannot be told from {n} lines.",
        method="the server's own words: too many clients, reserved slots, too many connections; clearly more than in "
        "the baseline; the failures that met them, or a wait for the pool since",
    )
    if not found.fired or found.share is None:
        return found
    both = scene.lines(REFUSES, TIMED_OUT, loud=False)
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
    now, before = (_away(scene, before=before) for before in (False, True))
    now = now[~_last_words(scene, now)]
    return told(
        scene,
        "dependency_lost",
        now,
        before=before,
        says="{n} lines say that something the service calls was out of reach",
        unknown="Whether a dependency was out of reach cannot be told from {n} lines.",
        method="connection refused, timed out, reset, not resolved, not reachable, and calls that were answered 5xx or "
        "429; clearly more than in the baseline",
    )


def _away(scene: Scene, *, before: bool) -> pd.DataFrame:
    lines = [scene.lines(LOST, before=before), calls.answered(scene, calls.FAILED, before=before)]
    rows = pd.concat(lines).drop_duplicates("id").sort_values(["time", "id"])
    return rows[~_own_words(rows)]


def _slow(scene: Scene) -> Sign:
    now = scene.lines(SLOW, loud=False)
    return told(
        scene,
        "dependency_slow",
        now,
        before=scene.lines(SLOW, before=True, loud=False),
        says="{n} lines tell of slow statements or calls",
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
