"""What is compared of one incident, read off its investigation."""

from datetime import timedelta

import pandas as pd

from netra_analysis.comparison.likeness import Traits
from netra_analysis.finding import Verdict
from netra_analysis.investigation import Investigation
from netra_analysis.logtext.user_agent import NOT_REAL
from netra_analysis.reconstruct.frames import frame, real_traffic

BEFORE, AFTER, STEP = 30, 60, 5  # minutes around the onset, and of a bin


def traits(incident: Investigation) -> Traits:
    """What it is known by."""
    failed = incident.findings["failed_requests"].proof.to_pylist()
    errors = incident.findings["errors"].proof.to_pylist()
    top = incident.judgements[0]
    return Traits(
        top.cause.title,
        incident.verdict == top.cause.id,
        frozenset(
            row["id"] for row in errors if row["kind"] == "exception" and row["count"] and row["state"] != "as before"
        ),
        frozenset(row["route"] for row in failed),
        frozenset(row["fate"].replace("_", " ") for row in failed),
        frozenset(row["kind"] for row in incident.findings["crashes"].proof.to_pylist()),
    )


def real(incident: Investigation) -> pd.DataFrame:
    """Requests of real traffic in the window, by the time they ended."""
    asked = frame(incident.tables.requests, incident.settings.window, "end_time")
    return real_traffic(asked).reset_index(drop=True)


def around_onset(incident: Investigation) -> list[dict[str, float]]:
    """The share of real requests that failed, by minutes from the onset; nothing where no request ended."""
    if incident.onset is None:
        return []
    rows = real(incident)
    minutes = (rows["end_time"] - incident.onset) / timedelta(minutes=1)
    inside = rows.assign(minute=(minutes // STEP) * STEP)[(minutes >= -BEFORE) & (minutes < AFTER)]
    sums = inside.groupby("minute")[["failed", "weight"]].sum()
    bins = pd.DataFrame({"mean": sums["failed"] / sums["weight"], "size": sums["weight"]})
    return [
        {"minute": float(m), "share": float(row["mean"]), "requests": int(row["size"])} for m, row in bins.iterrows()
    ]


def bursts(incident: Investigation) -> int:
    """In how many bursts real requests failed."""
    if incident.findings["failed_requests"].verdict is not Verdict.FIRED:
        return 0
    rows = incident.findings["failed_requests"].proof.to_pylist()
    return len({row["burst"] for row in rows if row["client"] not in NOT_REAL})


def quiet_hours(incident: Investigation) -> float:
    """Hours from the last failed request, or else from the window's start, to the last request seen."""
    rows = real(incident)
    if rows.empty:
        return 0.0
    last = rows["end_time"][rows["failed"]].max()
    since = incident.settings.window.start if pd.isna(last) else last
    return float((rows["end_time"].max() - since) / timedelta(hours=1))
