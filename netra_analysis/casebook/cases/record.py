"""One run of a case, as the files that an investigation would be given, and the truth beside them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from netra_analysis.casebook.audit import Shape, deploy_entries
from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.circumstances import COMPLETE_SEED
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.engine.cluster import Cluster
from netra_analysis.casebook.engine.monitor import Monitor
from netra_analysis.casebook.engine.script import play
from netra_analysis.casebook.engine.witness import Witness
from netra_analysis.casebook.recording import Recording
from netra_analysis.casebook.series import Series
from netra_analysis.casebook.signals import Event, Happening, Reply, Signal, Wire
from netra_analysis.casebook.voices.dialects import Dialect, LoguruJson, LoguruText, Stdlib, Structured
from netra_analysis.casebook.voices.faults import accented
from netra_analysis.casebook.voices.platform_lines import PlatformLines
from netra_analysis.casebook.voices.voice import Voice
from netra_analysis.casebook.writer import ACTIVITY, REQUESTS, SYSTEM, SYSTEM_EVENT, LogWriter
from netra_analysis.window import stamp

DEPLOYS = (Happening.DEPLOY_REQUESTED, Happening.DEPLOY_READY, Happening.DEPLOY_FAILED)
LOGS = {"requests": (REQUESTS,), "system": (SYSTEM,), "audit": (ACTIVITY, SYSTEM_EVENT)}


@dataclass(slots=True, eq=False)
class _Scribe:
    """Hears every signal once, and hands it to those who write: log, metrics, truth."""

    writer: LogWriter
    voice: Voice
    platform: PlatformLines
    witness: Witness
    monitor: Monitor
    shapes: Callable[[str], Shape]

    def __call__(self, signal: Signal) -> None:
        if isinstance(signal, Reply):
            self.witness.reply(signal, self.writer.request(signal))
            self.monitor.reply(signal)
            self.voice.reply(signal)
        else:
            self._event(signal)

    def _event(self, event: Event) -> None:
        self.witness.event(event)
        if event.kind in DEPLOYS:
            deploy_entries(self.writer, event, self.shapes(event.place.revision))
        else:
            self.voice.event(event)
            self.platform.event(event)


def record_case(case: Case) -> Recording:
    """Runs `case` under its seed, and writes down what was to be seen."""
    given, scene = case.circumstances, case.scene()
    writer = LogWriter(case.target, given.origin, given.length, case.random("writer"))
    witness = Witness(writer, (given.window.start - given.origin).total_seconds(), given.length)
    monitors: list[Monitor] = []

    def listen(clock: Clock, cluster: Cluster, wire: Wire) -> None:
        scribe = _scribe(case, scene, writer, witness, cluster)
        scribe.monitor.begin()
        monitors.append(scribe.monitor)
        wire.listeners.append(scribe)

    play(scene.script, case.random, given.length, listen)
    _double(writer, witness, scene.doubled_from, case)
    dump = _dumped(writer, case)
    metrics = json.dumps({"timeSeries": monitors[0].rest()}, sort_keys=True) + "\n"
    shown = None if "metrics" in given.withheld else metrics
    return Recording("\n".join(dump) + "\n", shown, _truth(case, witness, dump))


def _scribe(case: Case, scene: Scene, writer: LogWriter, witness: Witness, cluster: Cluster) -> _Scribe:
    program, service = scene.script.program, case.service
    pool = (program.pool_size, program.pool_overflow, program.pool_timeout_s)
    names = service.names if case.seed == COMPLETE_SEED else accented(service.names, case.random("accent"))
    voiced = replace(service, names=replace(names, pool=pool))
    voice = Voice(voiced, _dialect(case, writer), case.random("voice"), case.circumstances.chatter)
    platform = PlatformLines(writer, program.memory_limit_mib, service.parts["health"].path)
    prefix = "" if service.key == "clinic" else f"custom.googleapis.com/{service.key}/db_pool"
    series = Series(case.origin, case.target)
    monitor = Monitor(cluster, series, case.random("metrics"), prefix, case.circumstances.gap)
    return _Scribe(writer, voice, platform, witness, monitor, partial(_shape, case, scene))


def _dialect(case: Case, writer: LogWriter) -> Dialect:
    name = case.circumstances.dialect
    if name in ("A", "B", "C"):
        return LoguruText(writer, name)
    if name == "D":
        return LoguruJson(writer)
    return Structured(writer, case.target.service) if name == "structured" else Stdlib(writer, name == "stdlib-lines")


def _shape(case: Case, scene: Scene, revision: str) -> Shape:
    """What the deploy of a revision asked for."""
    scaling, memory = scene.script.asked[revision], int(case.service.memory_limit_mib)
    return Shape(
        memory=f"{memory // 1024}Gi" if memory % 1024 == 0 else f"{memory}Mi",
        cpu=str(scene.script.program.cpu),
        concurrency=scaling.concurrency,
        min_scale=scaling.least,
        max_scale=scaling.most,
        timeout_s=int(scaling.timeout_s),
        account=case.service.account,
    )


def _double(writer: LogWriter, witness: Witness, since: float | None, case: Case) -> None:
    """A second sink: the same entries again, under names of its own. A failure told twice is one failure."""
    if since is None:
        return
    rng = case.random("sink")
    for at, number, entry in [item for item in writer.entries if item[0] >= since]:
        name = f"{rng.getrandbits(72):018x}"
        if entry["insertId"] in witness.fates:
            witness.copies[name] = witness.fates[entry["insertId"]]
        writer.entries.append((at, number, {**entry, "insertId": name}))


def _dumped(writer: LogWriter, case: Case) -> list[str]:
    """The dump: without the streams that nobody exported, newest first, as far as its limit goes."""
    given = case.circumstances
    hidden = {log for name in given.withheld for log in LOGS.get(name, ())}
    writer.entries = [item for item in writer.entries if item[2]["logName"].rpartition("/")[2] not in hidden]
    lines, _ = writer.lines(given.duplicates)
    return lines[: given.newest] if given.newest else lines


def _truth(case: Case, witness: Witness, dump: list[str]) -> dict[str, Any]:
    given, told = case.circumstances, witness.to_json()
    ids = {line.partition('"insertId": "')[2].partition('"')[0] for line in dump}
    return {
        "incident": case.name,
        "title": case.title,
        "synthetic": True,
        "seed": case.seed,
        "service": case.target.service,
        "window": {"start": stamp(given.window.start), "end": stamp(given.window.end)},
        "cause": case.cause,
        "contributing": list(case.contributing),
        "also_acceptable": list(case.also_acceptable),
        **told,
        "withheld": list(given.withheld),
        "dump": {
            "newest": given.newest,
            "from": json.loads(dump[-1])["timestamp"] if dump else None,
            "failed_requests_in_it": sum(name in ids for name in witness.fates),
        },
        "dialect": given.dialect,
        "entries": len(dump),
        "duplicates": len(dump) - len(ids),
        "notes": {
            "window": "fates and failed_requests go by a request's start inside the window",
            "onset": "failures of any day and deliberate ones have a fate, but are no onset",
        },
    }
