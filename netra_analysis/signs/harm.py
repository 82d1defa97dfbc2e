"""Whether anybody was hurt, and since when, by the best witness that the data hold.

The request log is the first witness. Where it is missing, or begins only inside the window, the platform's own
count of answers (`run.googleapis.com/request_count`) is asked, and then the application's lines about requests
that failed. Deaths of instances, requests that found no instance, and callers who are refused all at once are harm
of their own. Where nobody was failed, answers that became slow and sockets
that ended early are the impact.
"""

from datetime import datetime, timedelta

import pandas as pd
from scipy.special import pdtrc

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct import counted
from netra_analysis.reconstruct.frames import moment
from netra_analysis.reconstruct.once import once
from netra_analysis.reconstruct.onset import began
from netra_analysis.signs import change, latency, loop, memory, platform, sockets
from netra_analysis.signs.scene import STRAY, Scene, first
from netra_analysis.signs.sign import Sign, not_seen

PERHAPS = 0.05  # fewer windows than this have so many by chance: then the count does not show that all was well
LONG_BEFORE = timedelta(minutes=15)
FEW, DEATH = 0.1, 10  # of the failures; and as how many of them a death counts
SEEN = 0.5  # of the failures that the platform counted; a request log that holds fewer of them lacks some
ENOUGH = 100  # failures of one minute show a rate as well as more of them would
SLOW, SHORT = "answers that became slow", "sockets that ended early"
HELD = "requests that a standing loop held up"
_CUT = ("malformed_response", "memory_exceeded")


def look(scene: Scene) -> list[Sign]:
    return [harm(scene), metric_failures(scene), said_failures(scene), latency.slower(scene)]


@once
def harm(scene: Scene) -> Sign:
    """FIRED with the first moment of impact, CLEAR when nobody was hurt, NO_DATA when that cannot be told."""
    asked = _requests(scene)
    witnesses: dict[str, Sign] = {
        "the request log": asked,
        "the system log": _deaths(scene),
        "requests that found no instance": platform.no_instance(scene),
        "callers who were refused": change.refused(scene),
    }
    by_platform = metric_failures(scene)
    if asked.verdict is Verdict.NO_DATA or scene.begins_late or (by_platform.n or 0) * SEEN > scene.impact:
        witnesses |= {"the platform's count": by_platform}
    if asked.verdict is Verdict.NO_DATA:
        witnesses |= {"the application's lines": said_failures(scene)}
    if not scene.has("system") or scene.begins_late:
        witnesses |= {"cut connections": _cut(scene), "memory that fell from its limit": memory.resets(scene)}
        witnesses |= {"roll-outs that were given up": platform.gave_up(scene)}
    fired = _fired(witnesses)
    nobody_failed = not fired
    if nobody_failed:  # only then: what is slow on the way to a failure is no onset of its own
        witnesses |= {SLOW: latency.slower(scene), SHORT: sockets.shorter(scene)}
        fired = _fired(witnesses)
    held = loop.held_up(scene)
    if len(held) and (not nobody_failed or (not fired and loop.stands_more(scene))):
        witnesses |= {HELD: Sign("held", Verdict.FIRED, "{n}", time=first(held))}
        fired = _fired(witnesses)
    if fired:
        name, passed_over = min(fired, key=lambda name: fired[name]), len(scene.all_deaths) - len(scene.deaths)
        return Sign(
            "harm",
            Verdict.FIRED,
            "The first impact was at {time:time}, by {words:text}; {n} of {total} witnesses tell of one"
            + ("; {a:# death} long before it had no part in it." if passed_over else "."),
            time=fired[name],
            n=len(fired),
            total=len(witnesses),
            a=float(passed_over) if passed_over else None,
            words=name,
            unit="witnesses",
            method="failed requests beyond the usual, deaths, requests turned away, callers refused all at once, or "
            "none of these and answers that became slow or sockets that ended early; "
            "where the request log does not cover the window, the platform's count and the application's lines",
        )
    if asked.verdict is Verdict.NO_DATA and not _counted_none(scene):
        return not_seen("harm", "Whether anybody was hurt cannot be told ({n} witnesses).", "requests")
    says = "None of {total} witnesses tells of an impact ({n})."
    return Sign("harm", Verdict.CLEAR, says, n=0, total=len(witnesses), unit="witnesses")


def _fired(witnesses: dict[str, Sign]) -> dict[str, datetime]:
    return {name: one.time for name, one in witnesses.items() if one.fired and one.time}


def _requests(scene: Scene) -> Sign:
    """More failed requests than the baseline's rate, and a stray one, explain; unknown for a log that begins late."""
    finding = scene.findings["failed_requests"]
    if finding.verdict is Verdict.FIRED and scene.fails_more:
        return Sign("requests", Verdict.FIRED, "{n}", time=finding.time)
    blind = finding.verdict is Verdict.NO_DATA or scene.begins_late
    return Sign("requests", Verdict.NO_DATA if blind else Verdict.CLEAR, "{n}")


