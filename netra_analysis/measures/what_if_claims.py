"""What may be said of a larger pool and a higher limit, each sentence with what it assumes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Standing, Statement
from netra_analysis.measures.lives import RUNNING, Life
from netra_analysis.query import Query
from netra_analysis.statistics.whatif import LEAK_ASSUMES, POOL_ASSUMES, Growth, LeakOutlook

_LOAD_SQL = """
SELECT MAX(IF(quantity = 'arrivals', estimate, NULL)) AS arrivals, MAX(IF(quantity = 'hold', estimate, NULL)) AS hold,
  MAX(IF(quantity = 'busy', estimate, NULL)) AS busy, MAX(IF(quantity = 'busy', low, NULL)) AS busy_low,
  MAX(IF(quantity = 'busy', high, NULL)) AS busy_high, MAX(IF(quantity = 'capacity', estimate, NULL)) AS capacity,
  MAX(IF(quantity = 'pool size', estimate, NULL)) AS size, MAX(IF(quantity = 'instances', estimate, NULL)) AS instances,
  MAX(IF(quantity = 'pool needed', high, NULL)) AS needed, MAX(IF(quantity = 'load', estimate, NULL)) AS load,
  MIN(start) AS minute, COUNT(*) AS n
FROM finding_what_if
WHERE part = 'load'
"""
_FLEET_SQL = """
SELECT @size * @most AS wanted, @most AS most, @size AS size, @cap AS cap, CAST(FLOOR(@cap / @size) AS INT64) AS enough
"""
_LIFE_SQL = """
SELECT MIN(start) AS born, MIN(`end`) AS ended, MAX(IF(quantity = 'points', estimate, NULL)) AS n,
  MAX(IF(quantity = 'limit', estimate, NULL)) AS most, MAX(IF(quantity = 'at the end', estimate, NULL)) AS now,
  MAX(IF(quantity = 'per hour', estimate, NULL)) AS rate, MAX(IF(quantity = 'per hour', low, NULL)) AS rate_low,
  MAX(IF(quantity = 'per hour', high, NULL)) AS rate_high,
  MAX(IF(quantity = 'per request', estimate, NULL)) AS each,
  3600 * MAX(IF(quantity = 'hours to limit', estimate, NULL)) AS room_s,
  3600 * MAX(IF(quantity = 'hours to limit', low, NULL)) AS room_low_s,
  3600 * MAX(IF(quantity = 'hours to limit', high, NULL)) AS room_high_s,
  3600 * MAX(IF(quantity = 'hours to double', estimate, NULL)) AS double_s,
  3600 * MAX(IF(quantity = 'hours to double', low, NULL)) AS double_low_s,
  3600 * MAX(IF(quantity = 'hours to double', high, NULL)) AS double_high_s,
  MAX(IF(quantity = 'requests to double', estimate, NULL)) AS double_requests,
  CONCAT('…', SUBSTR(MIN(instance), -6)) AS name
FROM finding_what_if
WHERE part = @part AND life = @life
"""
_LIVES_SQL = """
SELECT COUNT(*) AS n, COUNTIF(state = 'too little data') AS short, COUNTIF(state = 'grows') AS growing,
  COUNTIF(state = 'no slope') AS level
