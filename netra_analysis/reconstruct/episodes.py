"""Crash episodes as values: which instance died, when, how, and who went with it. What a death is: `deaths`."""

import json
from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from netra_analysis.logtext.platform import read_request_failure
from netra_analysis.reconstruct.accounts import accounts
from netra_analysis.reconstruct.deaths import deaths
from netra_analysis.reconstruct.frames import frame, moment, table, where
from netra_analysis.reconstruct.once import once
from netra_analysis.schema import FLOAT, INT, TEXT, TIME
from netra_analysis.tables import Tables
from netra_analysis.window import TimeWindow

STARTING = timedelta(minutes=5)  # an instance that dies this young and served nothing died starting
VICTIM_BEFORE, VICTIM_AFTER = timedelta(seconds=2), timedelta(seconds=5)
REPLACED = timedelta(minutes=10)
LOOP_GAP, LOOP_LEAST = timedelta(minutes=5), 3

_BOOT_FAILED = ("Worker failed to boot", "Application startup failed", "failed to start")
EPISODES = pa.schema(
    [
        ("start_time", TIME), ("end_time", TIME), ("revision", TEXT), ("instance", TEXT),
        ("kind", TEXT), ("exit", TEXT), ("used_mib", FLOAT), ("limit_mib", FLOAT), ("lived_s", FLOAT),
        ("victims", INT), ("last_words", TEXT), ("loop", INT), ("evidence", TEXT),
    ]
)  # fmt: skip


@once
def crash_episodes(tables: Tables, window: TimeWindow) -> pa.Table:
    """One row a death in `window`, in time order.

    Columns: start_time, end_time (replaced, or the last trace of it), revision, instance, kind (oom, exit, signal,
    startup, probe), exit ("signal 9", "exit 3"), used_mib and limit_mib (as the platform named them),
    lived_s, victims (requests that failed with it), last_words (last exception before), loop (number of the
    restart loop it belongs to, or null), evidence (ids of the entries, JSON).
    """
    lives, requests, logs = frame(tables.lifecycle), frame(tables.requests), frame(tables.app_logs)
    told = frame(tables.exceptions)
    answers = requests if len(requests) else accounts(tables)
    episodes = [_episode(death, lives, requests, answers, logs, told) for death in deaths(tables, window)]
    episodes = _startup_neighbours(sorted(episodes, key=lambda e: (e["start_time"], e["instance"])))
    return table(_looped(episodes), EPISODES)


def _episode(
    death: pd.DataFrame,
    lives: pd.DataFrame,
    requests: pd.DataFrame,
    answers: pd.DataFrame,
    logs: pd.DataFrame,
    told: pd.DataFrame,
) -> dict[str, Any]:
    """`answers` are the requests by whoever tells of them: the log, or without one the application."""
    start, last = death["time"].iloc[0], death["time"].iloc[-1]
    instance, revision = death["instance"].iloc[0], death["revision"].iloc[0]
    born = lives[(lives["instance"] == instance) & (lives["event"] == "start") & (lives["time"] <= start)]
    lived = (start - born["time"].max()).total_seconds() if instance and len(born) else None
    victims = _victims(requests, instance, start, last)
    memory = death[death["event"] == "memory_limit"]
    words = _last_words(told, instance, last)
    kind = _kind(death, victims, _starting(instance, start, lived, answers, logs))
    return {
        "start_time": moment(start),
        "end_time": moment(max([last, *victims["end_time"], *_replacement(lives, instance, revision, last)])),
        "revision": revision,
        "instance": instance,
        "kind": kind,
        "exit": _exit(death),
        "used_mib": float(memory["used_mib"].max()) if len(memory) and memory["used_mib"].notna().any() else None,
        "limit_mib": float(memory["limit_mib"].max()) if len(memory) and memory["limit_mib"].notna().any() else None,
        "lived_s": lived,
        "victims": len(victims),
        "last_words": words["text"],
        "loop": None,
        "evidence": json.dumps([*death["id"], *victims["id"], *words["ids"]]),
    }


