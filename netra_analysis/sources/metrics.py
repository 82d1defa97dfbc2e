"""Metrics from files: Cloud Monitoring `timeSeries` JSON, or a long table in CSV or Parquet.

A point that is not there stays not there: gaps are never filled, and a distribution without samples gives
no percentile. Percentiles of distributions are interpolated inside their bucket, so they are approximate
and never exceed the bucket's upper bound.
"""

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.errors import SourceError
from netra_analysis.schema import METRICS, QUARANTINE

_UNITS = {"By": ("MiB", 1 / 2**20), "10^2.%": ("ratio", 1.0), "1": ("count", 1.0), "ms": ("s", 1e-3)}
_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
_EXPECTED = (
    'Cloud Monitoring JSON ({"timeSeries": [...]}), or a table in CSV or Parquet with the columns time, metric, value'
)


@dataclass(frozen=True, slots=True, eq=False)
class MetricReading:
    """Points as `schema.METRICS`, what was not usable, and how many points were read in all."""

    points: pa.Table
    quarantine: pa.Table
    read: int


def read_metrics(location: str, base: Path) -> MetricReading:
    """Every metric file that `location` (a file, folder or glob, relative to `base`) names."""
    files = _files(location, base)
    rows: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for path in files:
        for position, row in enumerate(_rows(path), start=1):
            if isinstance(row, str):
                bad.append({"file": path.name, "position": position, "reason": row, "sample": ""})
            else:
                rows.append(row)
    if not rows:
        raise SourceError(f"metrics: no point in {location}; expected {_EXPECTED}")
    points = METRICS.conform(pa.Table.from_pylist(rows, schema=METRICS.loose))
    quarantine = pa.Table.from_pylist(bad, schema=QUARANTINE.arrow)
    return MetricReading(points, quarantine, len(rows) + len(bad))


