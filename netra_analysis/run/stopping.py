"""Being asked to end.

A platform sends SIGTERM, waits ten seconds and kills. Those seconds are for saying that the run failed and for
taking away what was begun.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn


class Stopped(BaseException):
    """The process was asked to end (SIGTERM). No `Exception`, so that nothing on the way takes it for a fault."""

    def __str__(self) -> str:
        return "it was stopped (SIGTERM) before it was finished"


@dataclass(slots=True)
class Signal:
    """Whether SIGTERM came."""

    came: bool = False


@contextmanager
def by_signal() -> Iterator[Signal]:
    """A context in which SIGTERM raises `Stopped` in the main thread, once: a second one changes nothing."""
    told = Signal()

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)
        told.came = True
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)
