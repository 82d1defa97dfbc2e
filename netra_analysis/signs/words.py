"""Signs that rest on what was said: lines that match, counted, and compared with the baseline where that matters."""

from datetime import datetime

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.frames import moment
from netra_analysis.reconstruct.onset import began
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen


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

    In an export that begins after the onset, lines that are not there may have been cut off: NO_DATA. And without a
    baseline, lines that are no more since the onset than before it.
    `says` is the sentence without its end; with `before` it goes on to how many there were then, and the first line.
    `met`: whether the share of the failed requests during which such a line was written means anything.
    """
    if not scene.has_logs:
        return not_seen(name, unknown, "stderr")
    usual, when = _usual(scene, now, before)
    grown = before is None or scene.grown(now, before)
    if not (len(now) >= least and grown) and scene.begins_late and not scene.logs_cover_onset:
        return not_seen(name, unknown, "the application's lines at the onset")
    shown = before is not None and len(now) > 0
    verdict = Verdict.FIRED if len(now) >= least and grown else Verdict.CLEAR
    # Without a baseline, what leads the failures for long looks as if it were usual, too.
    if verdict is Verdict.CLEAR and len(usual) and usual is not before:
        verdict = Verdict.NO_DATA
    return Sign(
        name,
        verdict,
        says + (f"{when}; for example “{{words:text}}”." if shown else "."),
        time=_since(scene, now, usual) if grown and scene.logs_cover_onset else None,
        share=scene.met(now) if met else None,
        evidence=scene.rows_of(now),
        n=len(now),
        total=None if before is None else len(usual),
        missing=("a baseline",) if verdict is Verdict.NO_DATA else (),
        words=str(now["message"].iloc[0])[:160] if shown else None,
        unit="lines",
        method=method,
    )


def _usual(scene: Scene, now: pd.DataFrame, before: pd.DataFrame | None) -> tuple[pd.DataFrame, str]:
    """The lines of the time that these are compared with, and how a sentence tells of them."""
    if before is None or scene.compared is None:
        return now.head(0), ""
    if len(scene.logs_before):
        return before, ", {total} in the baseline"
    return now[now["time"] < scene.compared.end], ", {total} of them well before the onset"


def _since(scene: Scene, now: pd.DataFrame, usual: pd.DataFrame) -> datetime | None:
    """When such lines began: those that are usual are no beginning."""
    if scene.compared is None or not (len(now) and len(usual)):
        return first(now)
    rate = len(usual) / scene.compared.duration.total_seconds()
    return moment(now["time"].iloc[began(list(now["time"]), rate)])
