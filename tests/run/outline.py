"""A published page as a reviewer would list it: what it calls itself, its sections, what each says of itself."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_UNTOLD = {"Capsule"}  # a hash of files, which another version of a library changes


@dataclass
class Outline(HTMLParser):
    """Feeds on one page."""

    title: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    states: dict[str, str | None] = field(default_factory=dict)
    claims: dict[str, list[str]] = field(default_factory=dict)
    summary: list[str] = field(default_factory=list)
    figures: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    _section: str = ""
    _within: str = ""
    _text: str = ""
    _fact: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "section":
            self._section = has.get("id", "")
            self.states[self._section] = has.get("data-state")
            self._within, self._text = "h2", ""
        elif tag == "li" and "data-word" in has and self._section:
            self.claims.setdefault(self._section, []).append(f"{has['id']} {has['data-word']}")
        elif tag == "figure":
            self.figures += 1
        elif tag == "table":
            self.tables[self._section] = self.tables.get(self._section, 0) + 1
        elif tag in ("title", "dt", "dd") or (tag == "p" and has.get("class") == "prose"):
            self._within, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag != self._within:
            return
        text, self._within = " ".join(self._text.split()), ""
        if tag == "title":
            self.title = text
        elif not self._section and tag == "dt":
            self._fact = text
        elif not self._section and tag == "dd" and self._fact not in _UNTOLD:
            self.facts[self._fact] = text
        elif tag == "p" and self._section == "summary":
            self.summary.append(text)


def outline(page: str) -> dict[str, Any]:
    """What `page` shows, as plain values, without hashes of files and without times of its making."""
    read = Outline()
    read.feed(page)
    sections = {
        name: {"state": state, "claims": read.claims.get(name, []), "tables": read.tables.get(name, 0)}
        for name, state in read.states.items()
    }
    return {"title": read.title, "facts": read.facts, "summary": read.summary, "figures": read.figures} | {
        "sections": sections
    }
