"""Signs of the platform and the process: dying while starting, exits in service, no instance, a blocked loop."""

from datetime import timedelta

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.query import Query
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen

CPU, INSTANCES = "container/cpu/utilizations", "container/instance_count"
BUSY, MOSTLY = 0.90, 0.8
CHANGED = timedelta(minutes=30)


def look(scene: Scene) -> list[Sign]:
    return [
        _starting(scene),
        _starts_well(scene),
        _exits(scene),
        no_instance(scene),
        at_maximum(scene),
        _busy(scene),
        _slow_while_busy(scene),
    ]


def _starting(scene: Scene) -> Sign:
    """Deaths while starting; without a system log, roll-outs that the platform gave up, as the audit log tells."""
    if not scene.has("system"):
        return gave_up(scene)
    rows = scene.deaths[scene.deaths["kind"] == "startup"]
    fates = scene.failed["fate"].isin(["startup_failure", "no_instance"]).sum()
    return Sign(
        "dies_starting",
        Verdict.FIRED if len(rows) else Verdict.CLEAR,
        "{n} instances died or failed their probe while starting, with {words:text}."
        if len(rows)
        else "{n} instances died while starting.",
        time=first(rows, "start_time"),
        share=scene.of_impact(int(fates), len(rows)) if len(rows) else None,
        n=len(rows),
        words=str(rows["exit"].mode().iloc[0]) if len(rows) else None,
        unit="instances",
        method="exit or failed probe before a request was served",
        evidence=Query("SELECT * FROM finding_crashes WHERE kind = 'startup' ORDER BY start_time"),
    )


def _starts_well(scene: Scene) -> Sign:
    """Whether starts come to something: a place that is missing may be one that could not start."""
    if not scene.has("system") or scene.begins_late:
        return not_seen("starts_well", "Whether starts came to something cannot be told from {n} entries.", "system")
    dead = int((scene.deaths["kind"] == "startup").sum())
    ready = int((scene.events["event"] == "probe_ok").sum())
    return Sign(
        "starts_well",
        Verdict.CLEAR if dead else Verdict.FIRED,
        "{n} instances became ready, and {total} died while starting.",
        n=ready,
        total=dead,
        unit="instances",
        method="the platform's lines of starts, probes and exits",
        evidence=Query("SELECT * FROM lifecycle WHERE event IN ('start', 'probe_ok', 'probe_failed') ORDER BY time"),
    )


def gave_up(scene: Scene) -> Sign:
    """Revisions that never became ready, by the audit log."""
    own = scene.deploys[(scene.deploys["time"] >= scene.window.start) & (scene.deploys["time"] < scene.window.end)]
    failed = own[own["kind"] == "failed"]
    if failed.empty:
        says = "Whether instances died while starting cannot be told from {n} entries."
        return not_seen("dies_starting", says, "system")
    return Sign(
        "dies_starting",
        Verdict.FIRED,
        "{n} roll-outs were given up because the revision did not become ready, the first {words:text}.",
        time=first(failed),
        n=len(failed),
        words=str(failed["revision"].iloc[0] or "of the service"),
        unit="roll-outs",
        method="audit entries of revisions that did not become ready",
        evidence=Query("SELECT * FROM deploys WHERE kind = 'failed' ORDER BY time"),
    )


def _exits(scene: Scene) -> Sign:
    if not scene.has("system"):
        return not_seen(
            "exits_in_service", "Whether a process exited cannot be told from {n} system entries.", "system"
        )
    rows = scene.deaths[scene.deaths["kind"].isin(["exit", "signal", "probe"])]
    return Sign(
        "exits_in_service",
        Verdict.FIRED if len(rows) else Verdict.CLEAR,
        "{n} instances ended in mid-service for a reason other than memory, with {words:text}."
        if len(rows)
        else "{n} instances ended in mid-service for a reason other than memory.",
        time=first(rows, "start_time"),
        share=scene.of_impact(_killed(scene), len(rows)) if len(rows) else None,
        n=len(rows),
        words=", ".join(sorted(set(rows["exit"]))[:3]) if len(rows) else None,
        unit="instances",
        method="exit codes, signals and liveness probes; orderly ends left out",
        evidence=Query("SELECT * FROM finding_crashes WHERE kind IN ('exit', 'signal', 'probe') ORDER BY start_time"),
    )


