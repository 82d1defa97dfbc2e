"""Simulated time: an event loop over seconds since the scenario's origin. No wall clock anywhere."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

Action = Callable[[], None]


@dataclass(slots=True, eq=False)
class Timer:
    """One thing that is to happen; cancelling it leaves it in the queue as a blank."""

    action: Action | None

    def cancel(self) -> None:
        self.action = None


@dataclass(slots=True, eq=False)
class Clock:
    """What happens next. Ties are settled by the order of asking, so a run has exactly one history."""

    now: float = 0.0
    _asked: int = 0
    _queue: list[tuple[float, int, Timer]] = field(default_factory=list)

    def at(self, when: float, action: Action) -> Timer:
        """`action` at `when`, or now when that has passed."""
        timer = Timer(action)
        heapq.heappush(self._queue, (max(when, self.now), self._asked, timer))
        self._asked += 1
        return timer

    def after(self, delay: float, action: Action) -> Timer:
        return self.at(self.now + delay, action)

    def every(self, period: float, action: Action, *, first: float = 0.0) -> None:
        """`action` at `first`, and each `period` after it, for as long as the clock runs."""

        def tick() -> None:
            action()
            self.after(period, tick)

        self.at(first, tick)

    def run(self, until: float) -> None:
        """Lets everything before `until` happen, in order."""
        while self._queue and self._queue[0][0] < until:
            self.now, _, timer = heapq.heappop(self._queue)
            if timer.action is not None:
                timer.action()
        self.now = until
