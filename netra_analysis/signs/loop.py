"""Signs of a process that stands still: held-up requests, stalls, silence before a failed liveness probe, words."""

from datetime import timedelta

import pandas as pd
from scipy.special import pdtrc

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import LOOP
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, moment, where
from netra_analysis.reconstruct.once import once
from netra_analysis.reconstruct.stalls import SILENT_S, stalls
from netra_analysis.signs.scene import FAR_MORE, STRAY, Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

STANDS, MANY = 3, 20  # stalls and requests held up that are harm
BEFORE_KILL = timedelta(seconds=60)


def look(scene: Scene) -> list[Sign]:
    return [_blocked(scene), _stalled(scene), _words(scene)]


@once
def held_up(scene: Scene) -> pd.DataFrame:
    """The requests that a standing loop held up, where they are far more than failed beyond the usual; else none."""
    rows = frame(scene.findings["event_loop"].proof)
    blocked = set(rows[rows["blocked"].fillna(value=False).astype(bool)]["id"])
    held = scene.requests[scene.requests["id"].isin(blocked | _let_go(_stalls(scene)))]
    return held if len(held) >= FAR_MORE * max(1.0, scene.impact - scene.expected) else held.head(0)


def stands_more(scene: Scene) -> bool:
    """Whether instances stood still far more often than in the baseline, and held many requests up."""
    found = _stalls(scene)
    usual = stalls(scene.tables, scene.settings.baseline, {}).num_rows
    expected = 1.0 + usual * (scene.window.duration / scene.settings.baseline.duration)
    many = len(found) >= STANDS and len(held_up(scene)) >= MANY
    return many and bool(pdtrc(len(found) - 1, expected) < STRAY)


@once
def _stalls(scene: Scene) -> pd.DataFrame:
    known = frame(scene.findings["event_loop"].proof)
    timed = known[known["handler_s"].notna()]
    return frame(stalls(scene.tables, scene.window, dict(zip(timed["id"], timed["handler_s"], strict=True))))


def _let_go(found: pd.DataFrame) -> set[str]:
    """The requests that waited in these stalls."""
    return {name for row in found.itertuples() for name in row.ids.split(",")}


def _blocked(scene: Scene) -> Sign:
    finding = scene.findings["event_loop"]
    if finding.verdict is Verdict.NO_DATA:
        return not_seen("loop_blocked", "Whether the event loop was blocked cannot be told ({n}).", *finding.missing)
    rows = frame(finding.proof)
    held = rows[rows["blocked"]]
    return Sign(
        "loop_blocked",
        finding.verdict,
        "{n} requests waited a second or more outside their handler, together with others of their instance."
        if len(held)
        else "{n} requests were held up together outside their handler.",
        time=first(held),
        share=float(_inside(scene, held, scene.deaths.head(0)).mean()) if len(held) and len(scene.hurt) else None,
        n=len(held),
        unit="requests",
        method="latency at the edge against the handler's own duration, while the instance answered nobody else",
        evidence=Query("SELECT * FROM finding_event_loop WHERE blocked ORDER BY time, id"),
    )


def _stalled(scene: Scene) -> Sign:
    hung = scene.deaths[where(scene.deaths, [_silent_before(scene, row) for row in scene.deaths.itertuples()])]
    if not scene.has("requests") and hung.empty:
        says = "Whether an instance stood still cannot be told from {n} requests."
        return not_seen("instance_stalled", says, "requests")
    known, found = frame(scene.findings["event_loop"].proof), _stalls(scene)
    times, ids = [*found["time"], *hung["start_time"]], _let_go(found)
    held = known[known["blocked"].fillna(value=False).astype(bool)]
    hurt = scene.hurt[_inside(scene, pd.concat([found, held]), hung) | scene.hurt["id"].isin(ids)]
    return Sign(
        "instance_stalled",
        Verdict.FIRED if times else Verdict.CLEAR,
        "{n} times an instance answered nobody and said nothing for seconds while requests waited in it; "
        "{total} of these ended with a failed liveness probe."
        if times
        else "In {n} cases an instance stood still while requests waited in it.",
        time=moment(min(times)) if times else None,
        share=scene.of_impact(len(hurt), len(hung)) if times else None,
        n=len(times),
        total=len(hung),
        unit="stalls",
        method="no answer and no line of an instance for seconds, then requests of several routes end together, "
        "or a liveness probe has failed",
    )


def _silent_before(scene: Scene, death: object) -> bool:
    """Whether an instance that its liveness probe ended had been silent, with requests inside it or none at all."""
    if death.kind != "probe" or not death.instance:  # type: ignore[attr-defined]
        return False
    end = death.start_time - timedelta(seconds=1)  # type: ignore[attr-defined]
    lives = scene.signs_of_life.get(death.instance)  # type: ignore[attr-defined]
    if lives is None:
        return True
    near = lives[(lives > end - BEFORE_KILL) & (lives <= end)]
    return near.empty or bool((end - near.max()).total_seconds() >= SILENT_S)


def _inside(scene: Scene, found: pd.DataFrame, hung: pd.DataFrame) -> pd.Series:
    """Failed or slow requests that were in an instance while it stood still, or met its end."""
    spans = [(row.instance, row.time, row.end_time + timedelta(seconds=2)) for row in found.itertuples()]
    spans += [
        (row.instance, row.start_time - BEFORE_KILL, row.start_time + timedelta(seconds=5)) for row in hung.itertuples()
    ]
    hits = [
        any(row.instance == name and row.time <= end and row.end_time >= start for name, start, end in spans)
        for row in scene.hurt.itertuples()
    ]
    return where(scene.hurt, hits)


def _words(scene: Scene) -> Sign:
    now = scene.lines(LOOP)
    return told(
        scene,
        "loop_words",
        now,
        before=scene.lines(LOOP, before=True),
        says="{n} lines tell of a blocked loop or of a worker whose heartbeat stopped",
        unknown="Whether a loop was said to be blocked cannot be told from {n} lines.",
        method="words of servers and runtimes; clearly more than in the baseline",
        met=False,
    )
