"""A case of the catalogue: an incident of the general engine, with the outward face of any incident."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from netra_analysis.casebook.cases.circumstances import COMPLETE_SEED, DRAWN, Circumstances, circumstances
from netra_analysis.casebook.cases.scene import Scene
from netra_analysis.casebook.incident import Target
from netra_analysis.casebook.voices.service import Service
from netra_analysis.window import TimeWindow

NO_INCIDENT = "no_incident"


@dataclass(frozen=True, slots=True)
class Case:
    """One incident, or a quiet time, over seeds. `write` puts its trouble into a scene."""

    name: str
    title: str
    cause: str
    service: Service
    write: Callable[[Scene], None]
    contributing: tuple[str, ...] = ()
    also_acceptable: tuple[str, ...] = ()
    seed: int = COMPLETE_SEED
    kept: str = DRAWN

    def seeded(self, seed: int) -> "Case":
        """The same scenario, another course and other circumstances."""
        return replace(self, seed=seed)

    def keeping(self, kept: str) -> "Case":
        """The same course, with what is missing of its record as drawn, with nothing missing, or without a stream."""
        return replace(self, kept=kept)

    @property
    def quiet(self) -> bool:
        return self.cause == NO_INCIDENT

    @property
    def circumstances(self) -> Circumstances:
        return circumstances(self.name, self.seed, self.service.dialects, self.kept)

    @property
    def target(self) -> Target:
        return self.service.target

    @property
    def origin(self) -> datetime:
        return self.circumstances.origin

    @property
    def window(self) -> TimeWindow:
        return self.circumstances.window

    @property
    def limits(self) -> tuple[tuple[str, int], ...]:
        """What an owner of the service would know beforehand."""
        script = self.scene().script
        scaling, program = script.scaling, script.program
        return (
            ("memory_mib", int(program.memory_limit_mib)),
            ("db_connections", script.database.max_connections),
            ("max_instances", scaling.most),
            ("concurrency", scaling.concurrency),
        )

    @property
    def audit(self) -> tuple[tuple[str, str, str], ...]:
        """Nobody has audited it yet."""
        return ()

    def random(self, part: str) -> Random:
        """A generator for one part alone, so that a change in one part leaves the others' draws as they were."""
        return Random(f"{self.name}/{self.seed}/{part}")

    def scene(self) -> Scene:
        """The scenario written down, ready to be played once."""
        scene = Scene(self.service, self.circumstances, self.random("scene"))
        self.write(scene)
        scene.finish()
        return scene
