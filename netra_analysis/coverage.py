"""What was looked at, what was not, and which questions that leaves open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from netra_analysis.window import stamp

FEWEST_ENTRIES = 200  # fewer distinct times than this show no rhythm to miss
SHORTEST_SILENCE = timedelta(minutes=2)
LEAST_READ = 0.95  # of what a source gave; with less, what was not seen may stand in what could not be read


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of the service: how many rows, and its first and last time."""

    rows: int
    first: datetime | None
    last: datetime | None

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "first": stamp(self.first) if self.first else None,
            "last": stamp(self.last) if self.last else None,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """The ledger of a load: entries = loaded + duplicates + all quarantined."""

    entries: int
    loaded: int
    duplicates: int
    quarantined: Mapping[str, int]
    services: Mapping[str, int]
    streams: Mapping[str, Stream]
    blind_spots: tuple[str, ...]
    redactions: Mapping[str, int] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    thinned: str = ""  # how, where not all entries of the service were kept
    cell_s: int = 0  # seconds in which one entry may then stand for many
    cost: Mapping[str, Any] = field(default_factory=lambda: {"bytes": 0, "usd": 0.0})
    # Each query with its job: of this reading and not of what was read, so it is kept beside the coverage.
    scans: tuple[Mapping[str, Any], ...] = ()

    @property
    def unread(self) -> float:
        """The share of what the source gave, duplicates aside, that could not be read."""
        given = self.entries - self.duplicates
        return sum(self.quarantined.values()) / given if given else 0.0

    @property
    def in_part(self) -> bool:
        """Whether too little could be read to say that something is absent, or what share it is of anything."""
        return self.unread > 1 - LEAST_READ

    def has(self, stream: str) -> bool:
        found = self.streams.get(stream)
        return found is not None and found.rows > 0

    def to_json(self) -> dict[str, Any]:
        return {
            "entries": self.entries,
            "loaded": self.loaded,
            "duplicates": self.duplicates,
            "quarantined": dict(self.quarantined),
            "services": dict(self.services),
            "streams": {name: stream.to_json() for name, stream in self.streams.items()},
            "blind_spots": list(self.blind_spots),
            "redactions": dict(self.redactions),
            "files": [dict(note) for note in self.files],
            "warnings": list(self.warnings),
            **({"thinned": self.thinned, "cell_s": self.cell_s} if self.thinned else {}),
            "cost": dict(self.cost),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], scans: Sequence[Mapping[str, Any]] = ()) -> "Coverage":
        streams = {name: Stream(s["rows"], _time(s["first"]), _time(s["last"])) for name, s in data["streams"].items()}
        return cls(
            entries=data["entries"],
            loaded=data["loaded"],
            duplicates=data["duplicates"],
            quarantined=data["quarantined"],
            services=data["services"],
            streams=streams,
            blind_spots=tuple(data["blind_spots"]),
            redactions=data["redactions"],
            files=tuple(data["files"]),
            warnings=tuple(data["warnings"]),
            thinned=data.get("thinned", ""),
            cell_s=data.get("cell_s", 0),
            cost=data["cost"],
            scans=tuple(scans),
        )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def gaps(times: Sequence[datetime]) -> tuple[tuple[datetime, datetime], ...]:
    """Holes in a sampled series: steps of more than two and a half times the usual one.

    `times` are distinct and sorted. Fewer than four points show no usual step, hence no hole.
    """
    steps = [later - earlier for earlier, later in pairwise(times)]
    if len(steps) < 3:
        return ()
    usual = sorted(steps)[len(steps) // 2]
    return tuple((a, b) for a, b in pairwise(times) if b - a > 2.5 * usual)


def silences(times: Sequence[datetime], cell_s: int = 0) -> tuple[tuple[datetime, datetime], ...]:
    """Stretches without any entry, far longer than this service is ever silent; `times` are distinct and sorted.

    Where one entry may stand for all of a cell of `cell_s` seconds, two that follow each other may be two cells apart.
    """
    if len(times) < FEWEST_ENTRIES:
        return ()
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    usual = steps[int(0.99 * (len(steps) - 1))]
    least = max(SHORTEST_SILENCE, 5 * usual, timedelta(seconds=2 * cell_s))
    return tuple((a, b) for a, b in pairwise(times) if b - a > least)
