"""A question as a value: GoogleSQL text and the values bound to it. Nothing here runs anything."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from netra_analysis.window import stamp

Scalar = str | int | float | bool | datetime | None
Bound = Scalar | tuple[str, ...] | tuple[int, ...]


def plain(value: Any) -> Any:
    """`value` as JSON writes it: times with a Z, tuples as lists; everything else as it is."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def digest(value: Any) -> str:
    """`sha256:…` of `value` in one canonical JSON form, so that equal content has equal hashes."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Query:
    """One question in GoogleSQL, over the tables of `schema` and the proof tables of findings.

    `params` are always bound by name (`@start`), never pasted into the text.
    """

    sql: str
    params: Mapping[str, Bound] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sql", self.sql.strip())
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    @property
    def fingerprint(self) -> str:
        """`sha256:…` of the text with its white space folded and the bound values."""
        return digest({"sql": " ".join(self.sql.split()), "params": dict(self.params)})

    def __repr__(self) -> str:
        return "\n".join([self.sql, *(f"  @{name} = {plain(value)!r}" for name, value in self.params.items())])

    def to_json(self) -> dict[str, Any]:
        return {"sql": self.sql, "params": plain(dict(self.params))}
