"""What a run's parts share: the clock, the wire, the draws, and what stands behind the service."""

from dataclasses import dataclass, field
from random import Random

from netra_analysis.casebook.clock import Clock
from netra_analysis.casebook.engine.backends import Backend, Database
from netra_analysis.casebook.engine.program import Defect
from netra_analysis.casebook.signals import Wire


@dataclass(slots=True, eq=False)
class Stage:
    """The world around the instances. `background` are the faults of any day, in every revision."""

    clock: Clock
    wire: Wire
    rng: Random
    database: Database
    backends: dict[str, Backend] = field(default_factory=dict)
    background: tuple[Defect, ...] = ()