def _deaths(scene: Scene) -> Sign:
    finding, known = scene.findings["crashes"], len(scene.deaths)
    if finding.verdict is Verdict.FIRED and not known:
        return Sign("deaths", Verdict.CLEAR, "{n}", n=known)
    return Sign("deaths", finding.verdict, "{n}", time=first(scene.deaths, "start_time"))


def since(scene: Scene) -> datetime | None:
    """When the failures began, where some instances died long before, few beside the failures, and none since.

    An instance that was killed at noon and cost one request is no part of what fails at one o'clock.
    """
    finding = scene.findings["failed_requests"]
    if finding.verdict is not Verdict.FIRED or finding.time is None:
        return None
    died = scene.all_deaths["start_time"]
    before = scene.failed["end_time"] < finding.time
    few = int(before.sum()) + DEATH * len(died) <= FEW * int((~before).sum())
    return finding.time if len(died) and few and died.max() < finding.time - LONG_BEFORE else None


def _cut(scene: Scene) -> Sign:
    """Connections that the platform lost to an instance: without a system log they are all that tells of a death."""
    cut = scene.requests[scene.reasons.isin(_CUT)]
    return Sign("cut", Verdict.FIRED if len(cut) > 1 else Verdict.CLEAR, "{n}", time=first(cut, "end_time"), n=len(cut))


def _counted_none(scene: Scene) -> bool:
    """Whether the platform's count shows that nobody was failed or turned away, although the request log does not.

    The count knows only requests that reached an instance, so an instance has to have been there all the time, and
    the number of instances below its maximum; and where the export begins late, no other revision may have come up
    unseen.
    """
    own = scene.all_metrics[scene.all_metrics["metric"].str.endswith("container/instance_count")]
    ran = own[(own["time"] >= scene.window.start) & (own["time"] < scene.window.end) & (own["revision"] != "")]
    if scene.begins_late and ran["revision"].nunique() > 1:
        return False
    changed = scene.deploys[(scene.deploys["time"] >= scene.window.start) & (scene.deploys["time"] < scene.window.end)]
    if not scene.has("requests") and len(changed):  # its limits may have changed with it
        return False
    by_platform = metric_failures(scene)
    scale = scene.window.duration / scene.settings.baseline.duration
    expected = 1.0 + (by_platform.total or 0) * scale
    if by_platform.verdict is not Verdict.CLEAR or pdtrc((by_platform.n or 0) - 1, expected) < PERHAPS:
        return False
    there = scene.inside(scene.metric("container/instance_count", ("value", "max", "mean")))
    minutes = scene.window.duration.total_seconds() / 60
    return int((there > 0).sum()) >= 0.85 * minutes and not platform.at_maximum(scene).fired


@once
def metric_failures(scene: Scene) -> Sign:
    """Answers with a 5xx by the platform's own count, which also covers what the logs lack."""
    if counted.answers(scene.all_metrics, scene.window).empty:
        says = "Whether answers failed cannot be told from the metric: it has {n} points in the window."
        return not_seen("metric_failures", says, "metrics.request_count")
    now, before = (scene.counted_failures(span) for span in (scene.window, scene.settings.baseline))
    scale = scene.window.duration / scene.settings.baseline.duration
    count = float(now["value"].sum())
    fired = count > 0 and bool(pdtrc(count - 1, 1.0 + float(before["value"].sum()) * scale) < STRAY)
    return Sign(
        "metric_failures",
        Verdict.FIRED if fired else Verdict.CLEAR,
        "The platform counted {n} answers with a 5xx, {total} in the baseline.",
        time=_beyond(now["time"] - pd.Timedelta(seconds=30), before["value"].sum(), scene, now["value"])
        if fired
        else None,
        n=int(count),
        total=int(before["value"].sum()),
        unit="answers",
        method="request count by class of answer, once a minute; the middle of the first minute beyond the usual",
    )


@once
def said_failures(scene: Scene) -> Sign:
    """Requests that failed by the application's own lines: uncaught exceptions of servers, answers with a 5xx."""
    if not scene.has_logs:
        return not_seen("said_failures", "Whether the application told of failed requests: {n} lines.", "stderr")
    now, before = scene.said_failed, scene.said_failed_before
    scale = scene.window.duration / scene.settings.baseline.duration
    fired = len(now) > 0 and bool(pdtrc(len(now) - 1, 1.0 + len(before) * scale) < STRAY)
    return Sign(
        "said_failures",
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} lines of the application tell of a request that failed, {total} in the baseline.",
        time=_beyond(now["time"], len(before), scene) if fired else None,
        n=len(now),
        total=len(before),
        unit="lines",
        method="servers' words for uncaught exceptions, else access lines with a 5xx; more than the usual and one",
        evidence=scene.rows_of(now),
    )


def _beyond(times: pd.Series, before: float, scene: Scene, counts: pd.Series | None = None) -> datetime | None:
    """The first of `times` that the baseline's rate does not explain; `counts`: of how many failures each tells."""
    each = times if counts is None else times.repeat(counts.clip(1, ENOUGH).round().astype(int))
    ends = each.sort_values().dt.to_pydatetime().tolist()
    usual = (before + 0.5) / scene.settings.baseline.duration.total_seconds()
    return moment(ends[began(ends, float(usual))])
