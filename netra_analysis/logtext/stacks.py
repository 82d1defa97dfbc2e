"""Stacks that begin with the failing frame: Node, the JVM, .NET, Go, Ruby and PHP."""

from dataclasses import replace

import re2

from netra_analysis.logtext.frame import DOTNET, GO, PHP, PYTHON, RUBY, Frame, at_frame, go_frame, php_frame, ruby_frame
from netra_analysis.logtext.raised import Draft, RaisedException, headline, raised

INNER = "---> "  # .NET: what follows was raised first
_LONGEST_LINE = 4000
END_OF_INNER = "--- End of inner exception stack trace ---"
_RUBY_NAME = r"(?P<type>[A-Z]\w*(?:::[A-Z]\w*)*)"
_RUBY_HEAD = re2.compile(
    r"(?:^|[\s\]<#])" + _RUBY_NAME + r"(?: \((?P<told>.*)\):?$|: (?P<said>.*?)>?$)"
)  # `NoMethodError (undefined …):` in Rails, `#<NoMethodError: undefined …>` in Puma
_RUBY_TELLING = re2.compile(r"(?:Error|Exception|NotFound|Invalid|Timeout|Failed|Bad)$|::")
_RUBY_TAIL = re2.compile(r"^(?P<message>.*) \(" + _RUBY_NAME + r"\)$")
_GO_SERVED = re2.compile(r"\bhttp: panic serving \S+: (?P<message>.*)$")
_RUST_THREAD = re2.compile(r"^thread '[^']*'(?: \(\d+\))? panicked at (?P<message>.*)$")
_PHP_UNCAUGHT = re2.compile(r"Uncaught (?P<type>[\w\\]+): (?P<message>.*?)(?: in \S+\.php[:(]\d+\)?)?$")
_PHP_STEP = re2.compile(r"^#\d+ (?:\S+\(\d+\): |\[internal function\]|\{main\})")
_PHP_OBJECT = re2.compile(r"\[object\] \((?P<type>[\w\\]+)\(code: [^)]*\): (?P<message>.*) at \S+\.php:\d+\)")


def at_style(lines: list[str]) -> tuple[RaisedException, ...]:
    """Node, the JVM and .NET: the outermost exception first, its causes after it, the failing frame first."""
    if any(line.lstrip().startswith(INNER) for line in lines):
        return _nested(lines)
    found: list[RaisedException] = []
    draft, language, header = Draft(), PYTHON, list[str]()
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
    return _cause_first(found[::-1])


def _cause_first(found: list[RaisedException]) -> tuple[RaisedException, ...]:
    causes = [replace(one, frames=one.frames[::-1]) for one in found]
    return tuple(replace(one, cause="direct" if i else None) for i, one in enumerate(causes))


def _opened(draft: Draft, header: list[str], found: list[RaisedException], language: str) -> Draft:
    """The exception whose stack follows `header`; the draft itself when no header came between."""
    start = next((i for i in reversed(range(len(header))) if headline(header[i])), None)
    if start is None and draft.frames:
        return draft
    if draft.frames:
        found.append(draft.done(language))
    if start is None:
        return Draft()
    name, message = headline(header[start]) or ("", "")
    return Draft(type=name, message=[message, *(line for line in header[start + 1 :] if line.strip())])


def _nested(lines: list[str]) -> tuple[RaisedException, ...]:
    """.NET: all headlines first, then the stacks, the innermost before the one that it is the cause of."""
    open_: list[Draft] = []
    found: list[RaisedException] = []
    for line in lines:
        bare = line.strip()
        frame = at_frame(line)
        named = raised(bare.removeprefix(INNER), strict=True) if bare.startswith(INNER) or not open_ else None
        if named:
            open_.append(Draft(type=named[0], message=[named[1]]))
        elif bare == END_OF_INNER and len(open_) > 1:
            found.append(open_.pop().done(DOTNET))
        elif frame and open_:
            open_[-1].frames.append(frame[0])
        elif bare and open_ and not open_[-1].frames and not bare.startswith("at "):
            open_[-1].message.append(bare)
    return _cause_first([*found, *(draft.done(DOTNET) for draft in reversed(open_))])


def panicked(line: str) -> tuple[str, str] | None:
    """Name and message of a panic: of a Go process, of one request that its server caught, or of a thread of Rust."""
    if "panic" not in line and not line.startswith("fatal error"):
        return None
    thread = _RUST_THREAD.match(line)
    if thread:
        return "panicked", thread["message"].rstrip(":")
    served = _GO_SERVED.search(line)
    if served:
        return "panic", served["message"]
    name, _, message = line.partition(": ")
    return (name, message) if name in ("panic", "fatal error") else None


def goroutine(lines: list[str]) -> tuple[RaisedException, ...]:
    """A panic and the stack of the goroutine that raised it; the other goroutines say nothing about it."""
    start = next((i for i, line in enumerate(lines) if panicked(line)), None)
    name, message = (panicked(lines[start]) if start is not None else None) or ("", "")
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


def ruby(lines: list[str]) -> tuple[RaisedException, ...]:
    """Ruby: one exception a stack, the outermost first; its name before the stack, or behind the first frame."""
    found: list[RaisedException] = []
    draft, header = Draft(), list[str]()
    for line in lines:
        frame = ruby_frame(line)
        if not frame:
            header.append(line)
            continue
        named = _ruby_name(frame[1], header)
        if named and draft.frames:
            found.append(draft.done(RUBY))
            draft = Draft()
        if named:
            draft.type, draft.message = named[0], [named[1]]
        header = []
        draft.frames.append(frame[0])
    return _cause_first([*found, draft.done(RUBY)][::-1])


def _ruby_name(rest: str, header: list[str]) -> tuple[str, str] | None:
    if tail := _RUBY_TAIL.match(rest):
        return tail["type"], tail["message"]
    return next((named for line in reversed(header) if (named := ruby_headline(line))), None)


def ruby_headline(line: str) -> tuple[str, str] | None:
    """Type and message in `NoMethodError (undefined method 'total' for nil):` or `#<NoMethodError: undefined …>`."""
    head = _RUBY_HEAD.search(line.strip()[:4000])
    if not head or not _RUBY_TELLING.search(head["type"]):
        return None
    return head["type"], head["told"] or head["said"] or ""


def php_record(line: str) -> bool:
    """Whether a logger's record names an exception in `[object] (Some\\Exception(code: 0): … at /x.php:12)`."""
    return "[object] (" in line and _PHP_OBJECT.search(line[:_LONGEST_LINE].replace("\\\\", "\\")) is not None


def php_step(line: str) -> bool:
    """Whether `line` is a step of a PHP stack: `#0 /x.php(12): f()`, `#1 [internal function]: f()`, `#2 {main}`."""
    return line.startswith("#") and _PHP_STEP.match(line[:_LONGEST_LINE]) is not None


def php(text: str, lines: list[str]) -> tuple[RaisedException, ...]:
    """PHP: one exception and its stack; a logger's record names it in `[object] (…)`."""
    named = _PHP_UNCAUGHT.search(next((line for line in lines if "Uncaught " in line), "")[:4000])
    named = named or _PHP_OBJECT.search(text.replace("\\\\", "\\"))
    frames = tuple(frame for line in lines if (frame := php_frame(line)))[::-1]
    if not named:
        return (RaisedException(None, "", frames, None, True, PHP),)
    return (RaisedException(named["type"], named["message"], frames, None, False, PHP),)
