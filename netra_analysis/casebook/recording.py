"""One run of an incident, as the files that an investigation would be given, and the truth beside them."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from netra_analysis.casebook.audit import deploy_entries
from netra_analysis.casebook.boot import Boot
from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.fleet import Fleet
from netra_analysis.casebook.incident import Canary, Incident, Target, simulate
from netra_analysis.casebook.metrics import Sampler
from netra_analysis.casebook.narrator import Narrator
from netra_analysis.casebook.neighbours import neighbours
from netra_analysis.casebook.signals import Event, Happening, Place, Reply, Signal, Wire
from netra_analysis.casebook.truth import Truth
from netra_analysis.casebook.writer import LogWriter
from netra_analysis.window import TimeWindow, stamp

DUPLICATES = 0.004  # of all entries, delivered a second time
DEPLOYS = (Happening.DEPLOY_REQUESTED, Happening.DEPLOY_READY)


@dataclass(frozen=True, slots=True)
class Recording:
    """Text of the entries and the metrics, and the truth. `metrics` is None where nobody has them."""

    entries: str
    metrics: str | None
    truth: dict[str, Any]

    @property
    def truth_text(self) -> str:
        return json.dumps(self.truth, indent=1, ensure_ascii=False) + "\n"


@dataclass(slots=True, eq=False)
class _Scribe:
    """Hears every signal once, and hands it to those who write: log, metrics, truth."""

    narrator: Narrator
    truth: Truth
    sampler: Sampler

    def __call__(self, signal: Signal) -> None:
        if isinstance(signal, Reply):
            self.truth.reply(signal, self.narrator.writer.request(signal))
            self.sampler.reply(signal)
            self.narrator.reply(signal)
        else:
            self._event(signal)

    def _event(self, event: Event) -> None:
        self.truth.event(event)
        if event.kind in DEPLOYS:
            deploy_entries(self.narrator.writer, event)
            return
        if event.kind is Happening.READY:
            Boot(self.narrator).tell(event)
        self.narrator.event(event)


def record(incident: Incident) -> Recording:
    """Runs `incident` under its seed, and writes down what was to be seen."""
    writer = LogWriter(incident.target, incident.origin, incident.length, incident.random("writer"))
    narrator, truth = Narrator(writer, incident.new.memory_limit_mib), Truth(incident, writer)
    samplers: list[Sampler] = []

    def listen(clock: Clock, fleet: Fleet, wire: Wire) -> None:
        sampler = Sampler(incident, clock, fleet, incident.random("metrics"))
        sampler.begin()
        samplers.append(sampler)
        wire.listeners.append(_Scribe(narrator, truth, sampler))
        for canary in incident.canaries:
            clock.at(canary.at, partial(_plant, canary, fleet, narrator, truth))

    simulate(incident, listen)
    neighbours(writer, incident.random("neighbours"), incident.length)
    lines, twice = writer.lines(DUPLICATES)
    metrics = json.dumps({"timeSeries": samplers[0].time_series()}, sort_keys=True)
    return Recording("\n".join(lines) + "\n", metrics + "\n", truth.to_json(len(lines), twice))


def _plant(canary: Canary, fleet: Fleet, narrator: Narrator, truth: Truth) -> None:
    """Writes a canary's line as the instance that then runs, or as none."""
    place = fleet.ready[0].place if fleet.ready else Place(fleet.build.revision)
    where = "netra_backend.app.core.unified_logging:_emit_log:204"
    name = narrator.say(canary.at, place, "DEBUG", where, canary.line.format(canary.secret))
    truth.canary(canary.kind, canary.secret, name)


class Asked(Protocol):
    """What parameters and a note need to know of an incident, whichever engine runs it."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def target(self) -> Target: ...
    @property
    def origin(self) -> datetime: ...
    @property
    def window(self) -> TimeWindow: ...
    @property
    def limits(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def audit(self) -> tuple[tuple[str, str, str], ...]: ...


def params_text(incident: Asked, *, metrics: bool = True) -> str:
    """The parameters that ask about this incident, as YAML."""
    target, window = incident.target, incident.window
    limits = ", ".join(f"{name}: {value}" for name, value in incident.limits)
    audit = "".join(f"  - {{id: {i}, says: {json.dumps(s)}, tests: {t}}}\n" for i, s, t in incident.audit)
    return (
        f"# {incident.title}.\n"
        f"incident: {incident.name}\n"
        "synthetic: true   # planted by the casebook, seed "
        f"{incident.seed}; what really happened is in {incident.name}/truth.json\n"
        f"project: {target.project}\n"
        f"service: {target.service}\n"
        f"region: {target.region}\n"
        f"start: {stamp(window.start)}\n"
        f"end: {stamp(window.end)}\n"
        f"baseline: {{start: {stamp(incident.origin)}, end: {stamp(window.start)}}}\n"
        f"source: file:{incident.name}/entries.ndjson.gz   # relative to this file\n"
        f"metrics: {f'file:{incident.name}/metrics.json.gz' if metrics else 'none'}\n"
        f"limits: {{{limits}}}\n"
        f"{f'audit:{chr(10)}{audit}' if audit else ''}"
    )


def readme_text(incident: Asked) -> str:
    """Five lines for whoever finds the folder: what it is, and how it was made."""
    return (
        f"# {incident.name}: synthetic\n"
        f"{incident.title}. Simulated, seed {incident.seed}; no line of it was ever logged by a service.\n"
        f"Made by `netra-analysis sample {incident.name} --out params`; the simulator is in `casebook/`.\n"
        "`entries.ndjson.gz` holds raw log entries, `metrics.json.gz` Cloud Monitoring series.\n"
        "`truth.json` holds what really happened, as the simulation noted it. Its secrets are canaries.\n"
    )
