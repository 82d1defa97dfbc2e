"""How memory moved: the metric or what instances say of it, over the life of each, and what collectors leave."""

from datetime import timedelta

import numpy as np
import pandas as pd
from scipy import stats

from netra_analysis.finding import Verdict
from netra_analysis.logtext.collector import ARROW, collected
from netra_analysis.reconstruct.frames import moment
from netra_analysis.reconstruct.once import once
from netra_analysis.signs.deaths import memory_deaths
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.spoken import by_instance

UTILISATION = "container/memory/utilizations"
STATISTICS = ("max", "p99", "p95", "value", "mean")
CLIMB = 0.12  # share of the limit that a life must gain, and mostly in one direction
STEADY = 0.5  # Kendall's tau of a climb
NEAR, AHEAD = 0.75, 5.0  # of the limit; minutes that the last points may lie before the kill
FELL_FROM, FELL_BY = 0.85, 0.15  # of the limit, from one point to the next: what was there is gone
LEAST_POINTS = 6  # fewer minutes show no shape
LAST_MINUTES = timedelta(minutes=3)


def utilisation(scene: Scene) -> pd.Series:
    """Share of the limit by time: the metric, else what the application says of itself."""
    series = scene.metric(UTILISATION, STATISTICS)
    return series if len(series) else _said(scene)


def _said(scene: Scene) -> pd.Series:
    """Memory in the application's own lines, the highest of each minute, as a share of the limit."""
    spoken = scene.inside(by_instance(scene).set_index("time")["share"]).reset_index()
    return spoken.groupby("time")["share"].max() if len(spoken) else pd.Series(dtype=float)


def falls(series: pd.Series) -> list[pd.Timestamp]:
    """When memory fell at once from near its limit; points close to each other are one fall."""
    before = np.maximum(series.to_numpy()[:-1], np.append(0.0, series.to_numpy()[:-2]))
    after = series.to_numpy()[1:]
    down = (before >= FELL_FROM) & (before - after >= FELL_BY)
    times = list(series.index[1:][down])
    return [time for at, time in enumerate(times) if not at or time - times[at - 1] > LAST_MINUTES]


def _lives(scene: Scene, series: pd.Series) -> list[pd.Series]:
    """The metric over the life of each instance that memory ended; else cut where it fell; else the whole window.

    What instances say of themselves is a life for each of them.
    """
    if not len(scene.metric(UTILISATION, STATISTICS)):
        own = [rows.groupby("time")["share"].max() for _, rows in by_instance(scene).groupby("instance")]
        return [life for life in own if len(life) >= LEAST_POINTS]
    ended = (scene.deaths["kind"] == "oom") | scene.deaths.index.isin(memory_deaths(scene).index)
    kills = scene.deaths[ended].sort_values("start_time")
    begin = series.index.min()
    if len(kills):
        ends = [
            (row.start_time, row.start_time - timedelta(seconds=row.lived_s) if pd.notna(row.lived_s) else None)
            for row in kills.itertuples()
        ]
    else:
        ends = [*((time - timedelta(seconds=90), None) for time in falls(series)), (series.index.max(), None)]
    lives, since = [], begin
    for end, born in ends:
        start = max(born or since, begin)
        lives.append(series[(series.index >= start) & (series.index < end)])
        since = end
    return [life for life in lives if len(life) >= LEAST_POINTS]


def _with_room(lives: list[pd.Series]) -> list[pd.Series]:
    """The lives that begin low enough to show a climb; all of them where none does.

    Of several instances that are killed one after the other, the metric is that of the fullest: after the first kill
    it stays near the limit, and shows nothing of how the others came there.
    """
    room = [life for life in lives if float(life.iloc[: max(2, len(life) // 4)].median()) <= 1.0 - 1.5 * CLIMB]
    return room or lives


@once
def _heap_lives(scene: Scene) -> list[pd.Series]:
    """What remained after collections, by instance and minute, as a share of the largest heap that was seen.

    Of the instances that memory ended, where there are any: the others are young.
    """
    found = []
    # A life that ended in the window began before it.
    logs = pd.concat([scene.lines(ARROW, before=before, loud=False) for before in (True, False)])
    for time, instance, message in zip(logs["time"], logs["instance"], logs["message"], strict=True):
        if said := collected(message):
            found.append((time.floor("min"), instance, said.after_mib, said.size_mib))
    told = pd.DataFrame(found, columns=["time", "instance", "after", "size"])
    cap = float(told["size"].max()) if told["size"].notna().any() else scene.settings.limits.memory_mib
    ended = set(memory_deaths(scene)["instance"])
    own = told[told["instance"].isin(ended)] if ended & set(told["instance"]) else told
    if not cap:
        return []
    lives = [rows.groupby("time")["after"].min() / cap for _, rows in own.groupby("instance")]
    return [life for life in lives if len(life) >= LEAST_POINTS]


def _climbing(lives: list[pd.Series], *, reach: bool = False) -> int:
    """How many of these lives climb; with `reach`, so far that what killed them was in reach of the climb itself."""
    own = [life for life in lives if not reach or _reaches(life)]
    return sum(gain >= CLIMB and tau >= STEADY for gain, tau in map(_gain, own))


def _reaches(life: pd.Series) -> bool:
    """Whether a life's last minutes, or going on climbing as it did for a few more, come near the limit."""
    minutes = max(1.0, (life.index.max() - life.index.min()).total_seconds() / 60)
    return bool(float(life.iloc[-3:].max()) + AHEAD * max(0.0, _gain(life)[0]) / minutes >= NEAR)


def shape(scene: Scene) -> list[Sign]:
    """Climb or burst: how memory came to its height in the lives that ended (or in the one that is seen)."""
    series = utilisation(scene)
    missing = ("memory_climbs", "memory_burst")
    lives, heap = _with_room(_lives(scene, series)) if len(series) else [], _heap_lives(scene)
    if series.empty and not heap:
        return [
            not_seen(name, "How memory moved cannot be told: {n} points of its metric.", "metrics.memory")
            for name in missing
        ]
    kills = int((scene.deaths["kind"] == "oom").sum())
    words, climbs = "Memory", _climbing(lives, reach=kills > 0)
    if climbs * 2 <= len(lives) and _climbing(heap) * 2 > len(heap):
        lives, words, climbs = heap, "What remained on the heap", _climbing(heap)
    gains = [_gain(life) for life in lives]
    climbing = bool(lives) and climbs * 2 > len(lives)
    burst = bool(kills) and not climbing
    best = max(gains, default=(0.0, 0.0))
    method = "utilisation by the metric, else by the application's lines, and what collectors of garbage say that "
    method += "remained, within each life: first quarter against last, and Kendall's tau (Kendall 1938)"
    return [
        Sign(
            "memory_climbs",
            Verdict.FIRED if climbing else Verdict.CLEAR,
            words
            + (" climbed steadily to near its limit" if kills and lives is not heap else " climbed steadily")
            + " in {n} of {total} lives, at the most by {a:pct} of the limit.",
            time=moment(min(life.index.min() for life in lives)) if climbing else None,
            n=climbs,
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
