"""JSON payloads of log entries, as text: only those that hold what is looked for, found before any is parsed."""

from collections.abc import Iterable

import pyarrow.compute as pc

from netra_analysis.tables import Tables


def payloads(tables: Tables, pattern: str) -> Iterable[tuple[str, str]]:
    """The id and the payload of each entry whose payload matches `pattern`."""
    payloads = tables.entries.select(["id", "json"]).filter(
        pc.fill_null(pc.match_substring_regex(tables.entries["json"], pattern), fill_value=False)
    )
    return zip(payloads["id"].to_pylist(), payloads["json"].to_pylist(), strict=True)
