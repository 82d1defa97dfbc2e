"""The fate of each failed request: what became of it, and how we know.

Fates: application, killed_with_instance, startup_failure, no_instance, timeout, upstream,
deliberate, unexplained. Each comes with its reason, so that a reader can disagree.
"""

import json
from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import re2

from netra_analysis.logtext.platform import read_request_failure
from netra_analysis.reconstruct.episodes import crash_episodes
from netra_analysis.reconstruct.frames import frame, table
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
_FORCED = re2.compile(
    r"(?i)FORCE_ERROR|force[_-]failure|simulated (?:agent )?(?:failure|error|outage|fault)|chaos|fault[ _-]?injection"
    r"|inject(?:ed|ing) (?:a )?(?:fault|failure|error)|intentional(?:ly)? (?:fail|error|rais)|x-fault"
)
_UPSTREAM = re2.compile(
    r"(?i)connection refused|connect(?:ion)? ?time(?:d)? ?out|ConnectTimeout|ReadTimeout|ConnectError|bad gateway|"
    r"upstream|name or service not known|temporary failure in name resolution|could not connect to server|"
    r"server closed the connection|no route to host|network is unreachable|read timed out|cannot connect to host|"
    r"timeout on reading|StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)|deadline exceeded|service unavailable|"
    r"ECONNREFUSED|ECONNRESET|ETIMEDOUT|socket hang up|i/o timeout|connection reset by peer"
)
AFTERMATH = timedelta(minutes=10)  # a death this long before the window may still have its victims in it


@once
def failed_requests(tables: Tables, window: TimeWindow) -> pa.Table:
    """Every request with a status of 500 or more that ended in `window`, with its fate and the reason."""
    episodes = crash_episodes(tables, window.widened(before=AFTERMATH))
    requests = frame(tables.requests, window, "end_time")
    failed = requests[requests["failed"]]
    if failed.empty:
        return table([], FAILED)
    logs, told = _by_instance(frame(tables.app_logs)), _by_instance(frame(tables.exceptions))
    deaths = frame(episodes, column="start_time")
    return table([_row(request, logs, told, deaths) for request in failed.to_dict("records")], FAILED)


def _by_instance(logs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(name): lines for name, lines in logs.groupby("instance", sort=False)}


def _row(
    request: dict[Any, Any], logs: dict[str, pd.DataFrame], told: dict[str, pd.DataFrame], deaths: pd.DataFrame
) -> dict[str, Any]:
    fate, why, entry = _fate(request, _during(request, logs), _during(request, told), deaths)
    kept = {name: request[name] for name in FAILED.names if name in request}
    kept["status"] = int(request["status"])
    kept["latency_s"] = None if pd.isna(request["latency_s"]) else float(request["latency_s"])
    return {**kept, "fate": fate, "why": why, "app_entry": entry}


def _during(request: dict[Any, Any], by_instance: dict[str, pd.DataFrame]) -> pd.DataFrame | None:
    """What the request's instance wrote while it ran, and just after."""
    own = by_instance.get(request["instance"]) if request["instance"] else None
    if own is None:
        return None
    start, end = request["time"] - timedelta(milliseconds=5), request["end_time"] + timedelta(seconds=1)
    first, last = own["time"].searchsorted(start), own["time"].searchsorted(end, side="right")
    return own.iloc[first:last]


def _fate(
    request: dict[Any, Any], lines: pd.DataFrame | None, told: pd.DataFrame | None, deaths: pd.DataFrame
) -> tuple[str, str, str | None]:
    text = request["platform_text"] if isinstance(request["platform_text"], str) else None
    word = read_request_failure(text) if text else None
    if word in _BY_PLATFORM_WORD:
        return (*_BY_PLATFORM_WORD[word], None)
    dying = _death_near(request, deaths)
    if dying is not None:
        fate = "startup_failure" if dying["kind"] == "startup" else "killed_with_instance"
        return fate, f"its instance died then ({dying['exit']})", None
    if word in ("malformed_response", "truncated"):
        return "unexplained", "the platform lost the connection to the instance, which is not known to have died", None
    latency = request["latency_s"]
    if request["status"] == 504 and not pd.isna(latency) and _round_timeout(latency):
        return "timeout", "status 504 at a round time-out", None
    if not request["instance"]:
        return _without_instance(request, deaths)
    return _by_application(request, lines, told)


def _death_near(request: dict[Any, Any], deaths: pd.DataFrame) -> dict[Any, Any] | None:
    """The death of the request's own instance, if the request ended with it."""
    if not request["instance"] or deaths.empty:
        return None
    own = deaths[deaths["instance"] == request["instance"]]
    for death in own.to_dict("records"):
        if request["id"] in json.loads(death["evidence"]):
            return dict(death)
    return None


def _round_timeout(latency: float) -> bool:
    return any(abs(latency - timeout) < 1.0 for timeout in _ROUND_TIMEOUTS_S)


def _without_instance(request: dict[Any, Any], deaths: pd.DataFrame) -> tuple[str, str, str | None]:
    """It never reached an instance; a start-up crash of its revision at that moment explains it."""
    near = deaths[
        (deaths["kind"] == "startup")
        & (deaths["start_time"] >= request["time"] - timedelta(minutes=1))
        & (deaths["start_time"] <= request["end_time"] + timedelta(minutes=1))
    ]
    if len(near):
        return "startup_failure", "it reached no instance while instances died starting", None
    return "unexplained", "it reached no instance and the platform gave no reason", None


def _by_application(
    request: dict[Any, Any], lines: pd.DataFrame | None, told: pd.DataFrame | None
) -> tuple[str, str, str | None]:
    said = list(zip(lines["id"], lines["message"], strict=True)) if lines is not None else []
    forced = next((name for name, message in said if _FORCED.search(message)), None)
    if forced:
        return "deliberate", "the application was told to fail", forced
    if request["status"] in (502, 504):
        lost = next((name for name, message in said if _UPSTREAM.search(message)), None)
        if lost:
            return "upstream", "the application answered for a dependency that failed", lost
        if told is None or told.empty:
            return "upstream", f"the application answered {request['status']} itself", None
    if told is not None and len(told):
        failure = told.iloc[-1]
        return "application", f"{failure['title']}, told by its instance while it ran", failure["id"]
    return "application", "an instance answered it and the platform gave no reason of its own", None
