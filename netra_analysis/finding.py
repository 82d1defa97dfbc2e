"""What was found, and what may be said: `Finding`, `Statement` and `Claim`.

A detector answers with a `Finding`: a verdict, the proof table, and the statements it is ready to make.
A `Statement` is a sentence template with a query whose one row fills it. Run against the data it becomes
a `Claim`. Prose is rendered from claims alone, and a template may hold no digit of its own, so a number
without evidence cannot be written.
"""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from netra_analysis.errors import SchemaError
from netra_analysis.query import Query, Scalar, plain
from netra_analysis.window import stamp, utc


class Verdict(StrEnum):
    """A detector's answer. NO_DATA is never CLEAR: what was not seen was not looked at."""

    FIRED = "FIRED"
    CLEAR = "CLEAR"
    NO_DATA = "NO_DATA"


class Standing(StrEnum):
    """How a claim stands against the data."""

    CONFIRMED = "confirmed"
    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNTESTABLE = "untestable"


# Digits that are names and no measurements: status classes and quantiles.
_NAMES_WITH_DIGITS = re.compile(r"\b(?:[1-5]xx|p50|p95|p99|HTTP/[123](?:\.[01])?)\b")


IN_PART = "In what could be read: "
UNREAD = "what could not be read"  # the missing one, where too little was
_BOLD = re.compile(r"%|(?<![\d.,])0(?![\d.,:])|\b(?:no|none|never|nobody|nothing)\b", re.IGNORECASE)  # shares, absence
_LEAST = 0.0001  # below it a number is written as less than it

_TIME = r"((?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC)"
_ONE_MOMENT = re.compile(
    rf"\b(?:between {_TIME} and \1|from {_TIME} to \2|(?:the )?first at {_TIME}, (?:the )?last at \3)"
)
_ONE_SHARE = re.compile(r"(?<![\d.])(\d+\.\d %) to \1")


def at_once(sentence: str) -> str:
    """`between 17:29:03 UTC and 17:29:03 UTC` as `at 17:29:03 UTC`, `97.5 % to 97.5 %` as `97.5 %`."""
    said = _ONE_MOMENT.sub(lambda found: f"at {next(filter(None, found.groups()))}", sentence)
    return _ONE_SHARE.sub(r"\1", said)


class _Prose(string.Formatter):
    """`{n}` a number as people write it, `{n:# entry}` with its noun, `{t:time}` a UTC time, `{x:pct}` a share,
    `{x:dur}` a duration, `{q:p}` a p or q value, `{x:text}` a text as it is."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return "unknown"
        match format_spec:
            case "time":
                return utc(value).strftime("%H:%M:%S UTC")
            case "day":
                return utc(value).strftime("%Y-%m-%d %H:%M:%S UTC")
            case "pct":
                return f"{100 * float(value):.1f} %"
            case "dur":
                return duration_text(float(value))
            case "p":
                return chance_text(float(value))
            case "text":
                return str(value)
            case "":
                return number_text(value)
            case _ if format_spec.startswith("# "):
                return counted(value, format_spec[2:])
            case _:
                return format(value, format_spec)


def counted(number: Any, noun: str) -> str:
    """`1 kind`, `2 kinds`, `3 entries`: the number with its noun."""
    if number == 1:
        return f"1 {noun}"
    head, _, last = noun.rpartition(" ")
    many = last[:-1] + "ies" if last.endswith("y") and last[-2:-1] not in "aeou" else last + "s"
    return f"{number_text(number)} {head + ' ' if head else ''}{many}"


def number_text(value: Any) -> str:
    """A number the way a reader wants it: thousands apart, three significant digits, no powers of ten."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return stamp(value) if isinstance(value, datetime) else str(value)
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) < _LEAST:
        return f"< {_LEAST}" if value > 0 else f"> -{_LEAST}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def chance_text(chance: float) -> str:
    """A p or q value behind its letter: `= 0.021`, and below a thousandth only `< 0.001`."""
    return "< 0.001" if chance < 0.001 else f"= {number_text(chance)}"


def instance_text(instance: str | None) -> str:
    """The end of an instance's id, which is what tells instances apart."""
    return f"…{instance[-6:]}" if instance and len(instance) > 12 else instance or ""


