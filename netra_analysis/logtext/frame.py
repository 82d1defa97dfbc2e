"""Frames: one step of a call stack, whatever the language, and whether it is the service's own code."""

from dataclasses import dataclass
from typing import Final

import re2

PYTHON: Final = "python"
NODE: Final = "node"
JAVA: Final = "java"
GO: Final = "go"
DOTNET: Final = "dotnet"
RUBY: Final = "ruby"
PHP: Final = "php"

_LONGEST: Final = 1000
_PYTHON = re2.compile(r'^[\s|]*>?\s*File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.*\S))?')
_AT = re2.compile(
    r"^\s*at (?:async )?(?:(?:new )?(?P<function>[^()]*\S) )?"
    r"\(?(?P<file>(?:[a-z]+:/{2,3})?[^()\s]+?):(?P<line>\d+)(?::\d+)?\)?\s*$"
)
_JAVA = re2.compile(r"^\s*at (?:[\w.@-]+/)*(?P<function>[\w.$<>/-]+)\((?P<file>[^():]*)(?::(?P<line>\d+))?\)")
_GO = re2.compile(r"^\s+(?P<file>/?[^\s:]+\.(?:go|s)):(?P<line>\d+)(?: \+0x[0-9a-f]+)?\s*$")
_DOTNET = re2.compile(
    r"^\s*at (?P<function>[\w.<>`|+\[\],$-]+)\((?P<given>[^()]*(?:\([^()]*\)[^()]*)*)\)"
    r"(?: in (?P<file>[^\n]+):line (?P<line>\d+))?\s*$"
)
_ASYNC = re2.compile(r"^(?P<owner>.+?)[.+](?:<>c[\w]*[.+])?<(?P<name>\w+)>[\w|]*(?:\.MoveNext)?$")
_GIVEN = re2.compile(r"^[\w.`<>\[\],&* ]+ \w+$")  # `OrderDto dto`: a type and a name, where Java has a file
_RUBY = re2.compile(
    r"^\s*(?:\[[^\]]*\] *)*(?:from )?(?P<file>[^\s:]+\.(?:rb|ru|erb|rake)):(?P<line>\d+)"
    r":in [`'](?P<function>[^']*)'(?P<rest>: .*)?$"
)
_PHP = re2.compile(r"^\s*#\d+ (?P<file>[^\s(]+\.php)\((?P<line>\d+)\): (?P<function>[^(\n]+)\(")

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
    "/gems/",
    "lib/ruby/",
    "<internal:",
)
_FOREIGN_PACKAGES: Final = (
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.", "kotlin.", "kotlinx.", "scala.",
    "org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "com.zaxxer.", "io.netty.",
    "reactor.", "com.fasterxml.", "ch.qos.", "org.postgresql.", "com.mysql.", "io.grpc.", "com.google.",
)  # fmt: skip
_FOREIGN_NAMESPACES: Final = (
    "System.", "Microsoft.", "lambda_method", "Npgsql.", "MySqlConnector.", "MySql.", "StackExchange.", "Dapper.",
    "Grpc.", "Google.", "Polly.", "Serilog.", "Newtonsoft.", "MediatR.", "Swashbuckle.", "MongoDB.", "RabbitMQ.",
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
    """The frame in `    at f (x.js:1:2)` (Node), `\\tat a.B.f(B.java:3)` (Java) or
    `   at A.B.F(C c) in /src/B.cs:line 3` (.NET), and its language."""
    text = line[:_LONGEST]
    if not text.lstrip().startswith("at "):
        return None
    if (match := _DOTNET.match(text)) and (match["file"] or not match["given"] or _GIVEN.match(match["given"])):
        own = not match["function"].startswith(_FOREIGN_NAMESPACES)
        return Frame(match["file"] or "", _number(match["line"]), _plain(match["function"]), None, own), DOTNET
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


def ruby_frame(line: str) -> tuple[Frame, str] | None:
    """The frame in `app/models/order.rb:42:in 'total'`, and what follows it: `: message (Type)` on an uncaught one."""
    match = _RUBY.match(line[:_LONGEST]) if ":in " in line else None
    if not match:
        return None
    function = match["function"].removeprefix("block in ").removeprefix("rescue in ")
    own = _own_file(match["file"])
    return Frame(match["file"], _number(match["line"]), function, None, own), (match["rest"] or "").removeprefix(": ")


def php_frame(line: str) -> Frame | None:
    """The frame in `#0 /var/www/app/Order.php(12): App\\Order->total()`."""
    match = _PHP.match(line[:_LONGEST])
    if not match:
        return None
    return Frame(match["file"], _number(match["line"]), match["function"], None, _own_file(match["file"]))


def _plain(function: str) -> str:
    """A .NET method without what its compiler writes for async ones: `A.<Get>d__4.MoveNext` is `A.Get`."""
    match = _ASYNC.match(function)
    return f"{match['owner']}.{match['name']}" if match else function


def _number(text: str | None) -> int:
    """A line number; one that no file can have (a hostile or a broken line) is 0."""
    return int(text) if text and len(text) < 10 else 0
