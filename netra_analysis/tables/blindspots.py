"""What the data cannot show, each with the questions that it leaves open.

A stream that is missing, a pull that was cut at a limit or filtered by severity, a stretch of silence, clocks
that disagree, text that was cut: none of it is visible in the rows that are there.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from netra_analysis.coverage import FEWEST_ENTRIES, Stream, gaps, silences
from netra_analysis.params import Params
from netra_analysis.query import Bound, Query
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.load import Raw
from netra_analysis.sources.questions import question
from netra_analysis.window import TimeWindow, span_text, utc_text

ROUND_LIMITS = (10, 20, 50, 100, 200, 250, 300, 500, 1000, 2000, 2500, 5000, 10000, 50000, 100000)
UNLIMITED = ("bigquery", "logging api")  # sources that are read to their end
_OPEN_WITHOUT = {
    "requests": "how many requests failed, when, and on which route",
    "system": "whether an instance exited, was killed or failed a probe",
    "audit": "who deployed what and when (the first sight of a revision stands in)",
    "metrics": "memory against its limit, pool in use, number of instances",
}
_MOST = 0.98
_TIMES_SQL = """
SELECT time, MAX(weight) AS weight
FROM entries
WHERE service = @service AND time >= @start AND time < @end
GROUP BY time
ORDER BY time
"""


def blind_spots(
    engine: Engine, streams: Mapping[str, Stream], metrics: pa.Table, raw: Raw, params: Params
) -> tuple[str, ...]:
    """Every blind spot of the load; `engine` knows `entries`."""
    window = params.asked
    bound: dict[str, Bound] = {"service": params.service, "start": window.start, "end": window.end}
    found = engine.run(Query(_TIMES_SQL, bound))
    times, weights = found["time"].to_pylist(), found["weight"].to_numpy()
    silent = _silences(times, raw.thinned.cell_s)
    spots = [*missing(streams), *_ends(streams, window), *crowded(times, weights, window), *silent]
    before: dict[str, Bound] = {"service": params.service, "start": params.before.start, "end": params.before.end}
    if not engine.run(Query(_TIMES_SQL, before)).num_rows:
        spots.append(f"the baseline ({params.before}) holds no log entry: cannot tell new from usual")
    spots += [
        f"no memory metric from {span_text(a, b)}: cannot tell memory then" for a, b in memory_gaps(metrics, window)
    ]
    spots += [
        f"{note.name} holds {note.values:,} entries, a round limit: it was probably cut there, so its counts are caps "
        "and no rates"
        for note in raw.files
        if note.values in ROUND_LIMITS and note.format not in UNLIMITED
    ]
    return (*spots, *_quality(engine, params.service))


def missing(streams: Mapping[str, Stream]) -> Iterator[str]:
    """The streams that are not there, each with what cannot be told without it."""
    for name, question_ in _OPEN_WITHOUT.items():
        if not (name in streams and streams[name].rows):
            yield f"no {name} stream: cannot tell {question_}"
    if not any(name in streams for name in ("stdout", "stderr", "unknown")):
        yield "no application logs: cannot tell what the application said when it failed"


def _ends(streams: Mapping[str, Stream], window: TimeWindow) -> Iterator[str]:
    logs = [s for name, s in streams.items() if name != "metrics" and s.first and s.last]
    if not logs:
        return
    first, last = min(s.first for s in logs if s.first), max(s.last for s in logs if s.last)
    slack = timedelta(seconds=max(60.0, 0.02 * window.duration.total_seconds()))
    if first - window.start > slack:
        yield f"logs start at {utc_text(first)}: cannot tell what happened in the window before"
    if window.end - last > slack:
        yield f"logs end at {utc_text(last)}: cannot tell what happened in the window after"


def crowded(times: list[datetime], weights: NDArray[np.int64], window: TimeWindow) -> Iterator[str]:
    """A dump that stops at its limit covers minutes of an hour that is asked about."""
    if len(times) < FEWEST_ENTRIES:
        return
    upto = np.cumsum(weights)
    starts = np.concatenate([[0], upto[:-1]])
    lasts = np.searchsorted(upto, starts + int(_MOST * upto[-1]))
    span, start, last = min((times[b] - times[a], a, b) for a, b in enumerate(lasts.tolist()) if b < len(times))
    if span < window.duration / 2:
        yield (
            f"nearly all entries lie in {span_text(times[start], times[last])}: "
            "cannot tell rates or absences in the rest of the window"
        )


def _silences(times: list[datetime], cell_s: int) -> Iterator[str]:
    for a, b in silences(times, cell_s)[:3]:
        yield f"no log entry at all from {span_text(a, b)}: cannot tell a silent service from a lost log"


def memory_gaps(metrics: pa.Table, window: TimeWindow) -> tuple[tuple[datetime, datetime], ...]:
    """Holes of the memory metric inside `window`."""
    named = pc.ends_with(metrics["metric"], "container/memory/utilizations")
    return gaps(sorted({time for time in metrics.filter(named)["time"].to_pylist() if time in window}))


def _quality(engine: Engine, service: str) -> Iterator[str]:
    row = engine.row(question("quality", service=service))
    if row["loud_lines"] and not row["quiet_lines"]:
        yield (
            "application lines come only with severity WARNING or above: the pull was filtered by severity, and lines "
            "without one (often the exception itself) are missing; cannot tell what failed from these alone"
        )
    if row["cut_lines"] >= 3:
        yield f"{row['cut_lines']:,} texts end in dots: they were cut, cannot tell how they went on"
    if row["received"] and row["early"]:
        yield f"{row['early']:,} entries were received before they were written: clocks differ, order is uncertain"
    if row["received"] and row["late"]:
        yield f"{row['late']:,} entries came more than five minutes late: the newest part may not be settled"
    if row["app_lines"] and row["without_instance"] == row["app_lines"]:
        yield "application lines name no instance: cannot tell which instance failed, nor join lines to requests"
