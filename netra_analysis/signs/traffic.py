"""Signs of traffic: one input that fails wherever it lands, sockets, test calls."""

import pandas as pd
import re2

from netra_analysis.finding import Verdict
from netra_analysis.logtext.route import route_template
from netra_analysis.reconstruct.frames import where
from netra_analysis.signs.scene import Scene, any_of, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

SERVED_BEFORE = 5  # good answers of the same route by the same revision
LUCK, FEW = 0.02, 0.1
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
ARTIFICIAL = ("test_client", "scanner", "preflight")
OWN_ANSWER = ("application", "deliberate")  # what the platform or a death did is no invention of a test


def look(scene: Scene) -> list[Sign]:
    return [_input(scene), *_sockets(scene), *_artefact(scene)]


def _input(scene: Scene) -> Sign:
    """Whether failures keep to one route that serves other inputs meanwhile, and did before, by the same revision."""
    name, says = "follows_input", "Too few failures to see whether they follow an input ({n})."
    if scene.impact < 3 or scene.slowed is not None:
        return not_seen(name, says, "requests")
    real = scene.real.assign(bad=scene.real["failed"])
    worst, bad, _ = _worst(real)
    rest = real[real["route"] != worst]
    if len(rest) < 20:
        return not_seen(name, "Too few requests to other routes to compare with ({n} failures).", "other routes")
    rest_share = float(rest["bad"].mean())
    own = scene.failed[scene.failed["route"] == worst]
    fine = real[(real["route"] == worst) & (real["status"] < 400).fillna(value=False)]
    fine = fine[fine["method"].isin(set(own["method"]))]
    parts = [(here, _meanwhile(fine, here)) for here in _by_revision(own)]
    meanwhile = max((len(good) for _, good in parts), default=0)
    whole = bad / scene.impact >= 0.9 and rest_share <= OTHERS_FAIL and meanwhile >= 2
    if whole and not any(_served_before(scene, worst, here, len(good)) for here, good in parts):
        says = "The route that fails had not been served before by the revision that fails ({n} failures)."
        return not_seen(name, says, "the same revision before the failures")
    return Sign(
        name,
        Verdict.FIRED if whole else Verdict.CLEAR,
        "{n} of {total} failed requests are on {words:text}, on {a} instances; of all others {b:pct} failed.",
        time=first(own, "end_time") if whole else None,
        share=bad / scene.impact,
        n=bad,
        total=scene.impact,
        a=float(own["instance"].nunique()),
        b=rest_share,
        words=f"{worst} (where {meanwhile} requests succeeded meanwhile)",
        unit="requests",
        method="failed requests by route against all others, and the same route's successes in the same time",
    )


def _by_revision(failed: pd.DataFrame) -> list[pd.DataFrame]:
    """The failures of each revision that has more than strays of them."""
    groups = [rows for _, rows in failed.groupby("revision")]
    return [rows for rows in groups if len(rows) >= max(2, FEW * len(failed))]


def _meanwhile(fine: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Good answers of the same revision between its failures."""
    own = fine[fine["revision"] == here["revision"].iloc[0]]
    return own[own["end_time"].between(here["end_time"].min(), here["end_time"].max())]


def _served_before(scene: Scene, route: str, here: pd.DataFrame, meanwhile: int) -> bool:
    """Whether the revision that fails had answered the route well before, more often than luck would let it.

    Then the code is not what changed. With the share of the route's requests that fail since, so many good answers
    in a row would come by chance in fewer than one of fifty such times.
    """
    share = len(here) / (len(here) + meanwhile)
    seen = pd.concat([scene.before, scene.requests])
    earlier = seen[(seen["route"] == route) & (seen["end_time"] < here["end_time"].min())]
    earlier = earlier[earlier["method"].isin(set(here["method"])) & (earlier["revision"] == here["revision"].iloc[0])]
    good = int((earlier["status"] < 400).fillna(value=False).sum())
    return good >= SERVED_BEFORE and (1.0 - share) ** good < LUCK


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
    fake = int((scene.failed["client"].isin(ARTIFICIAL) & scene.failed["fate"].isin(OWN_ANSWER)).sum())
    all_fake = fake > 0 and fake == scene.impact and scene.slowed is None
    users = scene.real[~scene.real["client"].isin(ARTIFICIAL)]
    bad = int(users["failed"].sum())
    ready = where(scene.deaths, [True] * len(scene.deaths))
    return [
        Sign(
            "on_demand",
            Verdict.FIRED if asked and asked >= 0.9 * scene.impact and scene.slowed is None else Verdict.CLEAR,
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
            Verdict.FIRED if all_fake else Verdict.CLEAR,
            "{n} of {total} failed requests came from test clients, scanners or preflights and were answered.",
            time=first(scene.failed, "end_time") if all_fake else None,
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
