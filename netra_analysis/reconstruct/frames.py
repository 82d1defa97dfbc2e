"""Arrow tables as pandas frames and back, in the one way that keeps times UTC and integers whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.logtext.user_agent import NOT_REAL
from netra_analysis.schema import TIME
from netra_analysis.window import TimeWindow

_TYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def frame(table: pa.Table, window: TimeWindow | None = None, column: str = "time") -> pd.DataFrame:
    """`table` as a frame, only the rows whose `column` lies in `window` where one is given."""
    if window is not None:
        start, end = (pa.scalar(moment, TIME) for moment in (window.start, window.end))
        table = table.filter(pc.and_(pc.greater_equal(table[column], start), pc.less(table[column], end)))
    return table.to_pandas(types_mapper=_TYPES.get)


def real_traffic(requests: pd.DataFrame) -> pd.DataFrame:
    """The requests of real traffic among `requests`: no preflights, no uptime checks."""
    return requests[~requests["client"].isin(NOT_REAL)]


def count(rows: pd.DataFrame) -> int:
    """How many requests or lines the rows stand for: their number, where nothing was thinned."""
    return int(rows["weight"].sum())


def share(rows: pd.DataFrame, mark: pd.Series) -> float:
    """The share of what `rows` stand for that is marked; NaN of nothing."""
    return (
        float((mark.astype(float) * rows["weight"].astype(float)).sum() / rows["weight"].sum()) if len(rows) else np.nan
    )


def evened(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that each stand for the same number: for medians, means and tests, which take rows and know no weights.

    `rows` itself where nothing was thinned. Else a systematic draw in proportion to the weights, as large as `rows`,
    so that a test does not take what was only represented for seen. Source: Madow (1949), On the theory of
    systematic sampling, II.
    """
    weights = rows["weight"].to_numpy(dtype=np.int64)
    if len(rows) == 0 or weights.max() == 1:
        return rows
    ends = np.cumsum(weights)
    at = (np.arange(len(rows)) + 0.5) * (ends[-1] / len(rows))
    return rows.iloc[np.searchsorted(ends, at, side="right")]


def passed(rows: pd.DataFrame, column: str, at: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
    """How many of what `rows` stand for have their `column` before each time of `at` ("right": or just then)."""
    order = np.argsort(rows[column].to_numpy(), kind="stable")
    sums = np.concatenate([[0], np.cumsum(rows["weight"].to_numpy(dtype=np.int64)[order])])
    return np.asarray(sums[np.searchsorted(rows[column].to_numpy()[order], at, side=side)])


def naive(times: pd.Series) -> np.ndarray:
    """UTC times as numpy keeps them, which knows no zones; in microseconds."""
    return np.asarray(times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]"))


def table(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """`rows` as a table with `schema`, also when there are none."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def where(rows: pd.DataFrame, keep: Sequence[bool]) -> pd.Series:
    """`keep` as a mask over `rows`; a plain empty list would choose columns instead."""
    return pd.Series(list(keep), index=rows.index, dtype=bool)


def moment(value: Any) -> datetime | None:
    """A pandas time as a plain one; None for NaT."""
    return None if value is None or pd.isna(value) else pd.Timestamp(value).to_pydatetime()
