"""Signs of memory: kills over the limit, a climb before them, a burst, or plenty of room."""

from datetime import timedelta

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import moment
from netra_analysis.signs.deaths import own_cap
from netra_analysis.signs.dying import before_death
from netra_analysis.signs.lives import (
    FELL_FROM,
    LEAST_POINTS,
    STATISTICS,
    UTILISATION,
    falls,
    shape,
    utilisation,
)
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.spoken import by_instance

LOW, FULL = 0.80, 0.95
ROLLOUT = timedelta(minutes=4)


def look(scene: Scene) -> list[Sign]:
    return [_kills(scene), resets(scene), *shape(scene), _low(scene), _filled(scene)]


def _kills(scene: Scene) -> Sign:
    if not scene.has("system"):
        return not_seen(
            "oom_kill", "Whether instances were killed over memory cannot be told from {n} entries.", "system"
        )
    kills = scene.deaths[scene.deaths["kind"] == "oom"]
    victims = int(scene.failed["fate"].isin(["killed_with_instance", "no_instance"]).sum())
    victims = max(victims, round((before_death(scene).share or 0.0) * scene.impact))
    return Sign(
        "oom_kill",
        Verdict.FIRED if len(kills) else Verdict.CLEAR,
        "{n} instances were killed over their memory limit.",
        time=first(kills, "start_time"),
        share=scene.of_impact(victims, len(kills)) if len(kills) else None,
        n=len(kills),
        unit="instances",
        method="the platform's kill lines",
        evidence=Query("SELECT * FROM finding_crashes WHERE kind = 'oom' ORDER BY start_time"),
    )


def resets(scene: Scene) -> Sign:
    """Whether memory fell from near its limit at once, with no roll-out to explain it: somebody began anew."""
    series = scene.inside(utilisation(scene))
    if len(series) < LEAST_POINTS:
        return not_seen("memory_resets", "Whether memory fell at once cannot be told: {n} points.", "metrics.memory")
    fell = [time for own in _continuous(scene, series) for time in falls(own) if not _rolled_out(scene, time)]
    return Sign(
        "memory_resets",
        Verdict.FIRED if fell else Verdict.CLEAR,
        "Memory fell {n} times from {a:pct} of its limit or more to far below, with no roll-out near.",
        time=moment(min(fell)) if fell else None,
        n=len(fell),
        a=FELL_FROM,
        unit="falls",
        method="neighbouring points of the utilisation metric",
    )


def _continuous(scene: Scene, series: pd.Series) -> list[pd.Series]:
    """The metric as it is; what instances say by instance: of two that take turns, the lower is no fall."""
    if len(scene.metric(UTILISATION, STATISTICS)):
        return [series]
    return [scene.inside(rows.groupby("time")["share"].max()) for _, rows in by_instance(scene).groupby("instance")]


def _rolled_out(scene: Scene, time: pd.Timestamp) -> bool:
    near = (scene.deploys["time"] >= time - ROLLOUT) & (scene.deploys["time"] <= time + timedelta(minutes=1))
    return bool((near & scene.deploys["kind"].isin(["ready", "first_seen"])).any())


def _low(scene: Scene) -> Sign:
    inside = scene.inside(utilisation(scene))
    if inside.empty:
        return not_seen(
            "memory_low", "Whether memory had room cannot be told: {n} points of its metric.", "metrics.memory"
        )
    peak, capped = float(inside.max()), own_cap(scene)
    says = "Memory stayed below {b:pct} of its limit: the highest point was {a:pct}"
    return Sign(
        "memory_low",
        Verdict.FIRED if peak < LOW and not capped else Verdict.CLEAR,
        (says + (", but processes ended at a cap of their own." if capped else "."))
        if peak < LOW
        else "Memory came to {a:pct} of its limit.",
        a=peak,
        b=LOW,
        unit="share of the limit",
        method="highest point of the utilisation metric",
    )


def _filled(scene: Scene) -> Sign:
    """Whether memory climbed all the way: then exceptions of that time need not be a fault of their own."""
    inside = scene.inside(utilisation(scene))
    if len(inside) < LEAST_POINTS:
        return not_seen("memory_filled", "Whether memory filled up cannot be told: {n} points.", "metrics.memory")
    climbing = shape(scene)[0].fired
    full = inside[inside >= FULL]
    return Sign(
        "memory_filled",
        Verdict.FIRED if climbing and len(full) else Verdict.CLEAR,
        "Memory climbed up to {a:pct} of its limit; {n} points lie at {b:pct} or above."
        if climbing
        else "Memory did not climb to its limit: its highest point was {a:pct} ({n} points at {b:pct} or above).",
        time=first(full.reset_index(), "time") if climbing and len(full) else None,
        n=len(full),
        a=float(inside.max()),
        b=FULL,
        unit="points",
        method="the climb of lives, and the highest points of the utilisation metric",
    )
