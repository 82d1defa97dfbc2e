"""Signs of WebSockets: cut at one age, failed, ended far earlier than they used to, and words of trouble."""

import pandas as pd
import re2
from scipy.special import pdtrc

from netra_analysis.finding import Verdict
from netra_analysis.logtext.route import route_template
from netra_analysis.logtext.trouble import CONFIG, SOCKETS
from netra_analysis.reconstruct.frames import count, evened, moment, real_traffic
from netra_analysis.signs.scene import STRAY, TURNED_AWAY, Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

_SOCKET_NAME = re2.compile(r"(?i)/(?:ws|wss|websockets?|socket\.io|realtime|rt)(?:/|$)")
_SOCKET_LINE = re2.compile(r'"WebSocket (/[^" ]*)"')
KNOWN, IN_MINUTE, MINUTES = 20, 5, 3  # sockets of the baseline; of a minute; minutes that are an impact
EARLY, SHARE = 0.05, 0.5  # an age that so few of the baseline's sockets fall short of; the share that now does
AGAIN = 1.5  # times as many sockets as usual: whose socket ends early opens another
REFUSED = 403  # how servers answer a handshake that they do not accept


def look(scene: Scene) -> list[Sign]:
    return _sockets(scene)


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
        ages = long.groupby(long["latency_s"].round(0), sort=False)["weight"].agg(["sum", "size"])
        ends = ages.sort_values("sum", ascending=False, kind="stable")
        same = int(ends["sum"].iloc[0]) if len(ends) else 0
        # One socket that stands for many is no proof that they lived as long.
        alike = same >= 5 and int(ends["size"].iloc[0]) >= 5
        fired = alike and (same >= 0.5 * count(long) or _none_older(scene, long, float(ends.index[0])))
        failed = scene.failed[scene.failed["id"].isin(set(sockets["id"]))]
        # Sockets that are cut are logged as switched; what else fails for it, nobody can tell.
        share = None if fired and failed.empty else len(failed) / scene.impact if scene.impact else None
        cut = Sign(
            "sockets_cut",
            Verdict.FIRED if fired or len(failed) >= max(3, 0.3 * scene.impact) > 0 else Verdict.CLEAR,
            "{n} of {total} WebSockets ended at the same age of {a:dur}; {b} failed with a 5xx.",
            time=first(long if fired else failed, "end_time"),
            share=share,
            n=same,
            total=count(sockets),
            a=float(ends.index[0]) if len(ends) else 0.0,
            b=float(len(failed)),
            unit="sockets",
            method="age of WebSocket requests at their end: a time-out cuts all at one age",
        )
    spoken = scene.lines(SOCKETS)
    bad, hurt = _hurt_sockets(scene, set(sockets["id"]), spoken), scene.hurt
    if not scene.has("requests"):
        bad, hurt = _said_refused(scene, spoken), scene.said_failed
    failures = Sign(
        "socket_failures",
        Verdict.FIRED if len(bad) >= 3 and len(bad) >= 0.3 * len(hurt) else Verdict.CLEAR,
        "{n} of {total} failed requests are WebSockets."
        if scene.besides is None
        else "{n} of {total} requests that failed, were refused or were held up are WebSockets.",
        time=first(bad, "end_time"),
        share=len(bad) / len(hurt) if len(hurt) else None,
        n=len(bad),
        total=len(hurt),
        unit="requests",
        method="failed requests on socket routes; refused ones where the service speaks of its sockets meanwhile, and "
        "not of credentials",
    )
    words = told(
        scene,
        "socket_words",
        spoken,
        before=scene.lines(SOCKETS, before=True),
        says="{n} lines speak of WebSockets in trouble",
        unknown="Whether sockets were in trouble cannot be told from {n} lines.",
        method="words of closed, lost or refused sockets; a send after close follows a disconnect and causes nothing",
        least=3,
    )
    return [cut, failures, words, shorter(scene)]


def _hurt_sockets(scene: Scene, sockets: set[str], spoken: pd.DataFrame) -> pd.DataFrame:
    """Sockets that failed, and those that were refused for what the service says of its sockets, not of who asks."""
    failed = scene.failed[scene.failed["id"].isin(sockets)]
    if scene.besides is None:
        return failed
    refused = scene.besides[scene.besides["id"].isin(sockets) & (scene.besides["status"] == REFUSED)]
    return pd.concat([failed, refused], ignore_index=True) if _of_sockets(scene, refused, spoken) else failed


