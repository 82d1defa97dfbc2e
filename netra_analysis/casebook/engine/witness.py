"""What really happened in a run, noted as it happens: fates, deaths, deploys, the first impact."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from netra_analysis.casebook.signals import Event, Fate, Happening, Place, Reply
from netra_analysis.casebook.writer import LogWriter


@dataclass(slots=True, eq=False)
class Witness:
    """Notes of one run; `start` and `end` are the window, in seconds after the origin.

    Impact begins with the first request that failed for the incident's sake (with a status of 500 or more, or
    refused for want of an instance), or with the first death. Failures of any day, and deliberate ones, have a
    fate but begin nothing.
    """

    writer: LogWriter
    start: float
    end: float
    fates: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)  # the same failures, as a second sink names them
    background: int = 0
    refused_429: int = 0
    before: int = 0  # failures of the incident's that came before the window
    episodes: list[dict[str, Any]] = field(default_factory=list)
    deploys: list[dict[str, str]] = field(default_factory=list)
    first: float | None = None
    _starting: set[str] = field(default_factory=set)

    def reply(self, reply: Reply, insert_id: str) -> None:
        """Notes a failed request by its entry. It belongs to the window in which it started."""
        refused = reply.status == 429 and reply.fate is Fate.NO_INSTANCE
        if reply.status < 500 and not refused:
            return
        if reply.arrival.time < self.start or reply.ended >= self.end:
            self.before += reply.arrival.time < self.start and not reply.background
            return
        if refused:
            self.refused_429 += 1
        else:
            self.fates[insert_id] = (reply.fate or Fate.APPLICATION).value
        if reply.background or reply.fate is Fate.DELIBERATE:
            self.background += reply.background
        else:
            self._impact(reply.ended)

    def event(self, event: Event) -> None:
        """Notes deaths, how each ended, and deploys."""
        match event.kind:
            case Happening.BOOT_FAILED:
                self._starting.add(event.place.instance)
                self._death(event.time, event.place, "startup", "")
            case Happening.OUT_OF_MEMORY:
                self._death(event.time, event.place, "oom", "")
            case Happening.EXITED:
                self._ended(event, "exit", f"exit {event.reason}")
            case Happening.SIGNALLED:
                self._ended(event, "signal", f"signal {event.reason}")
            case Happening.PROBE_FAILED:
                self._ended(event, "probe", f"probe {event.reason.split(' ')[0]}")
            case Happening.READY if event.reason != "deaf":
                for episode in self.episodes:
                    episode["end"] = episode["end"] or self.writer.stamp(event.time)
            case Happening.DEPLOY_READY:
                self.deploys.append({"time": self.writer.stamp(event.time), "revision": event.place.revision})
            case _:
                pass

    def _ended(self, event: Event, kind: str, exit_: str) -> None:
        """How a death ended that was noted, or a death of its own."""
        open_ = [e for e in self.episodes if e["instance"] == event.place.instance]
        if not open_:
            self._death(event.time, event.place, kind, exit_)
            open_ = [e for e in self.episodes if e["instance"] == event.place.instance]
        for episode in open_:
            episode["exit"] = episode["exit"] or exit_
            episode["victims"] += int(event.number)

    def _death(self, at: float, place: Place, kind: str, exit_: str) -> None:
        if not self.start <= at < self.end:
            return
        self._impact(at)
        episode = {"start": self.writer.stamp(at), "end": None, "revision": place.revision, "instance": place.instance}
        self.episodes.append({**episode, "kind": kind, "exit": exit_, "victims": 0})

    def _impact(self, at: float) -> None:
        self.first = at if self.first is None else min(self.first, at)

    def to_json(self) -> dict[str, Any]:
        """The part of `truth.json` that the run decides."""
        return {
            "onset": None if self.first is None else self.writer.stamp(self.first),
            "crash_episodes": self.episodes,
            "failed_requests": {
                "total": len(self.fates),
                "fates": dict(sorted(Counter(self.fates.values()).items())),
                "of_any_day": self.background,
                "refused_429": self.refused_429,
                "before_the_window": self.before,
            },
            "fates": dict(sorted({**self.fates, **self.copies}.items())),
            "deploys": self.deploys,
        }
