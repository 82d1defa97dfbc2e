"""What differs between two seeds of the same incident besides its course: when, how much, and what is missing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from netra_analysis.window import TimeWindow

BASELINE_S: Final = 3600.0
COMPLETE_SEED: Final = 1  # this seed's record lacks nothing, so that a first look is not at an exception
NEWEST: Final = 1000
DRAWN, WHOLE = "drawn", "whole"
STREAMS: Final = ("metrics", "audit", "system", "requests")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Drawn once per incident and seed, before anything is simulated."""

    origin: datetime
    window: TimeWindow
    rate: float
    severity: float
    chatter: float
    dialect: str
    revision: int
    restarts: bool  # revision numbers begin again with the incident's deploy
    withheld: tuple[str, ...]
    newest: int | None
    duplicates: float
    gap: tuple[float, float]
    flakes: bool  # failures of any day
    bystander: bool  # a deploy that changes nothing

    @property
    def length(self) -> float:
        """Seconds from the origin to the window's end."""
        return (self.window.end - self.origin).total_seconds()


def circumstances(name: str, seed: int, dialects: tuple[str, ...], kept: str = DRAWN) -> Circumstances:
    """The circumstances of `name` under `seed`. `kept`: missing is what the seed draws, nothing, or one stream."""
    rng, complete = Random(f"{name}/{seed}/circumstances"), seed == COMPLETE_SEED
    origin = datetime(2025, 8, 18, tzinfo=UTC) + timedelta(minutes=rng.randrange(60 * 24 * 60))
    start = origin + timedelta(seconds=BASELINE_S)
    window = TimeWindow(start, start + timedelta(minutes=rng.randrange(60, 111)))
    length = (window.end - origin).total_seconds()
    missing = rng.choices(((), ("metrics",), ("audit",), ("system",), ("requests",)), (58, 18, 12, 6, 6))[0]
    gap_at = rng.uniform(0.2, 0.9) * length
    return Circumstances(
        origin=origin,
        window=window,
        rate=rng.uniform(0.75, 1.3),
        severity=rng.uniform(0.75, 1.4),
        chatter=rng.choice((0.02, 0.06, 0.15)),
        dialect=rng.choice(dialects),
        revision=rng.choice((rng.randint(2, 40), rng.randint(90, 260), rng.randint(700, 760))),
        restarts=rng.random() < 0.12,
        withheld=missing if kept == DRAWN and not complete else (kept,) if kept in STREAMS else (),
        newest=NEWEST if not complete and rng.random() < 0.08 and kept == DRAWN else None,
        duplicates=rng.choice((0.0, 0.004, 0.03)),
        gap=(gap_at, gap_at + 240.0) if rng.random() < 0.25 else (0.0, 0.0),
        flakes=rng.random() < 0.35,
        bystander=rng.random() < 0.25,
    )
