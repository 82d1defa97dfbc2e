"""Whether answers became slow: each request against what its own route took in the baseline.

A service can hurt everybody without failing anyone. A route that is slow on any day is no news, and neither is one
slow answer: a minute is slow when a good share of what was asked in it was, and several such minutes are an impact.
An export without a baseline is compared with its own first third.
"""

from collections.abc import Mapping

import pandas as pd
from scipy.special import pdtrc

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.frames import evened, moment, real_traffic, where
from netra_analysis.reconstruct.once import once
from netra_analysis.signs.scene import STRAY, Scene
from netra_analysis.signs.sign import Sign, not_seen

LEAST_S, UNUSUAL = 1.0, 5.0  # slow: so many seconds or more, and so many times the route's baseline p95
KNOWN, IN_MINUTE = 10, 5  # baseline requests of a route; judged requests of a minute
SHARE, MINUTES = 0.2, 3  # of a minute's requests that make it slow; slow minutes that are an impact


@once
@once
def slower(scene: Scene) -> Sign:
    """FIRED with the start of the first slow request when far more minutes were slow than in the baseline."""
    name = "slower"
    limits, (usually, since) = _limits(scene), _usual_and_since(scene)
    judged = _judged(since, limits, scene.events)
    says = "Whether answers became slow cannot be told: the baseline knows the routes of {n} requests."
    unseen = not_seen(name, says, "a baseline of the same routes")
    if judged.empty or usually.empty:
        return unseen
    minutes, before = _minutes(judged), _minutes(_judged(usually, limits, scene.events))
    slow, usual = minutes[minutes["slow"]], int(before["slow"].sum())
    expected = 1.0 + usual * len(minutes) / max(len(before), 1)
    fired = len(slow) >= MINUTES and bool(pdtrc(len(slow) - 1, expected) < STRAY)
    if not fired and scene.before.empty:  # the part that it was compared with may have been slow itself
        return unseen
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "In {n} of {total} minutes a fifth or more of the requests took a second or more and five times what is "
        "usual for their route; {a} such minutes in the time that they are compared with.",
        time=moment(slow["first"].min()) if fired else None,
        n=len(slow),
        total=len(minutes),
        a=float(usual),
        unit="minutes",
        method="latency of real traffic against the p95 of the same route in the baseline, or where there is none in "
        "the window's first third; WebSockets and cold starts apart",
    )


def slowed(scene: Scene) -> pd.DataFrame:
    """The requests of the window that took far longer than their route used to."""
    judged = _judged(_usual_and_since(scene)[1], _limits(scene), scene.events)
    return judged[judged["slow"]]


@once
def _usual_and_since(scene: Scene) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is usual, and what is held against it: baseline and window, or the parts of a window without a baseline."""
    if len(scene.before) or scene.requests.empty:
        return scene.before, scene.requests
    ends = scene.requests["end_time"]
    until = ends.min() + (ends.max() - ends.min()) / 3
    return scene.requests[ends <= until], scene.requests[ends > until]


def _plain(requests: pd.DataFrame) -> pd.DataFrame:
    real = real_traffic(requests)
    own = real[real["latency_s"].notna()]
    return own[(own["status"] != 101).fillna(value=True)]


@once
def _limits(scene: Scene) -> dict[str, float]:
    """Route to the seconds from which on a request of it is slow; only routes that the baseline knows well."""
    known = _plain(_usual_and_since(scene)[0]).groupby("route")
    return {
        str(route): max(LEAST_S, UNUSUAL * float(evened(own)["latency_s"].quantile(0.95)))
        for route, own in known
        if len(own) >= KNOWN
    }


def _judged(requests: pd.DataFrame, limits: Mapping[str, float], events: pd.DataFrame) -> pd.DataFrame:
    own = _plain(requests)
    own = own[own["route"].isin(limits)]
    own = own.assign(slow=own["latency_s"].astype(float) >= own["route"].map(limits).astype(float))
    started = events[events["event"].isin(["start", "probe_ok"])]
    born = started.groupby("instance")["time"].apply(list).to_dict()
    slow = own[own["slow"]]
    cold = slow[where(slow, [_cold(row, born.get(row.instance, [])) for row in slow.itertuples()])]
    return own[~own.index.isin(cold.index)]


def _cold(row: object, born: list[pd.Timestamp]) -> bool:
    """Whether the request's instance was starting while it waited."""
    return any(row.time <= at <= row.end_time for at in born)  # type: ignore[attr-defined]


def _minutes(judged: pd.DataFrame) -> pd.DataFrame:
    """One row a minute with enough requests: whether it was slow, and when its first slow request had begun."""
    minute = judged["end_time"].dt.floor("min")
    weighed = judged.assign(slow_n=judged["slow"].astype(int) * judged["weight"])
    sums = weighed.groupby(minute)[["slow_n", "weight"]].sum()
    grouped = pd.DataFrame({"mean": sums["slow_n"] / sums["weight"], "size": sums["weight"]})
    grouped["first"] = judged[judged["slow"]].groupby(minute)["time"].min()
    enough = grouped[grouped["size"] >= IN_MINUTE]
    return enough.assign(slow=enough["mean"] >= SHARE)
