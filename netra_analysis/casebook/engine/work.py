"""Handlers as coroutines: a request's work is written down in order, and time passes where it yields."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from netra_analysis.casebook.signals import Fate


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a handler meets: its key in the services' vocabularies, and what the client gets for it.

    `caught` faults are answered by the application's own error handler, the others by nobody; `fatal` names
    how the process ends with it ("exit 1", "signal 11").
    """

    key: str
    status: int = 500
    fate: Fate = Fate.APPLICATION
    caught: bool = False
    fatal: str = ""
    background: bool = False


class Raised(Exception):  # noqa: N818 - it is raised in a simulated program, not in ours
    """A fault on its way up through a handler."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.key)
        self.fault = fault


Resume = Callable[[], None]
Fail = Callable[[Fault], None]
Wait = Callable[[Resume, Fail], None]
Work = Generator[Wait, None, None]
