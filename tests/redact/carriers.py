"""Twelve ways in which a secret gets into a log, and whether it is still there after redaction."""

import base64
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from tests.redact.kinds import NAMED, PERSONAL, PREFIXED, sample

_ASSIGNED: Final = re.compile(r"^(\S+?)(\s*(?:=>|:=|=|:)\s*)(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Planted:
    """A text that gives a secret away, and the parts of it that must be gone."""

    kind: str
    text: str
    secrets: tuple[str, ...]

    @property
    def pair(self) -> tuple[str, str]:
        """As name and value, where the text is that."""
        found = _ASSIGNED.match(self.text)
        return (found[1].strip('"'), found[3].strip("\"'")) if found else ("credential", self.text)


def planted(kind: str, rng: random.Random) -> Planted:
    """One made-up secret of `kind`."""
    if kind in PERSONAL:
        text = PERSONAL[kind](rng)
        path = re.search(r"(?:home|Users)[/\\]([^/\\]+)", text)
        return Planted(kind, text, (path[1] if path else text,))
    template = {**PREFIXED, **NAMED}[kind]
    if not template.startswith("{"):  # in JSON the end of a line stays written out
        template = template.replace("\\n", "\n")
    return Planted(kind, *_parts(template, rng))


def _parts(template: str, rng: random.Random) -> tuple[str, tuple[str, ...]]:
    """The filled template, and its random parts that are long enough to be the secret and no part of a name."""
    pieces = re.split(r"(<\w:\d+(?:-\d+)?>|<uuid>)", template)
    filled = [sample(piece, rng) for piece in pieces]
    holes = [text for piece, text in zip(pieces, filled, strict=True) if piece.startswith("<")]
    longest = max(map(len, holes))
    return "".join(filled), tuple(hole for hole in holes if len(hole) >= min(16, longest))


def _split(text: str, secret: str) -> str:
    at = text.index(secret) + len(secret) // 2
    return f"{text[:at]}\n{text[at:]}"


CARRIERS: Final[dict[str, Callable[[Planted], str]]] = {
    "text": lambda p: f"worker 3 started with {p.text} and went on",
    "JSON value": lambda p: json.dumps({"message": f"seen {p.text}", "level": "info"}),
    "JSON key=val": lambda p: json.dumps({"level": "info", p.pair[0] if p.kind in NAMED else "credential": p.pair[1] if p.kind in NAMED else p.text}),
    "query string": lambda p: f"GET /api/items?page=2&{_query(p)}&sort=name HTTP/1.1",
    "header": lambda p: f"X-Debug: {p.text}\r\nAccept: */*",
    "cookie": lambda p: f"Cookie: theme=dark; c={quote(p.text, safe='')}; lang=en",
    "DSN": lambda p: f"postgresql://app:{quote(p.pair[1] if p.kind in NAMED else p.text, safe='')}@10.0.0.5:5432/netra",
    "traceback local": lambda p: f'  File "app.py", line 9, in connect\n    setting = {p.text!r}\nRuntimeError: no route',
    "repr": lambda p: f"Settings(region='us', value={p.text!r}, debug=False)",
    "URL-encoded": lambda p: f"callback state={quote(p.text, safe='')} received",
    "base64 once": lambda p: f"payload {base64.b64encode(p.text.encode()).decode()} refused",
    "split line": lambda p: f"value {_split(p.text, max(p.secrets, key=len))} end",
}  # fmt: skip


def _query(p: Planted) -> str:
    name, value = p.pair if p.kind in NAMED else ("token", p.text)
    return f"{quote(name)}={quote(value, safe='/:+=@|!$~')}"


def leaked(p: Planted, carrier: str, clean: str) -> bool:
    """Whether any part of the secret, in the carrier's own writing, is still to be read."""
    if carrier == "base64 once":
        return base64.b64encode(p.text.encode()).decode()[-40:] in clean
    seen = clean.replace("\n", "") if carrier == "split line" else clean
    return any(_remains(written, seen) for secret in p.secrets for written in _written(secret))


def _written(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote(secret, safe="/:+=@|!$~"), json.dumps(secret)[1:-1]}


def _remains(secret: str, seen: str) -> bool:
    """A part of twelve characters counts as the secret; of a shorter one, all of it."""
    size = min(12, len(secret))
    return any(secret[i : i + size] in seen for i in range(len(secret) - size + 1))
