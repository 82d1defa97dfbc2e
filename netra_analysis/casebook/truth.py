"""What really happened, noted by the run as it happens. Nothing here is read back from the output."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from netra_analysis.casebook.incident import Incident
from netra_analysis.casebook.signals import Event, Fate, Happening, Reply
from netra_analysis.casebook.writer import LogWriter


@dataclass(slots=True, eq=False)
class Truth:
    """Notes of one run: failed requests and their fates, crashes, deploys, canaries."""

    incident: Incident
    writer: LogWriter
    fates: dict[str, str] = field(default_factory=dict)
    episodes: list[dict[str, Any]] = field(default_factory=list)
    deploys: list[dict[str, str]] = field(default_factory=list)
    canaries: list[dict[str, str]] = field(default_factory=list)
    first_failure: float | None = None

    def reply(self, reply: Reply, insert_id: str) -> None:
        """Notes a failed request of the window by its entry; the window goes by a request's start."""
        start = self.incident.seconds(self.incident.window.start)
        inside = start <= reply.arrival.time and reply.ended < self.incident.length
        if reply.status < 500 or not inside:
            return
        fate = reply.fate or Fate.APPLICATION
        self.fates[insert_id] = fate.value
        first = self.first_failure
        self.first_failure = reply.ended if first is None else min(first, reply.ended)

    def event(self, event: Event) -> None:
        """Notes crashes, how each ended, and deploys."""
        match event.kind:
            case Happening.OUT_OF_MEMORY:
                self.episodes.append(self._episode(event))
            case Happening.SIGNALLED:
                for episode in self.episodes:
                    if episode["instance"] == event.place.instance:
                        episode |= {"exit": f"signal {event.reason}", "victims": int(event.number)}
            case Happening.READY:
                for episode in self.episodes:
                    episode["end"] = episode["end"] or self.writer.stamp(event.time)
            case Happening.DEPLOY_READY:
                self.deploys.append({"time": self.writer.stamp(event.time), "revision": event.place.revision})
            case _:
                pass

    def canary(self, kind: str, secret: str, insert_id: str) -> None:
        self.canaries.append({"kind": kind, "value": secret, "insertId": insert_id})

    def to_json(self, entries: int, duplicates: int) -> dict[str, Any]:
        """`truth.json`. `entries` counts lines, `duplicates` how many of them came a second time."""
        first = self.first_failure
        return {
            "incident": self.incident.name,
            "synthetic": True,
            "seed": self.incident.seed,
            "cause": self.incident.cause,
            "contributing": list(self.incident.contributing),
            "onset": None if first is None else self.writer.stamp(first),
            "crash_episodes": self.episodes,
            "failed_requests": {
                "total": len(self.fates),
                "fates": dict(sorted(Counter(self.fates.values()).items())),
            },
            "fates": dict(sorted(self.fates.items())),
            "deploys": self.deploys,
            "canaries": self.canaries,
            "entries": entries,
            "duplicates": duplicates,
            "notes": self.incident.notes,
        }

    def _episode(self, event: Event) -> dict[str, Any]:
        return {
            "start": self.writer.stamp(event.time),
            "end": None,
            "revision": event.place.revision,
            "instance": event.place.instance,
            "kind": "oom",
            "exit": "",
            "victims": 0,
        }