def _victims(requests: pd.DataFrame, instance: str, start: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Failed requests that ended on this instance as it died."""
    if not instance:
        return requests.iloc[0:0]
    near = (requests["end_time"] >= start - VICTIM_BEFORE) & (requests["end_time"] <= last + VICTIM_AFTER)
    near &= requests["time"] <= last  # what started after the death met another one
    failed = requests[(requests["instance"] == instance) & requests["failed"] & near]
    reasons = [read_request_failure(text) if isinstance(text, str) else None for text in failed["platform_text"]]
    cut = where(failed, [r in ("malformed_response", "memory_exceeded", "truncated") for r in reasons])
    return failed[cut | (failed["end_time"] >= start)]


def _replacement(lives: pd.DataFrame, instance: str, revision: str, after: pd.Timestamp) -> list[pd.Timestamp]:
    """When another instance of the revision was ready again, if that was soon."""
    ready = lives[
        (lives["event"] == "probe_ok")
        & (lives["revision"] == revision)
        & (lives["instance"] != instance)
        & (lives["time"] > after)
        & (lives["time"] <= after + REPLACED)
    ]
    return [ready["time"].min()] if len(ready) else []


def _starting(
    instance: str, start: pd.Timestamp, lived: float | None, answers: pd.DataFrame, logs: pd.DataFrame
) -> bool:
    """Whether the instance was still starting: it says so, or it is young and has served nothing."""
    own = logs[(logs["instance"] == instance) & (logs["time"] <= start) & (logs["time"] > start - STARTING)]
    if any(words in message for message in own["message"] for words in _BOOT_FAILED):
        return True
    served = answers[
        (answers["instance"] == instance) & (answers["status"] < 500).fillna(value=False) & (answers["time"] <= start)
    ]
    ready = any("startup complete" in message for message in own["message"])
    return lived is not None and lived <= STARTING.total_seconds() and served.empty and not ready


def _kind(death: pd.DataFrame, victims: pd.DataFrame, starting: bool) -> str:
    events = set(death["event"])
    texts = [text for text in victims["platform_text"] if isinstance(text, str)]
    if "memory_limit" in events or any(read_request_failure(text) == "memory_exceeded" for text in texts):
        return "oom"
    if starting or "exec_failed" in events:
        return "startup"
    probes = death[death["event"] == "probe_failed"]["reason"].dropna()
    if any(reason.startswith("LIVENESS") for reason in probes):
        return "probe"
    if len(probes):
        return "startup"
    return "signal" if "signal" in events else "exit"


def _exit(death: pd.DataFrame) -> str:
    """How it ended, in the platform's terms: signal 9, exit 3, or the probe's word."""
    for event in ("signal", "exit"):
        codes = death[death["event"] == event]["code"].dropna()
        if len(codes):
            return f"{event} {int(codes.iloc[-1])}"
    reasons = death["reason"].dropna()
    return str(reasons.iloc[-1]) if len(reasons) else str(death["event"].iloc[-1])


def _last_words(told: pd.DataFrame, instance: str, last: pd.Timestamp) -> dict[str, Any]:
    """The last failure that the instance told in the minute before it died."""
    near = (told["time"] <= last) & (told["time"] > last - timedelta(minutes=1))
    own = told[(told["instance"] == instance) & near & told["type"].notna()]
    if not instance or own.empty:
        return {"text": None, "ids": []}
    row = own.iloc[-1]
    return {"text": f"{row['type']}: {row['message']}"[:300].rstrip(": "), "ids": [row["id"]]}


def _startup_neighbours(episodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A death whose beginning lies before the export is judged by its like: same revision, same exit, near."""
    for episode in episodes:
        if episode["kind"] == "exit" and episode["lived_s"] is None:
            like = [
                other
                for other in episodes
                if other["kind"] == "startup"
                and (other["revision"], other["exit"]) == (episode["revision"], episode["exit"])
                and abs(other["start_time"] - episode["start_time"]) <= LOOP_GAP
            ]
            episode["kind"] = "startup" if like else "exit"
    return episodes


def _looped(episodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbers the restart loops: three or more deaths of one revision and kind, each soon after the last."""
    runs: dict[tuple[str, str, str], list[list[dict[str, Any]]]] = {}
    for episode in episodes:
        groups = runs.setdefault((episode["revision"], episode["kind"], episode["exit"]), [])
        if groups and episode["start_time"] - groups[-1][-1]["start_time"] <= LOOP_GAP:
            groups[-1].append(episode)
        else:
            groups.append([episode])
    loops = [group for groups in runs.values() for group in groups if len(group) >= LOOP_LEAST]
    for number, group in enumerate(sorted(loops, key=lambda g: g[0]["start_time"]), start=1):
        for episode in group:
            episode["loop"] = number
    return episodes
