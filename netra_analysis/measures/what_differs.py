"""What differs between the requests that failed and comparable ones that did not?

Comparable means the same route in the same stretch of time. Where a route failed altogether there, its requests
of the whole record stand in, before or after; which of the two was done is said. What a request did not choose
(its instance, its revision, how many were in flight, how old the instance was) and what it did (method, client)
are asked together, and the number of questions is printed with each answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict, duration_text, instance_text
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import count, evened, frame, passed, real_traffic, table
from netra_analysis.schema import BOOL, FLOAT, INT, TEXT
from netra_analysis.statistics.contrasts import Contrasts, NumberContrast, ValueContrast, contrast
from netra_analysis.tables import Tables

NAME = "what_differs"
STRETCH = "30min"
LEVEL = 0.05  # q from which a difference is told
MOST_SAID = 5
SEVERAL = 2.0  # a value this much more common is worth a sentence; less is in the table
FIELDS = ("instance", "revision", "method", "client")
PROOF = pa.schema(
    [
        ("field", TEXT), ("value", TEXT), ("shown", TEXT), ("with", TEXT), ("failing_with", INT), ("failing", INT),
        ("succeeding_with", INT), ("succeeding", INT), ("failing_share", FLOAT), ("succeeding_share", FLOAT),
        ("effect", FLOAT), ("effect_low", FLOAT), ("effect_high", FLOAT), ("words", TEXT), ("p", FLOAT), ("q", FLOAT),
        ("told", BOOL), ("small", BOOL), ("strata", TEXT), ("tests", INT), ("compared", INT), ("all_failing", INT),
        ("beside", INT), ("note", TEXT),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """One comparison: rows, what makes them comparable, and which fields are asked."""

    rows: pd.DataFrame
    strata: pd.Series
    words: str
    categories: tuple[str, ...]
    numbers: tuple[str, ...] = ()


def measure(tables: Tables, settings: Settings, findings: Mapping[str, Finding]) -> Finding:
    """Failing real requests of the window against successful ones: one row a value or number that was asked about."""
    requests = _drawn(_described(tables))
    inside = (requests["end_time"] >= settings.window.start) & (requests["end_time"] < settings.window.end)
    failing = int((inside & requests["failed"]).sum())
    if not tables.coverage.has("requests") or not inside.any():
        return Finding(NAME, Verdict.NO_DATA, table([], PROOF), (_NO_DATA,), missing=("requests",))
    if not failing:
        return Finding(NAME, Verdict.CLEAR, table([], PROOF), (_NOTHING,))
    questions = (_comparable(requests, inside), _routes(requests[inside]))
    rows = [row for question in questions for row in _asked(question)]
    proof = table(sorted(rows, key=lambda row: (not row["told"], row["q"], -(row["effect"] or 0.0))), PROOF)
    told = [row for row in proof.to_pylist() if row["told"] and _worth_saying(row)]
    said = (_headline(), *(_difference(n, row) for n, row in enumerate(told[:MOST_SAID], start=1)))
    return Finding(NAME, Verdict.FIRED if told else Verdict.CLEAR, proof, said)


def _described(tables: Tables) -> pd.DataFrame:
    """Real requests with what was true of each: its instance's age and the requests in flight when it began."""
    requests = frame(tables.requests)
    real = real_traffic(requests)
    real = real[real["status"].notna()].copy()
    starts = frame(tables.lifecycle)
    born = starts[starts["event"] == "start"].groupby("instance")["time"].min().to_dict()
    birth = pd.to_datetime(pd.Series([born.get(name) for name in real["instance"]], index=real.index), utc=True)
    real["age_s"] = (real["time"] - birth).dt.total_seconds()
    real["in_flight"] = _in_flight(real)
    return real.reset_index(drop=True)


def _drawn(requests: pd.DataFrame) -> pd.DataFrame:
    """Every failure, and successes that stand for the same number each: cases and controls, where thinned."""
    bad = requests["failed"].to_numpy(dtype=bool)
    return pd.concat([requests[bad], evened(requests[~bad])]).sort_index(kind="stable").reset_index(drop=True)


