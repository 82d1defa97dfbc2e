"""Objects that hold entries rather than being one: API answers, and dumps grouped by severity."""

from collections.abc import Iterator
from typing import Any, Final

from netra_analysis.sources.reading.dialect import FIELDS, field_name
from netra_analysis.sources.reading.entry import SEVERITIES

DEEPEST_WRAPPER: Final = 4

# A script that dumps logs may write when it ran beside them; anything more makes the object an entry.
_WEAK: Final = frozenset({None, "timestamp", "severity", "metadata"})
_SPELLINGS: Final = {"WARN": "WARNING", "WARNINGS": "WARNING", "ERRORS": "ERROR"}

Grouped = tuple[Any, str | None]


def severity_of(key: str, outer: str | None = None) -> str | None:
    """The severity that a wrapper's key names, or the one that holds outside of it."""
    name = key.strip().upper()
    return name if name in SEVERITIES else _SPELLINGS.get(name, outer)


def contents(value: Any, group: str | None = None) -> list[Grouped]:
    """The values inside a wrapper, each with its group's severity; none where `value` wraps no entry."""
    if type(value) is dict and value.keys() <= FIELDS:
        return []
    found = list(_inside(value, group, DEEPEST_WRAPPER)) if may_wrap(value) else []
    return found if any(_is_entry(item) for item, _ in found) else []


def may_wrap(value: Any) -> bool:
    """Whether `value` could hold entries without being one."""
    if isinstance(value, dict):
        return all(field_name(str(key)) in _WEAK for key in value)
    return isinstance(value, list)


def _is_entry(item: Any) -> bool:
    return isinstance(item, dict) and any(field_name(str(key)) is not None for key in item)


def _inside(value: Any, group: str | None, levels: int) -> Iterator[Grouped]:
    if isinstance(value, list):
        for item in value:
            nested = isinstance(item, list) and levels > 0
            yield from _inside(item, group, levels - 1) if nested else [(item, group)]
    elif isinstance(value, dict) and levels:
        for key, inner in value.items():
            if may_wrap(inner):
                yield from _inside(inner, severity_of(str(key), group), levels - 1)
