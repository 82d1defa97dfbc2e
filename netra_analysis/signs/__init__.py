"""Facts that tell causes apart, each with its own evidence; the causes themselves are data in `hypotheses`."""

from collections.abc import Mapping

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict
from netra_analysis.signs import change, claimed, dependencies, memory, platform, traffic
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign, table_of
from netra_analysis.tables import Tables

ALL = (memory.look, dependencies.look, change.look, platform.look, traffic.look, claimed.look)
NAME = "signs"


def look(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> tuple[Sign, ...]:
    """Every sign, in a fixed order."""
    scene = Scene(tables, settings, findings)
    return tuple(sign for family in ALL for sign in family(scene))


def finding(signs: tuple[Sign, ...]) -> Finding:
    """The signs as one finding: their table is known to queries as `finding_signs`."""
    fired = any(sign.fired for sign in signs)
    statements = tuple(sign.statement() for sign in signs)
    return Finding(NAME, Verdict.FIRED if fired else Verdict.CLEAR, table_of(signs), statements)
