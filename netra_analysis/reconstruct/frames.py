"""Arrow tables as pandas frames and back, in the one way that keeps times UTC and integers whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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


def table(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """`rows` as a table with `schema`, also when there are none."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def where(rows: pd.DataFrame, keep: Sequence[bool]) -> pd.Series:
    """`keep` as a mask over `rows`; a plain empty list would choose columns instead."""
    return pd.Series(list(keep), index=rows.index, dtype=bool)


def moment(value: Any) -> datetime | None:
    """A pandas time as a plain one; None for NaT."""
    return None if value is None or pd.isna(value) else pd.Timestamp(value).to_pydatetime()
