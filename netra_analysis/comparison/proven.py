"""Is a fix proven yet? How much without a failure it takes, until the old rate is out of the question.

The rule of three (Hanley & Lippman-Hand, 1983): none of n leaves a share of up to about 3/n possible. Failures come in
bursts, and the requests of one burst are one piece of bad luck; so time is counted in bursts, and requests only as the
weaker, quicker test.
"""

from dataclasses import dataclass
from math import ceil, inf, log

from netra_analysis.statistics.intervals import CONFIDENCE, rule_of_three


@dataclass(frozen=True, slots=True)
class Proof:
    """One test: how much without a failure is needed, how much there was, and what that still leaves possible."""

    needed: float
    seen: float
    still_possible: float | None

    @property
    def proven(self) -> bool:
        return self.seen >= self.needed


def by_time(bursts: int, hours: float, quiet_hours: float, confidence: float = CONFIDENCE) -> Proof:
    """Quiet hours until bursts as frequent as `bursts` in `hours` would have shown themselves; a Poisson count of 0."""
    if not bursts or hours <= 0:
        return Proof(inf, quiet_hours, None)
    most = -log(1 - confidence)
    return Proof(most * hours / bursts, quiet_hours, most / quiet_hours if quiet_hours > 0 else None)


def by_requests(failed: int, total: int, quiet: int, confidence: float = CONFIDENCE) -> Proof:
    """Requests without a failure until a share as large as `failed` of `total` is out of the question."""
    if not failed or failed >= total:
        return Proof(inf if not failed else 1, quiet, rule_of_three(quiet) if quiet else None)
    needed = ceil(log(1 - confidence) / log(1 - failed / total))
    return Proof(needed, quiet, rule_of_three(quiet) if quiet else None)
