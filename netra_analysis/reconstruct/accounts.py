"""Requests as the application tells of them in its own access lines: for data without a request log.

A server and a middleware may each tell of one request; of each revision the voice that tells of the most is listened
to alone. What the platform answered itself, without the application, is not among them.
"""

from collections import Counter, defaultdict

import pandas as pd

from netra_analysis.logtext.access import TOLD_JSON, Access, answered_by_line, told_by_payload
from netra_analysis.logtext.route import route_templates
from netra_analysis.logtext.user_agent import client_class
from netra_analysis.params import LONGEST_REQUEST
from netra_analysis.reconstruct.frames import frame, where
from netra_analysis.reconstruct.once import once
from netra_analysis.reconstruct.payloads import payloads
from netra_analysis.tables import Tables

LONGEST_S = LONGEST_REQUEST.total_seconds()  # a log may hold any number as a duration
PAYLOAD = "payload"  # the voice of those who write fields


@once
def accounts(tables: Tables) -> pd.DataFrame:
    """One row a request, with the columns of `requests` that an application knows; `id` is that of its line."""
    logs = frame(tables.app_logs)
    fields = {name: read for name, payload in payloads(tables, TOLD_JSON) if (read := told_by_payload(payload))}
    found: list[tuple[str, Access] | None] = [
        (PAYLOAD, fields[name]) if name in fields else answered_by_line(message)
        for name, message in zip(logs["id"], logs["message"], strict=True)
    ]
    voices: dict[str, Counter[str]] = defaultdict(Counter)
    for one, revision, weight in zip(found, logs["revision"], logs["weight"], strict=True):
        if one:
            voices[revision][one[0]] += weight
    chosen = {revision: heard.most_common(1)[0][0] for revision, heard in voices.items()}
    told = [
        one[1] if one and one[0] == chosen[revision] else None
        for one, revision in zip(found, logs["revision"], strict=True)
    ]
    rows = logs[where(logs, [one is not None for one in told])].reset_index(drop=True)
    said = [one for one in told if one is not None]
    routes = route_templates({one.path for one in said})
    seconds = [one.seconds if one.seconds is not None and one.seconds <= LONGEST_S else None for one in said]
    took = pd.to_timedelta([one or 0.0 for one in seconds], unit="s").round("us")
    return pd.DataFrame(
        {
            "time": rows["time"] - took,
            "end_time": rows["time"],
            "id": rows["id"],
            "instance": rows["instance"],
            "revision": rows["revision"],
            "method": [one.method for one in said],
            "path": [one.path for one in said],
            "route": [routes[one.path] for one in said],
            "status": pd.array([one.status for one in said], dtype="Int64"),
            "latency_s": pd.array(seconds, dtype="float64"),
            "client": [client_class(one.method, "") for one in said],
            "failed": [one.status >= 500 for one in said],
            "weight": rows["weight"],
        }
    )
