"""What a revision's code does and the container it runs in: the causes that live inside a service, as data."""

import math
from dataclasses import dataclass
from random import Random

from netra_analysis.casebook.engine.work import Fault
from netra_analysis.casebook.signals import Arrival


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds after the origin, half-open."""

    since: float = 0.0
    until: float = math.inf

    def __contains__(self, at: float) -> bool:
        return self.since <= at < self.until


ALWAYS = Span()


def on(paths: tuple[str, ...], arrival: Arrival) -> bool:
    """Whether a request runs the code of one of these paths; a preflight is answered before it."""
    return arrival.route.path in paths and arrival.route.method != "OPTIONS"


@dataclass(frozen=True, slots=True)
class Defect:
    """A code path that raises: on some routes, for some contents, for a share of the requests, for a while.

    In processes that were `born` in a span of time, for what is read at the start. With `survived` the handler logs
    the fault and answers well all the same.
    """

    fault: Fault
    paths: tuple[str, ...]
    tag: str = ""
    share: float = 1.0
    span: Span = ALWAYS
    after_s: tuple[float, float] = (0.004, 0.06)
    survived: bool = False
    born: Span = ALWAYS

    def hits(self, arrival: Arrival, now: float, born: float, rng: Random) -> bool:
        if not on(self.paths, arrival) or self.tag not in ("", arrival.tag):
            return False
        if now not in self.span or born not in self.born:
            return False
        return self.share >= 1.0 or rng.random() < self.share


@dataclass(frozen=True, slots=True)
class Block:
    """Synchronous work on the event loop's thread: in a route's handler, or every `period_s` in a task.

    A task that talks to `backend` blocks for that backend's time-out while it is away, else for a moment.
    """

    seconds: tuple[float, float]
    paths: tuple[str, ...] = ()
    tag: str = ""
    period_s: float = 0.0
    backend: str = ""
    remark: str = ""
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True)
class Boot:
    """How a start of this revision fails while `span` holds.

    `way` is "exit" (the process ends before it listens), "late" (the port is open before the application is
    loaded, so the probe passes and the process ends after it) or "hang" (nothing ever listens).
    """

    way: str
    fault: str
    code: int = 1
    after_s: tuple[float, float] = (4.0, 9.0)
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True)
class Leak:
    """Memory that requests on `paths` leave behind, and that age alone leaves behind."""

    mib: float = 0.0
    spread: float = 0.3
    paths: tuple[str, ...] = ()
    mib_per_minute: float = 0.0
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True)
class Sessions:
    """How a revision treats its database sessions: the share never given back, and what each keeps alive.

    With `kept` the lost session stays inside the conversation's agent, which is refused when it is met again.
    """

    lost_share: float = 0.0
    lost_paths: tuple[str, ...] = ()
    lost_mib: float = 0.0
    kept: bool = False
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True)
class Program:
    """A revision: its container, its pool, and its faults."""

    revision: str
    memory_limit_mib: float = 1024.0
    base_mib: float = 330.0
    warm_mib: float = 18.0
    cpu: int = 1
    cpu_factor: float = 1.0
    pool_size: int = 5
    pool_overflow: int = 5
    pool_timeout_s: float = 5.0
    boot_s: tuple[float, float] = (9.0, 16.0)
    boot: Boot | None = None
    liveness: bool = False
    leak: Leak = Leak()
    sessions: Sessions = Sessions()
    defects: tuple[Defect, ...] = ()
    blocks: tuple[Block, ...] = ()
    fatal_task: tuple[Fault, tuple[float, ...]] | None = None  # a background task that ends the process, and when
    hung_sockets: float = 0.0  # the share of sockets whose handler outlives its client
    socket_defect: Defect | None = None
