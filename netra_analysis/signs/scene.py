"""Everything a sign may look at, each frame made once."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pandas as pd
import re2

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import frame, moment, where
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

NOT_REAL = ("preflight", "uptime_check")
AT_ONSET = timedelta(minutes=2)  # later than this after the onset, a sign follows the failures and does not lead them


_ROWS_SQL = "SELECT time, instance, level, message, id FROM app_logs WHERE id IN UNNEST(@ids) ORDER BY time, id"


class Scene:
    """Tables and findings of one incident, in the frames that signs need."""

    def __init__(self, tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> None:
        self.tables = tables
        self.settings = settings
        self.findings = findings

    @cached_property
    def window(self) -> TimeWindow:
        return self.settings.window

    @cached_property
    def onset(self) -> datetime | None:
        """The first moment of impact: a failed request or a death."""
        fired = (self.findings[name] for name in ("failed_requests", "crashes"))
        return min((f.time for f in fired if f.verdict is Verdict.FIRED and f.time), default=None)

    @cached_property
    def requests(self) -> pd.DataFrame:
        return frame(self.tables.requests, self.window, "end_time")

    @cached_property
    def real(self) -> pd.DataFrame:
        return self.requests[~self.requests["client"].isin(NOT_REAL)]

    @cached_property
    def before(self) -> pd.DataFrame:
        """Requests of the baseline."""
        return frame(self.tables.requests, self.settings.baseline, "end_time")

    @cached_property
    def failed(self) -> pd.DataFrame:
        return frame(self.findings["failed_requests"].proof)

    @cached_property
    def deaths(self) -> pd.DataFrame:
        return frame(self.findings["crashes"].proof, column="start_time")

    @cached_property
    def logs(self) -> pd.DataFrame:
        return frame(self.tables.app_logs, self.window)

    @cached_property
    def logs_before(self) -> pd.DataFrame:
        return frame(self.tables.app_logs, self.settings.baseline)

    @cached_property
    def told(self) -> pd.DataFrame:
        return frame(self.tables.exceptions, self.window)

    @cached_property
    def events(self) -> pd.DataFrame:
        return frame(self.tables.lifecycle, self.window)

    @cached_property
    def deploys(self) -> pd.DataFrame:
        return frame(self.tables.deploys)

    @cached_property
    def all_metrics(self) -> pd.DataFrame:
        return frame(self.tables.metrics)

    def has(self, stream: str) -> bool:
        return self.tables.coverage.has(stream)

    @cached_property
    def has_logs(self) -> bool:
        return len(self.logs) > 0

    @cached_property
    def impact(self) -> int:
        """How many failed requests there are to be explained."""
        return len(self.failed)

    def of_impact(self, failed: int, dead: int) -> float | None:
        """The share of what happened (failed requests and deaths) that these are."""
        total = self.impact + len(self.deaths)
        return (failed + dead) / total if total else None

    def metric(self, ends: str | Iterable[str], statistics: Iterable[str] = ("max", "p99", "value")) -> pd.Series:
        """A metric by the end of its name, the highest of its series at each time; the first statistic that exists."""
        names = (ends,) if isinstance(ends, str) else tuple(ends)
        own = self.all_metrics[self.all_metrics["metric"].str.endswith(names)]
        for statistic in statistics:
            chosen = own[own["statistic"] == statistic]
            if len(chosen):
                return chosen.groupby("time")["value"].max()
        return pd.Series(dtype=float)

    def lines(self, pattern: Any, *, before: bool = False, loud: bool = True) -> pd.DataFrame:
        """Application lines that match; `loud` leaves out what is said at INFO and below."""
        logs = self.logs_before if before else self.logs
        if loud:
            logs = logs[logs["level"].isin(["WARNING", "ERROR", "CRITICAL", "UNKNOWN"])]
        return logs[where(logs, [pattern.search(message) is not None for message in logs["message"]])]

    def rows_of(self, lines: pd.DataFrame, most: int = 50) -> Query | None:
        """The query that shows `lines` again, the first of them."""
        ids = tuple(lines["id"].head(most))
        return Query(_ROWS_SQL, {"ids": ids}) if ids else None

    def grown(self, now: pd.DataFrame, before: pd.DataFrame) -> bool:
        """Whether lines are clearly more frequent than in the baseline; true when there is none to compare with."""
        if not len(self.logs_before):
            return len(now) > 0
        scale = self.window.duration / self.settings.baseline.duration
        return len(now) >= 3 * max(1.0, len(before) * scale) if len(before) else len(now) > 0

    def met(self, lines: pd.DataFrame) -> float | None:
        """The share of failed requests during which one of `lines` was written on their instance."""
        if not self.impact:
            return None
        by_instance = {name: rows["time"] for name, rows in lines.groupby("instance")}
        hits = 0
        for row in self.failed.itertuples():
            times = by_instance.get(row.instance)
            if times is None or not row.instance:
                continue
            start, end = row.time - timedelta(seconds=1), row.end_time + timedelta(seconds=1)
            hits += bool(((times >= start) & (times <= end)).any())
        return hits / self.impact


def any_of(*words: str) -> Any:
    """One linear-time pattern of alternatives, case aside."""
    return re2.compile("(?i)" + "|".join(words))


def first(rows: pd.DataFrame, column: str = "time") -> datetime | None:
    return moment(rows[column].min()) if len(rows) else None
