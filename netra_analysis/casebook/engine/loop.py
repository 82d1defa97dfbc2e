"""One event loop: a thread that does one thing at a time, so that whoever keeps it delays everybody."""

from dataclasses import dataclass

from netra_analysis.casebook.clock import Action, Clock
from netra_analysis.casebook.engine.work import Fail, Resume, Wait


@dataclass(slots=True, eq=False)
class Loop:
    """When the thread is free again, and how long it has worked since the last time of asking."""

    clock: Clock
    busy_until: float = 0.0
    _worked_s: float = 0.0

    @property
    def late_s(self) -> float:
        """How long something that is ready now has to wait."""
        return max(0.0, self.busy_until - self.clock.now)

    def take_worked_s(self) -> float:
        worked, self._worked_s = self._worked_s, 0.0
        return worked

    def occupy(self, seconds: float) -> float:
        """Keeps the thread for `seconds`, behind what it already does; returns when that is over."""
        self.busy_until = max(self.busy_until, self.clock.now) + seconds
        self._worked_s += seconds
        return self.busy_until

    def soon(self, action: Action) -> None:
        """`action` as soon as the thread is free."""
        if self.busy_until <= self.clock.now:
            action()
        else:
            self.clock.at(self.busy_until, lambda: self.soon(action))

    def compute(self, seconds: float) -> Wait:
        """Work on the thread itself."""

        def wait(resume: Resume, fail: Fail) -> None:
            self.clock.at(self.occupy(seconds), resume)

        return wait

    def sleep(self, seconds: float) -> Wait:
        """Waiting for something elsewhere; the thread is free meanwhile, and may be late when it comes back."""

        def wait(resume: Resume, fail: Fail) -> None:
            self.clock.after(seconds, lambda: self.soon(resume))

        return wait
