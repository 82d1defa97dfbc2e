"""The tables as they would have been at some moment: nothing that came later, in any of them.

A request's entry is written when the request ends, whatever its timestamp says; everything else is known at its own
time. A second or a few minutes that logs and metrics take to arrive are left out of account.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.coverage import Coverage, Stream
from netra_analysis.schema import TIME
from netra_analysis.tables import Tables
from netra_analysis.tables.ledger import stream_name


def cut(tables: Tables, until: datetime) -> Tables:
    """`tables` without what was not known at `until`."""
    requests = _until(tables.requests, until, "end_time")
    entries = _entries(tables.entries, until)
    metrics = _until(tables.metrics, until)
    return replace(
        tables,
        entries=entries,
        requests=requests,
        app_logs=_until(tables.app_logs, until),
        exceptions=_until(tables.exceptions, until),
        lifecycle=_until(tables.lifecycle, until),
        deploys=_until(tables.deploys, until),
        metrics=metrics,
        coverage=_coverage(tables.coverage, entries, metrics),
    )


def _until(table: pa.Table, until: datetime, column: str = "time") -> pa.Table:
    return table.filter(pc.less_equal(table[column], pa.scalar(until, TIME)))


def _entries(entries: pa.Table, until: datetime) -> pa.Table:
    """Entries by the time at which they could be written: a request's latency after its start."""
    micros = pc.cast(pc.round(pc.multiply(pc.fill_null(entries["latency_s"], 0.0), 1e6)), pa.int64())
    ended = pc.add(entries["time"], pc.cast(micros, pa.duration("us")))
    return entries.filter(pc.less_equal(ended, pa.scalar(until, TIME)))


def _coverage(coverage: Coverage, entries: pa.Table, metrics: pa.Table) -> Coverage:
    """What had been seen by then: a stream that begins later is one that was not there."""
    counts = Counter(stream_name(log) for log in entries["log"].to_pylist())
    if metrics.num_rows:
        counts["metrics"] = metrics.num_rows
    kept = {
        name: Stream(min(stream.rows, counts[name]), stream.first, stream.last)
        if counts[name]
        else Stream(0, None, None)
        for name, stream in coverage.streams.items()
    }
    return replace(coverage, streams=kept)
