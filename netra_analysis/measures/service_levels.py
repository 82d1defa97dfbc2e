"""Service levels as values: the objectives asked for or assumed, and each minute's good, bad and slow requests."""

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.measures.minutes import STEP, Floats, Minutes
from netra_analysis.reconstruct.frames import frame, moment, real_traffic
from netra_analysis.schema import BOOL, FLOAT, INT, TIME
from netra_analysis.statistics.intervals import Interval, wilson
from netra_analysis.statistics.slo import burn_rate
from netra_analysis.tables import Tables

AVAILABILITY, LATENCY_S, LATENCY = 0.995, 1.0, 0.95  # assumed where the parameters name none
PROOF = pa.schema(
    [
        ("time", TIME), ("known", BOOL), ("total", INT), ("bad", INT), ("timed", INT), ("slow", INT),
        ("burn_5m", FLOAT), ("burn_1h", FLOAT), ("burn_30m", FLOAT), ("burn_6h", FLOAT),
    ]
)  # fmt: skip
BURNS = {5: "burn_5m", 60: "burn_1h", 30: "burn_30m", 360: "burn_6h"}  # minutes: column


def availability(settings: Settings) -> float:
    """The objective of availability, 0..1: as agreed, else the one that is assumed."""
    return settings.objectives.availability or AVAILABILITY


def latency(settings: Settings) -> tuple[float, float]:
    """The objective of latency: the share, 0..1, and the seconds within which it is to be answered."""
    return settings.objectives.latency or LATENCY, settings.objectives.latency_s or LATENCY_S


def assumed(settings: Settings, *names: str) -> str:
    """What a sentence says after an objective that nobody agreed."""
    agreed = all(getattr(settings.objectives, name) is not None for name in names)
    return "" if agreed else ", assumed because the parameters name none"


def spent(minutes: pd.DataFrame, every: str, bad: str, objective: float) -> Interval:
    """Bad events as a multiple of what the objective allows; NaN where there were none at all."""
    share = wilson(int(minutes[bad].sum()), int(minutes[every].sum()))
    return Interval(*(x / (1 - objective) for x in (share.estimate, share.low, share.high)))


def overspent(minutes: pd.DataFrame, objective: float) -> datetime | None:
    """The minute in which the budget of the whole window was gone."""
    gone = minutes["bad"].fillna(0).cumsum() > (1 - objective) * minutes["total"].sum()
    return moment(minutes["time"][gone].min())


def rows(tables: Tables, settings: Settings, counts: Minutes) -> pd.DataFrame:
    """One row a minute of the window. A minute that no log covers is null, unless something was seen in it."""
    first, stop = counts.inside
    known = ~np.isnan(counts.total[first:stop])
    good, every = counts.total - counts.failed, counts.total
    objective = availability(settings)
    burns = {name: burn_rate(good, every, objective, n)[first:stop] for n, name in BURNS.items()}
    made = pd.DataFrame({"time": [counts.time(i) for i in range(first, stop)], "known": known})
    seen = _seen(tables, settings, counts)
    for name, values in seen.items():
        made[name] = np.where(known | (seen["total"] > 0), values, np.nan)
    return made.assign(**burns)


def _seen(tables: Tables, settings: Settings, counts: Minutes) -> dict[str, Floats]:
    """Requests of the window by minute: all, failed, with a latency, slower than the threshold."""
    first, stop = counts.inside
    if not tables.coverage.has("requests"):
        nothing = np.full(stop - first, np.nan)
        inside = slice(first, stop)
        return {"total": counts.total[inside], "bad": counts.failed[inside], "timed": nothing, "slow": nothing}
    requests = frame(tables.requests, settings.window, "end_time")
    requests = real_traffic(requests)
    at = ((requests["end_time"] - counts.time(first)) // STEP).to_numpy(dtype=np.int64)
    failed = requests["failed"].to_numpy(dtype=bool)
    socket = (requests["status"] == 101).fillna(value=False).to_numpy(dtype=bool)
    took = requests["latency_s"].to_numpy(dtype=float, na_value=np.nan)
    timed = ~np.isnan(took) & ~socket
    slow = timed & (took > latency(settings)[1])
    masks = {"total": np.ones(len(at), bool), "bad": failed, "timed": timed, "slow": slow}
    weights = requests["weight"].to_numpy(dtype=float)
    size = stop - first
    return {name: np.bincount(at[m], weights[m], minlength=size).astype(float) for name, m in masks.items()}
