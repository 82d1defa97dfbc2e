"""Signs of traffic: a surge before the onset, retries, one input that fails wherever it lands, sockets, test calls."""

from datetime import timedelta

import pandas as pd
import re2

from netra_analysis.finding import Verdict
from netra_analysis.logtext.route import route_template
from netra_analysis.reconstruct.frames import moment, where
from netra_analysis.signs.scene import Scene, any_of, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

SURGE, LEAST_PER_MINUTE = 3.0, 5.0
OTHERS_FAIL = 0.05  # more than this of all other requests failing is no matter of one route
SOCKET_WORDS = any_of(
    r'cannot call "?send"? once a close message',
    r"unexpected asgi message 'websocket",
    r"websocket is not connected",
    r"websocket .{0,80}(?:clos|disconnect|time|limit|error|fail)",
    r"WebSocketDisconnect|ConnectionClosed(?:Error|OK)?",
    r"HARD LIMIT: User .* still over limit|connection limit .*websocket|too many websocket",
)
_SOCKET_NAME = re2.compile(r"(?i)/(?:ws|wss|websockets?|socket\.io|realtime|rt)(?:/|$)")
_SOCKET_LINE = re2.compile(r'"WebSocket (/[^" ]*)"')
ARTIFICIAL = ("test_client", "scanner", "preflight", "uptime_check")


def look(scene: Scene) -> list[Sign]:
    return [_surge(scene), _retries(scene), _input(scene), *_sockets(scene), *_artefact(scene)]


