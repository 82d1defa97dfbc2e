"""Cloud Monitoring time series in their REST shape, collected point by point."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from netra_analysis.casebook.incident import Target
from netra_analysis.window import stamp

PERIOD_S: Final = 60.0
Key = tuple[str, str, tuple[tuple[str, str], ...]]
Value = int | float | dict[str, Any]


@dataclass(slots=True, eq=False)
class Series:
    """All series of one run; an empty revision means the database server."""

    origin: datetime
    target: Target
    _series: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def rest(self) -> list[dict[str, Any]]:
        """All series in the REST shape, points newest first."""
        return [{**body, "points": body["points"][::-1]} for _, body in sorted(self._series.items())]

    def point(self, at: float, metric: str, revision: str, labels: dict[str, str], kind: str, value: Value) -> None:
        """One point at `at` seconds after the origin."""
        key = (metric, revision, tuple(sorted(labels.items())))
        if key not in self._series:
            self._series[key] = self._head(metric, revision, labels, kind, value)
        end = self.origin + timedelta(seconds=at)
        start = end - timedelta(seconds=PERIOD_S) if kind == "DELTA" else end
        interval = {"startTime": stamp(start), "endTime": stamp(end)}
        self._series[key]["points"].append({"interval": interval, "value": _typed(value)})

    def _head(self, metric: str, revision: str, labels: dict[str, str], kind: str, value: Value) -> dict[str, Any]:
        return {
            "metric": {"type": metric, "labels": labels},
            "resource": self._resource(revision),
            "metricKind": kind,
            "valueType": {int: "INT64", float: "DOUBLE"}.get(type(value), "DISTRIBUTION"),
            "unit": "10^2.%" if "utilization" in metric else "1",
            "points": [],
        }

    def _resource(self, revision: str) -> dict[str, Any]:
        target = self.target
        if not revision:
            database = {"database_id": target.database, "project_id": target.project, "region": target.region}
            return {"type": "cloudsql_database", "labels": database}
        labels = {
            "configuration_name": target.service,
            "location": target.region,
            "project_id": target.project,
            "revision_name": revision,
            "service_name": target.service,
        }
        return {"type": "cloud_run_revision", "labels": labels}


def distribution(values: list[float], bounds: tuple[float, ...]) -> dict[str, Any]:
    """Values as a distribution over explicit buckets."""
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_right(bounds, value)] += 1
    return {
        "count": str(len(values)),
        "mean": round(sum(values) / len(values), 6),
        "bucketOptions": {"explicitBuckets": {"bounds": list(bounds)}},
        "bucketCounts": [str(count) for count in counts],
    }


def _typed(value: Value) -> dict[str, Any]:
    if isinstance(value, int):
        return {"int64Value": str(value)}
    return {"doubleValue": round(value, 5)} if isinstance(value, float) else {"distributionValue": value}
