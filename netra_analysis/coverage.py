"""What was looked at, what was not, and which questions that leaves open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from netra_analysis.window import TimeWindow, stamp


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
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Coverage":
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


REQUESTS, SYSTEM, METRICS = "requests", "system", "metrics"
STREAMS = ("requests", "stdout", "stderr", "system", "audit", "metrics")
_OPEN_WITHOUT = {
    "requests": "how many requests failed, when, and on which route",
    "system": "whether an instance exited, was killed or failed a probe",
    "stderr": "what the application said when it failed",
    "audit": "who deployed what and when (the first sight of a revision stands in)",
    "metrics": "memory against its limit, pool in use, number of instances",
}


def blind_spots(
    streams: Mapping[str, Stream],
    window: TimeWindow,
    holes: Sequence[tuple[datetime, datetime]],
    counts: Mapping[str, int],
) -> tuple[str, ...]:
    """Each thing that the data cannot show, with the questions it leaves open.

    `holes` are the gaps of the memory metric. `counts` are sizes, by file, that look like a limit of the pull.
    """
    spots = [
        f"no {name} stream: cannot tell {question}"
        for name, question in _OPEN_WITHOUT.items()
        if not (name in streams and streams[name].rows)
    ]
    logs = [s for name, s in streams.items() if name != "metrics" and s.first and s.last]
    if logs:
        first, last = min(s.first for s in logs if s.first), max(s.last for s in logs if s.last)
        slack = max(60.0, 0.02 * window.duration.total_seconds())
        if (first - window.start).total_seconds() > slack:
            spots.append(f"logs start at {stamp(first)}: nothing is known of the window before")
        if (window.end - last).total_seconds() > slack:
            spots.append(f"logs end at {stamp(last)}: nothing is known of the window after")
    spots += [f"no memory metric from {stamp(a)} to {stamp(b)}: memory then is not known" for a, b in holes]
    for what, number in counts.items():
        spots.append(f"{what} holds {number:,} entries, a round limit: it was probably cut, so its counts are caps")
    return tuple(spots)
