"""One instance: its life in order, the requests it served, what it told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netra_analysis.errors import RequestError
from netra_analysis.finding import instance_text
from netra_analysis.query import Query
from netra_analysis.report.blocks import TableView

ALL = """
SELECT instance, ANY_VALUE(revision) AS revision, MIN(time) AS first, MAX(time) AS last,
  SUM(IF(what = 'request', weight, 0)) AS requests, COUNTIF(failed) AS failed, COUNTIF(what = 'exception') AS exceptions
FROM (
  SELECT instance, revision, time, 'request' AS what, failed, weight FROM requests
  UNION ALL SELECT instance, revision, time, 'exception' AS what, FALSE AS failed, 1 AS weight FROM exceptions
  UNION ALL SELECT instance, revision, time, 'event' AS what, FALSE AS failed, 1 AS weight FROM lifecycle
)
WHERE instance != ''
GROUP BY instance
ORDER BY first, instance
"""
_TIMELINE = """
SELECT time, 'platform' AS source, event AS what, text AS says, id FROM lifecycle WHERE instance = @instance
UNION ALL
SELECT end_time AS time, 'edge' AS source, CONCAT(CAST(status AS STRING), ' ', method, ' ', route) AS what,
  platform_text AS says, id FROM requests WHERE instance = @instance AND failed
UNION ALL
SELECT time, 'application' AS source, title AS what, message AS says, id FROM exceptions WHERE instance = @instance
ORDER BY time, source, id
"""
_REQUESTS = """
SELECT end_time AS time, method, route, status, failed, latency_s, client, id FROM requests
WHERE instance = @instance ORDER BY end_time, id
"""
_LINES = "SELECT time, level, logger, message, id FROM app_logs WHERE instance = @instance ORDER BY time, id"
_NAMED = 8  # of the instances there are, in an error


def found(known: list[str], wanted: str) -> str:
    """The one of the `known` ids that begins or ends with `wanted`; a leading … as tables print it is no part of it."""
    asked = wanted.removeprefix("…").strip()
    fits = [name for name in known if asked and (name.endswith(asked) or name.startswith(asked))]
    if len(fits) == 1 or asked in fits:
        return asked if asked in fits else fits[0]
    if fits:
        raise RequestError(f"{wanted!r} fits {len(fits)} instances; there is {_listed(fits)}: give more of the id")
    raise RequestError(f"no instance {wanted!r}; there is {_listed(known)}: inc.instances() lists them")


def _listed(names: list[str]) -> str:
    shown = ", ".join(instance_text(name) for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (shown or "none in this data") + more


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Instance:
    """One instance of the service, in window and baseline."""

    id: str
    show: Callable[[Query, str, int], TableView]

    def timeline(self, limit: int = 200) -> TableView:
        """Its starts, probes and end, its failed requests and its exceptions, in order."""
        return self._rows(_TIMELINE, "in order", limit)

    def requests(self, limit: int = 50) -> TableView:
        """The requests that it served."""
        return self._rows(_REQUESTS, "its requests", limit)

    def lines(self, limit: int = 50) -> TableView:
        """The lines that its application wrote."""
        return self._rows(_LINES, "its lines", limit)

    def _rows(self, sql: str, what: str, limit: int) -> TableView:
        return self.show(Query(sql, {"instance": self.id}), f"Instance {instance_text(self.id)}, {what}", limit)

    def __repr__(self) -> str:
        return f"<instance {self.id}: timeline(), requests(), lines()>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.timeline()._repr_mimebundle_(include, exclude)
