"""Dialects: the shape of a log line, whatever it says. Four eras of loguru, structured JSON, and plain `logging`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from netra_analysis.casebook import texts
from netra_analysis.casebook.signals import Place
from netra_analysis.casebook.voices.exceptions import Exc
from netra_analysis.casebook.writer import STDERR, STDOUT, LogWriter

NO_FIELDS: Mapping[str, Any] = {}


class Dialect(Protocol):
    """How one program writes. `where` is `module:function:line`."""

    def say(
        self, at: float, place: Place, level: str, where: str, message: str, fields: Mapping[str, Any] = NO_FIELDS
    ) -> str:
        """A record of the program's logger."""

    def raised(
        self, at: float, place: Place, where: str, message: str, exc: Exc, fields: Mapping[str, Any] = NO_FIELDS
    ) -> None:
        """A record at ERROR with its exception."""

    def line(self, at: float, place: Place, text: str, log: str = STDERR) -> str:
        """A line of somebody who does not use the program's logger: the server, an interpreter."""

    def stamp(self, at: float) -> str:
        """The time as servers print it, to the second."""


@dataclass(slots=True, eq=False)
class _Lines:
    """What all dialects share: the lines that nobody's logger has shaped."""

    writer: LogWriter

    @property
    def rng(self) -> Random:
        return self.writer.rng

    def line(self, at: float, place: Place, text: str, log: str = STDERR) -> str:
        return self.writer.write(at, log, place, {"textPayload": text})

    def stamp(self, at: float) -> str:
        return f"{self.writer.moment(at):%Y-%m-%d %H:%M:%S}"

    def clock(self, at: float) -> str:
        written = self.writer.moment(at) - timedelta(microseconds=self.rng.randint(300, 900))
        return f"{written:%Y-%m-%d %H:%M:%S}.{written.microsecond // 1000:03d}"

    def grouped(self, at: float, place: Place, text: str, kind: str) -> None:
        """A traceback that the platform found and grouped: one entry, with a severity."""
        payload = {"textPayload": text, "errorGroups": [{"id": _group(kind)}]}
        self.writer.write(at, STDERR, place, payload, severity="ERROR")


@dataclass(slots=True, eq=False)
class LoguruText(_Lines):
    """Text without severity: era A with colour tags, B with escapes, C plain.

    An uncaught exception is cut in two by the platform: the grouped part ends at the event loop, and the
    part that names the exception follows line by line.
    """

    era: str = "C"

    def say(
        self, at: float, place: Place, level: str, where: str, message: str, fields: Mapping[str, Any] = NO_FIELDS
    ) -> str:
        text = ""
        for number, part in enumerate(message.split("\n")):
            shown = self._head(at, level, where, part) if number == 0 else part
            text = self.line(at + number * self.rng.randint(8, 30) * 1e-6, place, shown)
        return text

    def raised(
        self, at: float, place: Place, where: str, message: str, exc: Exc, fields: Mapping[str, Any] = NO_FIELDS
    ) -> None:
        self.say(at, place, "ERROR", where, message)
        for number, one in enumerate(exc.chain):
            for line in ("", one.link, "") if number else ():
                at += self._gap()
                self.line(at, place, line)
            at += self._gap()
            self.grouped(at, place, texts.upward(), exc.type)
            for line in [*_caught(), *one.lines()[1:]]:
                at += self._gap()
                self.line(at, place, line)

    def _gap(self) -> float:
        return self.rng.randint(8, 30) * 1e-6

    def _head(self, at: float, level: str, where: str, message: str) -> str:
        clock = self.clock(at)
        if self.era == "A":
            tag = {"ERROR": "red", "WARNING": "yellow", "CRITICAL": "red"}.get(level, "white")
            return f"{clock} | {level:<8} | {where} | <{tag}>{message}</{tag}>"
        if self.era == "B":
            code = {"ERROR": "31", "WARNING": "33", "CRITICAL": "41"}.get(level, "0")
            green, cyan, end = "\x1b[32m", "\x1b[36m", "\x1b[0m"
            tint = f"\x1b[{code}m\x1b[1m"
            return f"{green}{clock}{end} | {tint}{level:<8}{end} | {cyan}{where}{end} | {tint}{message}{end}"
        return f"{clock} | {level:<8} | {where} | {message}"


