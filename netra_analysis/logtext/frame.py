"""Frames: one step of a call stack, in Python, Node, Java or Go, and whether it is the service's own code."""

from dataclasses import dataclass
from typing import Final

import re2

PYTHON: Final = "python"
NODE: Final = "node"
JAVA: Final = "java"
GO: Final = "go"

_LONGEST: Final = 1000
_PYTHON = re2.compile(r'^[\s|]*>?\s*File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.*\S))?')
_AT = re2.compile(
    r"^\s*at (?:async )?(?:(?:new )?(?P<function>[^()]*\S) )?"
    r"\(?(?P<file>(?:[a-z]+:/{2,3})?[^()\s]+?):(?P<line>\d+)(?::\d+)?\)?\s*$"
)
_JAVA = re2.compile(r"^\s*at (?:[\w.@-]+/)*(?P<function>[\w.$<>/-]+)\((?P<file>[^():]*)(?::(?P<line>\d+))?\)")
_GO = re2.compile(r"^\s+(?P<file>/?[^\s:]+\.(?:go|s)):(?P<line>\d+)(?: \+0x[0-9a-f]+)?\s*$")

_FOREIGN_FILES: Final = (
    "site-packages",
    "dist-packages",
    "lib/python",
    "node_modules",
    "node:",
    "internal/",
    "<frozen",
    "<string>",
    "/usr/local/bin/",
    "/usr/bin/",
    "/usr/local/go/",
    "/go/pkg/mod/",
    "/vendor/",
)
_FOREIGN_PACKAGES: Final = (
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.", "kotlin.", "kotlinx.", "scala.",
    "org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "com.zaxxer.", "io.netty.",
    "reactor.", "com.fasterxml.", "ch.qos.", "org.postgresql.", "com.mysql.", "io.grpc.", "com.google.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of a stack. `own` is false for the language, its packages and the server."""

    file: str
    line: int
    function: str
    code: str | None
    own: bool

    @property
    def place(self) -> str:
        """The file's last part: `session_manager.py`."""
        return self.file.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]

    @property
    def module(self) -> str:
        """The file without what differs between machines and images: its last three parts."""
        return "/".join(self.file.replace("\\", "/").split("/")[-3:])


def _own_file(file: str) -> bool:
    return not any(mark in file for mark in _FOREIGN_FILES)


def python_frame(line: str) -> Frame | None:
    """The frame in `  File "x.py", line 3, in f`, with or without loguru's `>` before it."""
    if 'File "' not in line:
        return None
    match = _PYTHON.match(line[:_LONGEST])
    if not match:
        return None
    file = match["file"]
    return Frame(file, _number(match["line"]), match["function"] or "<module>", None, _own_file(file))


def at_frame(line: str) -> tuple[Frame, str] | None:
    """The frame in `    at f (x.js:1:2)` (Node) or `\\tat a.B.f(B.java:3)` (Java), and its language."""
    text = line[:_LONGEST]
    if not text.lstrip().startswith("at "):
        return None
    if (match := _JAVA.match(text)) and "." in match["function"] and ".js" not in match["file"]:
        function = match["function"].rsplit("/", 1)[-1]
        own = not function.startswith(_FOREIGN_PACKAGES)
        return Frame(match["file"], _number(match["line"]), function, None, own), JAVA
    if match := _AT.match(text):
        file = match["file"].removeprefix("file://")
        return Frame(file, _number(match["line"]), match["function"] or "<anonymous>", None, _own_file(file)), NODE
    return None


def go_frame(function: str, line: str) -> Frame | None:
    """The frame in the two lines `main.f(0x1)` and `\\t/app/main.go:12 +0x1d`."""
    match = _GO.match(line[:_LONGEST])
    if not match:
        return None
    name = function.strip().removeprefix("created by ")[:_LONGEST]
    name = name.rsplit("(", 1)[0] if name.endswith(")") else name
    own = _own_file(match["file"]) and not name.startswith(("runtime.", "panic"))
    return Frame(match["file"], _number(match["line"]), name or "<unknown>", None, own)


def _number(text: str | None) -> int:
    """A line number; one that no file can have (a hostile or a broken line) is 0."""
    return int(text) if text and len(text) < 10 else 0
