"""What a service depends on: a database server with a cap on connections, and other services by name."""

import math
from dataclasses import dataclass
from random import Random

from netra_analysis.casebook.engine.work import Fault
from netra_analysis.casebook.signals import Fate

Answer = tuple[float, Fault | None]


@dataclass(slots=True, eq=False)
class Database:
    """The server's side. `others` are connections of other programs; `slow` stretches every query."""

    max_connections: int = 100
    reserved: int = 3
    others: int = 9
    open: int = 0
    lost: int = 0  # of `open`, those whose client never gave them back
    slow: float = 1.0
    reachable: bool = True
    password_valid: bool = True
    connect_timeout_s: float = 10.0

    @property
    def full(self) -> bool:
        return self.open + self.others >= self.max_connections - self.reserved

    def connect(self, rng: Random) -> Answer:
        """How long a new connection takes, and what is wrong with it. A refusal is fast, a lost path is not."""
        if not self.reachable:
            return self.connect_timeout_s + rng.uniform(0.0, 0.12), Fault("db_unreachable")
        took = rng.uniform(0.006, 0.02)
        if not self.password_valid:
            return took, Fault("db_password")
        return took, Fault("db_refused") if self.full else None

    def query(self, seconds: float, rng: Random) -> Answer:
        """A statement on an open connection; when the path is gone the client waits in vain."""
        if not self.reachable:
            return self.connect_timeout_s * rng.uniform(0.9, 1.1), Fault("db_unreachable")
        return seconds * self.slow, None


@dataclass(slots=True, eq=False)
class Backend:
    """One other service. `state` is "ok", "slow", "timeout", "refused", "error" or "denied".

    `family` picks its words ("redis", "http", "olap", …); in a bad state a call fails with chance `share`.
    """

    name: str
    family: str
    median_s: float
    timeout_s: float
    state: str = "ok"
    share: float = 1.0
    slow: float = 1.0
    status: int = 502
    answers_for: bool = False  # whether the application answers 502 or 504 for it instead of raising

    def answer(self, rng: Random) -> Answer:
        took = self.median_s * math.exp(0.35 * rng.gauss(0.0, 1.0)) * self.slow
        if self.state in ("ok", "slow") or rng.random() >= self.share:
            return (took, None) if took < self.timeout_s else (self.timeout_s, self.fault("timeout"))
        if self.state == "timeout":
            return self.timeout_s + rng.uniform(0.001, 0.03), self.fault("timeout")
        return min(took, self.timeout_s), self.fault(self.state)

    def fault(self, state: str) -> Fault:
        """What a caller meets in this state."""
        key = f"{self.family}_{state}"
        if not self.answers_for:
            return Fault(key)
        return Fault(key, 504 if state == "timeout" else self.status, Fate.UPSTREAM, caught=True)