@dataclass(slots=True, eq=False)
class LoguruJson(_Lines):
    """Era D: JSON with a severity. Tracebacks are mostly lost, or come with literal backslash-n."""

    def say(
        self, at: float, place: Place, level: str, where: str, message: str, fields: Mapping[str, Any] = NO_FIELDS
    ) -> str:
        return self.writer.write(at, STDERR, place, {"jsonPayload": self._body(at, where, message)}, severity=level)

    def raised(
        self, at: float, place: Place, where: str, message: str, exc: Exc, fields: Mapping[str, Any] = NO_FIELDS
    ) -> None:
        if self.rng.random() < 0.5:
            message = f"{message}\\n" + exc.text().replace("\n", "\\n")
        body = self._body(at, where, message)
        body["context"]["exc_info"] = True
        body["error"] = {"type": exc.type.rpartition(".")[2], "value": exc.message, "traceback": None}
        self.writer.write(at, STDERR, place, {"jsonPayload": body}, severity="ERROR")

    def _body(self, at: float, where: str, message: str) -> dict[str, Any]:
        module, function, line = where.split(":")
        moment = f"{self.writer.moment(at):%Y-%m-%dT%H:%M:%S.%f}+00:00"
        labels = {"module": module.rpartition(".")[2], "function": function, "line": line}
        return {"message": message, "timestamp": moment, "labels": labels, "context": {"name": module}}


@dataclass(slots=True, eq=False)
class Structured(_Lines):
    """One JSON object a line, with severity and fields, the traceback a field of it, and its request's trace."""

    app: str = "orders"

    def say(
        self, at: float, place: Place, level: str, where: str, message: str, fields: Mapping[str, Any] = NO_FIELDS
    ) -> str:
        body = {"message": message, "logger": where.partition(":")[0], "service": self.app, **fields}
        return self.writer.write(at, STDOUT, place, self._payload(body), severity=level)

    def raised(
        self, at: float, place: Place, where: str, message: str, exc: Exc, fields: Mapping[str, Any] = NO_FIELDS
    ) -> None:
        body = {"message": message, "logger": where.partition(":")[0], "service": self.app, **fields}
        self.writer.write(at, STDOUT, place, self._payload({**body, "exception": exc.text()}), severity="ERROR")

    def _payload(self, body: dict[str, Any]) -> dict[str, Any]:
        about_request = "request_id" in body
        return {"jsonPayload": body, "trace": self.writer.trace} if about_request else {"jsonPayload": body}


@dataclass(slots=True, eq=False)
class Stdlib(_Lines):
    """Plain `logging` text: no severity, but a traceback is grouped whole, sometimes told again by lines."""

    lines_again: bool = False

    def say(
        self, at: float, place: Place, level: str, where: str, message: str, fields: Mapping[str, Any] = NO_FIELDS
    ) -> str:
        name = where.partition(":")[0]
        return self.line(at, place, f"{self.clock(at).replace('.', ',')} - {name} - {level} - {message}")

    def raised(
        self, at: float, place: Place, where: str, message: str, exc: Exc, fields: Mapping[str, Any] = NO_FIELDS
    ) -> None:
        self.say(at, place, "ERROR", where, message)
        self.grouped(at + 4e-5, place, exc.text(), exc.type)
        if self.lines_again:
            for number, line in enumerate(exc.text().split("\n")):
                self.line(at + 5e-5 + number * 1.3e-5, place, line)


def _caught() -> list[str]:
    where = "uvicorn/protocols/http/httptools_impl.py"
    return texts.Frame(f"{texts.PACKAGES}/{where}", 409, "run_asgi", "result = await app(").text(">")


def _group(kind: str) -> str:
    return f"C{Random(kind).getrandbits(56):014X}"
