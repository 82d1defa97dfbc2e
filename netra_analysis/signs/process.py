"""A process's own last words: a crash that it tells of itself (a sign), and memory that it could not get."""

from datetime import timedelta

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import CRASH
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen

SOON = timedelta(seconds=10)


def look(scene: Scene) -> list[Sign]:
    return [_crash(scene)]


def _crash(scene: Scene) -> Sign:
    """A crash in the process's own words, with connections that were lost on its instance just then."""
    if not scene.has_logs:
        return not_seen("crash_words", "Whether a process told of its crash cannot be told from {n} lines.", "stderr")
    lines = scene.lines(CRASH)
    cut = scene.requests[scene.reasons.isin(["malformed_response", "truncated"])]
    lost = int(sum(_near(row, lines) for row in cut.itertuples()))
    return Sign(
        "crash_words",
        Verdict.FIRED if lost else Verdict.CLEAR,
        "{n} lines tell of a process that ended by itself; {total} connections were lost on its instance just then.",
        time=first(lines) if lost and scene.logs_cover_onset else None,
        share=lost / scene.impact if scene.impact else None,
        n=len(lines),
        total=lost,
        unit="lines",
        method="last words of runtimes and servers, and the platform's word for a lost connection",
        evidence=scene.rows_of(lines),
    )


def _near(request: object, lines: pd.DataFrame) -> bool:
    own = lines[lines["instance"] == request.instance]  # type: ignore[attr-defined]
    end = request.end_time  # type: ignore[attr-defined]
    return bool(((own["time"] >= end - SOON) & (own["time"] <= end + SOON)).any())
