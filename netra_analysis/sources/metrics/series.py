"""Cloud Monitoring's time series, as its API writes them in JSON."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from netra_analysis.sources.metrics.distribution import distribution_statistics
from netra_analysis.sources.metrics.point import Row, moment_of, number_of, point

_PLAIN = ("doubleValue", "int64Value", "boolValue")


def series_rows(series: Any) -> Iterator[Row | str]:
    """The points of one time series as rows, each or the reason why not."""
    try:
        metric, unit, points = series["metric"]["type"], series.get("unit") or "1", series.get("points", [])
        labels = flat(series["metric"].get("labels") or {})
        resource = flat((series.get("resource") or {}).get("labels") or {})
    except (KeyError, TypeError, AttributeError):
        yield "not a time series"
        return
    named = isinstance(metric, str) and metric and isinstance(series.get("unit"), str | None)
    if not named or not isinstance(points, list) or labels is None or resource is None:
        yield "not a time series"
        return
    for one in points:
        yield from _point_rows(one, metric, unit, {**labels, **resource})


def flat(labels: Any) -> dict[str, Any] | None:
    """`labels`, if it is names and plain values."""
    if not isinstance(labels, Mapping) or any(isinstance(item, list | Mapping) for item in labels.values()):
        return None
    return dict(labels)


def _point_rows(one: Any, metric: str, unit: str, labels: Mapping[str, Any]) -> Iterator[Row | str]:
    try:
        moment = moment_of(one["interval"].get("endTime") or one["interval"].get("startTime"))
        holder = one["value"]
    except (KeyError, TypeError, AttributeError):
        yield "no interval or value"
        return
    if moment is None or not isinstance(holder, Mapping):
        yield "bad time" if moment is None else "no value"
    elif "distributionValue" in holder:
        yield from _distribution_rows(moment, holder["distributionValue"], metric, unit, labels)
    else:
        number = next(
            (number_of(v) for k, v in holder.items() if k in ("doubleValue", "int64Value", "boolValue")), None
        )
        yield "no value" if number is None else point(moment, metric, "value", number, unit, labels)


def _distribution_rows(
    moment: datetime, value: Any, metric: str, unit: str, labels: Mapping[str, Any]
) -> Iterator[Row | str]:
    try:
        statistics = distribution_statistics(value)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        yield "bad distribution"
        return
    for name, number in statistics.items():
        yield point(moment, metric, name, number, unit, labels)
