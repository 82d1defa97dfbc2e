"""Signs of memory: kills over the limit, a climb before them, a burst, or plenty of room."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import re2
from scipy import stats

from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import moment
from netra_analysis.reconstruct.once import once
from netra_analysis.signs.dying import before_death
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen

UTILISATION = "container/memory/utilizations"
STATISTICS = ("max", "p99", "p95", "value", "mean")
CLIMB = 0.12  # share of the limit that a life must gain, and mostly in one direction
STEADY = 0.5  # Kendall's tau of a climb
LOW, FULL = 0.80, 0.95
FELL_FROM, FELL_BY = 0.85, 0.15  # of the limit, from one point to the next: what was there is gone
LEAST_POINTS = 6  # fewer minutes show no shape
LAST_MINUTES = timedelta(minutes=3)
ROLLOUT = timedelta(minutes=4)
_SPOKEN = re2.compile(
    r"(?i)\b(?:memory|mem|rss|heap)\b(?:[ _-]?(?:usage|used|pressure|rss|size))?[^0-9%\n]{0,24}"
    r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>%|[MG]i?B\b)"
    r"(?:[^\n]{0,60}?(?:\bmax\b|\blimit\b|\bof\b|/)[^0-9\n]{0,6}(?P<most>\d+(?:\.\d+)?) ?(?P<most_unit>[MG]i?B\b))?"
)


def look(scene: Scene) -> list[Sign]:
    return [_kills(scene), resets(scene), *_shape(scene), _low(scene), _filled(scene)]


def utilisation(scene: Scene) -> pd.Series:
    """Share of the limit by time: the metric, else what the application says of itself."""
    series = scene.metric(UTILISATION, STATISTICS)
    return series if len(series) else _said(scene)


def _said(scene: Scene) -> pd.Series:
    """Memory in the application's own lines, the highest of each minute, as a share of the limit."""
    spoken = _spoken(scene)
    return spoken.groupby("time")["share"].max() if len(spoken) else pd.Series(dtype=float)


@once
def _spoken(scene: Scene) -> pd.DataFrame:
    """What each instance says of its memory, by minute: `time`, `instance`, `share` of the limit or of its heap."""
    limit = scene.settings.limits.memory_mib
    if not limit:
        told = scene.deaths["limit_mib"].dropna()
        limit = float(told.max()) if len(told) else None
    found = []
    lines = zip(scene.logs["time"], scene.logs["instance"], scene.logs["message"], strict=True)
    for time, instance, message in lines:
        match = _SPOKEN.search(message) if "em" in message or "ea" in message or "ss" in message.lower() else None
        share = _share(match, limit) if match else None
        if share is not None and 0.0 < share < 2.0:
            found.append((time.floor("min"), instance, share))
    return pd.DataFrame(found, columns=["time", "instance", "share"])


def _share(match: Any, limit: float | None) -> float | None:
    number, unit = float(match["number"]), match["unit"].lower()
    if unit == "%":
        return number / 100
    most = _mib(float(match["most"]), match["most_unit"].lower()) if match["most"] else limit
    return _mib(number, unit) / most if most else None


def _mib(number: float, unit: str) -> float:
    return number * (1024 if unit.startswith("g") else 1)


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
    falls = [time for time in _falls(series) if not _rolled_out(scene, time)]
    return Sign(
        "memory_resets",
        Verdict.FIRED if falls else Verdict.CLEAR,
        "Memory fell {n} times from {a:pct} of its limit or more to far below, with no roll-out near.",
        time=moment(falls[0]) if falls else None,
        n=len(falls),
        a=FELL_FROM,
        unit="falls",
        method="neighbouring points of the utilisation metric",
    )


def _falls(series: pd.Series) -> list[pd.Timestamp]:
    before = np.maximum(series.to_numpy()[:-1], np.append(0.0, series.to_numpy()[:-2]))
    after = series.to_numpy()[1:]
    down = (before >= FELL_FROM) & (before - after >= FELL_BY)
    times = list(series.index[1:][down])
    return [time for at, time in enumerate(times) if not at or time - times[at - 1] > LAST_MINUTES]


def _rolled_out(scene: Scene, time: pd.Timestamp) -> bool:
    near = (scene.deploys["time"] >= time - ROLLOUT) & (scene.deploys["time"] <= time + timedelta(minutes=1))
    return bool((near & scene.deploys["kind"].isin(["ready", "first_seen"])).any())


def _lives(scene: Scene, series: pd.Series) -> list[pd.Series]:
    """The metric over the life of each instance that was killed; else cut where it fell; else the whole window.

    What instances say of themselves is a life for each of them.
    """
    if not len(scene.metric(UTILISATION, STATISTICS)):
        own = [rows.groupby("time")["share"].max() for _, rows in _spoken(scene).groupby("instance")]
        return [life for life in own if len(life) >= LEAST_POINTS]
    kills = scene.deaths[scene.deaths["kind"] == "oom"].sort_values("start_time")
    begin = series.index.min()
    if len(kills):
        ends = [
            (row.start_time, row.start_time - timedelta(seconds=row.lived_s) if pd.notna(row.lived_s) else None)
            for row in kills.itertuples()
        ]
    else:
        ends = [*((time - timedelta(seconds=90), None) for time in _falls(series)), (series.index.max(), None)]
    lives, since = [], begin
    for end, born in ends:
        start = max(born or since, begin)
        lives.append(series[(series.index >= start) & (series.index < end)])
        since = end
    return [life for life in lives if len(life) >= LEAST_POINTS]


def _shape(scene: Scene) -> list[Sign]:
    """Climb or burst: how memory came to its height in the lives that ended (or in the one that is seen)."""
    series = utilisation(scene)
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
    method = "utilisation by the metric, else by the application's lines, within each life: first quarter against "
    method += "last, and Kendall's tau (Kendall 1938)"
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
    inside = scene.inside(utilisation(scene))
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


def _filled(scene: Scene) -> Sign:
    """Whether memory climbed all the way: then exceptions of that time need not be a fault of their own."""
    inside = scene.inside(utilisation(scene))
    if len(inside) < LEAST_POINTS:
        return not_seen("memory_filled", "Whether memory filled up cannot be told: {n} points.", "metrics.memory")
    climbing = _shape(scene)[0].fired
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
