"""Exceptions as values, read out of the text that shows them.

Whatever the language, the exceptions of one text come in the order in which they were raised, and the frames
of one exception from the outermost to the one that failed. A traceback that ends before its exception's own
line is `truncated`: its type is unknown, and the last frame that it shows is not the failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import re2

from netra_analysis.logtext.colour import plain_text
from netra_analysis.logtext.frame import GO, PYTHON, Frame, at_frame, go_frame, python_frame
from netra_analysis.logtext.head import read_head, starts_record

HEADER: Final = "Traceback (most recent call last):"
DURING: Final = "During handling of the above exception, another exception occurred:"
DIRECT: Final = "The above exception was the direct cause of the following exception:"
_LONGEST: Final = 262_144
"""Characters looked at: the most that a log entry can hold."""

_NAME = r"(?P<type>(?:[A-Za-z_][\w$]*\.)*[A-Za-z_][\w$]*)"
_RAISED = re2.compile(r"^" + _NAME + r"(?: \[\w+\])?(?::(?: (?P<message>.*))?)?$")
_NAMED = re2.compile(
    r"^(?:[A-Za-z_][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception|Warning|Exit|Interrupt|Group|Iteration|Throwable|DoesNotExist"
    r"|Timeout|Http404|Failure|Fault|Cancelled)\d*$|^(?:[a-z_][\w$]*\.)+[A-Z][\w$]*$|^Error$"
)
_THREAD = re2.compile(
    r'^(?:Exception in thread "[^"]*" |Uncaught |\[cause\]: |Caused by: |Unhandled rejection |\(node:\d+\) )+'
)
_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "SEVERE"})

Cause = Literal["direct", "during"] | None


@dataclass(frozen=True, slots=True)
class RaisedException:
    """One exception. `cause` is its relation to the exception before it; None for the first of a chain."""

    type: str | None
    message: str
    frames: tuple[Frame, ...]
    cause: Cause
    truncated: bool
    language: str


@dataclass(slots=True)
class _Draft:
    """An exception being read."""

    cause: Cause = None
    type: str | None = None
    message: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def done(self, language: str) -> RaisedException:
        message = "\n".join(self.message).strip()
        return RaisedException(self.type, message, tuple(self.frames), self.cause, self.type is None, language)


def raised(line: str, *, strict: bool = False) -> tuple[str, str] | None:
    """Type and message of an exception's own line, `a.b.SomeError: message`; `strict` wants a telling name."""
    if not line[:1].isalpha() and not line.startswith("_"):
        return None
    name, _, rest = line.partition("\n")[0].partition(":")
    match = _RAISED.match(name[:300] + (": " if rest else ""))
    if not match or match["type"] in _LEVELS or (strict and not _NAMED.match(match["type"])):
        return None
    return match["type"], rest.strip()


def find_exceptions(text: str) -> tuple[RaisedException, ...]:
    """Every exception that `text` shows, in the order in which they were raised."""
    text = _unescaped(plain_text(text[:_LONGEST]))
    lines = text.splitlines()
    if HEADER in text or 'File "' in text:
        return _python(lines)
    if any(line.lstrip().startswith("at ") for line in lines):
        return _at_style(lines)
    if any(line.startswith("goroutine ") for line in lines) or text.startswith(("panic: ", "fatal error: ")):
        return _go(lines)
    return _bare(lines)


def _unescaped(text: str) -> str:
    """A traceback that JSON holds in one line, its line ends written as backslash and n."""
    if "\\n" in text and (HEADER in text or 'File \\"' in text or 'File "' in text or "\\n    at " in text):
        return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")
    return text


def _bare(lines: list[str]) -> tuple[RaisedException, ...]:
    """A last line on its own: the rest of its traceback is in other entries, or was never printed."""
    found = raised(_THREAD.sub("", lines[0][:2000]) if lines else "", strict=True)
    if not found:
        return ()
    return (RaisedException(found[0], "\n".join([found[1], *lines[1:]]).strip(), (), None, False, PYTHON),)


def _python(lines: list[str]) -> tuple[RaisedException, ...]:
    found: list[RaisedException] = []
    draft: _Draft | None = None
    cause: Cause = None
    for raw in lines:
        line = _ungrouped(raw)
        phrase: Cause = "during" if line.strip() == DURING else "direct" if line.strip() == DIRECT else None
        frame = python_frame(line)
        if phrase or HEADER in line or (frame and draft and draft.type):
            found.extend([draft.done(PYTHON)] if draft else [])
            draft, cause = (_Draft(cause) if not phrase else None), phrase
        elif frame and draft is None:
            draft, cause = _Draft(cause), None
        if frame and draft:
            draft.frames.append(frame)
        elif draft and not phrase and HEADER not in line:
            draft = _took(draft, line, found)
    return tuple([*found, draft.done(PYTHON)] if draft else found)