def _files(location: str, base: Path) -> list[Path]:
    path = base / location
    if path.is_file():
        return [path]
    found = sorted(path.rglob("*")) if path.is_dir() else sorted(base.glob(location)) if "*" in location else []
    files = [file for file in found if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise SourceError(f"metrics: no file at {path}; give a file, a folder or a glob, or metrics: none")
    return files


def _rows(path: Path) -> Iterator[dict[str, Any] | str]:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise SourceError(f"metrics: {path.name} cannot be read: {error}; export it again") from error
    if data[:4] == b"PAR1":
        yield from _table_rows(pq.read_table(io.BytesIO(data)).to_pandas(), path)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        yield from _series_rows(data.decode("utf-8-sig", "replace"), path)
    else:
        yield from _table_rows(_csv(data, path), path)


def _csv(data: bytes, path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise SourceError(f"metrics: {path.name} is no table: {error}; expected {_EXPECTED}") from error


def _table_rows(frame: pd.DataFrame, path: Path) -> Iterator[dict[str, Any] | str]:
    missing = {"time", "metric", "value"} - set(frame.columns)
    if missing:
        raise SourceError(
            f"metrics: {path.name} has no column {', '.join(sorted(missing))}; "
            f"it has {', '.join(map(str, frame.columns))}; expected {_EXPECTED}"
        )
    known = {"time", "metric", "value", "statistic", "unit", "revision", "labels"}
    extra = [name for name in frame.columns if name not in known]
    for record in frame.to_dict("records"):
        moment, value = _moment(record["time"]), _number(record["value"])
        if moment is None or value is None:
            yield "bad time" if moment is None else "no value"
            continue
        labels = json.loads(record["labels"]) if record.get("labels") else {}
        labels |= {name: str(record[name]) for name in extra if str(record[name]) not in ("", "nan", "None")}
        yield _point(
            moment,
            str(record["metric"]),
            str(record.get("statistic") or "value"),
            value,
            str(record.get("unit") or "count"),
            labels | ({"revision_name": str(record["revision"])} if record.get("revision") else {}),
        )


def _series_rows(text: str, path: Path) -> Iterator[dict[str, Any] | str]:
    for series in _all_series(text, path):
        try:
            metric = series["metric"]["type"]
            labels = {**series["metric"].get("labels", {}), **series.get("resource", {}).get("labels", {})}
            points = series.get("points", [])
        except (KeyError, TypeError, AttributeError):
            yield "not a time series"
            continue
        unit, factor = _UNITS.get(series.get("unit", "1"), (str(series.get("unit", "count")), 1.0))
        for point in points:
            yield from _point_rows(point, metric, unit, factor, labels)


def _all_series(text: str, path: Path) -> Iterator[Mapping[str, Any]]:
    decoder, position = json.JSONDecoder(strict=False), 0
    while position < len(text):
        if text[position] in " \t\r\n,":
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as error:
            raise SourceError(f"metrics: {path.name} is cut or no JSON: {error}; export it again") from error
        yield from _unwrap(value)


def _unwrap(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _unwrap(item)
    elif isinstance(value, Mapping):
        pages = value.get("timeSeries", value.get("time_series"))
        if pages is not None:
            yield from _unwrap(pages)
        else:
            yield value


def _point_rows(
    point: Any, metric: str, unit: str, factor: float, labels: Mapping[str, Any]
) -> Iterator[dict[str, Any] | str]:
    try:
        moment = _moment(point["interval"].get("endTime") or point["interval"].get("startTime"))
        holder = point["value"]
    except (KeyError, TypeError, AttributeError):
        yield "no interval or value"
        return
    if moment is None:
        yield "bad time"
        return
    if "distributionValue" in holder:
        stats = distribution_statistics(holder["distributionValue"])
        for name, value in stats.items():
            scaled, named = (value, "count") if name == "count" else (value * factor, unit)
            yield _point(moment, metric, name, scaled, named, labels)
        return
    number = next((_number(v) for k, v in holder.items() if k in ("doubleValue", "int64Value", "boolValue")), None)
    yield "no value" if number is None else _point(moment, metric, "value", number * factor, unit, labels)


def distribution_statistics(value: Mapping[str, Any]) -> dict[str, float]:
    """count, mean, p50, p95, p99 and max (the highest filled bucket's bound) of a Distribution.

    An empty distribution has only its count: no sample, no mean.
    """
    count = int(value.get("count", 0) or 0)
    if not count:
        return {"count": 0.0}
    statistics = {"count": float(count), "mean": float(value.get("mean", 0.0))}
    counts = [int(n) for n in value.get("bucketCounts", [])]
    bounds = _bounds(value.get("bucketOptions", {}), len(counts))
    if counts and bounds:
        statistics |= {name: _quantile(counts, bounds, share) for name, share in _QUANTILES.items()}
        statistics["max"] = _upper(bounds, max(i for i, n in enumerate(counts) if n))
    return statistics


def _bounds(options: Mapping[str, Any], buckets: int) -> list[float]:
    if "explicitBuckets" in options:
        return [float(b) for b in options["explicitBuckets"].get("bounds", [])]
    if "linearBuckets" in options:
        linear = options["linearBuckets"]
        width, offset = float(linear["width"]), float(linear.get("offset", 0))
        return [offset + width * i for i in range(int(linear["numFiniteBuckets"]) + 1)]
    if "exponentialBuckets" in options:
        growth = options["exponentialBuckets"]
        factor, scale = float(growth["growthFactor"]), float(growth["scale"])
        return [scale * factor**i for i in range(int(growth["numFiniteBuckets"]) + 1)]
    return []


def _upper(bounds: Sequence[float], bucket: int) -> float:
    return bounds[min(bucket, len(bounds) - 1)]


def _quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float:
    """Linear inside the bucket that holds the share; bucket i spans bounds[i-1] to bounds[i]."""
    wanted, seen = share * sum(counts), 0
    for bucket, number in enumerate(counts):
        if number and seen + number >= wanted:
            low = bounds[bucket - 1] if bucket else min(0.0, bounds[0])
            high = _upper(bounds, bucket)
            return low + (high - low) * max(0.0, wanted - seen) / number
        seen += number
    return bounds[-1]


def _moment(value: Any) -> datetime | None:
    try:
        moment = pd.Timestamp(value)
        moment = moment.tz_localize(UTC) if moment.tzinfo is None else moment.tz_convert(UTC)
        return None if pd.isna(moment) else moment.floor("us").to_pydatetime()
    except (ValueError, TypeError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _point(
    moment: datetime, metric: str, statistic: str, value: float, unit: str, labels: Mapping[str, Any]
) -> dict[str, Any]:
    rest = {str(k): str(v) for k, v in labels.items() if k != "revision_name" and v not in (None, "")}
    return {
        "time": moment,
        "metric": metric,
        "statistic": statistic,
        "value": value,
        "unit": unit,
        "revision": str(labels.get("revision_name", "")),
        "labels": json.dumps(rest, sort_keys=True, ensure_ascii=False),
    }


def of_service(points: pa.Table, service: str) -> pa.Table:
    """Points of `service`, and of resources that name no service (a database)."""
    keep = [json.loads(text).get("service_name", service) == service for text in points["labels"].to_pylist()]
    return points.filter(pa.array(keep, pa.bool_()))
