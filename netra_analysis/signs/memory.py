"""Signs of memory: kills over the limit, a climb before them, a burst, or plenty of room."""

from datetime import timedelta

import numpy as np
import pandas as pd
from scipy import stats

from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import moment
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen

UTILISATION = "container/memory/utilizations"
CLIMB = 0.12  # share of the limit that a life must gain, and mostly in one direction
STEADY = 0.5  # Kendall's tau of a climb
LOW = 0.80
LEAST_POINTS = 6  # fewer minutes show no shape
LAST_MINUTES = timedelta(minutes=3)


def look(scene: Scene) -> list[Sign]:
    return [_kills(scene), *_shape(scene), _low(scene)]


def _kills(scene: Scene) -> Sign:
    if not scene.has("system"):
        return not_seen(
            "oom_kill", "Whether instances were killed over memory cannot be told from {n} entries.", "system"
        )
    kills = scene.deaths[scene.deaths["kind"] == "oom"]
    victims = set(scene.failed[scene.failed["fate"].isin(["killed_with_instance", "no_instance"])]["id"])
    return Sign(
        "oom_kill",
        Verdict.FIRED if len(kills) else Verdict.CLEAR,
        "{n} instances were killed over their memory limit.",
        time=first(kills, "start_time"),
        share=scene.of_impact(len(victims), len(kills)) if len(kills) else None,
        n=len(kills),
        unit="instances",
        method="the platform's kill lines",
        evidence=Query("SELECT * FROM finding_crashes WHERE kind = 'oom' ORDER BY start_time"),
    )


def _lives(scene: Scene, series: pd.Series) -> list[pd.Series]:
    """The metric over the life of each instance that was killed; over the whole window when none was."""
    kills = scene.deaths[scene.deaths["kind"] == "oom"].sort_values("start_time")
    if kills.empty:
        return [series] if len(series) >= LEAST_POINTS else []
    lives, since = [], series.index.min()
    for kill in kills.itertuples():
        born = kill.start_time - timedelta(seconds=kill.lived_s) if pd.notna(kill.lived_s) else since
        lives.append(series[(series.index >= max(born, series.index.min())) & (series.index < kill.start_time)])
        since = kill.start_time
    return [life for life in lives if len(life) >= LEAST_POINTS]


def _shape(scene: Scene) -> list[Sign]:
    """Climb or burst: how memory came to its height in the lives that ended (or in the one that is seen)."""
    series = scene.metric(UTILISATION)
    missing = ("memory_climbs", "memory_burst")
    if series.empty:
        return [
            not_seen(name, "How memory moved cannot be told: {n} points of its metric.", "metrics.memory")
            for name in missing
        ]
    lives = _lives(scene, series)
    gains = [_gain(life) for life in lives]
    climbs = [gain for gain, tau in gains if gain >= CLIMB and tau >= STEADY]
    kills = int((scene.deaths["kind"] == "oom").sum())
    climbing = bool(lives) and len(climbs) * 2 > len(lives)
    burst = bool(kills) and not climbing
    best = max(gains, default=(0.0, 0.0))
    method = "utilisation metric within each life: first quarter against last, and Kendall's tau (Kendall 1938)"
    return [
        Sign(
            "memory_climbs",
            Verdict.FIRED if climbing else Verdict.CLEAR,
            "Memory climbed steadily in {n} of {total} lives, at the most by {a:pct} of the limit.",
            time=moment(series.index.min()) if climbing else None,
            n=len(climbs),
            total=len(lives),
            a=float(best[0]),
            unit="lives",
            method=method,
        ),
        Sign(
            "memory_burst",
            Verdict.FIRED if burst else Verdict.CLEAR,
            "{n} kills came without a steady climb before them; the largest gain of a life was {a:pct} of the limit.",
            time=first(scene.deaths[scene.deaths["kind"] == "oom"], "start_time") if burst else None,
            n=kills if burst else 0,
            a=float(best[0]),
            unit="kills",
            method=method,
        ),
    ]


def _gain(life: pd.Series) -> tuple[float, float]:
    """Gain from the first quarter to the last before the final minutes, and how steady it was."""
    body = life[life.index <= life.index.max() - LAST_MINUTES]
    values = (body if len(body) >= LEAST_POINTS else life).to_numpy(dtype=float)
    quarter = max(2, len(values) // 4)
    gain = float(np.median(values[-quarter:]) - np.median(values[:quarter]))
    coarse = values[:: max(1, len(values) // 60)]
    tau = stats.kendalltau(np.arange(len(coarse)), coarse).statistic if len(set(coarse)) > 1 else 0.0
    return gain, float(tau)


def _low(scene: Scene) -> Sign:
    series = scene.metric(UTILISATION)
    inside = series[(series.index >= scene.window.start) & (series.index < scene.window.end)]
    if inside.empty:
        return not_seen(
            "memory_low", "Whether memory had room cannot be told: {n} points of its metric.", "metrics.memory"
        )
    peak = float(inside.max())
    return Sign(
        "memory_low",
        Verdict.FIRED if peak < LOW else Verdict.CLEAR,
        "Memory stayed below {b:pct} of its limit: the highest point was {a:pct}."
        if peak < LOW
        else "Memory came to {a:pct} of its limit.",
        a=peak,
        b=LOW,
        unit="share of the limit",
        method="highest point of the utilisation metric",
    )