def _in_flight(real: pd.DataFrame) -> pd.Series:
    """Requests of the same instance under way when each one began, itself left out; not known of thinned ones."""
    counts = pd.Series(np.nan, index=real.index)
    if count(real) > len(real):
        return counts
    for instance, own in real.groupby("instance"):
        if instance:
            at = own["time"].to_numpy()
            counts[own.index] = passed(own, "time", at, side="left") - passed(own, "end_time", at, side="right")
    return counts


def _comparable(requests: pd.DataFrame, inside: pd.Series) -> _Question:
    """The same route in the same half hour; where that leaves most failures alone, the same route at any time."""
    near = requests[inside]
    strata = near["route"] + " " + near["end_time"].dt.floor(STRETCH).astype(str)
    with_success = set(strata[~near["failed"]])
    numbers = ("age_s", "in_flight")
    if strata[near["failed"]].isin(with_success).mean() >= 0.5:
        return _Question(near, strata, "the same route in the same half hour", FIELDS, numbers)
    kept = requests[inside | ~requests["failed"]]
    words = "the same route at any time"  # because within the half hour most failures have no success beside them
    return _Question(kept, kept["route"], words, FIELDS, numbers)


def _routes(near: pd.DataFrame) -> _Question:
    strata = near["end_time"].dt.floor(STRETCH).astype(str)
    return _Question(near, strata, "any route in the same half hour", ("route",))


def _asked(question: _Question) -> list[dict[str, Any]]:
    rows = question.rows
    found = contrast(
        rows["failed"].to_numpy(),
        {name: _known(rows[name]) for name in question.categories},
        {name: rows[name].to_numpy(dtype=float) for name in question.numbers},
        question.strata.to_numpy(),
    )
    shared = {
        "strata": question.words,
        "tests": found.tests,
        "compared": found.failing_compared,
        "all_failing": found.failing,
        "beside": found.succeeding_compared,
        "note": found.note,
    }
    return [dict.fromkeys(PROOF.names) | shared | row for row in _answers(found)]


def _known(values: pd.Series) -> Any:
    return values.where(values != "", None).astype(object).to_numpy()


def _answers(found: Contrasts) -> list[dict[str, Any]]:
    return [*(_value(one) for one in found.values), *(_number(one) for one in found.numbers)]


def _value(one: ValueContrast) -> dict[str, Any]:
    (field, value), *others = one.values
    return {
        "field": field,
        "value": value,
        "shown": _shown(field, value),
        "with": ", ".join(f"{name} {_shown(name, text)}" for name, text in others),
        "failing_with": one.failing_with,
        "failing": one.failing,
        "succeeding_with": one.succeeding_with,
        "succeeding": one.succeeding,
        "failing_share": one.failing_with / one.failing if one.failing else None,
        "succeeding_share": one.succeeding_with / one.succeeding if one.succeeding else None,
        "effect": _finite(one.ratio.estimate),
        "effect_low": _finite(one.ratio.low),
        "effect_high": _finite(one.ratio.high),
        "words": _words(one),
        "p": one.p,
        "q": one.q,
        "told": bool(one.q <= LEVEL),
        "small": one.small,
    }


def _words(one: ValueContrast) -> str:
    if np.isinf(one.ratio.estimate):
        return "is found only among failing requests"
    if one.ratio.estimate == 0:
        return "is never found among failing requests"
    return f"is {one.words} among failing requests"


def _shown(field: str, value: str) -> str:
    return instance_text(value) if field == "instance" else value


