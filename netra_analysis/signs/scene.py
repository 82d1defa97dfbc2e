"""Everything a sign may look at, each frame made once."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import re2
from scipy.special import pdtrc

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding
from netra_analysis.logtext.platform import read_request_failure
from netra_analysis.logtext.trouble import any_of
from netra_analysis.query import Query
from netra_analysis.reconstruct import counted
from netra_analysis.reconstruct.frames import frame, moment, naive, real_traffic
from netra_analysis.reconstruct.handled import answered_badly
from netra_analysis.reconstruct.once import once
from netra_analysis.reconstruct.stalls import CUT
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

LATE_START = 0.2  # an export that begins after this share of the window, with nothing before, is only its end
SOON = timedelta(minutes=30)  # a deploy this long before the onset may have to do with it
STRAY = 0.001  # so many, when the usual and one more are expected, in fewer than 1 of 1000 windows
FAR_MORE = 5  # times as many hurt otherwise as failed: then they are to be explained, with the few that failed
WELL_BEFORE = timedelta(minutes=10)  # the onset, a window without a baseline shows what is usual
AT_ONSET = timedelta(minutes=2)  # later than this after the onset, a sign follows the failures and does not lead them


_ROWS_SQL = "SELECT time, instance, level, message, id FROM app_logs WHERE id IN UNNEST(@ids) ORDER BY time, id"


UNHANDLED = any_of(
    r"^Exception in ASGI application",  # uvicorn, hypercorn
    r"^Internal Server Error: /",  # Django
    r"^Exception on /\S* \[\w+\]",  # Flask
    r"^Error handling request",  # aiohttp, gunicorn
    r"Servlet\.service\(\) for servlet .{0,200}threw exception",  # Tomcat, Spring
    r"http: panic serving",  # Go net/http
    r"unhandled (?:exception|error|promise rejection)|UnhandledPromiseRejection",
    r"^Unhandled: (?:GET|HEAD|POST|PUT|PATCH|DELETE) - /",  # Ktor
)
ANSWERED = re2.compile(  # the status stands apart from the path, whose own numbers are none
    r"(?i)\b(?:GET|HEAD|POST|PUT|PATCH|DELETE)\s+/\S*(?:\s+HTTP/[\d.]+\S*)?\s[^0-9]{0,40}?\b5\d\d\b"
    r"|\b5\d\d [A-Z][A-Za-z ]{2,40}: (?:GET|HEAD|POST|PUT|PATCH|DELETE) - /"  # Ktor
    r"|\bstatus(?:_?code)?\b[\"']?\s*[:=|]\s*[\"']?5\d\d\b"
)

TURNED_AWAY = re2.compile(r'"WebSocket /\S*" 4\d\d\b')  # uvicorn's line of a handshake that was not accepted


class Scene:
    """Tables and findings of one incident, in the frames that signs need."""

    def __init__(self, tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> None:
        self.tables = tables
        self.settings = settings
        self.findings = findings
        self.since: datetime | None = None  # set once, where deaths long before the failures have no part in them
        self.onset: datetime | None = None  # set once, by the sign of harm
        self.ill_served: pd.DataFrame | None = None  # set with it where nobody was failed, but kept waiting or cut
        self.besides: pd.DataFrame | None = None  # set with it where far more were held up, or refused, than failed

    @cached_property
    def said_failed(self) -> pd.DataFrame:
        """The application's lines about requests that failed: uncaught exceptions, else answers with a 5xx.

        And handshakes of WebSockets that were not accepted.
        """
        return self._said_failed(before=False)

    @cached_property
    def said_failed_before(self) -> pd.DataFrame:
        """The same of the baseline."""
        return self._said_failed(before=True)

    def _said_failed(self, *, before: bool) -> pd.DataFrame:
        refused = self.lines(TURNED_AWAY, before=before, loud=False)
        for pattern in (UNHANDLED, ANSWERED):
            if len(found := self.lines(pattern, before=before, loud=False)):
                break
        else:
            logs = self.logs_before if before else self.logs
            found = logs[logs["id"].isin(answered_badly(self.tables))]
        return pd.concat([found, refused]).sort_values(["time", "id"]) if len(refused) else found

    def counted_failures(self, span: TimeWindow) -> pd.DataFrame:
        """The points of the platform's count in which answers failed, of a span."""
        return counted.failures(self.all_metrics, span)

    @cached_property
    def window(self) -> TimeWindow:
        return self.settings.window

    @cached_property
    def begins_late(self) -> bool:
        """Whether the export is only the window's end, as dumps with a limit are: nothing of what was before."""
        first = pc.min(self.tables.entries["time"]).as_py()
        return first is None or first > self.window.start + LATE_START * self.window.duration

    @cached_property
    def requests(self) -> pd.DataFrame:
        return _once(frame(self.tables.requests, self.window, "end_time"))

    @cached_property
    def real(self) -> pd.DataFrame:
        return real_traffic(self.requests)

    @cached_property
    def reasons(self) -> pd.Series:
        """Why the platform failed each request itself, in the closed list of `read_request_failure`; else empty."""
        texts = self.requests["platform_text"]
        return texts.map(lambda text: read_request_failure(text) or "" if isinstance(text, str) else "").astype(str)

    @cached_property
    def before(self) -> pd.DataFrame:
        """Requests of the baseline."""
        return _once(frame(self.tables.requests, self.settings.baseline, "end_time"))

    @cached_property
    def failed(self) -> pd.DataFrame:
        return _once(frame(self.findings["failed_requests"].proof))

    @cached_property
    def all_deaths(self) -> pd.DataFrame:
        return frame(self.findings["crashes"].proof, column="start_time")

    @cached_property
    def deaths(self) -> pd.DataFrame:
        """The deaths that may have to do with the failures."""
        return self.all_deaths if self.since is None else self.all_deaths[self.all_deaths["start_time"] >= self.since]

    @cached_property
    def logs(self) -> pd.DataFrame:
        return frame(self.tables.app_logs, self.window)

    @cached_property
    def logs_before(self) -> pd.DataFrame:
        return frame(self.tables.app_logs, self.settings.baseline)

    @cached_property
    def signs_of_life(self) -> dict[str, pd.Series]:
        """When each instance answered or wrote something; the platform's 504 at the time-out is no such sign."""
        answered = self.requests[(self.requests["status"] != CUT).fillna(value=True)]
        ends = answered[["instance", "end_time"]].rename(columns={"end_time": "time"})
        both = pd.concat([ends, self.logs[["instance", "time"]]]).sort_values("time")
        return {str(name): times for name, times in both.groupby("instance")["time"]}

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
        """Whether a stream was seen; of logs none was in a window without a line, whatever lies around it."""
        silent = not (len(self.requests) or len(self.logs) or len(self.events))
        return self.tables.coverage.has(stream) and not (silent and stream != "metrics")

    @cached_property
    def logs_cover_onset(self) -> bool:
        """Whether application lines reach back to the onset: else the first line seen need not be the first."""
        return self.onset is None or (bool(len(self.logs)) and bool(self.logs["time"].min() <= self.onset))

    @cached_property
    def lines_nameless(self) -> bool:
        """Whether the application's lines carry no instance, as some collectors' do not."""
        return self.has_logs and not (self.logs["instance"] != "").any()

    @cached_property
    def has_logs(self) -> bool:
        return len(self.logs) > 0

    @cached_property
    def impact(self) -> int:
        """How many failed requests there are to be explained."""
        return len(self.failed)

    @cached_property
    def expected(self) -> float:
        """How many failed requests an ordinary time as long as the window has, by the log, else by the platform."""
        before = float(self.before["failed"].sum())
        if self.before.empty:
            before = counted.usual(self.all_metrics, self.settings.baseline) or 0.0
        return before * (self.window.duration / self.settings.baseline.duration)

    @cached_property
    def fails_more(self) -> bool:
        """Whether more requests failed than an ordinary time, and a stray one, explain."""
        return bool(pdtrc(self.impact - 1, 1.0 + self.expected) < STRAY) if self.impact else False

    @cached_property
    def hurt(self) -> pd.DataFrame:
        """The requests that are to be explained: those that failed, or else were ill served, and those besides."""
        if self.ill_served is not None:
            return self.ill_served
        if self.besides is None:
            return self.failed
        return pd.concat([self.failed, self.besides[~self.besides["id"].isin(self.failed["id"])]], ignore_index=True)

    def of_impact(self, failed: int, dead: int) -> float | None:
        """The share of what happened that these are: requests that failed and instances that died weigh the same.

        Counted together, a storm of cheap failures would hide that every instance was killed.
        """
        shares = [part / whole for part, whole in ((failed, len(self.hurt)), (dead, len(self.deaths))) if whole]
        return sum(shares) / len(shares) if shares else None

    def metric(self, ends: str | Iterable[str], statistics: Iterable[str] = ("max", "p99", "value")) -> pd.Series:
        """A metric by the end of its name, the highest of its series at each time; the first statistic that exists."""
        names = (ends,) if isinstance(ends, str) else tuple(ends)
        own = self.all_metrics[self.all_metrics["metric"].str.endswith(names)]
        for statistic in statistics:
            chosen = own[own["statistic"] == statistic]
            if len(chosen):
                return chosen.groupby("time")["value"].max()
        return pd.Series(dtype=float)

    def inside(self, series: pd.Series) -> pd.Series:
        """The points of a metric that lie in the window."""
        return series[(series.index >= self.window.start) & (series.index < self.window.end)]

    def lines(self, *patterns: Any, before: bool = False, loud: bool = True) -> pd.DataFrame:
        """Application lines that match one of them; `loud` leaves out what is said at INFO and below.

        Patterns are matched one after another: joined, they are more than the engine's automaton holds.
        """
        logs, messages = _searched(self, before, loud)
        hits = [pc.match_substring_regex(messages, one.pattern) for one in patterns]
        return logs.iloc[np.flatnonzero(np.any([hit.to_numpy(zero_copy_only=False) for hit in hits], axis=0))]

    def shown(self, requests: pd.DataFrame) -> Query | None:
        """The query that shows `requests` where the request log does not; None where a sign's usual rows do."""
        return None

    def rows_of(self, lines: pd.DataFrame, most: int = 50) -> Query | None:
        """The query that shows `lines` again, the first of them."""
        ids = tuple(lines["id"].head(most))
        return Query(_ROWS_SQL, {"ids": ids}) if ids else None

    @property
    def compared(self) -> TimeWindow | None:
        """The time whose lines are the usual ones: the baseline, else the window until well before the onset.

        Not kept: it may be asked for before the onset is known.
        """
        if len(self.logs_before):
            return self.settings.baseline
        if self.onset is None or self.onset - self.window.start < 2 * WELL_BEFORE:
            return None
        return TimeWindow(self.window.start, self.onset - WELL_BEFORE)

    def grown(self, now: pd.DataFrame, before: pd.DataFrame) -> bool:
        """Whether lines are clearly more frequent than usual; true when there is no time to compare with."""
        usual, span = self.compared, self.window
        if usual is None:
            return len(now) > 0
        if not len(self.logs_before):
            now, before = now[now["time"] >= usual.end], now[now["time"] < usual.end]
            span = TimeWindow(usual.end, span.end)
        scale = span.duration / usual.duration
        return len(now) >= 3 * max(1.0, len(before) * scale) if len(before) else len(now) > 0

    def met(self, lines: pd.DataFrame) -> float | None:
        """The share of failed, or ill served, requests during which one of `lines` was written on their instance.

        Without a request log, the share of the failures that the application tells of, or of those that the platform
        counted where they are more; where it tells of none, as many as there are lines of what was counted.
        """
        if len(self.hurt):
            return self.during(self.hurt, lines) / len(self.hurt)
        if self.has("requests") or self.onset is None:
            return None
        failed = self.said_failed.assign(end_time=self.said_failed["time"])
        total = float(self.counted_failures(self.window)["value"].sum())
        if len(failed):
            return self.during(failed, lines) / max(len(failed), total)
        return min(1.0, len(lines) / total) if total else 0.0

    def during(self, requests: pd.DataFrame, lines: pd.DataFrame) -> int:
        """How many of `requests` ran while one of `lines` was written on their instance.

        Where no line at all names its instance, while one was written.
        """
        if self.lines_nameless:
            requests, lines = requests.assign(instance="any"), lines.assign(instance="any")
        by_instance = {name: np.sort(naive(rows["time"])) for name, rows in lines.groupby("instance")}
        hits, second = 0, np.timedelta64(1, "s")
        for name, own in requests.groupby("instance"):
            times = by_instance.get(name) if name else None
            if times is not None:
                first = np.searchsorted(times, naive(own["time"]) - second, side="left")
                last = np.searchsorted(times, naive(own["end_time"]) + second, side="right")
                hits += int((last > first).sum())
        return hits


@once
def _searched(scene: Scene, before: bool, loud: bool) -> tuple[pd.DataFrame, pa.Array]:
    """The lines of window or baseline that are searched for words, and their messages."""
    logs = scene.logs_before if before else scene.logs
    if loud:
        logs = logs[logs["level"].isin(["WARNING", "ERROR", "CRITICAL", "UNKNOWN"])]
    return logs, pa.array(logs["message"], pa.string())


def _once(requests: pd.DataFrame) -> pd.DataFrame:
    """Each request once, whatever number of sinks delivered it: one instant, instance, route, status and duration."""
    same = ["time", "end_time", "instance", "method", "route", "status", "latency_s", "client"]
    return requests.drop_duplicates(same, ignore_index=True)


def first(rows: pd.DataFrame, column: str = "time") -> datetime | None:
    return moment(rows[column].min()) if len(rows) else None
