"""The life of each instance, and how memory and connections in use moved in it.

Metrics name revisions and, for some, no instance: a point is then the highest of a revision's instances. So a life
that mostly lies within an older one of its revision is left out, because the metric cannot tell it apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from netra_analysis.detectors import memory, pool
from netra_analysis.detectors.settings import Settings
from netra_analysis.measures.minutes import Floats
from netra_analysis.reconstruct.deaths import deaths
from netra_analysis.reconstruct.frames import frame, passed
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

MOSTLY = 0.5  # of a life that lies within an older one
RUNNING = "still running"


@dataclass(frozen=True, slots=True)
class Life:
    """One instance from its start, or the record's, to its end, or the record's."""

    revision: str
    instance: str
    born: datetime
    ended: datetime
    how: str  # died, shut down, still running

    @property
    def length(self) -> timedelta:
        return self.ended - self.born


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What was measured in one life: `time_s` (n,) since its birth, `values` (n,), requests `served` (n,) so far."""

    time_s: Floats
    values: Floats
    served: Floats


def lives(tables: Tables, span: TimeWindow) -> list[Life]:
    """Each life in `span` that a metric of its revision can be read for, in order of birth."""
    events = frame(tables.lifecycle, span)
    orderly, starts = (events[events["event"] == name] for name in ("shutdown", "start"))
    told = [(row.time, row.revision, row.instance, "shut down") for row in orderly.itertuples()]
    told += [(row.time, row.revision, row.instance, "") for row in starts.itertuples()]
    told += [(*death.iloc[0][["time", "revision", "instance"]], "died") for death in deaths(tables, span)]
    known: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
    for revision, instance in _serving(tables, span):
        known[revision, instance] = []
    for time, revision, instance, how in sorted(told):
        if instance:
            known.setdefault((revision, instance), []).append((time.to_pydatetime(), how))
    found = [life for (revision, instance), words in known.items() for life in _of(revision, instance, words, span)]
    return _apart(sorted(found, key=lambda life: (life.born, -life.length, life.instance)))


def _serving(tables: Tables, span: TimeWindow) -> list[tuple[str, str]]:
    served = frame(tables.requests, span, "end_time")
    served = served[(served["instance"] != "") & (served["revision"] != "")]
    pairs = served[["revision", "instance"]].drop_duplicates().sort_values(["revision", "instance"])
    return list(pairs.itertuples(index=False, name=None))


def _of(revision: str, instance: str, told: list[tuple[datetime, str]], span: TimeWindow) -> Iterator[Life]:
    """The lives of one instance; a second word about the same end begins none."""
    born: datetime | None = None if told and not told[0][1] else span.start
    for time, how in told:
        if not how:
            born = born or time
        elif born is not None:
            yield Life(revision, instance, born, time, how)
            born = None
    if born is not None and born < span.end:
        yield Life(revision, instance, born, span.end, RUNNING)


def _apart(found: list[Life]) -> list[Life]:
    """Those of which no older life of the same revision covers the most."""
    kept: list[Life] = []
    for life in found:
        older = [min(other.ended, life.ended) - life.born for other in kept if other.revision == life.revision]
        if life.length and max(older, default=timedelta(0)) <= MOSTLY * life.length:
            kept.append(life)
    return kept


def memory_points(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Points of the memory metric: time, revision, value (MiB, null where the limit is not known)."""
    rows = pd.DataFrame(memory.observations(tables, settings), columns=memory.PROOF.names)
    return rows[rows["witness"] != memory.KILL_LINE].rename(columns={"used_mib": "value"})


def pool_points(tables: Tables) -> pd.DataFrame:
    """Points of the pool metric: time, revision, value (connections in use)."""
    points = frame(tables.metrics)
    named = [metric for metric in points["metric"].unique() if pool.IN_USE.search(metric)]
    return points[points["metric"].isin(named) & points["statistic"].isin(["value", "max"])]


def track(life: Life, points: pd.DataFrame, tables: Tables) -> Track:
    """The points of the life's revision between its birth and its end, and the requests that it served until each."""
    own = points[(points["revision"] == life.revision) & (points["time"] > life.born) & (points["time"] <= life.ended)]
    highest = own.groupby("time")["value"].max().dropna().astype(float)
    requests = frame(tables.requests)
    served = requests[requests["instance"] == life.instance]
    served = served[(served["end_time"] > life.born) & (served["end_time"] <= life.ended)]
    at = np.asarray((highest.index - life.born) / timedelta(seconds=1), dtype=np.float64)
    by_then = passed(served, "end_time", highest.index.to_numpy(), side="right")
    return Track(at, highest.to_numpy(dtype=np.float64), by_then.astype(np.float64))