def duration_text(seconds: float) -> str:
    """Seconds as `120 ms`, `7.3 s`, `12 min 30 s` or `5 h 16 min`."""
    if seconds < 0:
        return "-" + duration_text(-seconds)
    if seconds == 0:
        return "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def check_template(template: str) -> None:
    """Refuses a template that writes a number itself instead of taking it from its evidence."""
    literal = "".join(text for text, _, _, _ in string.Formatter().parse(template))
    loose = re.findall(r"\S*\d\S*", _NAMES_WITH_DIGITS.sub("", literal))
    if loose:
        raise SchemaError(
            f"the sentence {template!r} writes {', '.join(loose)} without evidence; "
            "take the number from the claim's query or bind it as a parameter"
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence ready to be said, and the query whose one row fills it.

    `template` takes the row's columns by name; `value` names the column that is the claim's value;
    `evidence` shows the rows behind it. `low` and `high` name the interval's columns, where there is one.
    `counter` and `support` are the claims that speak against it and for it, where it is a judgement over others.
    `short` is the value as a tile shows it, a template like the sentence.
    """

    id: str
    template: str
    query: Query
    value: str
    unit: str
    method: str
    standing: Standing = Standing.CONFIRMED
    evidence: Query | None = None
    low: str | None = None
    high: str | None = None
    at: str | None = None
    counter: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    short: str = ""

    def __post_init__(self) -> None:
        check_template(self.template)
        check_template(self.short)


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement with its evidence: the values that the query gave, their hash, and how it stands."""

    statement: Statement
    values: Mapping[str, Scalar]
    result: str
    rows: int
    sample: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    @property
    def id(self) -> str:
        return self.statement.id

    @property
    def query(self) -> Query:
        """The question whose one row fills the sentence: `claim.query.sql`, `claim.query.params`."""
        return self.statement.query

    @property
    def text(self) -> str:
        return at_once(_Prose().vformat(self.statement.template, (), dict(self.values)))

    @property
    def short(self) -> str:
        """The value as a tile shows it; empty where the claim is no tile."""
        return _Prose().vformat(self.statement.short, (), dict(self.values))

    @property
    def value(self) -> Scalar:
        return self.values[self.statement.value]

    def doubted(self, absent: bool) -> "Claim":
        """The claim where too little could be read: none of anything, and no share of anything, is confirmed then.

        `absent`: it belongs to an answer that found nothing.
        """
        said = self.statement
        bold = said.standing is Standing.CONFIRMED and (absent or self.value == 0 or _BOLD.search(self.text))
        standing, short = (Standing.UNTESTABLE, "not known" * bool(said.short)) if bold else (said.standing, said.short)
        return replace(self, statement=replace(said, template=IN_PART + said.template, standing=standing, short=short))

    @property
    def interval(self) -> tuple[Scalar, Scalar] | None:
        low, high = self.statement.low, self.statement.high
        return (self.values[low], self.values[high]) if low and high else None

    @property
    def at(self) -> datetime | None:
        moment = self.values.get(self.statement.at) if self.statement.at else None
        return moment if isinstance(moment, datetime) else None

    def __str__(self) -> str:
        return f"{self.id} ({self.statement.standing}): {self.text}"

    def to_json(self) -> dict[str, Any]:
        """The claim as `evidence.json` holds it, with all that `verify` needs to compute it again."""
        said = self.statement
        return {
            "id": self.id,
            "text": self.text,
            "value": plain(self.value),
            "unit": said.unit,
            "interval": plain(self.interval),
            "verdict": said.standing.value,
            "query": said.query.fingerprint,
            "rows": self.rows,
            "sample": _sampled(self.sample),
            "method": said.method,
            "at": stamp(self.at) if self.at else None,
            "result": self.result,
            "template": said.template,
            "values": plain(self.values),
            "value_column": said.value,
            "at_column": said.at,
            "interval_columns": [said.low, said.high] if said.low else None,
            "recompute": said.query.to_json(),
            "evidence": said.evidence.to_json() if said.evidence else None,
            "counter": list(said.counter),
            **({"support": list(said.support)} if said.support else {}),
            **({"short": self.short} if said.short else {}),
        }


LONGEST_CELL = 160


def _sampled(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first rows behind a claim as columns and rows, long texts cut."""
    columns = list(rows[0]) if rows else []
    return {"columns": columns, "rows": [[_cell(row[name]) for name in columns] for row in rows]}


def _cell(value: Any) -> Any:
    shown = plain(value)
    return shown[: LONGEST_CELL - 1] + "…" if isinstance(shown, str) and len(shown) > LONGEST_CELL else shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Finding:
    """A detector's whole answer.

    `proof` is the table that a reader can check row by row; it is known to queries as `name`. `strength`
    is 0..1 where the verdict is FIRED and a strength means something. `missing` names the streams that
    would have been needed, where the verdict is NO_DATA.
    """

    detector: str
    verdict: Verdict
    proof: pa.Table
    statements: Sequence[Statement]
    strength: float | None = None
    time: datetime | None = None
    missing: tuple[str, ...] = ()
    notes: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the proof table in queries."""
        return f"finding_{self.detector}"

    def doubted(self) -> "Finding":
        """The answer where too little could be read: what was not seen was not looked at."""
        verdict = Verdict.NO_DATA if self.verdict is Verdict.CLEAR else self.verdict
        return replace(self, verdict=verdict, missing=tuple(dict.fromkeys((*self.missing, UNREAD))))

    def __repr__(self) -> str:
        return (
            f"<finding {self.detector}: {self.verdict}, {self.proof.num_rows} rows, {len(self.statements)} sentences>"
        )