FROM finding_what_if
WHERE part = @part AND quantity = 'points'
"""
_ROWS_SQL = "SELECT * FROM finding_what_if WHERE part = @part ORDER BY life, quantity"
_LIFE_ROWS_SQL = "SELECT * FROM finding_what_if WHERE part = @part AND life = @life ORDER BY quantity"
_LITTLE = (
    f"Little (1961), busiest minute × mean hold time of requests that succeeded; assumes: {'; '.join(POOL_ASSUMES[:2])}"
)
_LEAK = (
    "median of pairwise slopes over one life, Theil (1950) and Sen (1968), widened as in Yue & Wang (2004); "
    f"assumes: {'; '.join(LEAK_ASSUMES)}"
)
_UNITS = {"memory": (" MiB", "Memory", "twice the limit"), "pool": ("", "Connections in use", "a pool twice as large")}


def load(rows: Sequence[Mapping[str, Any]], settings: Settings) -> Iterator[Statement]:
    """Whether load alone fills the pool, and whether a scale-out fills the database."""
    by_name = {row["quantity"]: row for row in rows}
    if not rows:
        yield _untestable(
            "WI-load", "What load alone asks of the pool cannot be judged: {n} quantities of it are known."
        )
    else:
        yield _load(by_name)
    limits = settings.limits
    if limits.pool_size and limits.max_instances and limits.db_connections:
        yield _fleet(limits.pool_size, limits.max_instances, limits.db_connections)


def _load(by_name: Mapping[str, Mapping[str, Any]]) -> Statement:
    held = "in the handler" if by_name["hold"]["source"] == "handler" else "at the edge, for want of the handler's time"
    words = (
        "The busiest minute ({minute:time}) brought {arrivals} requests a second; at {hold:dur} each "
        f"({held}, the most that each can hold a connection) they keep {{busy}} connections busy "
        "({busy_low} to {busy_high})"
    )
    if "capacity" not in by_name:
        return _untestable(
            "WI-load", f"{words}; the size of the pool is not known, so nothing is held against it.", "busy"
        )
    enough = by_name["load"]["low"] is not None and by_name["load"]["low"] < 1
    words += ", where {capacity} can be open ({instances:# instance} with {size} each): " + (
        "load alone needs no larger pool, {needed} would do." if enough else "a pool of {needed} is needed."
    )
    return Statement(
        "WI-load",
        words,
        Query(_LOAD_SQL),
        value="busy",
        unit="connections",
        method=_LITTLE,
        standing=Standing.SUPPORTED,
        evidence=Query(_ROWS_SQL, {"part": "load"}),
        low="busy_low",
        high="busy_high",
        at="minute",
    )


def _fleet(size: int, most: int, cap: int) -> Statement:
    words = "{most} instances with a pool of {size} may open {wanted} connections, and the database allows {cap}: "
    words += "enough for {enough:# instance} with full pools." if size * most > cap else "it has room for all of them."
    return Statement(
        "WI-fleet",
        words,
        Query(_FLEET_SQL, {"size": size, "most": most, "cap": cap}),
        value="wanted",
        unit="connections",
        method="pool size × most instances, as the parameters give them; other pools and clients come on top",
    )


def leaks(part: str, found: Sequence[Life], outlooks: Sequence[LeakOutlook], why_not: str) -> Iterator[Statement]:
    """What growth there was in each life, and when it meets the limit or twice the limit."""
    what = _UNITS[part][1]
    if why_not or not any(one.known for one in outlooks):
        words = f"{what}: what a higher limit would have changed cannot be judged, because "
        words += why_not or "the metric has too few points in the life of each of {n:# instance}"
        yield _untestable(f"WI-{part}", f"{words}.", part=part)
        return
    yield from (_life(part, i, found[i], one) for i, one in enumerate(outlooks) if one.growth is Growth.GROWS)
    if not all(one.growth is Growth.GROWS for one in outlooks):
        yield _level(part)


def _level(part: str) -> Statement:
    return Statement(
        f"WI-{part}-level",
        f"{_UNITS[part][1]} did not grow measurably in {{level}} of {{n}} lives of instances, and {{short}} are too "
        "short to judge.",
        Query(_LIVES_SQL, {"part": part}),
        value="level",
        unit="lives",
        method=_LEAK,
        standing=Standing.SUPPORTED,
        evidence=Query(_ROWS_SQL, {"part": part}),
    )


def _life(part: str, number: int, life: Life, one: LeakOutlook) -> Statement:
    unit, what, _ = _UNITS[part]
    words = f"{what} in the life of {{name:text}} ({{born:time}} to {{ended:time}}, {{n}} points) "
    per = f" and {{each}}{unit} a request" if one.mib_per_request is not None else ""
    words += f"grew by {{rate}}{unit} an hour ({{rate_low}} to {{rate_high}}){per}; " + _meets(part, life, one)
    return Statement(
        f"WI-{part}-{number + 1}",
        words,
        Query(_LIFE_SQL, {"part": part, "life": number}),
        value="rate",
        unit=f"{unit.strip() or 'connections'} per hour",
        method=_LEAK,
        standing=Standing.SUPPORTED,
        evidence=Query(_LIFE_ROWS_SQL, {"part": part, "life": number}),
        low="rate_low",
        high="rate_high",
        at="ended",
    )


def _meets(part: str, life: Life, one: LeakOutlook) -> str:
    """When the line meets the limit. Of a life that ended, only what twice the limit would have added is news."""
    unit, _, larger = _UNITS[part]
    requests = ", {double_requests} requests" if one.requests_to_double is not None else ""
    double = f"{{double_s:dur}} ({{double_low_s:dur}} to {{double_high_s:dur}}{requests})"
    if life.how == RUNNING:
        room = "{room_s:dur} ({room_low_s:dur} to {room_high_s:dur})"
        return f"it meets its limit of {{most}}{unit} in {room}, {larger} in {double}."
    return f"the line ends at {{now}} of {{most}}{unit}, and {larger} would have lasted another {double}, not for good."


def _untestable(name: str, words: str, value: str = "n", part: str = "load") -> Statement:
    return Statement(
        name,
        words,
        Query(_LOAD_SQL) if part == "load" else Query(_LIVES_SQL, {"part": part}),
        value=value,
        unit="connections" if value == "busy" else "quantities" if part == "load" else "lives",
        method=_LITTLE if part == "load" else _LEAK,
        standing=Standing.UNTESTABLE,
    )
