"""Signs that set failures and deaths over memory side by side: which came of which.

Who is about to be killed over memory is slow first: collections of garbage, pages that are taken away. Its calls time
out as if what they call were away. But then others, at the same time and on the same routes, are served well.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import LOST, OUT_OF_MEMORY, REFUSES, TIMED_OUT
from netra_analysis.reconstruct.frames import count, naive
from netra_analysis.reconstruct.once import once
from netra_analysis.signs.deaths import BY_ITSELF, FULL, ended_full, memory_deaths
from netra_analysis.signs.load import SLACK, inside_of
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.spoken import by_instance
from netra_analysis.signs.words import told

LAST, PART = pd.Timedelta(minutes=15), 0.15  # of a life that memory ended, or a part of it where it was long
LONGEST = pd.Timedelta(hours=2)
AFTER = timedelta(minutes=2)  # the others carry what one did that was killed, and a new one fills its pools
MOST, LEAST, CHANCE, TIMES = 0.5, 3, 0.001, 5.0
ALWAYS = 0.8  # of the kills, or of the lines
LEAST_OTHERS = 20  # requests to compare with


def look(scene: Scene) -> list[Sign]:
    return [_words(scene), _full(scene), before_death(scene), _after_kills(scene), _route_inside(scene)]


@once
def before_death(scene: Scene) -> Sign:
    """Whether requests fail on instances in their last minutes, and others serve the same routes well meanwhile."""
    name, deaths = "fails_before_death", memory_deaths(scene)
    if deaths.empty or not scene.impact or scene.ill_served is not None:
        return not_seen(name, "No failed request could be of an instance before its death ({n}).", "requests")
    requests = scene.requests[scene.requests["route"].isin(set(scene.failed["route"]))]
    dying = _dying(requests, deaths)
    meanwhile = requests[~dying & _within(requests["end_time"], deaths)]
    fell = scene.failed[_dying(scene.failed, deaths)]
    table = [[len(fell), max(0, count(requests[dying]) - len(fell))], _outcomes(meanwhile)]
    share = len(fell) / scene.impact
    part = [bad / max(1, bad + good) for bad, good in table]
    clear = part[0] >= TIMES * part[1] and stats.fisher_exact(table, alternative="greater").pvalue < CHANCE
    fired = len(fell) >= LEAST and share >= MOST and sum(table[1]) >= LEAST_OTHERS and clear
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} failed requests were on an instance in its last minutes before memory ended it; there "
        "{a:pct} failed, and of those to the same routes elsewhere at that time {b:pct}.",
        time=first(fell, "end_time") if fired else None,
        share=share if fired else None,
        n=len(fell),
        total=scene.impact,
        a=part[0],
        b=part[1],
        unit="requests",
        method="requests of instances in the last quarter of an hour, or 15 % of a long life, before their death over "
        "memory, against the others then (Fisher's exact test)",
    )


def _words(scene: Scene) -> Sign:
    """Whether processes say that they got no more memory; what fails in their last minutes is theirs."""
    now = scene.lines(OUT_OF_MEMORY)
    found = told(
        scene,
        "memory_words",
        now,
        before=scene.lines(OUT_OF_MEMORY, before=True),
        says="{n} lines say that the process got no more memory",
        unknown="Whether a process ran out of memory by its own words cannot be told from {n} lines.",
        method="words of runtimes and servers; clearly more than in the baseline",
    )
    dying = before_death(scene).share
    return replace(found, share=max(found.share or 0.0, dying)) if found.fired and dying else found


def _full(scene: Scene) -> Sign:
    """Whether instances ended without a reason while they said that they had nearly all of their memory."""
    ended, without = ended_full(scene), scene.deaths["kind"].isin(BY_ITSELF).any()
    if not scene.has("system"):
        return not_seen("ended_full", "Whether instances ended by themselves cannot be told ({n}).", "system")
    if without and by_instance(scene).empty:
        return not_seen("ended_full", "No instance says how much memory it has ({n} lines).", "memory in lines")
    victims = int(_dying(scene.failed, ended).sum())
    return Sign(
        "ended_full",
        Verdict.FIRED if len(ended) else Verdict.CLEAR,
        "{n} instances ended by themselves that had said last that they had {a:pct} of their memory or more.",
        time=first(ended, "start_time"),
        share=scene.of_impact(victims, len(ended)) if len(ended) else None,
        n=len(ended),
        a=FULL,
        unit="instances",
        method="exits and signals without a word of the platform on memory, and what the instance's own lines said",
    )


def _outcomes(requests: pd.DataFrame) -> list[int]:
    bad = count(requests[requests["failed"]])
    return [bad, count(requests) - bad]


def _dying(requests: pd.DataFrame, deaths: pd.DataFrame) -> pd.Series:
    """Which of `requests` ended in the last minutes of their own instance."""
    dying = pd.Series(data=False, index=requests.index)
    for name, own in deaths.groupby("instance"):
        dying |= (requests["instance"] == name) & _within(requests["end_time"], own)
    return dying


def _within(times: pd.Series, deaths: pd.DataFrame) -> pd.Series:
    """Which of `times` lie in the last minutes of any of `deaths`."""
    found = pd.Series(data=False, index=times.index)
    for death in deaths.itertuples():
        found |= _just_before(times, death)
    return found


def _just_before(times: pd.Series, death: Any) -> pd.Series:
    lived = pd.Timedelta(seconds=0.0 if pd.isna(death.lived_s) else death.lived_s)
    last = min(max(LAST, PART * lived), LONGEST)
    return (times > death.start_time - last) & (times <= death.start_time + SLACK)


def _after_kills(scene: Scene) -> Sign:
    """Whether time-outs of the pool and of what is called come just after kills over memory, and at no other time."""
    name, deaths = "errors_after_kills", memory_deaths(scene)
    lines = scene.lines(LOST, REFUSES, TIMED_OUT, loud=False)
    if deaths.empty or len(lines) < LEAST:
        return not_seen(name, "No errors could have come after kills ({n} lines).", "stderr")
    begins, after = np.sort(naive(deaths["start_time"])), np.timedelta64(AFTER)
    times = naive(lines["time"])
    last = np.searchsorted(begins, times, side="right") - 1  # the last kill before each line
    near = int(((last >= 0) & (times - begins[last] <= after)).sum())
    covered = np.minimum(np.diff(np.append(begins, begins[-1] + after)), after).sum()
    part = min(1.0, float(covered / np.timedelta64(scene.window.duration)))
    chance = stats.binom.sf(near - 1, len(lines), part)
    fired = near >= ALWAYS * len(lines) and chance < CHANCE
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} such lines came within two minutes after a kill over memory, which is {a:pct} of the time.",
        time=first(lines) if fired else None,
        n=near,
        total=len(lines),
        a=part,
        unit="lines",
        method="lines on the pool and on what is called, by the time since the last kill (binomial)",
        evidence=scene.rows_of(lines),
    )


def _route_inside(scene: Scene) -> Sign:
    """Whether one route was inside at nearly all kills that hardly ever is inside: then what it does filled memory."""
    name, kills = "one_route_inside", memory_deaths(scene)
    if len(kills) < LEAST or not scene.has("requests"):
        return not_seen(name, "Whether one route was inside at the kills cannot be told ({n} kills).", "requests")
    requests = scene.requests[(scene.requests["status"] != 101).fillna(value=True) & (scene.requests["instance"] != "")]
    moments = kills[["instance", "start_time"]].itertuples(index=False, name=None)
    inside = pd.concat([inside_of(requests, own, at).assign(kill=at) for own, at in moments])
    met = inside.groupby("route")["kill"].nunique()
    if met.empty:
        return Sign(name, Verdict.CLEAR, "No request was inside at any kill ({n}).", n=0, unit="kills")
    usual = _busy(requests)
    odds = {r: stats.binom.sf(n - 1, len(kills), usual.get(r, 0.0)) * len(usual) for r, n in met.items()}
    route = min(odds, key=lambda one: (odds[one], one))
    fired = int(met[route]) >= ALWAYS * len(kills) and odds[route] < CHANCE
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "A request to {words:text} was inside at {n} of {total} kills over memory; by chance it is at {a:pct}.",
        time=first(kills, "start_time") if fired else None,
        n=int(met[route]),
        total=len(kills),
        a=float(usual.get(route, 0.0)),
        words=str(route),
        unit="kills",
        method="requests of an instance at the moment of its death, against the share of its time, or of all requests, "
        "that each route takes (binomial, all routes tried)",
    )


def _busy(requests: pd.DataFrame) -> dict[str, float]:
    """How often a request of each route is inside by chance: its share of an instance's time, or of all requests.

    The larger of the two, because who is about to be killed is slow, and then whatever was asked for is inside.
    """
    took = (requests["end_time"] - requests["time"] + SLACK).dt.total_seconds() * requests["weight"].astype(float)
    spans = requests.groupby("instance").agg({"time": "min", "end_time": "max"})
    at_work = float((spans["end_time"] - spans["time"]).dt.total_seconds().sum())
    by_time = 1 - np.exp(-took.groupby(requests["route"]).sum() / max(at_work, 1.0))
    by_number = requests.groupby("route")["weight"].sum().astype(float) / count(requests)
    return {str(route): float(share) for route, share in np.maximum(by_time, by_number).items()}
