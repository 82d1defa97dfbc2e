"""Metrics from files: Cloud Monitoring `timeSeries` JSON, or a long table in CSV or Parquet.

A point that is not there stays not there: gaps are never filled, and a distribution without samples gives
no percentile.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from netra_analysis.errors import SourceError
from netra_analysis.sources.metrics.point import Row, moment_of, number_of, point
from netra_analysis.sources.metrics.reading import MetricReading, gathered
from netra_analysis.sources.metrics.series import flat, series_rows
from netra_analysis.sources.reading.files import locate
from netra_analysis.sources.reading.reason import safe

if TYPE_CHECKING:
    import pandas as pd  # where it is used: entries are being read before it is there

_GZIP: Final = b"\x1f\x8b"
_LONGEST_INTEGER: Final = 400  # digits; no double holds more, and Python itself reads no more than 4,300
_TABLE: Final = frozenset({"time", "metric", "value", "statistic", "unit", "revision", "labels"})
_EXPECTED: Final = (
    'Cloud Monitoring JSON ({"timeSeries": [...]}), or a table in CSV or Parquet with the columns time, metric, value'
)


def read_metrics(location: str, base: Path) -> MetricReading:
    """Every metric file that `location` (a file, folder or glob, relative to `base`) names."""
    reading = gathered((path.name, _rows(path)) for path in _files(location, base))
    if not reading.points.num_rows:
        lost = reading.quarantine["reason"].to_pylist()
        why = f" ({len(lost)} were not usable, the first: {lost[0]})" if lost else ""
        raise _refusal(f"no point in {location}{why}; expected {_EXPECTED}")
    return reading


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
        for series in _all_series(data.decode("utf-8-sig", "replace"), path):
            yield from series_rows(series)
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


def _parquet(data: bytes, path: Path) -> "pd.DataFrame":
    try:
        return pq.read_table(io.BytesIO(data)).to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        why = " ".join(str(error).split())
        raise _refusal(f"{path.name} begins as Parquet and is none: {why}; export it again") from error


def _csv(data: bytes, path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise _refusal(f"{path.name} is no table: {error}; expected {_EXPECTED}") from error


def _table_rows(frame: "pd.DataFrame", path: Path) -> Iterator[Row | str]:
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
    moment, value = moment_of(record["time"]), number_of(record["value"])
    if moment is None or value is None:
        return "bad time" if moment is None else "no value"
    metric, labels = _text(record["metric"]), _labels(record.get("labels"))
    if not metric or labels is None:
        return "bad labels" if metric else "no metric"
    labels |= {str(name): text for name, item in record.items() if name not in _TABLE and (text := _text(item))}
    if revision := _text(record.get("revision")):
        labels["revision_name"] = revision
    unit = _text(record.get("unit")) or "count"
    return point(moment, metric, _text(record.get("statistic")) or "value", value, unit, labels)


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
    return flat(cell)


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