def _took(draft: _Draft, line: str, found: list[RaisedException]) -> _Draft | None:
    """`draft` with a line that is no frame: code, the exception's own line, or more of its message."""
    if draft.type is None:
        named = raised(line)
        if named:
            draft.type, draft.message = named[0], [named[1]]
        elif line[:1].isspace():
            _add_code(draft, line.strip())
        elif line.strip():
            found.append(draft.done(PYTHON))
            return None
        return draft
    if starts_record(line) or line.startswith("+-"):
        found.append(draft.done(PYTHON))
        return None
    draft.message.append(line)
    return draft


def _add_code(draft: _Draft, code: str) -> None:
    drawn = not code.strip("^~ ") or code[0] in "│└├[" or code.startswith("...")
    if code and draft.frames and draft.frames[-1].code is None and not drawn:
        draft.frames[-1] = replace(draft.frames[-1], code=code)


def _ungrouped(line: str) -> str:
    """`line` without the margin that an exception group draws on its left."""
    inner = line.lstrip()
    while inner.startswith("| "):
        line = inner[2:]
        inner = line.lstrip() if line.lstrip().startswith("| ") else ""
    return line.lstrip() if line.lstrip().startswith(("+ Exception Group", "+-")) else line


def _at_style(lines: list[str]) -> tuple[RaisedException, ...]:
    """Node and Java: the outermost exception first, its causes after it, the failing frame first."""
    found: list[RaisedException] = []
    draft, language, header = _Draft(), PYTHON, list[str]()
    for line in lines:
        frame = at_frame(line)
        if frame:
            draft, language = _opened(draft, header, found, language), frame[1]
            header = []
            draft.frames.append(frame[0])
        elif not line.lstrip().startswith(("... ", "at ")):
            header.append(line)
    if draft.frames:
        found.append(draft.done(language))
    causes = [replace(one, frames=one.frames[::-1]) for one in reversed(found)]
    return tuple(replace(one, cause="direct" if i else None) for i, one in enumerate(causes))


def _opened(draft: _Draft, header: list[str], found: list[RaisedException], language: str) -> _Draft:
    """The exception whose stack follows `header`; the draft itself when no header came between."""
    start = next((i for i in reversed(range(len(header))) if _headline(header[i])), None)
    if start is None and draft.frames:
        return draft
    if draft.frames:
        found.append(draft.done(language))
    if start is None:
        return _Draft()
    name, message = _headline(header[start]) or ("", "")
    return _Draft(type=name, message=[message, *(line for line in header[start + 1 :] if line.strip())])


def _headline(line: str) -> tuple[str, str] | None:
    text = line.strip()[:4000]
    text = text[read_head(text).length :] if starts_record(text) else text
    return raised(_THREAD.sub("", text), strict=True)


def _go(lines: list[str]) -> tuple[RaisedException, ...]:
    """A panic and the stack of the goroutine that raised it; the other goroutines say nothing about it."""
    start = next((i for i, line in enumerate(lines) if line.startswith(("panic: ", "fatal error: "))), None)
    name, _, message = lines[start].partition(": ") if start is not None else ("", "", "")
    frames: list[Frame] = []
    above, stacks = "", 0
    for line in lines[start or 0 :]:
        stacks += line.startswith("goroutine ")
        if stacks > 1:
            break
        frame = go_frame(above, line)
        frames.extend([frame] if frame else [])
        above = line
    return (RaisedException(name or None, message, tuple(frames[::-1]), None, not name, GO),)


def exception_of_payload(payload: Mapping[str, Any]) -> RaisedException | None:
    """The exception in a jsonPayload's `error` or `exception` object; a false one (era D) is none."""
    for key in ("error", "exception", "err", "exc_info", "stack_trace"):
        value = payload.get(key)
        if isinstance(value, str) and (found := find_exceptions(value)):
            return found[-1]
        if isinstance(value, Mapping) and (one := _of_object(value)):
            return one
    return None


def _of_object(value: Mapping[str, Any]) -> RaisedException | None:
    stack = next((value[k] for k in ("traceback", "stack", "stacktrace") if isinstance(value.get(k), str)), "")
    if found := find_exceptions(stack):
        return found[-1]
    name = value.get("type") or value.get("name")
    said = value.get("value") or value.get("message") or ""
    if not isinstance(name, str) or not _NAMED.match(name):
        return None
    return RaisedException(name, str(said), (), None, False, PYTHON)
