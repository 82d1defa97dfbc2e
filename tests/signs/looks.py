"""Opens a small incident and gives one of its signs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netra_analysis.signs.sign import Sign
from tests.entries import opened, request


def sign(folder: Path, name: str, entries: Sequence[Any], series: Sequence[Any] = (), **params: Any) -> Sign:
    """The sign `name` of an incident made of `entries`."""
    return next(one for one in opened(folder, entries, series, **params).signs if one.id == name)


def calm(until: float = 3600.0, path: str = "/api/x", every: int = 100) -> list[Any]:
    """Requests that are answered, from the baseline on."""
    return [request(step, 200, path) for step in range(-3500, int(until), every)]
