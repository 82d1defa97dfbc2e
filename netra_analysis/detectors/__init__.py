"""One question a file. `ALL` is the list; order is the order of reading."""

from collections.abc import Callable, Mapping

from netra_analysis.detectors import crashes, errors, event_loop, failed_requests, memory, pool
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding
from netra_analysis.tables import Tables

Detector = Callable[[Tables, Settings], Finding]

ALL: tuple[tuple[str, Detector], ...] = (
    (failed_requests.NAME, failed_requests.detect),
    (crashes.NAME, crashes.detect),
    (errors.NAME, errors.detect),
    (event_loop.NAME, event_loop.detect),
    (memory.NAME, memory.detect),
    (pool.NAME, pool.detect),
)


def look(tables: Tables, settings: Settings) -> Mapping[str, Finding]:
    """Every detector's answer by its name; none is CLEAR where too little could be read."""
    found = {name: detect(tables, settings) for name, detect in ALL}
    return {name: one.doubted() for name, one in found.items()} if tables.coverage.in_part else found
