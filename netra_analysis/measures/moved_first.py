"""What moves with the failures, and what moved first?

Three views of the same minutes. Over the whole record: does a series rise and fall with the failed requests,
how much earlier or later, and could chance have done it (`statistics.coupling`)? Around the onset: which series
changed, when, in which order, and do quiet hours show the same (`around`)? At the onset: where did each series
stand against its own past? None of it proves a cause: what an incident hits moves as well as what causes it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict
from netra_analysis.measures import moved_words as words
from netra_analysis.measures.around import Around, around
from netra_analysis.measures.minutes import Minutes, Series, minutes
from netra_analysis.reconstruct.frames import table
from netra_analysis.schema import BOOL, FLOAT, INT, TEXT, TIME
from netra_analysis.statistics.changepoint import Change
from netra_analysis.statistics.coupling import ALPHA, FEWEST_PAIRS, Coupling, couple
from netra_analysis.statistics.ranking import LEAST_SURPRISE, Ranked
from netra_analysis.tables import Tables

NAME = "moved_first"
MOST_LAGS = 10  # minutes, either way
PROOF = pa.schema(
    [
        ("series", TEXT), ("unit", TEXT), ("source", TEXT), ("measured", INT), ("minutes", INT),
        ("supported", BOOL), ("effect", FLOAT), ("effect_low", FLOAT), ("effect_high", FLOAT), ("form", TEXT),
        ("lag_min", INT), ("lag_low", INT), ("lag_high", INT), ("lag", TEXT), ("order_probability", FLOAT),
        ("p", FLOAT), ("q", FLOAT), ("familywise_p", FLOAT), ("tests", INT), ("independent", FLOAT), ("reason", TEXT),
        ("place", INT), ("surprise", FLOAT), ("shape", TEXT), ("quiet_alarms", INT), ("quiet_windows", INT),
        ("quiet", TEXT), ("change", TEXT), ("change_time", TIME), ("change_low", TIME), ("change_high", TIME),
        ("before", FLOAT), ("after", FLOAT), ("stands_out", BOOL), ("from_to", TEXT),
        ("change_p", FLOAT), ("change_reason", TEXT),
        ("at_onset", FLOAT), ("level", TEXT), ("lower_before", FLOAT), ("onset", TIME),
    ]
)  # fmt: skip


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """Every series of the incident beside the failed requests: one row a series."""
    known = minutes(tables, settings, findings)
    failed = findings["failed_requests"]
    onset = failed.time if failed.verdict is Verdict.FIRED else None
    ends = failed.proof["end_time"].to_pylist()
    near = around(known, known.index(onset), known.index(max(ends))) if onset and ends else None
    coupled = _coupled(known)
    rows = [_row(known, i, coupled[i], near, onset) for i in range(len(known.series))]
    proof = table(sorted(rows, key=_most_telling_first), PROOF)
    if not known.known or not rows:
        missing = ("requests",) if not known.known else ("metrics",)
        return Finding(NAME, Verdict.NO_DATA, proof, (words.no_data(len(rows), known.counted_by),), missing=missing)
    judged = [row for row in rows if row["reason"] is None]
    changed = [row for row in rows if row["stands_out"]]
    if not judged and not changed:
        return Finding(NAME, Verdict.NO_DATA, proof, (words.too_little(),), missing=("minutes with failures",))
    said = words.said(rows, near)
    fired = any(row["supported"] for row in rows) or bool(changed)
    return Finding(NAME, Verdict.FIRED if fired else Verdict.CLEAR, proof, said, time=onset)


def _coupled(known: Minutes) -> tuple[Coupling, ...]:
    """Each series against the failed requests, with as many lags as the record can carry."""
    if not known.series:
        return ()
    lags = int(min(MOST_LAGS, (len(known.failed) * ALPHA - 1) // 2))
    panel = np.vstack([series.values for series in known.series])
    return couple(known.failed, panel, max_lag=max(0, lags))


def _row(known: Minutes, i: int, coupling: Coupling, near: Around | None, onset: datetime | None) -> dict[str, Any]:
    series = known.series[i]
    return dict.fromkeys(PROOF.names) | {
        "series": series.name,
        "unit": series.unit,
        "source": series.source,
        "measured": int((~np.isnan(series.values)).sum()),
        "minutes": len(series.values),
        "onset": onset,
        **_association(coupling),
        **(_beside(known, i, near) if near else {}),
        **(_standing(series, known.index(onset)) if onset else {}),
    }


def _association(found: Coupling) -> dict[str, Any]:
    if found.reason is not None:
        return {"supported": False, "tests": found.tests, "reason": found.reason}
    low, high = found.lag_interval or (None, None)
    return {
        "supported": found.supported and not found.interval[0] <= 0 <= found.interval[1],
        "effect": found.effect,
        "effect_low": found.interval[0],
        "effect_high": found.interval[1],
        "form": found.form,
        "lag_min": found.lag,
        "lag_low": low,
        "lag_high": high,
        "lag": words.lag(found.lag or 0),
        "order_probability": found.order_probability,
        "p": found.p,
        "q": found.q,
        "familywise_p": found.familywise_p,
        "tests": found.tests,
        "independent": found.n_effective,
        "reason": None,
    }


def _beside(known: Minutes, i: int, near: Around) -> dict[str, Any]:
    """What the series did around the onset."""
    ranked, quiet = near.ranked[i], near.quiet[i]
    return {
        "place": near.places[i],
        "surprise": ranked.score if ranked else None,
        "shape": ranked.reason.shape.value if ranked else None,
        "quiet_alarms": quiet.alarms if quiet else None,
        "quiet_windows": quiet.windows if quiet else None,
        "quiet": words.quiet(quiet, near.matched),
        **_change(known, known.series[i].unit, near.changes[i], ranked),
    }


def _change(known: Minutes, unit: str, change: Change, ranked: Ranked | None) -> dict[str, Any]:
    """The change and where it lies. It stands out where the move at the onset is a surprise, too: a single sample
    that a rounded gauge puts one step higher is a change by any test, and nothing to follow."""
    moved: dict[str, Any] = {"change": change.kind, "change_p": _number(change.p), "change_reason": change.reason}
    if change.index is None or change.interval is None:
        return moved
    low, high = change.interval
    return moved | {
        "change_time": known.time(change.index),
        "change_low": known.time(low),
        "change_high": known.time(high + 1),  # the change lies within its minute
        "before": change.before,
        "after": change.after,
        "stands_out": ranked is not None and ranked.score >= LEAST_SURPRISE,
        "from_to": f"from {words.level(change.before, unit)} to {words.level(change.after, unit)}",
    }


def _standing(series: Series, onset: int) -> dict[str, Any]:
    """The last value at or before the onset, and the share of earlier minutes that were lower."""
    past = series.values[: onset + 1]
    known = past[~np.isnan(past)]
    if np.isnan(past[-2:]).all() or len(known) < FEWEST_PAIRS:
        return {}
    level = words.level(known[-1], series.unit)
    return {"at_onset": float(known[-1]), "level": level, "lower_before": float(np.mean(known[:-1] < known[-1]))}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _most_telling_first(row: Mapping[str, Any]) -> tuple[bool, float, float, str]:
    p = row.get("familywise_p")
    return not row["supported"], 1.0 if p is None else p, -(row.get("surprise") or 0.0), row["series"]