def _killed(scene: Scene) -> int:
    return int(scene.failed["fate"].isin(["killed_with_instance", "no_instance"]).sum())


def no_instance(scene: Scene) -> Sign:
    if not scene.has("requests"):
        return not_seen(
            "no_instance", "Whether requests found no instance cannot be told from {n} requests.", "requests"
        )
    rows = scene.requests[scene.reasons == "no_instance"]
    failed = int((scene.failed["fate"] == "no_instance").sum())
    return Sign(
        "no_instance",
        Verdict.FIRED if len(rows) else Verdict.CLEAR,
        "{n} requests found no instance available.",
        time=first(rows, "end_time"),
        share=failed / scene.impact if scene.impact else None,
        n=len(rows),
        unit="requests",
        method="the platform's own reason in the request log, 429s included",
    )


def at_maximum(scene: Scene) -> Sign:
    own = scene.all_metrics[scene.all_metrics["metric"].str.endswith(INSTANCES)]
    own = own[(own["time"] >= scene.window.start) & (own["time"] < scene.window.end)]
    limit = scene.settings.limits.max_instances
    if own.empty or not limit:
        says = "Whether the service was at its maximum of instances cannot be told: {n} points with a known limit."
        return not_seen("instances_at_maximum", says, "metrics.instance_count")
    total = own.groupby("time")["value"].sum()
    full = total[total >= limit]
    return Sign(
        "instances_at_maximum",
        Verdict.FIRED if len(full) else Verdict.CLEAR,
        "At the most {a} instances ran, of {b} that are allowed.",
        time=full.index.min().to_pydatetime() if len(full) else None,
        a=float(total.max()),
        b=float(limit),
        unit="instances",
        method="instance count, active and idle, against the limit in the parameters",
    )


def _slow_while_busy(scene: Scene) -> Sign:
    """Whether requests were slow because every instance that may run was busy: nobody is turned away, all wait."""
    name, cpu = "slow_while_busy", scene.inside(scene.metric(CPU))
    full = at_maximum(scene)
    if scene.ill_served is None or cpu.empty or full.verdict is Verdict.NO_DATA:
        says = "Whether answers were slow while every instance was busy cannot be told ({n} points of the CPU)."
        return not_seen(name, says, "metrics.cpu", "metrics.instance_count")
    hot = set(cpu[cpu >= BUSY].index.floor("min"))
    slow = scene.ill_served["end_time"].dt.floor("min")
    met = int((slow.isin(hot) | (slow + pd.Timedelta(minutes=1)).isin(hot)).sum())
    fired = full.fired and met >= MOSTLY * len(slow) and not _changed(scene)
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} slow requests ended in a minute whose CPU was at {b:pct} or above; at the most {a} instances "
        "ran.",
        time=first(scene.ill_served, "end_time") if fired else None,
        share=met / len(slow) if len(slow) else None,
        n=met,
        total=len(slow),
        a=full.a,
        b=BUSY,
        unit="requests",
        method="slow requests against the CPU metric of their minute, with instances at their maximum and no change of "
        "the service in the half hour before",
    )


def _changed(scene: Scene) -> bool:
    """Whether a change lies just before: then what each request costs may be new."""
    onset = scene.onset
    near = scene.deploys["time"]
    return onset is not None and bool(((near >= onset - CHANGED) & (near <= onset)).any())


def _busy(scene: Scene) -> Sign:
    cpu = scene.inside(scene.metric(CPU))
    if cpu.empty:
        return not_seen(
            "cpu_busy", "Whether the CPU was at its limit cannot be told: {n} points of its metric.", "metrics.cpu"
        )
    hot = cpu[cpu >= BUSY]
    sustained = len(hot) >= 3
    return Sign(
        "cpu_busy",
        Verdict.FIRED if sustained else Verdict.CLEAR,
        "CPU was at or above {b:pct} in {n} of {total} points; the highest was {a:pct}.",
        time=hot.index.min().to_pydatetime() if sustained else None,
        n=len(hot),
        total=len(cpu),
        a=float(cpu.max()),
        b=BUSY,
        unit="points",
        method="CPU utilisation metric, once a minute",
    )
