"""Whether a smaller fault came before the one that most failures are of: signs have to lead what they explain."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.frames import moment
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign, not_seen

NAME = "most_failures"
FEW = 0.1  # of all failures: what came before may be another fault
TIMES, LEAST = 5.0, 10  # the rate before, that this minute and the next ones exceed; failures in them
APART, SOON = 6, 5  # minutes since the first failure, and those that show the new rate
STEADY, LAST = 1.5, 3  # the minutes before show no rise of their own: a fault that grows is one fault


def look(scene: Scene) -> list[Sign]:
    return [bulk(scene)]


def bulk(scene: Scene) -> Sign:
    """FIRED with the moment from which most failures came, where few others had come before, of a steady rate."""
    when, weights = _failures(scene)
    if when.empty or scene.onset is None:
        return not_seen(NAME, "Since when most requests failed cannot be told from {n} failures.", "requests")
    minutes = ((when - when.min()) // pd.Timedelta(minutes=1)).to_numpy(dtype=int)
    counts = np.bincount(minutes, weights=weights).astype(float)
    at, total = _rise(counts), int(counts.sum())
    if at is None:
        return Sign(
            NAME, Verdict.CLEAR, "No smaller fault came before most of the {n} failures.", n=total, unit="failures"
        )
    return Sign(
        NAME,
        Verdict.FIRED,
        "{n} of {total} failures came from {time:time} on, at a rate far above that of the {a:# failure} before.",
        time=moment(when[minutes >= at].min()),
        n=int(counts[at:].sum()),
        total=total,
        a=float(counts[:at].sum()),
        unit="failures",
        method="failures by minute, by the best witness: the first steep rise after few others at a steady rate",
    )


def _rise(counts: NDArray[np.float64]) -> int | None:
    """The first minute of a steep rise, of which `counts` hold but few failures before."""
    for at in range(APART, len(counts)):
        before = counts[:at].sum()
        if before > FEW * counts.sum():
            return None
        usual, soon = before / at, counts[at : at + SOON].sum()
        calm = counts[at - LAST : at].mean() <= max(STEADY * usual, 1 / LAST)
        if calm and counts[at] >= TIMES * usual and soon >= max(LEAST, TIMES * SOON * usual):
            return at
    return None


def _failures(scene: Scene) -> tuple[pd.Series, pd.Series]:
    """When requests failed, and how many: by the request log, else by the platform's count, else as was said."""
    counted = scene.counted_failures(scene.window)
    if not scene.has("requests") and len(counted):
        return counted["time"], counted["value"]
    told = scene.failed["end_time"] if scene.has("requests") else scene.said_failed["time"]
    return told, pd.Series(1.0, index=told.index)  # failures are kept whole: each stands for itself
