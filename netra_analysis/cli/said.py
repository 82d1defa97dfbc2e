"""What the commands say: results on stdout, progress and mistakes on stderr, nothing in it that could act."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from netra_analysis.errors import RequestError


def say(text: str) -> None:
    """One line of progress or of an error, its control characters made visible: it may hold text from a log."""
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    print(safe, file=sys.stderr, flush=True)  # noqa: T201


def out(text: str) -> None:
    """One line of the result, or several, control and bidi characters written out as JSON would write them.

    Written at once, so that a full disk is told here and not when Python ends.
    """
    safe = "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)
    with _writing():
        print(safe, flush=True)  # noqa: T201


def flush() -> None:
    with _writing():
        if sys.stdout:  # there is none where the caller closed it
            sys.stdout.flush()


@contextmanager
def _writing() -> Iterator[None]:
    """What the standard output refuses, as a request that cannot be met; a reader that left is no mistake."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()
        raise RequestError(
            f"cannot write the result to the standard output: {error.strerror or error}; send it to a place with room"
        ) from error


def drop_stdout() -> None:
    """What is still unwritten goes nowhere, so that Python does not fail on it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def progress(began: float) -> Callable[[str], None]:
    return lambda text: say(f"[{time.monotonic() - began:6.1f} s] {text}")
