"""The fate of each failed request: what became of it, and how we know.

Fates: application, killed_with_instance, startup_failure, no_instance, timeout, upstream,
deliberate, unexplained. Each comes with its reason, so that a reader can disagree.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import re2
from numpy.typing import NDArray

from netra_analysis.logtext.platform import read_request_failure
from netra_analysis.reconstruct.episodes import crash_episodes
from netra_analysis.reconstruct.frames import frame, naive, table
from netra_analysis.reconstruct.once import once
from netra_analysis.schema import FLOAT, INT, TEXT, TIME
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

FAILED = pa.schema(
    [
        ("time", TIME), ("end_time", TIME), ("id", TEXT), ("revision", TEXT), ("instance", TEXT),
        ("method", TEXT), ("route", TEXT), ("status", INT), ("latency_s", FLOAT), ("client", TEXT),
        ("fate", TEXT), ("why", TEXT), ("app_entry", TEXT),
    ]
)  # fmt: skip

_BY_PLATFORM_WORD = {
    "no_instance": ("no_instance", "the platform says no instance was available"),
    "could_not_start": ("startup_failure", "the platform says the instance could not start"),
    "readiness_failed": ("startup_failure", "the platform says the readiness check failed"),
    "timeout": ("timeout", "the platform says the request time-out was reached"),
    "memory_exceeded": ("killed_with_instance", "the platform says its instance used too much memory"),
}
_ROUND_TIMEOUTS_S = (10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 540.0, 600.0, 900.0, 1800.0, 3600.0)
FORCED = re2.compile(
    r"(?i)FORCE_ERROR|force[_-]failure|simulated (?:agent )?(?:failure|error|outage|fault)|chaos|fault[ _-]?injection"
    r"|(?:throw|raise)[_ ]?(?:demo|test|fake|synthetic)[_ ]?(?:failure|error|exception)"
    r"|inject(?:ed|ing) (?:a )?(?:fault|failure|error)|intentional(?:ly)? (?:fail|error|rais)|x-fault"
    r"|forced (?:by|error|failure|fault)|\b(?:fire|alert|alerting|failure|incident|disaster)[ _-]?drill\b|\bdrill="
    r"|game[ _-]?day|(?:error|fault|failure)[ _-](?:route|endpoint|switch|toggle)|sentry[ _-]debug|debug[ _-]sentry"
)
_UPSTREAM = re2.compile(
    r"(?i)connection refused|connect(?:ion)? ?time(?:d)? ?out|ConnectTimeout|ReadTimeout|ConnectError|bad gateway|"
    r"upstream|name or service not known|temporary failure in name resolution|could not connect to server|"
    r"server closed the connection|no route to host|network is unreachable|read timed out|cannot connect to host|"
    r"timeout on reading|StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)|deadline exceeded|service unavailable|"
    r"ECONNREFUSED|ECONNRESET|ETIMEDOUT|socket hang up|i/o timeout|connection reset by peer"
)
AFTERMATH = timedelta(minutes=10)  # a death this long before the window may still have its victims in it


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What one instance said, in time order: (n,) times, and ids and words beside them."""

    times: NDArray[np.datetime64]
    ids: Sequence[str]
    words: Sequence[str]

    def during(self, start: Any, end: Any) -> list[tuple[str, str]]:
        """Id and words of what was said while a request ran, and just after."""
        first = np.searchsorted(self.times, start - np.timedelta64(5, "ms"), side="left")
        last = np.searchsorted(self.times, end + np.timedelta64(1, "s"), side="right")
        return list(zip(self.ids[first:last], self.words[first:last], strict=True))


_SILENT: Final = _Told(np.zeros(0, "datetime64[us]"), (), ())
Death = Mapping[Any, Any]


