"""Entries that the question is not about: counted by service and log, each once, and not kept.

An export may hold a day of all services where an hour of one is asked about. What is laid aside leaves a key of
eight bytes behind, so that repeats are still told from new entries, and the memory of a load follows what is
asked and not what is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.schema import TIME
from netra_analysis.sources.quiet import quiet
from netra_analysis.window import TimeWindow

KEY: Final = ("time", "log", "id", "service")
_PARTS: Final = 16  # keys are compared within parts of this number, so that sorting them needs little room


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is about: a service in a window. An entry that names no service may be of any."""

    service: str
    window: TimeWindow

    def holds(self, entries: pa.Table) -> pa.Array:
        """For each row whether it is in the scope."""
        named = pc.is_in(entries["service"], pa.array([self.service, ""]))
        after = pc.greater_equal(entries["time"], pa.scalar(self.window.start, TIME))
        return pc.and_(named, pc.and_(after, pc.less(entries["time"], pa.scalar(self.window.end, TIME))))


@dataclass(frozen=True, slots=True)
class Passed:
    """What was laid aside: rows in all, how many of them were repeats, and distinct ones by service and log."""

    rows: int = 0
    duplicates: int = 0
    streams: tuple[Mapping[str, Any], ...] = ()

    def with_(self, other: "Passed") -> "Passed":
        """Both together."""
        return Passed(self.rows + other.rows, self.duplicates + other.duplicates, (*self.streams, *other.streams))


NONE_PASSED: Final = Passed()


@dataclass(slots=True)
class Aside:
    """Collects what is laid aside, batch by batch."""

    rows: int = 0
    _keys: list[Any] = field(default_factory=list)
    _codes: list[Any] = field(default_factory=list)
    _streams: dict[tuple[str, str], int] = field(default_factory=dict)
    _spans: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)

    def add(self, entries: pa.Table) -> None:
        """Lays the rows of `entries` (at least its KEY columns) aside."""
        if not entries.num_rows:
            return
        self.rows += entries.num_rows
        self._keys.append(_hashed(entries))
        grouped = entries.group_by(["service", "log"]).aggregate([("time", "min"), ("time", "max")]).to_pylist()
        codes = np.zeros(entries.num_rows, dtype=np.uint32)
        for row in grouped:
            code = self._code(row["service"], row["log"], row["time_min"], row["time_max"])
            same = pc.and_(pc.equal(entries["service"], row["service"]), pc.equal(entries["log"], row["log"]))
            codes[same.combine_chunks().to_numpy(zero_copy_only=False)] = code
        self._codes.append(codes)

    def passed(self) -> Passed:
        """The sum of it, with repeats told from the rest by their keys."""
        counts = np.zeros(len(self._streams), dtype=np.int64)
        for part in range(_PARTS):
            masks = [keys >> np.uint64(60) == part for keys in self._keys]
            keys = _taken(self._keys, masks)
            first = np.unique(keys, return_index=True)[1]
            counts += np.bincount(_taken(self._codes, masks)[first], minlength=len(counts)).astype(np.int64)
        streams = [
            {"service": service, "log": log, "entries": int(counts[code]), "first": span[0], "last": span[1]}
            for (service, log), code in sorted(self._streams.items())
            if (span := self._spans[code])
        ]
        return Passed(self.rows, self.rows - int(counts.sum()), tuple(streams))

    def _code(self, service: str, log: str, first: datetime, last: datetime) -> int:
        code = self._streams.setdefault((service, log), len(self._streams))
        known = self._spans.get(code, (first, last))
        self._spans[code] = (min(first, known[0]), max(last, known[1]))
        return code


def _taken(arrays: list[Any], masks: list[Any]) -> Any:
    chosen = [array[mask] for array, mask in zip(arrays, masks, strict=True)]
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.uint64)


def _hashed(entries: pa.Table) -> Any:
    """64 bits of each row's own key; among ten million rows two that differ share one in 3 of 1,000,000 loads."""
    with duckdb.connect(config={"enable_external_access": "false", "threads": 1}) as engine:
        quiet(engine).register("t", entries.select(["time", "log", "id"]))
        return engine.sql("SELECT hash(time, log, id) AS h FROM t").to_arrow_table()["h"].to_numpy()
