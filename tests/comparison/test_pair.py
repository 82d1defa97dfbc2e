"""Two made incidents side by side, through the real path."""

from pathlib import Path
from typing import Any

import netra_analysis as na
from netra_analysis.comparison import Comparison
from netra_analysis.comparison.likeness import Likeness, verdict
from tests.entries import request, said, write

ERROR = """Traceback (most recent call last):
  File "/app/pay.py", line 3, in pay
    raise ValueError("no")
ValueError: no"""


def failing(seconds: int, path: str = "/api/pay", text: str = ERROR, many: int = 4) -> list[Any]:
    told = [said(seconds + i + 0.01, text, severity="ERROR") for i in range(many)]
    return [*told, *(request(seconds + i, 500, path, latency=0.05) for i in range(many))]


def pair(folder: Path, first: list[Any], second: list[Any]) -> Comparison:
    made = []
    for name, entries in (("one", first), ("two", second)):
        (folder / name).mkdir()
        made.append(write(folder / name, [*(request(s, 200) for s in range(0, 3600, 30)), *entries], incident=name))
    return na.compare(*made)


def rows(view: Any) -> list[dict[str, Any]]:
    data = view.data()
    names = [column["name"] for column in data["columns"]]
    return [dict(zip(names, row, strict=True)) for row in data["rows"]]


def test_what_came_back_is_in_both_and_the_rest_is_new_or_gone(tmp_path: Path) -> None:
    other = ERROR.replace("ValueError", "KeyError").replace("pay", "ship")
    both = pair(tmp_path, [*failing(600), *failing(900, text=other)], failing(600))
    states = {row["title"].split()[0]: (row["state"], row["a"], row["b"]) for row in rows(both.fingerprints())}
    assert states == {"ValueError": ("in both", 4, 4), "KeyError": ("gone", 4, 0)}


def test_both_are_aligned_at_their_own_onset(tmp_path: Path) -> None:
    both = pair(tmp_path, failing(600, many=12), failing(2400, many=12))
    at_onset = {row["incident"]: row for row in _drawn(both.aligned()) if row.get("minute") == 0}
    assert set(at_onset) == {"one", "two"}
    assert verdict(both.traits) is not Likeness.DIFFERENT


def _drawn(chart: Any) -> list[dict[str, Any]]:
    """Every row of data in a chart's description."""
    parts: list[Any] = [spec for kind, spec in chart._repr_mimebundle_().items() if "vegalite" in kind]
    found = []
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            found += [part] if "incident" in part and "share" in part else []
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return found


def test_a_fix_is_proven_by_quiet_in_bursts(tmp_path: Path) -> None:
    both = pair(tmp_path, failing(600), [])
    time, requests = rows(both.fix())
    assert (round(time["needed"], 1), round(time["seen"], 1), time["proven"]) == (3.0, 1.0, "not yet")
    assert (requests["needed"], requests["seen"], requests["proven"]) == (92, 120, "yes")


def test_a_quiet_pair_has_nothing_to_align_and_nothing_to_prove(tmp_path: Path) -> None:
    both = pair(tmp_path, [], [])
    assert both.aligned().data()["title"] == "Nothing to align"
    assert [row["needed"] for row in rows(both.fix())] == [None, None]
    assert rows(both.fingerprints()) == []
    assert both.same.data()["title"] == "It cannot be told"
    assert "open" in repr(both)
