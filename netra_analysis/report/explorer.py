"""A table for hands: sorted by a click, searched while typing, offline, through itables (DataTables).

For a session in JupyterLab, and only where it is asked for: its script is a megabyte in the cell's output. A published
page, a terminal and a diff get the same table as ever, because the other forms of the block stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from netra_analysis.errors import RequestError
from netra_analysis.report import cells
from netra_analysis.report.plain import counted
from netra_analysis.report.text import visible


@dataclass(frozen=True, slots=True, repr=False)
class Explorer:
    """A table view's forms by MIME type, its HTML replaced by one that sorts and searches."""

    forms: Mapping[str, Any]
    block: Mapping[str, Any]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {**self.forms, "text/html": html(self.block)}

    def __repr__(self) -> str:
        return str(self.forms["text/plain"])


def html(block: Mapping[str, Any]) -> str:
    """The script and the table; every text in it escaped. RequestError where itables is not installed."""
    try:
        from itables import to_html_datatable
        from itables.javascript import generate_init_offline_itables_html
        from itables.options import dt_bundle
    except ImportError as error:
        raise RequestError("tables for hands need itables; install netra-analysis[lab]") from error
    title = visible(f"{block['title']} ({counted(dict(block))})")
    look: Any = {"classes": "display", "showIndex": False, "maxBytes": 0, "allow_html": False}
    table = to_html_datatable(_frame(block), caption=title, connected=False, **look)
    return str(generate_init_offline_itables_html(dt_bundle) + table)


def _frame(block: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers as numbers, so that they sort as such; all else as a reader sees it."""
    columns = block["columns"]
    rows = [[_cell(value, one["kind"]) for value, one in zip(row, columns, strict=True)] for row in block["rows"]]
    return pd.DataFrame(rows, columns=[_heading(one) for one in columns])


def _cell(value: Any, kind: str) -> Any:
    if kind in cells.NUMERIC and isinstance(value, int | float) and not isinstance(value, bool):
        return float(f"{value:.6g}")
    return None if value is None else visible(cells.words(value, kind))


def _heading(column: Mapping[str, str]) -> str:
    unit = column["unit"] or {"duration": "s", "time": "UTC", "bytes": "bytes"}.get(column["kind"], "")
    return visible(f"{column['label']} ({unit})" if unit else column["label"])
