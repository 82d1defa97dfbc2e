"""One kind of failure or of loud line: the raw entries that told of it, its frames, the requests that met it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netra_analysis.errors import RequestError
from netra_analysis.query import Query
from netra_analysis.report.blocks import TableView

_ENTRIES = """
SELECT time, severity, instance, COALESCE(text, json) AS entry, log, id FROM entries
WHERE id IN UNNEST(@ids) ORDER BY time, id
"""
_FAILURES = """
SELECT time, instance, title, message, tellings, complete, why, id FROM exceptions
WHERE fingerprint = @fingerprint ORDER BY time, id
"""
_REQUESTS = """
SELECT r.end_time AS time, r.method, r.route, r.status, r.latency_s, r.fate, r.instance, r.id
FROM finding_failed_requests AS r
JOIN exceptions AS e ON e.id = r.app_entry
WHERE e.fingerprint = @fingerprint ORDER BY r.end_time, r.id
"""
_NAMED = 8  # of the kinds there are, in an error


def found(known: dict[str, str], wanted: str) -> str:
    """The one of the `known` ids (with their titles) that begins with `wanted`, or whose title holds it."""
    asked = wanted.strip()
    fits = [name for name in known if asked and name.startswith(asked)]
    fits = fits or [name for name, title in known.items() if asked and asked.lower() in title.lower()]
    if len(fits) == 1 or asked in fits:
        return asked if asked in fits else fits[0]
    listed = "; ".join(f"{name} {known[name][:60]}" for name in (fits or list(known))[:_NAMED]) or "none in this data"
    many = f"{wanted!r} fits {len(fits)} kinds" if fits else f"no kind of failure {wanted!r}"
    raise RequestError(f"{many}; there is {listed}: inc.fingerprints() and inc.fingerprints('message') list them")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fingerprint:
    """One kind of failure (`exception`), or of other loud lines (`message`)."""

    id: str
    title: str
    show: Callable[[Query, str, int], TableView]
    ids: Callable[[], tuple[str, ...]]
    own_frames: Callable[[str], TableView]

    def entries(self, limit: int = 50) -> TableView:
        """The raw log entries that told of it, redacted, in window and baseline."""
        return self.show(Query(_ENTRIES, {"ids": self.ids()}), f"Entries of {self.title}", limit)

    def failures(self, limit: int = 50) -> TableView:
        """Each failure of it once, however many entries told of it."""
        return self._rows(_FAILURES, f"Failures: {self.title}", limit)

    def requests(self, limit: int = 50) -> TableView:
        """The failed requests that met it."""
        return self._rows(_REQUESTS, f"Failed requests that met {self.title}", limit)

    def frames(self) -> TableView:
        """The service's own frames of one failure of it."""
        return self.own_frames(self.id)

    def _rows(self, sql: str, title: str, limit: int) -> TableView:
        return self.show(Query(sql, {"fingerprint": self.id}), title, limit)

    def __repr__(self) -> str:
        return f"<fingerprint {self.id}, {self.title}: entries(), failures(), requests(), frames()>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.entries()._repr_mimebundle_(include, exclude)
