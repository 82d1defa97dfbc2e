"""Cloud Monitoring's ListTimeSeries over gRPC: the filter's metric, the interval, pages, newest points first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud import monitoring_v3
from google.protobuf import json_format

from tests.servers.http import Served

METHOD = "google.monitoring.v3.MetricService"


@dataclass
class FakeMonitoring:
    """The series of one project, as JSON; `unknown` are metrics that the project never heard of."""

    project: str
    series: Sequence[Mapping[str, Any]]
    unknown: frozenset[str] = frozenset()
    page: int = 4
    faults: list[grpc.StatusCode] = field(default_factory=list)
    asked: list[monitoring_v3.ListTimeSeriesRequest] = field(default_factory=list)

    def answer(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.asked.append(request)
        if self.faults:
            context.abort(self.faults.pop(0), "as planned")
        if request.name != f"projects/{self.project}":
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Permission monitoring.timeSeries.list denied")
        tests = dict(re.findall(r'([\w.]+) = "([^"]*)"', request.filter))
        if tests["metric.type"] in self.unknown:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Cannot find metric(s) that match type = {tests['metric.type']}")
        found = [made for one in self.series if _wanted(one, tests) and (made := _within(one, request)).points]
        if request.view == monitoring_v3.ListTimeSeriesRequest.TimeSeriesView.HEADERS:
            for made in found:
                made.points = []
        start = int(request.page_token or 0)
        more = str(start + self.page) if start + self.page < len(found) else ""
        some = found[start : start + self.page]
        return monitoring_v3.ListTimeSeriesResponse(time_series=some, next_page_token=more)


def _wanted(series: Mapping[str, Any], tests: Mapping[str, str]) -> bool:
    resource = series["resource"]
    labels = resource.get("labels", {})
    return (
        series["metric"]["type"] == tests["metric.type"]
        and tests.get("resource.type") in (None, resource["type"])
        and tests.get("resource.labels.service_name") in (None, labels.get("service_name"))
    )


def _within(series: Mapping[str, Any], request: Any) -> monitoring_v3.TimeSeries:
    """Only points in the interval (its end included, its start not), newest first."""
    made = monitoring_v3.TimeSeries()
    json_format.ParseDict(dict(series), type(made).pb(made), ignore_unknown_fields=True)
    first, last = request.interval.start_time, request.interval.end_time
    kept = [point for point in made.points if first < point.interval.end_time <= last]
    made.points = sorted(kept, key=lambda point: point.interval.end_time, reverse=True)
    return made


@contextmanager
def monitoring(fake: FakeMonitoring) -> Iterator[Served]:
    handler = grpc.unary_unary_rpc_method_handler(
        fake.answer,
        monitoring_v3.ListTimeSeriesRequest.deserialize,
        monitoring_v3.ListTimeSeriesResponse.serialize,
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(METHOD, {"ListTimeSeries": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Served(f"http://127.0.0.1:{port}")
    finally:
        server.stop(None)
