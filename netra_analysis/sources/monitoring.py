"""Cloud Monitoring as a source of metrics: the service's, its databases', and those of its own by name.

Series are asked for as they were sampled (ALIGN_NONE), so that a gap stays a gap and a distribution keeps its
buckets; only a cumulative one is turned into what it grew by (ALIGN_DELTA), because its level says nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from netra_analysis.errors import SourceError
from netra_analysis.params import Params
from netra_analysis.sources import cloud
from netra_analysis.sources.metrics.point import Row
from netra_analysis.sources.metrics.reading import MetricReading, gathered
from netra_analysis.sources.metrics.series import series_rows
from netra_analysis.sources.pace import Pace, persistent
from netra_analysis.window import TimeWindow

PAGE: Final = 100_000  # points; the most that the API gives at once
SAMPLED_S: Final = 60
RUN: Final = tuple(
    f"run.googleapis.com/{name}"
    for name in (
        *("request_count", "request_latencies", "request_latency/pending"),
        *("container/memory/utilizations", "container/cpu/utilizations", "container/instance_count"),
        *("container/max_request_concurrencies", "container/startup_latencies", "container/billable_instance_time"),
    )
)
# Of the metrics of connections only these are PostgreSQL's: database/network/connections is of the other engines.
SQL: Final = tuple(
    f"cloudsql.googleapis.com/database/{name}"
    for name in (
        *("postgresql/num_backends", "postgresql/num_backends_by_state", "postgresql/new_connection_count"),
        *("postgresql/backends_in_wait", "postgresql/deadlock_count", "cpu/utilization", "memory/utilization"),
        "disk/utilization",
    )
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One metric, and which of its series."""

    metric: str
    filter: str


def read(params: Params, project: str, say: Say) -> MetricReading:
    """Every point of the scope in `project`."""
    client, pace = cloud.monitoring(), Pace(600, 60)
    parts: list[tuple[str, list[Row | str]]] = []
    unknown = []
    for wanted in wanted_of(params):
        answer = _listed(client, project, wanted, params.scope, pace, say)
        if answer is None:
            unknown.append(wanted.metric)
        else:
            parts.append((f"monitoring:{wanted.metric}", [row for series in answer for row in series_rows(series)]))
    say(f"monitoring: {sum(len(rows) for _, rows in parts):,} points of {len(parts)} metrics")
    reading = gathered(parts, [_unknown(name, project) for name in unknown])
    if not reading.points.num_rows:
        raise SourceError(
            f"metrics: monitoring:{project} holds no point of the service {params.service!r} in {params.scope}; "
            "check the project and the window (points are kept for six weeks), or give metrics: none"
        )
    return reading


def count(params: Params, project: str, say: Say) -> tuple[int, tuple[str, ...]]:
    """How many series the scope has in `project`, from their headers: no point is read; and what is not known there."""
    client, pace = cloud.monitoring(), Pace(600, 60)
    answers = {
        wanted.metric: _listed(client, project, wanted, params.scope, pace, say, points=False)
        for wanted in wanted_of(params)
    }
    found = {name: len(series) for name, series in answers.items() if series}
    say(f"monitoring: {sum(found.values()):,} series of {len(found)} metrics")
    return sum(found.values()), tuple(_unknown(name, project) for name, series in answers.items() if series is None)


def _unknown(metric: str, project: str) -> str:
    return f"the metric {metric} is not known in {project}"


def wanted_of(params: Params) -> Iterator[Wanted]:
    """The metrics to ask for. Cloud Run's are pinned to the revision: the instance's are the same requests again."""
    own = f'resource.type = "cloud_run_revision" AND resource.labels.service_name = "{params.service}"'
    yield from (Wanted(name, f'metric.type = "{name}" AND {own}') for name in RUN)
    database = 'resource.type = "cloudsql_database"'
    yield from (Wanted(name, f'metric.type = "{name}" AND {database}') for name in SQL)
    yield from (Wanted(name, f'metric.type = "{name}"') for name in params.custom_metrics)


def _listed(
    client: Any, project: str, wanted: Wanted, window: TimeWindow, pace: Pace, say: Say, *, points: bool = True
) -> list[dict[str, Any]] | None:
    """The series as the API's JSON has them, with or without `points`; None where the project knows no such metric."""
    not_found = cloud.importable("google.api_core.exceptions").NotFound
    module = cloud.importable("google.cloud.monitoring_v3")
    views = module.ListTimeSeriesRequest.TimeSeriesView
    request = {
        "name": f"projects/{project}",
        "filter": wanted.filter,
        # The API leaves out what lies exactly at the start; the tables cut the window to the microsecond.
        "interval": {"end_time": window.end, "start_time": window.start - timedelta(seconds=SAMPLED_S)},
        "view": views.FULL if points else views.HEADERS,
        "page_size": PAGE,
    }

    def ask() -> list[Any] | None:
        try:
            return list(client.list_time_series(request=request, timeout=60, retry=None))
        except not_found:
            return None

    series = persistent(ask, f"reading {wanted.metric}", "monitoring", pace, say)
    kinds = cloud.importable("google.api.metric_pb2").MetricDescriptor
    if points and series and series[0].metric_kind == kinds.CUMULATIVE:
        delta = {
            "alignment_period": {"seconds": SAMPLED_S},
            "per_series_aligner": module.Aggregation.Aligner.ALIGN_DELTA,
        }
        request["aggregation"] = delta
        series = persistent(ask, f"reading {wanted.metric}", "monitoring", pace, say)
    to_dict = cloud.importable("google.protobuf.json_format").MessageToDict
    return None if series is None else [to_dict(type(one).pb(one)) for one in series]
