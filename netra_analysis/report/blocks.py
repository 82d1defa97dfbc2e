"""What a notebook emits: typed blocks, each in three forms.

`application/vnd.netra.block+json` is for our renderer, `text/html` for JupyterLab and code-hosting pages,
`text/plain` for terminals, nbval and diffs. A published page uses the first form only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal

import pandas as pd
import pyarrow as pa

from netra_analysis import _fast_imports  # noqa: F401  (blocks meet altair charts)
from netra_analysis.errors import SchemaError
from netra_analysis.finding import Claim, Verdict
from netra_analysis.query import Query
from netra_analysis.report import cells, lab, plain, twin
from netra_analysis.report.explorer import Explorer
from netra_analysis.report.text import visible

BLOCK: Final = "application/vnd.netra.block+json"
CLAIMS: Final = "application/vnd.netra.claims+json"
END: Final = "application/vnd.netra.end+json"
NARROW: Final = "application/vnd.netra.narrow+json"

Tone = Literal["info", "warning", "quiet"]
ColumnKind = Literal["text", "number", "time", "duration", "code", "bytes", "share", "claim"]


class State(StrEnum):
    """The state of a section: exactly one of these. Empty is not zero, and not asked is not empty."""

    OK = "ok"
    NO_ROWS = "no_rows"
    NOT_QUERIED = "not_queried"
    FAILED = "failed"
    PARTIAL = "partial"
    REDACTED = "redacted"


class Block:
    """A typed output. Subclasses say what they hold (`data`); the three forms follow from it."""

    __slots__ = ()
    kind: ClassVar[str]

    def data(self) -> dict[str, Any]:
        raise NotImplementedError

    def extra(self) -> dict[str, Any]:
        """Further MIME types of this block."""
        return {}

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        block = {"kind": self.kind, **self.data()}
        return {BLOCK: block, "text/html": lab.html(block), "text/plain": plain.text(block), **self.extra()}


@dataclass(frozen=True, slots=True)
class Section(Block):
    """A heading, and the state of what stands under it."""

    kind: ClassVar[str] = "section"
    id: str
    title: str
    state: State = State.OK
    reason: str = ""

    def data(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "state": self.state.value, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class ClaimList(Block):
    """Sentences with their evidence."""

    kind: ClassVar[str] = "claims"
    claims: tuple[Claim, ...]
    lead: str = ""

    def data(self) -> dict[str, Any]:
        return {"lead": self.lead, "claims": [claim.to_json() for claim in self.claims]}

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """The three forms, the claims in a type of their own: a third of a notebook would else be there twice."""
        forms = Block._repr_mimebundle_(self)
        return {**forms, CLAIMS: {"claims": forms[BLOCK].pop("claims")}}


@dataclass(frozen=True, slots=True)
class Tiles(Block):
    """The few numbers that a reader takes along, each the value of a claim and a way to it."""

    kind: ClassVar[str] = "tiles"
    claims: tuple[Claim, ...]

    def data(self) -> dict[str, Any]:
        return {"tiles": [_tile(claim) for claim in self.claims]}

    def extra(self) -> dict[str, Any]:
        return {CLAIMS: {"claims": [claim.to_json() for claim in self.claims]}}


def _tile(claim: Claim) -> dict[str, str]:
    kind = "duration" if claim.statement.unit == "s" else "number"
    shown = claim.short or cells.words(cells.to_json(claim.value), kind)
    return {"id": claim.id, "shown": shown, "unit": claim.statement.unit, "text": claim.text}


@dataclass(frozen=True, slots=True)
class Card(Block):
    """A short note in plain text: "no metrics: 3 causes untestable"."""

    kind: ClassVar[str] = "card"
    title: str
    body: str
    tone: Tone = "info"

    def data(self) -> dict[str, Any]:
        return {"title": self.title, "body": self.body, "tone": self.tone}


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column of a table as it is shown."""

    name: str
    label: str = ""
    unit: str = ""
    kind: ColumnKind = "text"

    def __post_init__(self) -> None:
        if self.kind not in cells.KINDS:
            raise SchemaError(
                f"column {self.name} has the kind {self.kind!r}; a kind is one of {', '.join(cells.KINDS)}"
            )

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "label": self.label or self.name, "unit": self.unit, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class TableView(Block):
    """Rows, and how many there are in all. It always says "n of N"."""

    kind: ClassVar[str] = "table"
    title: str
    columns: tuple[ViewColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    note: str = ""
    query: Query | None = None

    @classmethod
    def of(
        cls,
        table: pa.Table | pd.DataFrame,
        title: str,
        columns: Sequence[ViewColumn] | None = None,
        limit: int = 50,
        note: str = "",
        query: Query | None = None,
    ) -> "TableView":
        """The first `limit` rows of an Arrow table or a pandas frame; columns are read off it if not given."""
        total = len(table)
        head = table.slice(0, limit).to_pandas() if isinstance(table, pa.Table) else table.head(limit)
        chosen = tuple(columns) if columns is not None else tuple(_column(head[name], name) for name in head.columns)
        absent = [c.name for c in chosen if c.name not in head.columns]
        if absent:
            raise SchemaError(f"table view {title!r} asks for {absent}; the table has {list(map(str, head.columns))}")
        rows = zip(*(head[c.name].tolist() for c in chosen), strict=True)
        return cls(title, chosen, tuple(rows), total, note, query)

    def data(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "columns": [column.to_json() for column in self.columns],
            "rows": [[cells.to_json(value) for value in row] for row in self.rows],
            "total": self.total,
            "note": self.note,
            "query": self.query.to_json() if self.query else None,
        }

    def explore(self) -> Explorer:
        """The same rows to sort and search by hand in JupyterLab (a megabyte of script in the cell's output)."""
        return Explorer(self._repr_mimebundle_(), {"kind": self.kind, **self.data()})


def _column(values: Any, name: Any) -> ViewColumn:
    """A column as its type and its name's unit have it."""
    label = str(name)
    shown = label.removesuffix("_s").removesuffix("_bytes").replace("_", " ")
    return ViewColumn(name, shown, "", cells.kind_of(values, label))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Verdicts(Block):
    """What each detector said: name, verdict, one sentence."""

    kind: ClassVar[str] = "verdicts"
    items: tuple[tuple[str, Verdict, str], ...]

    def data(self) -> dict[str, Any]:
        items = [{"name": name, "verdict": str(verdict), "sentence": said} for name, verdict, said in self.items]
        return {"items": items}


@dataclass(frozen=True, slots=True)
class Prompt(Block):
    """A part that only people can write: a visible empty box with a question."""

    kind: ClassVar[str] = "prompt"
    id: str
    title: str
    prompt: str

    def data(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "prompt": self.prompt}


@dataclass(frozen=True, slots=True)
class NextSteps(Block):
    """What to read next; and the sign that the notebook ran to its end."""

    kind: ClassVar[str] = "next"
    notebook: str
    items: tuple[tuple[str, str], ...]

    def data(self) -> dict[str, Any]:
        return {"notebook": self.notebook, "items": [list(item) for item in self.items]}

    def extra(self) -> dict[str, Any]:
        return {END: {"notebook": self.notebook}}


@dataclass(frozen=True, slots=True, eq=False)
class Chart(Block):
    """An Altair chart in one MIME bundle: live, as a static picture, and in words."""

    kind: ClassVar[str] = "chart"
    chart: Any
    title: str
    alt: str
    narrow: Any = None  # the same laid out for a phone, where shrinking the other would not do

    def data(self) -> dict[str, Any]:
        return {"title": self.title, "alt": self.alt}

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        spec = twin.spec_of(self.chart, self.title)
        block = {"kind": self.kind, **self.data()}
        bundle: dict[str, Any] = {BLOCK: block, twin.VEGALITE: spec}
        try:
            bundle |= twin.picture(spec)
            if self.narrow is not None:
                bundle[NARROW] = twin.narrowed(twin.spec_of(self.narrow, self.title.split(",")[0]), spec)
        except ValueError as error:  # one picture that fails is said in its place, and fails no page
            block["problem"] = f"the static picture could not be drawn: {str(error).splitlines()[0]}"
        return {**bundle, "text/plain": visible(f"{self.title}\n{self.alt}")}
