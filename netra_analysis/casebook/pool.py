"""A pool of database connections with a cap: what is free, who waits, and who waited too long."""

from collections import deque
from dataclasses import dataclass, field

from netra_analysis.casebook.clock import Action, Clock, Timer


@dataclass(slots=True, eq=False)
class _Waiter:
    granted: Action
    timer: Timer


@dataclass(slots=True, eq=False)
class Pool:
    """`size` connections at most (pool_size + max_overflow); a wait longer than `timeout_s` is an error."""

    clock: Clock
    size: int
    timeout_s: float
    in_use: int = 0
    _waiting: deque[_Waiter] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def acquire(self, granted: Action, timed_out: Action) -> None:
        """Calls `granted` as soon as a connection is free, or `timed_out` when that takes too long."""
        if self.in_use < self.size:
            self.in_use += 1
            granted()
            return
        waiter = _Waiter(granted, Timer(None))
        waiter.timer = self.clock.after(self.timeout_s, lambda: self._give_up(waiter, timed_out))
        self._waiting.append(waiter)

    def release(self) -> None:
        """Hands the connection to the longest waiter, or puts it back."""
        if self._waiting:
            waiter = self._waiting.popleft()
            waiter.timer.cancel()
            waiter.granted()
        else:
            self.in_use -= 1

    def close(self) -> None:
        """The process is gone: nobody waits any more, nothing is held."""
        for waiter in self._waiting:
            waiter.timer.cancel()
        self._waiting.clear()
        self.in_use = 0

    def _give_up(self, waiter: _Waiter, timed_out: Action) -> None:
        self._waiting.remove(waiter)
        timed_out()
