"""Which deaths were over memory: the platform's kills, and exits of processes that had just said so themselves.

A runtime with a cap of its own (a Java or V8 heap) ends by itself, far below the container's limit. And where the
platform gives no reason, what an instance had said of its memory before may.
"""

import pandas as pd

from netra_analysis.logtext.trouble import OUT_OF_MEMORY
from netra_analysis.reconstruct.frames import where
from netra_analysis.reconstruct.once import once
from netra_analysis.signs.process import SOON as JUST_THEN
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.spoken import by_instance

BY_ITSELF = ("exit", "signal")
FULL = 0.9  # of the limit, by the last line that an instance wrote about it


@once
def memory_deaths(scene: Scene) -> pd.DataFrame:
    """Deaths over memory of known instances."""
    said = scene.lines(OUT_OF_MEMORY)
    last = {name: list(own["time"]) for name, own in said.groupby("instance")}
    full = set(ended_full(scene)["instance"])
    own = [
        row.kind == "oom"
        or (row.kind in BY_ITSELF and any(abs(at - row.start_time) <= JUST_THEN for at in last.get(row.instance, ())))
        or row.instance in full
        for row in scene.deaths.itertuples()
    ]
    return scene.deaths[where(scene.deaths, own) & (scene.deaths["instance"] != "")]


@once
def ended_full(scene: Scene) -> pd.DataFrame:
    """Deaths without a reason, of instances that had said last that they had nearly all of their limit."""
    last = by_instance(scene).groupby("instance")["share"].last()
    full = set(last.index[last >= FULL])
    return scene.deaths[scene.deaths["kind"].isin(BY_ITSELF) & scene.deaths["instance"].isin(full)]


@once
def own_cap(scene: Scene) -> bool:
    """Whether processes say, more than in the baseline, that they got no more memory, whatever the container has."""
    now, before = (scene.lines(OUT_OF_MEMORY, before=before) for before in (False, True))
    return bool(len(memory_deaths(scene))) and scene.grown(now, before)