@once
def failed_requests(tables: Tables, window: TimeWindow) -> pa.Table:
    """Every request with a status of 500 or more that ended in `window`, with its fate and the reason."""
    episodes = crash_episodes(tables, window.widened(before=AFTERMATH))
    requests = frame(tables.requests, window, "end_time")
    failed = requests[requests["failed"]]
    if failed.empty:
        return table([], FAILED)
    logs, told = _by_instance(frame(tables.app_logs), "message"), _by_instance(frame(tables.exceptions), "title")
    deaths = frame(episodes, column="start_time").to_dict("records")
    dying = {(death["instance"], name): death for death in reversed(deaths) for name in json.loads(death["evidence"])}
    spans = zip(naive(failed["time"]), naive(failed["end_time"]), strict=True)
    rows = []
    for request, (start, end) in zip(failed.to_dict("records"), spans, strict=True):
        name = request["instance"]
        lines, failures = (said.get(name, _SILENT).during(start, end) if name else [] for said in (logs, told))
        rows.append(_row(request, _fate(request, lines, failures, deaths, dying.get((name, request["id"])))))
    return table(rows, FAILED)


def _by_instance(rows: pd.DataFrame, words: str) -> dict[str, _Told]:
    return {
        str(name): _Told(naive(own["time"]), own["id"].tolist(), own[words].tolist())
        for name, own in rows.groupby("instance", sort=False)
    }


def _row(request: dict[Any, Any], fate: tuple[str, str, str | None]) -> dict[str, Any]:
    kept = {name: request[name] for name in FAILED.names if name in request}
    kept["status"] = int(request["status"])
    kept["latency_s"] = None if pd.isna(request["latency_s"]) else float(request["latency_s"])
    return {**kept, **dict(zip(("fate", "why", "app_entry"), fate, strict=True))}


def _fate(
    request: dict[Any, Any],
    lines: list[tuple[str, str]],
    told: list[tuple[str, str]],
    deaths: Sequence[Death],
    dying: Death | None,
) -> tuple[str, str, str | None]:
    text = request["platform_text"] if isinstance(request["platform_text"], str) else None
    word = read_request_failure(text) if text else None
    if word in _BY_PLATFORM_WORD:
        return (*_BY_PLATFORM_WORD[word], None)
    if dying is not None and request["instance"]:
        fate = "startup_failure" if dying["kind"] == "startup" else "killed_with_instance"
        return fate, f"its instance died then ({dying['exit']})", None
    if word in ("malformed_response", "truncated"):
        return "unexplained", "the platform lost the connection to the instance, which is not known to have died", None
    latency = request["latency_s"]
    if request["status"] == 504 and not pd.isna(latency) and _round_timeout(latency):
        return "timeout", "status 504 at a round time-out", told[-1][0] if told else None
    if not request["instance"]:
        return _without_instance(request, deaths)
    return _by_application(request, lines, told)


def _round_timeout(latency: float) -> bool:
    return any(abs(latency - timeout) < 1.0 for timeout in _ROUND_TIMEOUTS_S)


def _without_instance(request: dict[Any, Any], deaths: Sequence[Death]) -> tuple[str, str, str | None]:
    """It never reached an instance; a start-up crash of its revision at that moment explains it."""
    first, last = request["time"] - timedelta(minutes=1), request["end_time"] + timedelta(minutes=1)
    if any(death["kind"] == "startup" and first <= death["start_time"] <= last for death in deaths):
        return "startup_failure", "it reached no instance while instances died starting", None
    return "unexplained", "it reached no instance and the platform gave no reason", None


def _by_application(
    request: dict[Any, Any], lines: list[tuple[str, str]], told: list[tuple[str, str]]
) -> tuple[str, str, str | None]:
    forced = next((name for name, message in lines if _forced(message)), None)
    if forced:
        return "deliberate", "the application was told to fail", forced
    if request["status"] in (502, 504):
        lost = next((name for name, message in lines if _lost(message)), None)
        if lost:
            return "upstream", "the application answered for a dependency that failed", lost
        if not told:
            return "upstream", f"the application answered {request['status']} itself", None
    if told:
        name, title = told[-1]
        return "application", f"{title}, told by its instance while it ran", name
    return "application", "an instance answered it and the platform gave no reason of its own", None


@lru_cache(maxsize=4096)
def _forced(message: str) -> bool:
    return bool(FORCED.search(message))


@lru_cache(maxsize=4096)
def _lost(message: str) -> bool:
    return bool(_UPSTREAM.search(message))
