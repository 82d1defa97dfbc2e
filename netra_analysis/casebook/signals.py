"""What the mechanism lets be seen: replies and events. The log writer, the metrics and the truth listen.

The mechanism knows none of its listeners, so nothing can be painted onto an output: what is written
happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from netra_analysis.casebook.routes import Client, Route


class Fate(StrEnum):
    """Why a request failed, in the words of `evidence.json`."""

    APPLICATION = "application"
    KILLED = "killed_with_instance"
    NO_INSTANCE = "no_instance"
    STARTUP = "startup_failure"
    TIMEOUT = "timeout"
    UPSTREAM = "upstream"
    DELIBERATE = "deliberate"


class Failure(StrEnum):
    """What the application raised, where it was the application that failed."""

    STALE_SESSION = "SessionIsolationError"
    POOL_TIMEOUT = "TimeoutError"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request on its way: when, what, from whom. `conversation` names the chat it belongs to.

    `then` is what the client asks next, once this was answered well: a preflight's request. `size_mib` is
    what its body makes the handler hold, `tag` what is special about its content, "" being nothing.
    """

    time: float
    route: Route
    client: Client
    url: str
    conversation: str = ""
    retries: int = 0
    then: "Arrival | None" = None
    size_mib: float = 0.0
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An instance by its name, and the revision it runs; an empty instance is none at all."""

    revision: str
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request ended. `handler_s` is None where the handler never returned.

    `words` are the platform's on this request, where it has more to say than its fate; `background` marks
    failures that happen on any day and belong to no incident.
    """

    arrival: Arrival
    place: Place
    ended: float
    status: int
    handler_s: float | None
    fate: Fate | None = None
    failure: Failure | str | None = None
    words: str = ""
    background: bool = False

    @property
    def latency_s(self) -> float:
        return self.ended - self.arrival.time


class Happening(StrEnum):
    """The kinds of events in the life of an instance and of what runs in it."""

    STARTING = "starting"
    READY = "ready"
    OUT_OF_MEMORY = "out_of_memory"
    SIGNALLED = "signalled"
    DRAINED = "drained"
    SHUT_DOWN = "shut_down"
    MEMORY_CHECK = "memory_check"
    COLLECTED = "collected"
    SOCKET_CLOSED_TWICE = "socket_closed_twice"
    DEPLOY_REQUESTED = "deploy_requested"
    DEPLOY_READY = "deploy_ready"
    DEPLOY_FAILED = "deploy_failed"
    BOOT_FAILED = "boot_failed"
    EXITED = "exited"
    PROBE_FAILED = "probe_failed"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Event:
    """One happening: `number` is its quantity (MiB, seconds), `reason` its word, where it has them."""

    time: float
    kind: Happening
    place: Place
    number: float = 0.0
    reason: str = ""


Signal = Reply | Event
Listener = Callable[[Signal], None]


@dataclass(slots=True, eq=False)
class Wire:
    """Carries signals to the listeners, in the order in which they joined."""

    listeners: list[Listener] = field(default_factory=list)

    def send(self, signal: Signal) -> None:
        for listener in self.listeners:
            listener(signal)
