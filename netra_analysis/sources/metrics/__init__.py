"""Metrics: one row a point of a series, whatever its source."""

import json

import pyarrow as pa

from netra_analysis.sources.metrics.distribution import distribution_statistics
from netra_analysis.sources.metrics.files import read_metrics
from netra_analysis.sources.metrics.reading import MetricReading

__all__ = ["MetricReading", "distribution_statistics", "of_service", "read_metrics"]


def of_service(points: pa.Table, service: str) -> pa.Table:
    """Points of `service`, and of resources that name no service (a database)."""
    keep = [json.loads(text).get("service_name", service) == service for text in points["labels"].to_pylist()]
    return points.filter(pa.array(keep, pa.bool_()))
