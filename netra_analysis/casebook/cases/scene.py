"""What a case is written with: the service as it normally runs, and short words for what is done to it."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from netra_analysis.casebook.cases.circumstances import BASELINE_S, Circumstances
from netra_analysis.casebook.engine.backends import Database
from netra_analysis.casebook.engine.cluster import Cluster
from netra_analysis.casebook.engine.demand import Crowd, Surge, Volley
from netra_analysis.casebook.engine.program import Defect, Program
from netra_analysis.casebook.engine.scaling import Scaling
from netra_analysis.casebook.engine.script import Act, Script
from netra_analysis.casebook.engine.work import Fault
from netra_analysis.casebook.routes import Route
from netra_analysis.casebook.signals import Fate
from netra_analysis.casebook.voices.service import Service

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(slots=True, eq=False)
class Scene:
    """A script in the making. `onset` is when the case may begin its trouble, `over` when it may end it."""

    service: Service
    given: Circumstances
    rng: Random
    script: Script = field(init=False)
    onset: float = field(init=False)
    over: float = field(init=False)
    doubled_from: float | None = None  # when a second sink began to deliver
    _number: int = field(init=False)
    _bystander: bool = False

    def __post_init__(self) -> None:
        self._number = self.given.revision
        room = self.given.length - BASELINE_S
        self.onset = BASELINE_S + self.rng.uniform(0.08, 0.35) * room
        self.over = self.onset + self.rng.uniform(0.35, 0.55) * room
        size, overflow, seconds = self.service.names.pool
        program = Program(
            self.next_revision(),
            memory_limit_mib=self.service.memory_limit_mib,
            base_mib=self.service.base_mib,
            boot_s=self.service.boot_s,
            pool_size=size,
            pool_overflow=overflow,
            pool_timeout_s=seconds,
        )
        database = Database(max_connections=self.service.max_connections, others=self.rng.randint(5, 11))
        demand = self.service.demand(self.given.rate)
        self.script = Script(program, Scaling(), demand, database, self.service.backends())
        if self.given.flakes:
            self.script.background = (self.defect("flake", "plain", "read", "cache", share=0.006, background=True),)

    @property
    def severity(self) -> float:
        return self.given.severity

    @property
    def program(self) -> Program:
        return self.script.program

    def part(self, name: str) -> Route:
        return self.service.parts[name]

    def paths(self, *parts: str) -> tuple[str, ...]:
        return tuple(self.part(name).path for name in parts)

    def defect(self, key: str, *parts: str, **more: Any) -> Defect:
        """A code path on these parts that raises `key`; what concerns the fault goes to the fault."""
        of_fault = {n: more.pop(n) for n in ("status", "fate", "caught", "fatal", "background") if n in more}
        return Defect(Fault(key, **of_fault), self.paths(*parts), **more)

    def forced(self, tag: str, *parts: str) -> Defect:
        """Errors on demand, for whoever asks for them."""
        return self.defect("forced", *parts, tag=tag, fate=Fate.DELIBERATE, caught=True)

    # --- the service as it is before -------------------------------------------------------------------

    def runs(self, **changes: Any) -> None:
        """Changes what runs from the beginning."""
        self.script.program = replace(self.script.program, **changes)

    def scales(self, **changes: Any) -> None:
        self.script.scaling = replace(self.script.scaling, **changes)

    def crowd(self, number: int, **changes: Any) -> None:
        crowds: list[Crowd] = list(self.script.demand.crowds)
        crowds[number] = replace(crowds[number], **changes)
        self.script.demand = replace(self.script.demand, crowds=tuple(crowds))

    def busier(self, factor: float) -> None:
        """All crowds, all day."""
        for number, crowd in enumerate(self.script.demand.crowds):
            self.crowd(number, per_hour=crowd.per_hour * factor)

    def surge(self, since: float, until: float, factor: float, crowd: int = 0, ramp_s: float = 60.0) -> None:
        surges = (*self.script.demand.surges, Surge(since, until, factor, crowd, ramp_s))
        self.script.demand = replace(self.script.demand, surges=surges)

    def volley(self, at: float, count: int, gap_s: float, part: str, **more: Any) -> None:
        client = more.pop("client", self.service.partner)
        volley = Volley(at, count, gap_s, self.part(part), client, **more)
        self.script.demand = replace(self.script.demand, volleys=(*self.script.demand.volleys, volley))

    # --- what is done to it ----------------------------------------------------------------------------

    def at(self, when: float, act: Act) -> None:
        self.script.at(when, act)

    def deploys(self, when: float, **changes: Any) -> Program:
        """A new revision of what runs, with `changes`; returns it."""
        if self.given.restarts:
            self._number = 0
        program = replace(self.script.program, revision=self.next_revision(), **changes)
        self.script.deploy(when, program, self.rng.uniform(24.0, 70.0))
        return program

    def reshapes(self, when: float, **changes: Any) -> None:
        """The same code under other limits: a new revision all the same."""
        program = replace(self.script.program, revision=self.next_revision())
        scaling = replace(self.script.scaling, **changes)
        self.script.deploy(when, program, self.rng.uniform(24.0, 70.0), scaling)

    def rolls_back(self, when: float) -> None:
        """What ran before, under a new number."""
        self.deploys(when)

    def bystander(self) -> None:
        """Allows a deploy that changes nothing, for those who blame the last deploy."""
        self._bystander = self.given.bystander

    def finish(self) -> Script:
        """The script, once all of it is written."""
        if self._bystander:
            self.deploys(self.rng.uniform(900.0, self.onset - 300.0))
        return self.script

    def backend(self, name: str, when: float, until: float | None = None, **state: Any) -> None:
        """Another service changes, and perhaps changes back."""

        def act(cluster: Cluster, changes: dict[str, Any]) -> None:
            for key, value in changes.items():
                setattr(cluster.stage.backends[name], key, value)

        self.at(when, lambda cluster: act(cluster, state))
        if until is not None:
            self.at(until, lambda cluster: act(cluster, {"state": "ok", "slow": 1.0}))

    def database(self, when: float, **state: Any) -> None:
        def act(cluster: Cluster) -> None:
            for key, value in state.items():
                setattr(cluster.stage.database, key, value)

        self.at(when, act)

    def per_hour(self, crowd: int, *parts: str) -> float:
        """About how often a crowd asks for these parts in an hour."""
        one = self.script.demand.crowds[crowd]
        wanted = {self.part(name).path for name in parts}
        share = sum(w for route, w in one.asks if route.path in wanted) / sum(w for _, w in one.asks)
        opening = sum(route.path in wanted for route in one.opening)
        return one.per_hour * (opening + share * sum(one.length) / 2)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def next_revision(self) -> str:
        """The name of the service's next revision."""
        self._number += 1
        letters = "".join(self.rng.choice(_LETTERS) for _ in range(3))
        return f"{self.service.target.service}-{self._number:05d}-{letters}"
