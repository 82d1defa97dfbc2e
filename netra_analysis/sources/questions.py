"""The package's own SQL, one file a question, by name."""

from functools import cache
from importlib import resources

from netra_analysis.query import Bound, Query

NAMES = (
    *("repeated", "entries", "requests", "app_logs", "system", "audit", "labels", "first_seen"),
    *("quality", "streams", "services"),
    *("marks", "crowded", "near", "common", "edges", "judged", "thinned"),
)


@cache
def _text(name: str) -> str:
    return (resources.files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def question(name: str, **params: Bound) -> Query:
    """The query in `sql/<name>.sql` with `params` bound."""
    return Query(_text(name), params)