def _per_minute(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(rows["time"].dt.floor("min")).size()


def _surge(scene: Scene) -> Sign:
    """Whether traffic rose well above the usual before the failures began."""
    if not scene.has("requests"):
        return not_seen("traffic_surge", "Whether traffic rose cannot be told from {n} requests.", "requests")
    onset = scene.onset
    minutes = _per_minute(scene.real)
    usual = _per_minute(scene.before[~scene.before["client"].isin(["preflight", "uptime_check"])])
    calm = usual if len(usual) >= 10 else minutes[minutes.index < onset] if onset else minutes
    base = float(calm.median()) if len(calm) else 0.0
    until = pd.Timestamp(onset).floor("min") if onset else pd.Timestamp(scene.window.end)
    high = minutes[(minutes >= max(LEAST_PER_MINUTE, SURGE * base)) & (minutes.index <= until)]
    fired = onset is not None and len(high) >= 3 and high.index.max() >= pd.Timestamp(onset) - timedelta(minutes=15)
    peak = float(minutes[minutes.index <= until].max()) if len(minutes[minutes.index <= until]) else 0.0
    return Sign(
        "traffic_surge",
        Verdict.FIRED if fired else Verdict.CLEAR,
        "Before the failures traffic was far above the usual in {n} minutes: {a} requests in the busiest, {b} usually."
        if fired
        else "Traffic did not surge before the failures: {a} requests in the busiest minute until then, {b} usually.",
        time=moment(high.index.min()) if fired else None,
        n=len(high) if fired else 0,
        a=peak,
        b=base,
        unit="minutes",
        method="requests a minute until the onset against the median minute of the baseline",
    )


def _retries(scene: Scene) -> Sign:
    """Failed requests that the same kind of client repeated within seconds."""
    if not scene.impact:
        return not_seen("retries", "No failed request could have been retried ({n}).", "requests")
    keys = ["method", "path", "user_agent"]
    ordered = scene.real.sort_values("time")
    following = ordered.groupby(keys, dropna=False)["time"].shift(-1)
    quick = (following - ordered["end_time"]) <= timedelta(seconds=5)
    failed = (ordered["status"] >= 500).fillna(value=False)
    repeated = int((quick & failed).sum())
    return Sign(
        "retries",
        Verdict.FIRED if repeated >= 20 and repeated >= 0.5 * int(failed.sum()) else Verdict.CLEAR,
        "{n} of {total} failed requests were followed by the same request within seconds.",
        time=moment(ordered[quick & failed]["time"].min()) if repeated else None,
        n=repeated,
        total=int(failed.sum()),
        unit="requests",
        method="same method, path and user agent after a failure",
    )


def _input(scene: Scene) -> Sign:
    """Whether failures keep to one kind of request, on every instance, while the rest is served."""
    if scene.impact < 3:
        return not_seen("follows_input", "Too few failures to see whether they follow an input ({n}).", "requests")
    real = scene.real.assign(bad=(scene.real["status"] >= 500).fillna(value=False))
    name, bad, total = _worst(real)
    rest = real[real["route"] != name]
    rest_share = float(rest["bad"].mean()) if len(rest) else 0.0
    if len(rest) < 20:
        return not_seen(
            "follows_input", "Too few requests to other routes to compare with ({n} failures).", "other routes"
        )
    own = scene.failed[scene.failed["route"] == name]
    spread = own["instance"].nunique()
    mixed = total - bad  # the same route also succeeds: with other inputs
    whole = bad / scene.impact >= 0.9 and rest_share <= OTHERS_FAIL
    return Sign(
        "follows_input",
        Verdict.FIRED if whole else Verdict.CLEAR,
        "{n} of {total} failed requests are on {words:text}, on {a} instances; of all others {b:pct} failed.",
        time=first(own, "end_time") if whole else None,
        share=bad / scene.impact,
        n=bad,
        total=scene.impact,
        a=float(spread),
        b=rest_share,
        words=f"{name} (where {mixed} requests succeeded)",
        unit="requests",
        method="failed requests by route against all others",
    )


def _worst(real: pd.DataFrame) -> tuple[str, int, int]:
    grouped = real.groupby("route")["bad"].agg(["sum", "count"]).sort_values(["sum", "count"], ascending=[False, True])
    return str(grouped.index[0]), int(grouped["sum"].iloc[0]), int(grouped["count"].iloc[0])


def _socket_routes(scene: Scene) -> set[str]:
    """Routes that carry WebSockets: one was switched there, the server says so, or the name does."""
    switched = set(scene.requests[(scene.requests["status"] == 101).fillna(value=False)]["route"])
    named = {route for route in scene.requests["route"].unique() if _SOCKET_NAME.search(route)}
    spoken = scene.lines(_SOCKET_LINE, loud=False)["message"].head(500)
    paths = {match.group(1).partition("?")[0] for match in map(_SOCKET_LINE.search, spoken) if match}
    return switched | named | {route_template(path) for path in paths}


def _sockets(scene: Scene) -> list[Sign]:
    sockets = scene.requests[scene.requests["route"].isin(_socket_routes(scene))]
    if not len(sockets):
        cut = not_seen("sockets_cut", "The data hold {n} WebSocket requests.", "WebSocket requests")
    else:
        long = sockets[sockets["latency_s"].notna() & (sockets["latency_s"] >= 30)]
        ends = long["latency_s"].round(0).value_counts()
        same = int(ends.iloc[0]) if len(ends) else 0
        fired = same >= 5 and same >= 0.5 * len(long)
        failed = scene.failed[scene.failed["id"].isin(set(sockets["id"]))]
        cut = Sign(
            "sockets_cut",
            Verdict.FIRED if fired or len(failed) >= max(3, 0.3 * scene.impact) > 0 else Verdict.CLEAR,
            "{n} of {total} WebSockets ended at the same age of {a:dur}; {b} failed with a 5xx.",
            time=first(long if fired else failed, "end_time"),
            share=len(failed) / scene.impact if scene.impact else None,
            n=same,
            total=len(sockets),
            a=float(ends.index[0]) if len(ends) else 0.0,
            b=float(len(failed)),
            unit="sockets",
            method="age of WebSocket requests at their end: a time-out cuts all at one age",
        )
    bad = scene.failed[scene.failed["id"].isin(set(sockets["id"]))]
    failures = Sign(
        "socket_failures",
        Verdict.FIRED if len(bad) >= 3 and len(bad) >= 0.3 * scene.impact else Verdict.CLEAR,
        "{n} of {total} failed requests are WebSockets.",
        time=first(bad, "end_time"),
        share=len(bad) / scene.impact if scene.impact else None,
        n=len(bad),
        total=scene.impact,
        unit="requests",
        method="failed requests on socket routes",
    )
    words = told(
        scene,
        "socket_words",
        scene.lines(SOCKET_WORDS),
        before=scene.lines(SOCKET_WORDS, before=True),
        says="{n} lines speak of WebSockets in trouble, {total} in the baseline.",
        unknown="Whether sockets were in trouble cannot be told from {n} lines.",
        method="words of closed, lost or refused sockets; a send after close follows a disconnect and causes nothing",
        least=3,
    )
    return [cut, failures, words]


def _artefact(scene: Scene) -> list[Sign]:
    if not scene.has("requests"):
        missing = "Whether failures were artificial cannot be told from {n} requests."
        return [not_seen(name, missing, "requests") for name in ("on_demand", "artificial_clients", "served_well")]
    asked = int((scene.failed["fate"] == "deliberate").sum())
    fake = int(scene.failed["client"].isin(ARTIFICIAL).sum())
    users = scene.real[~scene.real["client"].isin(ARTIFICIAL)]
    bad = int((users["status"] >= 500).fillna(value=False).sum())
    ready = where(scene.deaths, [True] * len(scene.deaths))
    return [
        Sign(
            "on_demand",
            Verdict.FIRED if asked and asked >= 0.9 * scene.impact else Verdict.CLEAR,
            "{n} of {total} failed requests were failures on demand.",
            time=first(scene.failed[scene.failed["fate"] == "deliberate"], "end_time") if asked else None,
            share=asked / scene.impact if scene.impact else None,
            n=asked,
            total=scene.impact,
            unit="requests",
            method="the application says that it was told to fail",
        ),
        Sign(
            "artificial_clients",
            Verdict.FIRED if fake and fake == scene.impact else Verdict.CLEAR,
            "{n} of {total} failed requests came from test clients, scanners, probes or preflights.",
            time=first(scene.failed, "end_time") if fake and fake == scene.impact else None,
            share=fake / scene.impact if scene.impact else None,
            n=fake,
            total=scene.impact,
            unit="requests",
            method="user agents",
        ),
        Sign(
            "served_well",
            Verdict.FIRED if len(users) >= 20 and not bad and not int(ready.sum()) else Verdict.CLEAR,
            "{n} of {total} requests of users failed.",
            n=bad,
            total=len(users),
            unit="requests",
            method="real traffic without test clients",
        ),
    ]
