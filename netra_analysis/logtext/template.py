r"""Masking: what varies in a message is replaced by what it is, so that equal shapes are equal strings.

The rules are an ordered list of RE2 replacements and nothing else. The engine (BigQuery, or DuckDB through
sqlglot) applies them to millions of lines and hands Python only the distinct shapes with their counts;
`mask` applies the very same list in Python. Rules for the rules, each kept by a test:

* RE2 syntax only, no look-around, only `\1`-style references in replacements, ASCII classes only, and code
  points by number, so that every engine means the same by a pattern;
* masking a masked text changes nothing; a replacement is therefore never input to an earlier rule;
* at most `LONGEST` characters are looked at, so a line of a megabyte costs what a short one costs.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import re2

LONGEST: Final = 1000
"""Characters of a message that take part; what follows them never separates two templates."""


@dataclass(frozen=True, slots=True)
class Mask:
    """One replacement: its name, the RE2 pattern, and what every match becomes."""

    name: str
    pattern: str
    replacement: str


_LEFT = r"(^|[^A-Za-z0-9_.~+\-])"
_HEX = r"[0-9A-Fa-f]"
_WORD = r"[A-Za-z0-9_]"
_JOIN = r"(?:[.+\-]|~+)"
_UNIT = r"(?:[KMGT]?i?B|bytes|[mun]?s|secs?|seconds?|min|minutes?)"
_SYMBOLS = (
    r"[\x{200B}-\x{200F}\x{2190}-\x{21FF}\x{2300}-\x{23FF}\x{2460}-\x{27BF}\x{2900}-\x{297F}"
    r"\x{2B00}-\x{2BFF}\x{FE00}-\x{FE0F}\x{FFFD}\x{1F000}-\x{1FAFF}]"
)
_CLOCK = r"\d{1,2}[:,]\d{2}[:,]\d{2}(?:[.,]\d+)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

MASKS: Final = (
    # What decorates a message and says nothing: colours, emoji and what a code page made of them.
    Mask("colour", r"\x1b\[[0-9;?]*[A-Za-z]", " "),
    Mask("symbol", _SYMBOLS + r"|\[U\+[0-9A-Fa-f]{4,6}\]|\[\?\]", " "),
    # One space stays as it is: rewriting every space of every line would cost more than all other rules.
    Mask("space", r"[\x00-\x1f\x7f-\x{A0}][\x00-\x20\x7f-\x{A0}]*| [\x00-\x20\x7f-\x{A0}]+", " "),
    Mask("edge", r"^ | $", ""),
    Mask("mark", r"^(?:(?:FAIL|PASS|OK|WARN): |\? )+", ""),
    # What redaction left; its token stands for one value and says nothing of the shape.
    Mask("hidden address", r"\[ip:[0-9a-f]{6}\](?:[:/]\d+)?", "<ip>"),
    Mask("hidden mail", r"\[email:[0-9a-f]{6}\]", "<email>"),
    Mask("hidden", r"\[[a-z][a-z_]+:[0-9a-f]{6}\]", "<str>"),
    # What holds characters that end other words: it has to be taken whole, and so first.
    Mask("uuid", f"{_LEFT}{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\\b", r"\1<id>"),
    Mask("url", r"\b[A-Za-z][A-Za-z0-9+.\-]{1,40}://[^\s'\"<>,;()\[\]{}]*", "<url>"),
    Mask("email", r"[A-Za-z0-9_.+\-*]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+", "<email>"),
    Mask("target", r"(^|[^A-Za-z0-9_>])(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /[^\s\"']*", r"\1\2 <path>"),
    Mask(
        "path",
        r"(^|[\s=:,('\"\[<{}])(?:[A-Za-z]:)?(?:[/\\]+[A-Za-z0-9_.~%+@#\-]+){2,}[/\\]?",
        r"\1<path>",
    ),
    Mask("relative", r"\b[A-Za-z_][A-Za-z0-9_.~\-]*(?:/[A-Za-z0-9_.~%+@#\-]+){2,}/?", "<path>"),
    Mask(
        "address",
        f"\\b(?:{_HEX}{{1,4}}:){{3,15}}(?::?{_HEX}{{1,4}}\\b)+(?:/\\d+)?"
        f"|\\b(?:{_HEX}{{1,4}}:){{1,7}}:(?:{_HEX}{{1,4}}\\b)?",
        "<addr>",
    ),
    # Times, dates, names of hosts and of modules, addresses, quoted text, truth values.
    Mask(
        "date",
        r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
        + _MONTH
        + r" \d{1,2},? \d{1,2}:\d{2}:\d{2}(?: [A-Z]{3,4})?(?: \d{4})?\b",
        "<time>",
    ),
    Mask(
        "iso",
        r"\b\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T _:,]?" + _CLOCK + r")?(?:Z| ?[+-]\d{2}:?\d{2})?\b",
        "<time>",
    ),
    Mask("clock", r"\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b", "<time>"),
    Mask(
        "name",
        r"\b[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+\.[A-Za-z][A-Za-z0-9\-]*(?::\d+)?\b"
        r"|\b[A-Za-z][A-Za-z0-9\-]*(?:\.[A-Za-z][A-Za-z0-9\-]*)+:\d+\b",
        "<name>",
    ),
    Mask("ip", _LEFT + r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:[:/]\d+)?\b", r"\1<ip>"),
    Mask("quoted", r"(^|[\s=:,(\[{])'[^'<]*'", r"\1'<str>'"),
    Mask("double", r'(^|[\s=:,(\[{])"[^"<]*"', r'\1"<str>"'),
    Mask("truth", r"([=:] ?)(?i:true|false|null|none|nil)\b", r"\1<str>"),
    # Every other word with a digit in it, and the unit that follows a number.
    Mask("less", r"<\d+ ?" + _UNIT + r"\b", "<num>"),
    Mask(
        "number",
        f"[+\\-]?(?:{_WORD}+{_JOIN})*[A-Za-z_]*[0-9]{_WORD}*(?:{_JOIN}{_WORD}+)*%?(?: {_UNIT}\\b)?",
        "<num>",
    ),
    Mask("hex", r"\b[A-Fa-f]{8,}\b", "<num>"),
    Mask("empty", r"([ =:])\(\)", r"\1(<str>)"),
    Mask("list", r"(<[a-z]+>)(?:(?:, ?| )[+\-]?<(?:num|id|ip)>)+", r"\1"),
)

PLACEHOLDERS: Final = ("<id>", "<url>", "<email>", "<path>", "<addr>", "<time>", "<name>", "<ip>", "<str>", "<num>")

# Bytes, because the binding otherwise counts characters for every match; the patterns mean the same.
_COMPILED = tuple((re2.compile(m.pattern.encode()), m.replacement.encode()) for m in MASKS)


def mask(text: str) -> str:
    """`text` with everything that varies replaced: the shape of the message."""
    return _masked(text[:LONGEST].encode("utf-8", "replace"))


@lru_cache(maxsize=4096)
def _masked(raw: bytes) -> str:
    """Failures say the same again and again, and there are thirty rules."""
    for pattern, replacement in _COMPILED:
        raw = pattern.sub(replacement, raw)
    return str(raw.decode("utf-8")[:LONGEST])


def _literal(text: str) -> str:
    """`text` as a GoogleSQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def mask_sql(column: str) -> str:
    """`mask` as a GoogleSQL expression over `column`."""
    expression = f"SUBSTR({column}, 1, {LONGEST})"
    for rule in MASKS:
        pattern, replacement = _literal(rule.pattern), _literal(rule.replacement)
        expression = f"REGEXP_REPLACE({expression}, {pattern}, {replacement})"
    return f"SUBSTR({expression}, 1, {LONGEST})"


def digits_sql(column: str) -> str:
    """`column` with every digit as 0, cut to what is masked: an expression with the same `mask`.

    No rule asks which digit it sees and none leaves one standing, so lines that differ in numbers of equal
    length are one line before any pattern runs.
    """
    return f"TRANSLATE(SUBSTR({column}, 1, {LONGEST}), '123456789', '000000000')"


def shapes_sql(table: str, column: str) -> str:
    """GoogleSQL for the distinct shapes of `column` and how many lines have each.

    Equal lines, then lines equal but for their digits, are counted before any is masked: counting is cheap.
    """
    lines = f"SELECT {column} AS line, COUNT(*) AS n FROM {table} GROUP BY line"  # noqa: S608 - names, not values
    kinds = f"SELECT {digits_sql('line')} AS kind, SUM(n) AS n FROM ({lines}) GROUP BY kind"  # noqa: S608
    shapes = f"SELECT {mask_sql('kind')} AS shape, n FROM ({kinds})"  # noqa: S608
    return f"SELECT shape, SUM(n) AS lines FROM ({shapes}) GROUP BY shape ORDER BY shape"  # noqa: S608
