"""Signs of kills over memory that need no metric: what was inside an instance when it was killed, and its age."""

import numpy as np
import pandas as pd
from scipy.special import pdtr

from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import count, frame, moment, passed
from netra_analysis.signs.deaths import memory_deaths
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.statistics.lifetimes import alike

AT_ONCE, TIMES_USUAL = 6, 3.0  # requests inside an instance, and how many times the usual that is
LARGE_BYTES, TIMES_LARGE = 8 * 1024 * 1024, 20.0
LEAST_SIZES = 20
FEWEST_LIVES, ALPHA = 2, 0.05
YOUNG_S = 300.0  # younger ones may be alike because of how a start goes
_BEFORE = pd.Timedelta(minutes=2)
SLACK = pd.Timedelta(seconds=2)  # between the end of what was inside and the death that is on record

_OF_INSTANCES = "SELECT * FROM finding_crashes WHERE instance IN UNNEST(@instances) ORDER BY start_time"


def look(scene: Scene) -> list[Sign]:
    loaded = _under_load(scene)
    return [loaded, _ages(scene, loaded)]


def _under_load(scene: Scene) -> Sign:
    """Whether most kills met an instance with far more inside than usual, or with one very large body."""
    name, kills = "kill_under_load", scene.deaths[(scene.deaths["kind"] == "oom") & (scene.deaths["instance"] != "")]
    if not scene.has("requests") or kills.empty:
        return not_seen(name, "What was inside instances when they were killed cannot be told ({n} kills).", "requests")
    requests = pd.concat([scene.before, scene.requests])
    requests = requests[(requests["status"] != 101).fillna(value=True) & (requests["instance"] != "")]
    usual = _usual(requests[~_near_a_kill(requests, kills)])
    sizes = _sizes(scene)
    ordinary = float(np.median(list(sizes.values()))) if len(sizes) >= LEAST_SIZES else 0.0
    large = max(LARGE_BYTES, TIMES_LARGE * ordinary)
    counts, hits = [], []
    for kill in kills.itertuples():
        inside = inside_of(requests, kill.instance, kill.start_time)
        counts.append(count(inside))
        body = max((sizes.get(one, 0.0) for one in inside["id"]), default=0.0)
        if count(inside) >= max(AT_ONCE, TIMES_USUAL * usual) or body >= large:
            hits.append(kill.start_time)
    fired = len(hits) * 2 > len(kills)
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} kills met an instance with far more inside than usual, or with a very large body: "
        "{a} requests at once at the most, {b} usually.",
        time=moment(min(hits)) if fired else None,
        n=len(hits),
        total=len(kills),
        a=float(max(counts)),
        b=usual,
        unit="kills",
        method="requests of the instance that ran at the moment of its death; sizes of their bodies",
    )


def _ages(scene: Scene, loaded: Sign) -> Sign:
    """Whether those that were killed had come to one age: then something filled up, and no large request did it."""
    name = "killed_at_one_age"
    deaths = memory_deaths(scene)
    killed = deaths[deaths["lived_s"].notna()]
    if len(killed) < FEWEST_LIVES:
        return not_seen(name, "Whether instances were killed at one age cannot be told from {n} known ages.", "system")
    found = alike(killed["lived_s"])
    young = float(killed["lived_s"].min()) < YOUNG_S
    fired = found.p < ALPHA and not young and not loaded.fired
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} instances were killed over memory at known ages, the oldest {a} times as old as the youngest; so alike "
        "they are in {b:pct} of cases when kills come at random.",
        time=first(killed, "start_time") if fired else None,
        n=len(killed),
        a=found.ratio,
        b=found.p,
        unit="instances",
        method="longest over shortest life, against exponential lives (exact); none of them killed while it started, "
        "and not by what was inside",
        evidence=Query(_OF_INSTANCES, {"instances": tuple(sorted(killed["instance"]))}),
    )


def inside_of(requests: pd.DataFrame, instance: str, moment_: pd.Timestamp) -> pd.DataFrame:
    """The requests that ran in an instance at a moment, or ended just before."""
    own = requests[requests["instance"] == instance]
    return own[(own["time"] <= moment_) & (own["end_time"] >= moment_ - SLACK)]


def _near_a_kill(requests: pd.DataFrame, kills: pd.DataFrame) -> pd.Series:
    """Requests of the last minutes before a kill: what is usual is read from the others."""
    near = pd.Series(data=False, index=requests.index)
    for kill in kills.itertuples():
        near |= (requests["time"] > kill.start_time - _BEFORE) & (requests["time"] <= kill.start_time)
    return near


def _usual(requests: pd.DataFrame) -> float:
    """How many an instance has inside when another one comes: the upper end of what is usual."""
    if count(requests) > len(requests):
        return _expected(requests)
    counts = []
    for _, own in requests.groupby("instance"):
        at = np.sort(own["time"].to_numpy())
        begun, over = passed(own, "time", at, side="right"), passed(own, "end_time", at, side="left")
        counts += (begun - over).tolist()
    return float(np.quantile(counts, 0.9)) if counts else 0.0


def _expected(requests: pd.DataFrame) -> float:
    """The same of thinned requests: those that one row stands for were not all inside when it was.

    What all of them took, over the time that their instances were at work, is how many are inside on average (Little
    1961, A proof for the queuing formula L = λW); about that, and independent of each other, they are Poisson.
    """
    took = (requests["end_time"] - requests["time"]).dt.total_seconds()
    spans = requests.groupby("instance").agg({"time": "min", "end_time": "max"})
    at_work = (spans["end_time"] - spans["time"]).dt.total_seconds().sum()
    inside = float((took * requests["weight"].astype(float)).sum() / at_work) if at_work > 0 else 0.0
    others = np.arange(int(inside + 10 * inside**0.5) + 10)
    return float(np.searchsorted(pdtr(others, inside), 0.9)) + 1.0  # and the one that comes


def _sizes(scene: Scene) -> dict[str, float]:
    entries = frame(scene.tables.entries.select(["id", "request_bytes", "time"]))
    told = entries[entries["request_bytes"].notna()]
    return dict(zip(told["id"], told["request_bytes"].astype(float), strict=True))
