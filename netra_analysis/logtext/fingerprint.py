"""Fingerprints of exceptions: equal failures have equal ids, whatever the line numbers and the machine.

Fine: the type and the service's own frames, by function and module. Coarse: the type and the failing
function. Both ids carry the version of the rule that made them, and `why` says what the rule looked at.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from netra_analysis.finding import counted
from netra_analysis.logtext.frame import Frame
from netra_analysis.logtext.raised import RaisedException
from netra_analysis.logtext.template import mask

VERSION: Final = "x1"
CUT_TITLE: Final = "traceback cut before its exception"

_OUTER_FILES: Final = ("asyncio/", "uvloop", "concurrent/futures/", "threading.py", "multiprocessing/", "runpy.py")
"""Where every stack of a server begins: never where something failed."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`fine` and `coarse` are ids; `function` and `place` name the failing frame, where one is known."""

    fine: str
    coarse: str
    title: str
    why: str
    type: str | None
    function: str | None
    place: str | None


def fingerprint(exception: RaisedException) -> Fingerprint:
    """The fingerprint of one exception."""
    frames = _telling(exception)
    name = _short(exception.type)
    failing = None if exception.truncated or not frames else frames[-1]
    steps = [f"{_function(frame)}@{frame.module}" for frame in frames]
    last = [_function(failing)] if failing else steps[-1:]
    said = [] if frames else [mask(exception.message.partition("\n")[0])]
    return Fingerprint(
        _id(VERSION, name, *_without_repeats(steps), *said),
        _id(f"{VERSION}c", name, *last, *said),
        _title(name, failing, exception.truncated),
        _why(name, frames, exception.truncated),
        name,
        _function(failing) if failing else None,
        failing.place if failing else None,
    )


def behind(exceptions: Sequence[RaisedException]) -> RaisedException | None:
    """The exception behind a chain: the first raised whose own line was seen, and that the service's code raised.

    Wrappers repeat it under their own names; counting those as well would count one failure twice.
    """
    whole = [one for one in exceptions if not one.truncated]
    own = [one for one in whole if any(frame.own for frame in one.frames)]
    return next(iter([*own, *reversed(whole), *reversed(exceptions)]), None)


def fingerprint_of(exceptions: Sequence[RaisedException]) -> Fingerprint | None:
    """The fingerprint of a chain: that of the exception behind it."""
    one = behind(exceptions)
    return fingerprint(one) if one else None


def _telling(exception: RaisedException) -> list[Frame]:
    """The service's own frames; the others but the outermost machinery, where it has none."""
    own = [frame for frame in exception.frames if frame.own]
    return own or [frame for frame in exception.frames if not any(mark in frame.file for mark in _OUTER_FILES)]


def _short(name: str | None) -> str | None:
    """The type without its module: loggers differ in whether they write it."""
    return name.replace("::", ".").replace("\\", ".").rsplit(".", 1)[-1] if name else None


def _function(frame: Frame) -> str:
    """The function's name without the numbers that compilers add to lambdas and closures."""
    return frame.function.split("$$")[0].removesuffix("()").rstrip("0123456789")


def _without_repeats(steps: Sequence[str]) -> list[str]:
    """Recursion counts once, however deep it went."""
    return [step for i, step in enumerate(steps) if i == 0 or step != steps[i - 1]]


def _id(version: str, *parts: str | None) -> str:
    text = "\n".join(part or "?" for part in parts)
    return f"{version}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _title(name: str | None, failing: Frame | None, truncated: bool) -> str:
    if truncated or name is None:
        return CUT_TITLE
    return f"{name} in {failing.function} ({failing.place})" if failing else name


def _why(name: str | None, frames: Sequence[Frame], truncated: bool) -> str:
    if truncated:
        return f"no exception line was seen; grouped by the {counted(len(frames), 'frame')} before the cut"
    if not frames:
        return f"no frame of the service was seen; grouped by the type {name} and the masked message"
    path = " → ".join(frame.function for frame in frames[-4:])
    noun = "own frame" if frames[-1].own else "frame"
    return f"type {name} and {counted(len(frames), noun)} by function and module, ending in {path}"
