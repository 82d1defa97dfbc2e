"""Templates: masked shapes that differ only where a value stands become one.

Masking leaves values that look like words: users, hosts, files, states. They are told from words by how
much they vary. Shapes with the same number of words and the same punctuation are divided, by the word that
most of them share, until what is left agrees in most of its words; a place where the rest differ is then a
value if it takes many forms, and a part of the sentence if it takes few, is a verb form ("started",
"stopping") or a request's method: such sentences stay apart. Nothing depends on the order of the lines.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from netra_analysis.logtext.template import PLACEHOLDERS

VERSION: Final = "t1"
FORMS: Final = 4
"""A word's place is a value when it takes at least so many forms …"""
NAME_FORMS: Final = 3
"""… or so many, where every form is punctuated like a name (`a.b`, `a-b`, `a/b`)."""
AGREEMENT: Final = 0.7
"""Share of the words that shapes must have in common to be one template."""

_VALUE = "\x00"
_PUNCTUATION = "=:,;()[]{}\"'<>|"
_APART = str.maketrans({mark: f" {mark} " for mark in _PUNCTUATION})
_MARKS = frozenset(_PUNCTUATION) | {".", "!", "?"}
_NAMELIKE = frozenset("._-/\\@#~$%*")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_VERB = re2.compile(r"(?i)^[a-z]{2,}(?:ed|ing|tion|able|ive)$")

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of message: `text` for reading, how many lines and shapes it stands for, and why."""

    id: str
    text: str
    lines: int
    shapes: int
    why: str


def _plain(shape: str) -> str:
    shape = shape.replace(_VALUE, " ")
    for placeholder in PLACEHOLDERS:
        shape = shape.replace(placeholder, _VALUE)
    return shape


def words_of(shape: str) -> Row:
    """The words and punctuation of a masked shape; every placeholder is the same word."""
    words: list[str] = []
    for word in _plain(shape).replace(_VALUE, f" {_VALUE} ").translate(_APART).split():
        stem = word.rstrip(".!?")
        end = word[len(stem) : len(stem) + 1]
        words.extend(part for part in (stem, end) if part)
    return tuple(words)


def _is_word(token: str) -> bool:
    return token != _VALUE and token not in _MARKS


def _outline(row: Row) -> Row:
    """Length and punctuation: only shapes that share both are compared."""
    return tuple(token if token in _MARKS else "" for token in row)


def _is_value(forms: Counter[str]) -> bool:
    """Whether a place that takes these forms holds a value, not a part of the sentence."""
    spelled = [form for form in forms if form != _VALUE]
    if any(form in _METHODS or _VERB.search(form) for form in spelled):
        return False
    if len(spelled) < len(forms):
        return True
    named = all(_NAMELIKE.intersection(form) for form in spelled)
    return len(spelled) >= (NAME_FORMS if named else FORMS)


def _parted(rows: Sequence[Row], place: int, *, alone: bool) -> list[list[Row]]:
    """`rows` by their word at `place`; those whose word is theirs alone stay together unless `alone`."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row[place], []).append(row)
    if alone:
        return list(parts.values())
    shared = [part for word, part in parts.items() if len(part) > 1 and _is_word(word)]
    rest = [row for word, part in parts.items() if len(part) == 1 or not _is_word(word) for row in part]
    return [*shared, rest] if rest else shared


def _divide(rows: Sequence[Row]) -> list[list[Row]] | None:
    """The next division of `rows`, or None when they are one template."""
    forms = [Counter(column) for column in zip(*rows, strict=True)]
    places = [i for i, seen in enumerate(forms) if any(map(_is_word, seen))]
    differing = [i for i in places if len(forms[i]) > 1]
    if not differing:
        return None
    if len(places) - len(differing) >= AGREEMENT * len(places):
        sentence = [i for i in differing if not _is_value(forms[i])]
        return _parted(rows, min(sentence, key=lambda i: (len(forms[i]), i)), alone=True) if sentence else None
    most, place = max((n, -i) for i in differing for word, n in forms[i].items() if _is_word(word))
    return _parted(rows, -place, alone=False) if most > 1 else [[row] for row in rows]


def _families(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """The rows of one outline as templates."""
    waiting = [sorted(rows)]
    while waiting:
        family = waiting.pop()
        parts = _divide(family) if len(family) > 1 else None
        if parts is None:
            yield family
        else:
            waiting.extend(parts)


def _readable(shape: str, row: Row, varies: frozenset[int]) -> str:
    """`shape` with `<*>` at the places that vary; the other placeholders keep their kind."""
    pieces: list[str] = []
    at = 0
    for place, token in enumerate(row):
        token, end = _found(shape, token, at)
        start = end - len(token)
        pieces.append(shape[at:start] + ("<*>" if place in varies else token))
        at = end
    return "".join(pieces) + shape[at:]


def _found(shape: str, token: str, at: int) -> tuple[str, int]:
    """The next occurrence of `token` in `shape` from `at`, as it is spelled there, and where it ends."""
    spelled = PLACEHOLDERS if token == _VALUE else (token,)
    start, word = min((found, word) for word in spelled if (found := shape.find(word, at)) >= 0)
    return word, start + len(word)


def _template(family: Sequence[Row], shapes: Mapping[Row, Mapping[str, int]]) -> Template:
    pattern = [column[0] if len(set(column)) == 1 else _VALUE for column in zip(*family, strict=True)]
    varies = frozenset(i for i, column in enumerate(zip(*family, strict=True)) if len(set(column)) > 1)
    members = {shape: n for row in family for shape, n in shapes[row].items()}
    shape = min(members, key=lambda text: (-members[text], text))
    digest = hashlib.sha256(" ".join(pattern).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    why = f"{len(members)} masked shapes agree in {len(pattern) - len(varies)} of {len(pattern)} words and marks"
    text = _readable(shape, words_of(shape), varies)
    return Template(f"{VERSION}-{digest}", text, sum(members.values()), len(members), why)


def group(shapes: Mapping[str, int]) -> dict[str, Template]:
    """The template of every masked shape, given how many lines have each shape."""
    by_row: dict[Row, dict[str, int]] = {}
    for shape, lines in shapes.items():
        by_row.setdefault(words_of(shape), {})[shape] = lines
    outlines: dict[Row, list[Row]] = {}
    for row in by_row:
        outlines.setdefault(_outline(row), []).append(row)
    answer: dict[str, Template] = {}
    for rows in outlines.values():
        for family in _families(rows):
            template = _template(family, by_row)
            answer.update((shape, template) for row in family for shape in by_row[row])
    return answer
