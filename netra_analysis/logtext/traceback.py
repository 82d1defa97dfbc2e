"""Exceptions as values, read out of the text that shows them.

A traceback that ends before its exception's own line is `truncated`: its type is unknown, and the last frame
that it shows is not the failure.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from netra_analysis.logtext.colour import plain_text
from netra_analysis.logtext.frame import PYTHON, php_frame, python_frame, ruby_frame
from netra_analysis.logtext.head import starts_record
from netra_analysis.logtext.raised import PREFIXES, Cause, Draft, RaisedException, is_named, raised
from netra_analysis.logtext.stacks import at_style, goroutine, panicked, php, php_record, ruby

HEADER: Final = "Traceback (most recent call last):"
DURING: Final = "During handling of the above exception, another exception occurred:"
DIRECT: Final = "The above exception was the direct cause of the following exception:"
_LONGEST: Final = 262_144
"""Characters looked at: the most that a log entry can hold."""


@lru_cache(maxsize=512)
def find_exceptions(text: str) -> tuple[RaisedException, ...]:
    """Every exception that `text` shows, in the order in which they were raised."""
    text = _unescaped(plain_text(text[:_LONGEST]))
    lines = text.splitlines()
    if HEADER in text or 'File "' in text:
        return _python(lines)
    if any(line.lstrip().startswith("at ") for line in lines):
        return at_style(lines)
    if any(line.startswith("goroutine ") for line in lines) or (lines and panicked(lines[0])):
        return goroutine(lines)
    if any(ruby_frame(line) for line in lines if ".r" in line or ".erb" in line):
        return ruby(lines)
    if any(php_frame(line) for line in lines if ".php(" in line) or "PHP Fatal error:" in text or php_record(text):
        return php(text, lines)
    return _bare(lines)


def _unescaped(text: str) -> str:
    """A traceback that JSON holds in one line, its line ends written as backslash and n."""
    if "\\n" in text and (
        HEADER in text or 'File \\"' in text or 'File "' in text or "\\n    at " in text or "\\n   at " in text
    ):
        return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")
    return text


def _bare(lines: list[str]) -> tuple[RaisedException, ...]:
    """A last line on its own: the rest of its traceback is in other entries, or was never printed."""
    found = raised(PREFIXES.sub("", lines[0][:2000]) if lines else "", strict=True)
    if not found:
        return ()
    return (RaisedException(found[0], "\n".join([found[1], *lines[1:]]).strip(), (), None, False, PYTHON),)


def _python(lines: list[str]) -> tuple[RaisedException, ...]:
    found: list[RaisedException] = []
    draft: Draft | None = None
    cause: Cause = None
    for raw in lines:
        line = _ungrouped(raw)
        phrase: Cause = "during" if line.strip() == DURING else "direct" if line.strip() == DIRECT else None
        frame = python_frame(line)
        if phrase or HEADER in line or (frame and draft and draft.type):
            found.extend([draft.done(PYTHON)] if draft else [])
            draft, cause = (Draft(cause) if not phrase else None), phrase
        elif frame and draft is None:
            draft, cause = Draft(cause), None
        if frame and draft:
            draft.frames.append(frame)
        elif draft and not phrase and HEADER not in line:
            draft = _took(draft, line, found)
    return tuple([*found, draft.done(PYTHON)] if draft else found)


def _took(draft: Draft, line: str, found: list[RaisedException]) -> Draft | None:
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


def _add_code(draft: Draft, code: str) -> None:
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
    if not isinstance(name, str) or not is_named(name):
        return None
    return RaisedException(name, str(said), (), None, False, PYTHON)
