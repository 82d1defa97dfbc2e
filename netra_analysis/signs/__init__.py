"""Facts that tell causes apart, each with its own evidence; the causes themselves are data in `hypotheses`."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict
from netra_analysis.signs import (
    births,
    bulk,
    change,
    claimed,
    configuration,
    demand,
    dependencies,
    dying,
    harm,
    inputs,
    latency,
    load,
    loop,
    memory,
    places,
    platform,
    process,
    sockets,
    traffic,
)
from netra_analysis.signs.rows import with_rows
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign, table_of
from netra_analysis.tables import Tables

ALL = (
    harm.look,
    bulk.look,
    memory.look,
    load.look,
    dying.look,
    dependencies.look,
    change.look,
    configuration.look,
    births.look,
    platform.look,
    places.look,
    process.look,
    loop.look,
    demand.look,
    inputs.look,
    sockets.look,
    traffic.look,
    claimed.look,
)
NAME = "signs"


def look(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> tuple[Sign, ...]:
    """Every sign, in a fixed order; none is CLEAR where too little could be read."""
    scene = Scene(tables, settings, findings)
    scene.since = harm.since(scene)
    hurt = harm.harm(scene)
    scene.onset = hurt.time
    if hurt.words == harm.SLOW:
        scene.ill_served = latency.slowed(scene)
    elif hurt.words == harm.SHORT:
        scene.ill_served = sockets.ended_early(scene)
    elif hurt.fired:
        besides = [one for one in (loop.held_up(scene), change.turned_away(scene)) if len(one)]
        scene.besides = pd.concat(besides).drop_duplicates("id", ignore_index=True) if besides else None
    found = (with_rows(sign, settings.window) for family in ALL for sign in family(scene))
    return tuple(sign.doubted() if tables.coverage.in_part else sign for sign in found)


def onset(signs: tuple[Sign, ...]) -> datetime | None:
    """The first moment of impact; None when nobody was hurt, or nobody can tell."""
    return next((sign.time for sign in signs if sign.id == "harm"), None)


def led(signs: tuple[Sign, ...]) -> datetime | None:
    """The moment that signs have to lead: the onset, or since when most requests failed, after a smaller fault."""
    return next((sign.time for sign in signs if sign.id == bulk.NAME and sign.fired), onset(signs))


def hurt(signs: tuple[Sign, ...]) -> bool | None:
    """Whether anybody was hurt; None when that cannot be told."""
    verdict = next(sign.verdict for sign in signs if sign.id == "harm")
    return {Verdict.FIRED: True, Verdict.CLEAR: False}.get(verdict)


def finding(signs: tuple[Sign, ...]) -> Finding:
    """The signs as one finding: their table is known to queries as `finding_signs`."""
    fired = any(sign.fired for sign in signs)
    statements = tuple(sign.statement() for sign in signs)
    return Finding(NAME, Verdict.FIRED if fired else Verdict.CLEAR, table_of(signs), statements)
