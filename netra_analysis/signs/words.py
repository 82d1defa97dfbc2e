"""Signs that rest on what was said: lines that match, counted, and compared with the baseline where that matters."""

from datetime import datetime

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.frames import moment
from netra_analysis.reconstruct.onset import began
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen

EXAMPLE = ", {total} in the baseline; for example “{words:text}”."


def told(
    scene: Scene,
    name: str,
    now: pd.DataFrame,
    *,
    says: str,
    unknown: str,
    method: str,
    before: pd.DataFrame | None = None,
    least: int = 1,
    met: bool = True,
) -> Sign:
    """The sign that `now` makes: FIRED from `least` lines on, and where `before` is given only when clearly grown.

    In an export that begins after the onset, lines that are not there may have been cut off: NO_DATA.
    `says` is the sentence; one that takes `words` shows the first line. `met`: whether the share of the failed
    requests during which such a line was written means anything.
    """
    if not scene.has_logs:
        return not_seen(name, unknown, "stderr")
    grown = before is None or scene.grown(now, before)
    if not (len(now) >= least and grown) and scene.begins_late and not scene.logs_cover_onset:
        return not_seen(name, unknown, "the application's lines at the onset")
    return Sign(
        name,
        Verdict.FIRED if len(now) >= least and grown else Verdict.CLEAR,
        says,
        time=_since(scene, now, before) if grown and scene.logs_cover_onset else None,
        share=scene.met(now) if met else None,
        evidence=scene.rows_of(now),
        n=len(now),
        total=None if before is None else len(before),
        words=str(now["message"].iloc[0])[:160] if len(now) and "{words" in says else None,
        unit="lines",
        method=method,
    )


def _since(scene: Scene, now: pd.DataFrame, before: pd.DataFrame | None) -> datetime | None:
    """When such lines began: where the baseline has some, those that it explains are no beginning."""
    if before is None or not (len(now) and len(before)):
        return first(now)
    usual = len(before) / scene.settings.baseline.duration.total_seconds()
    return moment(now["time"].iloc[began(list(now["time"]), usual)])