def _number(one: NumberContrast) -> dict[str, Any]:
    shift = one.shift.estimate
    if one.field == "age_s":
        way = "older" if shift >= 0 else "younger"
        words = f"failing requests met instances that were {duration_text(abs(shift))} {way}"
    else:
        way = "more" if shift >= 0 else "fewer"
        words = f"failing requests had {abs(shift):,.3g} {way} requests in flight beside them"
    return {
        "field": "age of the instance" if one.field == "age_s" else "requests in flight",
        "value": "",
        "shown": "",
        "with": "",
        "failing": one.failing,
        "succeeding": one.succeeding,
        "effect": _finite(shift),
        "effect_low": _finite(one.shift.low),
        "effect_high": _finite(one.shift.high),
        "words": words,
        "p": one.p,
        "q": one.q,
        "told": bool(one.q <= LEVEL and shift != 0),
        "small": one.small,
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _worth_saying(row: Mapping[str, Any]) -> bool:
    """A value that is several times as common; a number whenever it is told."""
    if row["failing_with"] is None:
        return True
    return row["effect"] is None or row["effect"] >= SEVERAL


_HEAD_SQL = """
SELECT COUNT(*) AS asked, COUNTIF(told) AS told, MAX(all_failing) AS failing,
  MAX(IF(field != 'route', compared, NULL)) AS compared, MAX(IF(field != 'route', beside, NULL)) AS beside,
  MAX(IF(field != 'route', strata, NULL)) AS strata, SUM(DISTINCT tests) AS tests, @level AS level
FROM finding_what_differs
"""
_ONE_SQL = """
SELECT field, shown, failing_with, failing, succeeding_with, succeeding, failing_share, succeeding_share, words,
  effect, effect_low, effect_high, q, tests, strata,
  IF(small, ', on few requests', '') AS few, IF(`with` = '', '', CONCAT(', always together with ', `with`)) AS others
FROM finding_what_differs
WHERE field = @field AND value = @value AND strata = @strata
"""
_ROWS_SQL = "SELECT * FROM finding_what_differs ORDER BY told DESC, q, field, value"
_ONE_ROW_SQL = "SELECT * FROM finding_what_differs WHERE field = @field AND value = @value AND strata = @strata"
_METHOD = (
    "conditional exact test of shares and stratified rank test of numbers within strata of comparable requests, "
    "false discovery rate by Benjamini and Hochberg over all of a table's questions"
)


def _headline() -> Statement:
    return Statement(
        "WD1",
        "{compared} of {failing} failing requests were compared with {beside} successful ones of {strata:text}; "
        "{told} of {asked} differences hold at a false discovery rate of {level:pct}.",
        Query(_HEAD_SQL, {"level": LEVEL}),
        value="told",
        unit="differences",
        method=_METHOD,
        evidence=Query(_ROWS_SQL),
    )


def _difference(number: int, row: Mapping[str, Any]) -> Statement:
    if row["failing_with"] is None:
        template = (
            "In the median {words:text} than successful ones of {strata:text} (q {q:p}, {tests} questions{few:text})."
        )
    else:
        template = (
            "{field:text} {shown:text} {words:text}: {failing_with} of {failing} "
            "({failing_share:pct}) against {succeeding_with} of {succeeding} ({succeeding_share:pct}) of "
            "{strata:text} (q {q:p}, {tests} questions{few:text}){others:text}."
        )
    bound = {"field": row["field"], "value": row["value"], "strata": row["strata"]}
    return Statement(
        f"WD-{number + 1}",
        template,
        Query(_ONE_SQL, bound),
        value="effect",
        unit="ratio of shares" if row["failing_with"] is not None else "difference of medians",
        method=_METHOD,
        standing=Standing.SUPPORTED,
        evidence=Query(_ONE_ROW_SQL, bound),
        low="effect_low",
        high="effect_high",
    )


_COUNT = "SELECT COALESCE(SUM(weight), 0) AS n FROM requests WHERE client NOT IN ('preflight', 'uptime_check')"
_NO_DATA = Statement(
    "WD1",
    "What differs between failing and successful requests cannot be told: {n} real requests are known in the window.",
    Query("SELECT COUNT(*) AS n FROM finding_what_differs"),
    value="n",
    unit="requests",
    method=_METHOD,
    standing=Standing.UNTESTABLE,
)
_NOTHING = Statement(
    "WD1",
    "No real request failed in the window, so there is nothing to hold against the {n} that the data hold.",
    Query(_COUNT),
    value="n",
    unit="requests",
    method=_METHOD,
)
