"""One question a file. `ALL` is the list; order is the order of reading."""

from collections.abc import Callable

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
