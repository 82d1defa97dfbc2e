"""Alert rules over the minutes of an incident: which there are, and in which minutes each fires or is blind.

Each looks only at what an alerting policy could: counts of requests, the platform's log, points of a metric. A
metric's points are there minutes after what they measure, which no rule here adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from netra_analysis.detectors import memory, pool
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding
from netra_analysis.measures import service_levels
from netra_analysis.measures.minutes import STEP, Floats, Minutes
from netra_analysis.reconstruct.deaths import deaths
from netra_analysis.reconstruct.frames import frame
from netra_analysis.statistics.alerts import TICKETS, BurnRule, CountRule, LevelRule, Rule, ShareRule, firing, level
from netra_analysis.statistics.series import Bools
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

AUDIT = ShareRule(0.01, 5)  # "Set up alerts for 500 error rates > 1%", with the window that such rules have
GUARDED = ShareRule(0.01, 5, least_bad=3)  # the same where few ask, so that no single failure pages
COUNT = CountRule(5, 5)
DEATH = CountRule(1, 1)
MEMORY = LevelRule(memory.NEAR, 5)
POOL_MINUTES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """One rule with what it does in each minute: `fires` and `known` (n,); None where its signal is not there."""

    id: str
    name: str
    what: str
    kind: Literal["page", "ticket"]
    looks_at: Literal["symptom", "cause"]
    fires: Bools | None
    known: Bools | None
    why_not: str = ""


def watched(
    tables: Tables, settings: Settings, minutes: Minutes, findings: Mapping[str, Finding]
) -> tuple[Watched, ...]:
    """Every rule, those on what users see before those on causes; of equal ones the earlier is proposed."""
    objective = service_levels.availability(settings)
    share, audit = f"{100 * objective:.6g} %", f"5xx above {100 * AUDIT.share:g} % over {AUDIT.minutes} min"
    guarded = f"{audit}, {GUARDED.least_bad} or more"
    return (
        _symptom("guarded", "500 rate, guarded", guarded, GUARDED, minutes),
        _symptom("audit", "audit's 500 rate", audit, AUDIT, minutes),
        _symptom("count", "failed requests", f"{COUNT.count} or more in {COUNT.minutes} min", COUNT, minutes),
        _symptom("burn", "budget burn, page", f"multi-window burn rate, {share}", BurnRule(objective), minutes),
        _symptom("ticket", "budget burn, ticket", f"slow burn, {share}", BurnRule(objective, TICKETS), minutes),
        _death(tables, minutes),
        _memory(tables, settings, minutes),
        _pool(tables, settings, minutes, findings),
    )


def _symptom(id_: str, name: str, what: str, rule: Rule, minutes: Minutes) -> Watched:
    kind: Literal["page", "ticket"] = "ticket" if id_ == "ticket" else "page"
    if not minutes.known:
        return Watched(id_, name, what, kind, "symptom", None, None, "no request was counted")
    fires, known = firing(rule, minutes.total - minutes.failed, minutes.total)
    return Watched(id_, name, what, kind, "symptom", fires, known)


def _death(tables: Tables, minutes: Minutes) -> Watched:
    name, what = "death of an instance", "any kill, crash or failed start"
    if not tables.coverage.has("system"):
        return Watched("death", name, what, "page", "cause", None, None, "there is no system log")
    span = TimeWindow(minutes.start, minutes.time(len(minutes.total)))
    at = [minutes.index(group["time"].iloc[0].to_pydatetime()) for group in deaths(tables, span)]
    counts = np.where(minutes.logged, np.bincount(at, minlength=len(minutes.total)), np.nan)
    return Watched("death", name, what, "page", "cause", *firing(DEATH, np.zeros(len(counts)), counts))


def _memory(tables: Tables, settings: Settings, minutes: Minutes) -> Watched:
    name, what = "memory near its limit", f"{100 * MEMORY.level:g} % or more for {MEMORY.minutes} min"
    rows = pd.DataFrame(memory.observations(tables, settings), columns=memory.PROOF.names)
    rows = rows[rows["witness"] != memory.KILL_LINE]
    if rows.empty:
        return Watched("memory", name, what, "page", "cause", None, None, "there is no memory metric")
    return Watched("memory", name, what, "page", "cause", *level(MEMORY, _gauge(rows["time"], rows["ratio"], minutes)))


def _pool(tables: Tables, settings: Settings, minutes: Minutes, findings: Mapping[str, Finding]) -> Watched:
    name = "pool at its cap"
    metrics = frame(tables.metrics)
    named = [metric for metric in metrics["metric"].unique() if pool.IN_USE.search(metric)]
    rows = metrics[metrics["metric"].isin(named) & metrics["statistic"].isin(["value", "max"])]
    cap = pool_cap(settings, findings)
    if rows.empty or not cap:
        what = f"all connections in use for {POOL_MINUTES} min"
        return Watched("pool", name, what, "page", "cause", None, None, "there is no pool metric with a known cap")
    rule, what = LevelRule(cap, POOL_MINUTES), f"{cap:g} in use for {POOL_MINUTES} min"
    return Watched("pool", name, what, "page", "cause", *level(rule, _gauge(rows["time"], rows["value"], minutes)))


def pool_cap(settings: Settings, findings: Mapping[str, Finding]) -> float | None:
    """Connections that one instance's pool can have open: as given, else as the pool's finding read them."""
    if settings.limits.pool_size:
        return float(settings.limits.pool_size)
    caps = [cap for cap in findings[pool.NAME].proof["cap"].to_pylist() if cap]
    return max(caps, default=None)


def _gauge(times: pd.Series, values: pd.Series, minutes: Minutes) -> Floats:
    """The highest point of each minute, NaN where there is none; a point stands for the minute that it ends."""
    at = np.ceil((times - minutes.start) / STEP).astype("int64") - 1
    highest = values.astype(float).groupby(at).max()
    return np.asarray(highest.reindex(range(len(minutes.total))), dtype=np.float64)
