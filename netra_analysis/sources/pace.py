"""How fast an API may be asked: a few at once, then one at a time; again, later and later, where it says so."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from netra_analysis.sources import refusal

TRIES: Final = 8


@dataclass(slots=True)
class Pace:
    """At most `per_minute` calls in any minute, of which `burst` may come at once."""

    per_minute: int
    burst: int
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = lambda seconds: time.sleep(seconds)
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = float(self.burst), self.now()

    def wait(self) -> None:
        """Returns when the next call may be made."""
        moment = self.now()
        self._left = min(self.burst, self._left + (moment - self._at) * self.per_minute / 60)
        self._at = moment
        if self._left < 1:
            missing = (1 - self._left) * 60 / self.per_minute
            self.pause(missing)
            self._left, self._at = 1.0, moment + missing
        self._left -= 1


def persistent(send: Callable[[], Any], what: str, where: str, pace: Pace, say: Callable[[str], None]) -> Any:
    """`send` within `pace`, again where the reason says that it may go better; else one sentence that explains."""
    for attempt in range(1, TRIES + 1):
        pace.wait()
        try:
            return send()
        except refusal.errors() as error:
            if attempt == TRIES or not (refusal.may_pass(error) or refusal.lost(error)):
                raise refusal.explained(error, what, where) from error
            say(f"{where}: {refusal.reason(error)}, trying again")
            pace.pause(refusal.patience(error, attempt))
    raise AssertionError  # the loop returns or raises
