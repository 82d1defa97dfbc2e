"""Would an alert have told us, how soon, and how often for nothing?

Alert rules are replayed over the minutes of window and baseline. The incident is taken from the first impact to
the last, calm stretches within it included; every known minute outside is quiet time, and a page that begins
there is a false one unless it was still open when the incident began. FIRED: some rule would have fired.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from netra_analysis.detectors.failed_requests import BURST_GAP
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Statement, Verdict
from netra_analysis.measures import alert_claims
from netra_analysis.measures.minutes import STEP, Minutes, counted
from netra_analysis.measures.rules import AUDIT, Watched, watched
from netra_analysis.reconstruct.frames import frame, table
from netra_analysis.schema import BOOL, FLOAT, INT, TEXT, TIME
from netra_analysis.statistics.alerts import WEEK, Replay, judged, pages
from netra_analysis.statistics.intervals import poisson_rate
from netra_analysis.tables import Tables
from netra_analysis.window import stamp

NAME = "alerts"
PROOF = pa.schema(
    [
        ("rule", TEXT), ("what", TEXT), ("kind", TEXT), ("looks_at", TEXT), ("detected_min", INT),
        ("fired_before", BOOL), ("bouts_told", INT), ("bouts", INT), ("pages", INT), ("false_pages", INT),
        ("quiet_min", INT), ("false_per_week", FLOAT), ("low", FLOAT), ("high", FLOAT), ("blind_min", INT),
        ("incident_min", INT), ("first", TIME), ("why", TEXT), ("id", TEXT), ("position", INT), ("evidence", TEXT),
    ]
)  # fmt: skip


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """Each rule with what it would have done, and what that says."""
    minutes = counted(tables, settings)
    incident = impact(findings, minutes)
    span = None if incident is None else (minutes.index(incident[0]), minutes.index(incident[1]) + 1)
    rules = watched(tables, settings, minutes, findings)
    hits = bouts(findings, minutes) if incident else []
    rows = [_row(rule, span, hits, minutes) | {"position": i} for i, rule in enumerate(rules)]
    proof = table(rows, PROOF)
    seen = [row for row in rows if (row["incident_min"] > row["blind_min"] if span else row["quiet_min"])]
    uncounted = bool(np.isnan(minutes.total[slice(*minutes.inside)]).all())
    unknown = incident is None and uncounted and findings["failed_requests"].verdict is Verdict.NO_DATA
    if not seen or unknown:
        missing = ("requests",) if unknown else ("known minutes in the incident",)
        return Finding(NAME, Verdict.NO_DATA, proof, (alert_claims.no_data(),), missing=missing)
    said = _said(rows, seen, _single(settings, minutes)) if span else [alert_claims.calm()]
    first = min((row["first"] for row in rows if row["first"]), default=None)
    return Finding(NAME, Verdict.FIRED if first else Verdict.CLEAR, proof, tuple(said), time=first)


def _said(rows: list[dict[str, Any]], seen: list[dict[str, Any]], single: Statement | None) -> list[Statement]:
    said = [alert_claims.proposal(seen), *([single] if single else []), *alert_claims.symptom(seen)]
    return [*said, alert_claims.quiet(seen), *(alert_claims.each(row) for row in rows)]


def _single(settings: Settings, minutes: Minutes) -> Statement | None:
    """What is to be said of the audit's rule where so little is asked that a single failure fires it."""
    asked = minutes.total[slice(*minutes.inside)]
    asked = asked[~np.isnan(asked)]
    if not len(asked) or not 0 < asked.mean() * AUDIT.minutes < 1 / AUDIT.share or minutes.counted_by != "request log":
        return None
    return alert_claims.single(settings, AUDIT.minutes, AUDIT.share)


def impact(findings: Mapping[str, Finding], minutes: Minutes | None = None) -> tuple[datetime, datetime] | None:
    """From the first failed request or death to the last, by the detectors; None where there was neither.

    Where no log tells of requests, the first and last of the window's `minutes` whose count holds a failure.
    """
    fired = [findings[name] for name in ("failed_requests", "crashes") if findings[name].verdict is Verdict.FIRED]
    known = [finding.time for finding in fired if finding.time] + _counted(findings, minutes)
    return (min(known), max(known + _times(findings, minutes))) if known else None


