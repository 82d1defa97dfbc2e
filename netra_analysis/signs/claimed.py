"""Signs that earlier audits are held against: what they name, looked for in the data."""

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import any_of
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import count, real_traffic, where
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

CLOSED_TWICE = any_of(r'cannot call "?send"? once a close message', r"unexpected asgi message 'websocket\.close'")
_BETWEEN_SQL = """
SELECT route, COUNTIF(failed) AS failed,
  COALESCE(SUM(IF(status < 400 AND client = 'preflight', weight, 0)), 0) AS preflights,
  COALESCE(SUM(IF(status < 400 AND client != 'preflight', weight, 0)), 0) AS successes
FROM requests
WHERE end_time >= @start AND end_time < @end AND route IN (SELECT DISTINCT route FROM finding_failed_requests)
GROUP BY route
ORDER BY failed DESC, route
"""


def look(scene: Scene) -> list[Sign]:
    return [_isolation(scene), _closed_twice(scene), _between(scene)]


def _isolation(scene: Scene) -> Sign:
    if not scene.has_logs:
        return not_seen(
            "isolation_errors", "Whether sessions were not isolated cannot be told from {n} lines.", "stderr"
        )
    types = [name if isinstance(name, str) else "" for name in scene.told["type"]]
    rows = scene.told[where(scene.told, [name.endswith("IsolationError") for name in types])]
    return Sign(
        "isolation_errors",
        Verdict.FIRED if len(rows) else Verdict.CLEAR,
        "{n} failures are refusals of a session that is not isolated.",
        time=first(rows),
        n=len(rows),
        unit="failures",
        method="exceptions by type",
        evidence=Query("SELECT time, instance, title, message FROM exceptions WHERE ENDS_WITH(type, 'IsolationError')"),
    )


def _closed_twice(scene: Scene) -> Sign:
    return told(
        scene,
        "socket_closed_twice",
        scene.lines(CLOSED_TWICE, loud=False),
        says="{n} lines tell of a send after a close; it follows a disconnect and causes no failure of a request",
        unknown="Whether sockets were closed twice cannot be told from {n} lines.",
        method="the server's own words",
        met=False,
    )


def _between(scene: Scene) -> Sign:
    """Real successes of a failing route between its failures; preflights do not count."""
    name = "successes_between"
    if scene.impact < 2:
        return not_seen(name, "There are too few failures for anything to lie between ({n}).", "requests")
    start, end = scene.failed["end_time"].min(), scene.failed["end_time"].max()
    routes = set(scene.failed["route"])
    inside = (scene.requests["end_time"] > start) & (scene.requests["end_time"] < end)
    fine = scene.requests[
        inside & scene.requests["route"].isin(routes) & (scene.requests["status"] < 400).fillna(value=False)
    ]
    real = real_traffic(fine)
    return Sign(
        name,
        Verdict.FIRED if len(real) else Verdict.CLEAR,
        "Between the failures {n} requests to the same routes succeeded; {total} more were preflights or probes, "
        "which say nothing about the route.",
        n=count(real),
        total=count(fine) - count(real),
        unit="requests",
        method="requests to the failing routes between the first and the last failure, preflights apart",
        evidence=Query(_BETWEEN_SQL, {"start": scene.window.start, "end": scene.window.end}),
    )
