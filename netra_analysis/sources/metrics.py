"""Metrics from files: Cloud Monitoring `timeSeries` JSON, or a long table in CSV or Parquet.

A point that is not there stays not there: gaps are never filled, and a distribution without samples gives
no percentile. Percentiles of distributions are interpolated inside their bucket, so they are approximate
and never exceed the bucket's upper bound. A point that cannot be right is set aside with its reason, because
one that is read in the wrong unit would be believed.
"""

import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.errors import SourceError
from netra_analysis.schema import METRICS, QUARANTINE
from netra_analysis.sources.reading.files import locate
from netra_analysis.sources.reading.reason import safe

_GZIP: Final = b"\x1f\x8b"
_UNITS: Final = {"By": ("MiB", 1 / 2**20), "10^2.%": ("ratio", 1.0), "1": ("count", 1.0), "ms": ("s", 1e-3)}
_UTILIZATION: Final = re.compile(r"/utilizations?$")
_BYTE_UNIT: Final = re.compile(r"(?:[kmgt]i?)?(?:b|by|bytes?)", re.IGNORECASE)
_MOST_UTILIZATION: Final = 2.0  # twice the limit: a burst may pass it a little, a percentage passes it far
_LONGEST_INTEGER: Final = 400  # digits; no double holds more, and Python itself reads no more than 4,300
_TABLE: Final = frozenset({"time", "metric", "value", "statistic", "unit", "revision", "labels"})
_QUANTILES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
_EXPECTED: Final = (
    'Cloud Monitoring JSON ({"timeSeries": [...]}), or a table in CSV or Parquet with the columns time, metric, value'
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class MetricReading:
    """Points as `schema.METRICS`, what was not usable, and how many points were read in all."""

    points: pa.Table
    quarantine: pa.Table
    read: int


def read_metrics(location: str, base: Path) -> MetricReading:
    """Every metric file that `location` (a file, folder or glob, relative to `base`) names."""
    rows: list[Row] = []
    bad: list[Row] = []
    for path in _files(location, base):
        for position, row in enumerate(_rows(path), start=1):
            if isinstance(row, str):
                bad.append({"file": safe(path.name), "position": position, "reason": row, "sample": ""})
            else:
                rows.append(row)
    if not rows:
        why = f" ({len(bad)} were not usable, the first: {bad[0]['reason']})" if bad else ""
        raise _refusal(f"no point in {location}{why}; expected {_EXPECTED}")
    points = METRICS.conform(pa.Table.from_pylist(rows, schema=METRICS.loose))
    quarantine = pa.Table.from_pylist(bad, schema=QUARANTINE.arrow)
    return MetricReading(points, quarantine, len(rows) + len(bad))


def _refusal(why: str) -> SourceError:
    return SourceError(safe(f"metrics: {why}"))


def _files(location: str, base: Path) -> tuple[Path, ...]:
    try:
        return locate(location, base).files
    except SourceError as error:
        raise _refusal(f"{error}; or give metrics: none") from error


def _rows(path: Path) -> Iterator[Row | str]:
    data = _content(path)
    if data[:4] == b"PAR1":
        yield from _table_rows(_parquet(data, path), path)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        yield from _series_rows(data.decode("utf-8-sig", "replace"), path)
    else:
        yield from _table_rows(_csv(data, path), path)


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == _GZIP else data
    except (OSError, EOFError, zlib.error) as error:
        raise _refusal(f"{path.name} cannot be read: {error}; export it again") from error
    if data[:2] == _GZIP:
        raise _refusal(f"{path.name} is gzip within gzip; unpack it once and give what comes out")
    return data


def _parquet(data: bytes, path: Path) -> pd.DataFrame:
    try:
        return pq.read_table(io.BytesIO(data)).to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        why = " ".join(str(error).split())
        raise _refusal(f"{path.name} begins as Parquet and is none: {why}; export it again") from error


def _csv(data: bytes, path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise _refusal(f"{path.name} is no table: {error}; expected {_EXPECTED}") from error


def _table_rows(frame: pd.DataFrame, path: Path) -> Iterator[Row | str]:
    missing = {"time", "metric", "value"} - set(frame.columns)
    if missing:
        raise _refusal(
            f"{path.name} has no column {', '.join(sorted(missing))}; "
            f"it has {', '.join(map(str, frame.columns))}; expected {_EXPECTED}"
        )
    if not frame.columns.is_unique:
        raise _refusal(f"{path.name} has two columns of one name; it has {', '.join(map(str, frame.columns))}")
    for record in frame.to_dict("records"):
        yield _table_row(record)


def _table_row(record: Mapping[Any, Any]) -> Row | str:
    moment, value = _moment(record["time"]), _number(record["value"])
    if moment is None or value is None:
        return "bad time" if moment is None else "no value"
    metric, labels = _text(record["metric"]), _labels(record.get("labels"))
    if not metric or labels is None:
        return "bad labels" if metric else "no metric"
    labels |= {str(name): text for name, item in record.items() if name not in _TABLE and (text := _text(item))}
    if revision := _text(record.get("revision")):
        labels["revision_name"] = revision
    unit = _text(record.get("unit")) or "count"
    return _point(moment, metric, _text(record.get("statistic")) or "value", value, unit, labels)


def _text(value: Any) -> str:
    """A cell as text; empty where a table has nothing, however it says so."""
    text = "" if value is None else str(value)
    return "" if text in ("nan", "NaN", "None", "NaT", "<NA>") else text


def _labels(cell: Any) -> dict[str, Any] | None:
    """The labels of a table's row, from JSON or from a Parquet map; None where they are neither."""
    if isinstance(cell, str) and cell:
        try:
            cell = _DECODER.decode(cell)
        except (ValueError, RecursionError):
            return None
    elif isinstance(cell, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in cell):
        cell = {str(name): item for name, item in cell}
    elif not isinstance(cell, Mapping):
        return None if _text(cell) else {}
    return _flat(cell)


def _flat(labels: Any) -> dict[str, Any] | None:
    """`labels`, if it is names and plain values."""
    if not isinstance(labels, Mapping) or any(isinstance(item, list | Mapping) for item in labels.values()):
        return None
    return dict(labels)


def _series_rows(text: str, path: Path) -> Iterator[Row | str]:
    for series in _all_series(text, path):
        try:
            metric, unit, points = series["metric"]["type"], series.get("unit") or "1", series.get("points", [])
            labels = _flat(series["metric"].get("labels") or {})
            resource = _flat((series.get("resource") or {}).get("labels") or {})
        except (KeyError, TypeError, AttributeError):
            yield "not a time series"
            continue
        named = isinstance(metric, str) and metric and isinstance(series.get("unit"), str | None)
        if not named or not isinstance(points, list) or labels is None or resource is None:
            yield "not a time series"
            continue
        for point in points:
            yield from _point_rows(point, metric, unit, {**labels, **resource})


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text


_DECODER: Final = json.JSONDecoder(strict=False, parse_int=_whole)


def _all_series(text: str, path: Path) -> Iterator[Any]:
    position = 0
    while position < len(text):
        if text[position] in " \t\r\n,":
            position += 1
            continue
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _refusal(f"{path.name} is cut or no JSON: {error}; export it again") from error
        yield from _unwrap(value)


def _unwrap(value: Any) -> Iterator[Any]:
    """The time series in lists and pages, however deep; without recursion, because a file sets the depth."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        pages = value.get("timeSeries", value.get("time_series")) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif pages is not None:
            waiting.append(pages)
        else:
            yield value


def _point_rows(point: Any, metric: str, unit: str, labels: Mapping[str, Any]) -> Iterator[Row | str]:
    try:
        moment = _moment(point["interval"].get("endTime") or point["interval"].get("startTime"))
        holder = point["value"]
    except (KeyError, TypeError, AttributeError):
        yield "no interval or value"
        return
    if moment is None or not isinstance(holder, Mapping):
        yield "bad time" if moment is None else "no value"
    elif "distributionValue" in holder:
        yield from _distribution_rows(moment, holder["distributionValue"], metric, unit, labels)
    else:
        number = next((_number(v) for k, v in holder.items() if k in ("doubleValue", "int64Value", "boolValue")), None)
        yield "no value" if number is None else _point(moment, metric, "value", number, unit, labels)


def _distribution_rows(
    moment: datetime, value: Any, metric: str, unit: str, labels: Mapping[str, Any]
) -> Iterator[Row | str]:
    try:
        statistics = distribution_statistics(value)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        yield "bad distribution"
        return
    for name, number in statistics.items():
        yield _point(moment, metric, name, number, unit, labels)


def distribution_statistics(value: Mapping[str, Any]) -> dict[str, float]:
    """count, mean, p50, p95, p99 and max (the highest filled bucket's bound) of a Distribution.

    An empty distribution has only its count: no sample, no mean. One whose parts contradict each other, or
    are no numbers, raises ValueError, TypeError, KeyError, AttributeError or OverflowError.
    """
    count = int(value.get("count", 0) or 0)
    if count <= 0:
        return {"count": float(count)}
    statistics = {"count": float(count), "mean": float(value.get("mean", 0.0))}
    counts = [int(n) for n in value.get("bucketCounts") or []]
    bounds = _bounds(value.get("bucketOptions") or {}, len(counts))
    if counts and not (min(counts) >= 0 and any(counts)):
        raise ValueError("its samples are in no bucket")
    if counts and bounds:
        statistics |= {name: _quantile(counts, bounds, share) for name, share in _QUANTILES.items()}
        statistics["max"] = _upper(bounds, max(i for i, n in enumerate(counts) if n))
    if not all(math.isfinite(number) for number in statistics.values()):
        raise ValueError("a number of it is not finite")
    return statistics


def _bounds(options: Mapping[str, Any], buckets: int) -> list[float]:
    """The bounds that `buckets` buckets can reach: a file may claim any number of further ones."""
    if "explicitBuckets" in options:
        finite = [float(b) for b in options["explicitBuckets"].get("bounds") or []]
    elif "linearBuckets" in options:
        linear = options["linearBuckets"]
        width, offset = float(linear["width"]), float(linear.get("offset", 0))
        finite = [offset + width * i for i in range(min(int(linear["numFiniteBuckets"]) + 1, buckets))]
    elif "exponentialBuckets" in options:
        growth = options["exponentialBuckets"]
        factor, scale = float(growth["growthFactor"]), float(growth["scale"])
        finite = [scale * factor**i for i in range(min(int(growth["numFiniteBuckets"]) + 1, buckets))]
    else:
        return []
    if not all(low < high for low, high in pairwise(finite)) or (finite and buckets > len(finite) + 1):
        raise ValueError("its bounds do not rise, or are fewer than its buckets")
    return finite


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
    if isinstance(value, str) and not value.strip()[:1].isdigit():
        return None  # pandas would read "now" and "today"
    try:
        moment = pd.Timestamp(value)
        moment = moment.tz_localize(UTC) if moment.tzinfo is None else moment.tz_convert(UTC)
        return None if pd.isna(moment) else moment.floor("us").to_pydatetime()
    except (ValueError, TypeError, OverflowError, AttributeError):
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def _point(
    moment: datetime, metric: str, statistic: str, value: float, unit: str, labels: Mapping[str, Any]
) -> Row | str:
    """One row in the table's units, or why it cannot be one."""
    scaled = _scaled(metric, statistic, value, unit)
    if scaled is None:
        return "out of range"
    rest = {str(k): str(v) for k, v in labels.items() if k != "revision_name" and v not in (None, "")}
    row = {
        "time": moment,
        "metric": metric,
        "statistic": statistic,
        "value": scaled[0],
        "unit": scaled[1],
        "revision": str(labels.get("revision_name") or ""),
        "labels": json.dumps(rest, sort_keys=True, ensure_ascii=False),
    }
    return "bad encoding" if any(isinstance(text, str) and safe(text) != text for text in row.values()) else row


def _scaled(metric: str, statistic: str, value: float, unit: str) -> tuple[float, str] | None:
    """The value and its unit as `schema.METRICS` has them; None where the value cannot be right."""
    if statistic == "count" or (metric.endswith("count") and value < 0):
        return (value, "count") if value >= 0 else None
    if _UTILIZATION.search(metric):
        ratio = value / 100 if unit == "%" else value
        believable = 0 <= ratio <= _MOST_UTILIZATION and not _BYTE_UNIT.fullmatch(unit)
        return (ratio, "ratio") if believable else None
    named, factor = _UNITS.get(unit, (unit, 1.0))
    return value * factor, named


def of_service(points: pa.Table, service: str) -> pa.Table:
    """Points of `service`, and of resources that name no service (a database)."""
    keep = [json.loads(text).get("service_name", service) == service for text in points["labels"].to_pylist()]
    return points.filter(pa.array(keep, pa.bool_()))
