"""What the statistics say of an incident, one question a file; `ALL` is the list, in reading order.

A measure answers like a detector, with a `Finding`, and may build on what the detectors found.
"""

from collections.abc import Callable, Mapping

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding
from netra_analysis.measures import alerts, dose_response, moved_first, objectives, timeline, what_differs, what_if
from netra_analysis.tables import Tables

Measure = Callable[[Tables, Settings, Mapping[str, Finding]], Finding]

ALL: tuple[tuple[str, Measure], ...] = (
    (timeline.NAME, timeline.measure),
    (what_differs.NAME, what_differs.measure),
    (moved_first.NAME, moved_first.measure),
    (dose_response.NAME, dose_response.measure),
    (objectives.NAME, objectives.measure),
    (alerts.NAME, alerts.measure),
    (what_if.NAME, what_if.measure),
)