def _times(findings: Mapping[str, Finding], minutes: Minutes | None) -> list[datetime]:
    """When a request failed or an instance died."""
    found: list[Any] = []
    for name, column in (("failed_requests", "end_time"), ("crashes", "start_time")):
        found += frame(findings[name].proof)[column].tolist() if findings[name].verdict is Verdict.FIRED else []
    return [time.to_pydatetime() for time in found] + _counted(findings, minutes)


def _counted(findings: Mapping[str, Finding], minutes: Minutes | None) -> list[datetime]:
    """The minutes of the window with a failure by the metric, where it is all that counts requests."""
    if minutes is None or findings["failed_requests"].verdict is not Verdict.NO_DATA:
        return []
    return [minutes.time(minute) for minute in range(*minutes.inside) if minutes.failed[minute] > 0]


def bouts(findings: Mapping[str, Finding], minutes: Minutes) -> list[tuple[int, int]]:
    """The minutes of each bout of failures and deaths in the incident; ten minutes without one end a bout."""
    incident, found = impact(findings, minutes), list[tuple[int, int]]()
    times = [time for time in _times(findings, minutes) if incident and time >= incident[0]]
    for minute in sorted({minutes.index(time) for time in times}):
        if found and minute - found[-1][1] <= BURST_GAP / STEP:
            found[-1] = (found[-1][0], minute + 1)
        else:
            found.append((minute, minute + 1))
    return found


def _row(rule: Watched, span: tuple[int, int] | None, hits: list[tuple[int, int]], minutes: Minutes) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(PROOF.names)
    row |= {"rule": rule.name, "what": rule.what, "kind": rule.kind, "looks_at": rule.looks_at, "id": rule.id}
    row |= {"why": rule.why_not, "incident_min": span[1] - span[0] if span else 0, "bouts": len(hits)}
    if rule.fires is None or rule.known is None:
        return row | {"pages": 0, "false_pages": 0, "quiet_min": 0, "blind_min": row["incident_min"], "evidence": "{}"}
    did = judged(rule.fires, rule.known, span)
    rate = poisson_rate(did.false_pages, did.quiet_min / WEEK) if did.quiet_min else None
    found = pages(rule.fires)
    first = _first(found, span, did)
    return row | {
        "detected_min": did.detected_min if did.warned_min is None else -did.warned_min,
        "fired_before": did.fired_before,
        "bouts_told": sum(any(a < end and begin < b for a, b in found) for begin, end in hits),
        "pages": did.pages_incident + (did.warned_min is not None),
        "false_pages": did.false_pages,
        "quiet_min": did.quiet_min,
        "false_per_week": rate.estimate if rate else None,
        "low": rate.low if rate else None,
        "high": rate.high if rate else None,
        "blind_min": did.blind_min,
        "first": minutes.time(first) if first is not None else None,
        "evidence": json.dumps({kind: _stamps(parts, minutes) for kind, parts in _stretches(rule, span, did).items()}),
    }


def _stretches(rule: Watched, span: tuple[int, int] | None, did: Replay) -> dict[str, list[tuple[int, int]]]:
    """Where a rule fires for this incident, where for nothing, and where it is blind."""
    onset, end = span or (0, 0)
    begun = onset - (did.warned_min or 0)
    found = pages(rule.fires) if rule.fires is not None else []
    told = [page for page in found if begun <= page[0] < end]
    blind = pages(~rule.known, 0) if rule.known is not None else []
    return {"page": told, "page for nothing": [page for page in found if page not in told], "blind": blind}


def _stamps(stretches: list[tuple[int, int]], minutes: Minutes) -> list[list[str]]:
    return [[stamp(minutes.time(start)), stamp(minutes.time(stop))] for start, stop in stretches]


def _first(found: list[tuple[int, int]], span: tuple[int, int] | None, did: Replay) -> int | None:
    """The minute in which the rule first fired for this incident; of a calm window, at all."""
    if span is None:
        return found[0][0] if found else None
    if did.warned_min is not None:
        return span[0] - did.warned_min
    return None if did.detected_min is None else span[0] + did.detected_min - 1