def _said_refused(scene: Scene, spoken: pd.DataFrame) -> pd.DataFrame:
    """Without a request log: the handshakes that the server's own lines say were not accepted, as requests."""
    said = scene.said_failed
    refused = said[said["message"].map(lambda message: bool(TURNED_AWAY.search(message))).astype(bool)]
    refused = refused.assign(end_time=refused["time"])
    return refused if _of_sockets(scene, refused, spoken) else refused.head(0)


def _of_sockets(scene: Scene, refused: pd.DataFrame, spoken: pd.DataFrame) -> bool:
    """Whether meanwhile most are spoken of as trouble of sockets, and not of who asks."""
    of_callers = scene.lines(CONFIG)
    named = scene.during(refused, spoken[~spoken["id"].isin(of_callers["id"])])
    return bool(len(refused)) and named >= SHARE * len(refused) > scene.during(refused, of_callers)


def _none_older(scene: Scene, long: pd.DataFrame, age: float) -> bool:
    """Whether, since the first that ended at `age`, all that reached it ended at it, while older ones were usual."""
    cut = long[long["latency_s"].round(0) == age]
    since = long[long["end_time"] >= cut["end_time"].min()]
    own = since[since["revision"].isin(set(cut["revision"]))]
    older = _switched(scene.before)["latency_s"] > age + 1
    return len(cut) >= KNOWN and not (own["latency_s"] > age + 1).any() and int(older.sum()) >= IN_MINUTE


def shorter(scene: Scene) -> Sign:
    """FIRED when sockets end, minute after minute, far earlier than in the baseline, and are opened anew.

    A socket that dies early is logged as switched like any other, so its age is all that shows it.
    """
    name, says = "sockets_short", "Whether sockets ended early cannot be told: the baseline holds {n} of them."
    before, now = _switched(scene.before), _switched(scene.requests)
    if len(before) < KNOWN or now.empty:
        return not_seen(name, says, "WebSockets of the baseline")
    early, bad = _early(scene)
    usual = int(_bad(before, early).sum())
    rate = count(before) / (scene.settings.baseline.duration.total_seconds() / 60)
    expected = 1.0 + usual * scene.window.duration / scene.settings.baseline.duration
    again = count(bad) >= AGAIN * rate * max(1, bad["end_time"].dt.floor("min").nunique())
    minutes = int(_bad(now, early).sum())
    fired = minutes >= MINUTES and again and bool(pdtrc(minutes - 1, expected) < STRAY)
    failed = int(scene.failed["route"].isin(set(now["route"])).sum())
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "In {n} minutes half of the WebSockets or more ended within {a:dur}, as few did in the baseline; they lived "
        "for {b:dur} at the median.",
        time=moment(bad["end_time"].min()) if fired else None,
        share=1.0 if scene.ill_served is not None else failed / scene.impact if scene.impact else None,
        n=minutes,
        total=count(now),
        a=early,
        b=float(evened(now)["latency_s"].median()),
        unit="minutes",
        method="age of WebSockets at their end, minute by minute, against the baseline's; and how many there are",
    )


def ended_early(scene: Scene) -> pd.DataFrame:
    """The sockets of bad minutes that ended earlier than hardly any in the baseline."""
    early, bad = _early(scene)
    return bad[bad["latency_s"] < early]


def _early(scene: Scene) -> tuple[float, pd.DataFrame]:
    """The age that few sockets of the baseline fall short of, and the sockets of the minutes in which many do."""
    now = _switched(scene.requests)
    early = float(evened(_switched(scene.before))["latency_s"].quantile(EARLY))
    minutes = _bad(now, early)
    return early, now[now["end_time"].dt.floor("min").isin(minutes.index[minutes])]


def _switched(requests: pd.DataFrame) -> pd.DataFrame:
    real = real_traffic(requests)
    own = real[real["latency_s"].notna()]
    own = own[(own["status"] == 101).fillna(value=False)]
    return own.assign(latency_s=own["latency_s"].astype(float))


def _bad(sockets: pd.DataFrame, early: float) -> pd.Series:
    """Minute to whether half of its sockets or more ended early; minutes with few sockets are left out."""
    weights = sockets["weight"].astype(int)
    counts = pd.DataFrame({"early": weights * (sockets["latency_s"] < early), "all": weights})
    grouped = counts.groupby(sockets["end_time"].dt.floor("min")).sum()
    grouped = grouped[grouped["all"] >= IN_MINUTE]
    return (grouped["early"] / grouped["all"]).astype(float) >= SHARE
