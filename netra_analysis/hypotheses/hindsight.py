"""When could we have known? The matrix again, on what had been seen some minutes after the onset.

Each cut sees what could be seen by then and nothing later, metrics included; its window ends there. Cuts lie ever
further apart, as patience does. A cause's time to evidence is the first cut from which on it is supported in every
later one; what settled it are the signs that it needs and that the cut before did not have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa

from netra_analysis import detectors, signs
from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.hypotheses import matrix
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.query import Query
from netra_analysis.schema import BOOL, FLOAT, INT, TEXT, TIME
from netra_analysis.signs.sign import Sign
from netra_analysis.tables import Tables
from netra_analysis.tables.cut import cut
from netra_analysis.window import TimeWindow

NAME = "hindsight"
MINUTES = (0, 1, 2, 5, 10, 20, 45, 120, 360)
HINDSIGHT = pa.schema(
    [
        ("time", TIME), ("waited_s", FLOAT), ("cause", TEXT), ("title", TEXT), ("rank", INT), ("status", TEXT),
        ("score", FLOAT), ("leads", BOOL), ("stays", BOOL), ("settled_by", TEXT), ("settled_claim", TEXT),
        ("settled_time", TIME), ("settled_words", TEXT),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """What could be said at one moment."""

    time: datetime
    signs: tuple[Sign, ...]
    judgements: tuple[Judgement, ...]
    verdict: str

    def status(self, cause: str) -> str:
        return next(j.status for j in self.judgements if j.cause.id == cause)


def moments(onset: datetime, end: datetime) -> tuple[datetime, ...]:
    """Ever later moments from the onset to the window's end, which is the last."""
    inside = [onset + timedelta(minutes=minutes) for minutes in MINUTES]
    return (*(moment for moment in inside if moment < end), end)


def look(tables: Tables, settings: Settings, until: datetime) -> Cut:
    """The matrix on what had been seen by `until`."""
    seen = cut(tables, until)
    then = replace(settings, window=TimeWindow(settings.window.start, until + timedelta(microseconds=1)))
    findings = detectors.look(seen, then)
    found = signs.look(seen, then, findings)
    judged = matrix.judge(found, signs.led(found))
    return Cut(until, found, judged, matrix.verdict(judged, impact=signs.hurt(found)))


def look_back(
    tables: Tables,
    settings: Settings,
    onset: datetime | None,
    judgements: Sequence[Judgement] = (),
    verdict: str = "",
) -> Finding:
    """Every cause at every cut, known to queries as `finding_hindsight`; NO_DATA where nobody was hurt.

    `onset` is the one that all of the data show. The window's end is looked at again unless its `judgements` and
    `verdict` are given.
    """
    if onset is None or onset >= settings.window.end:
        return Finding(NAME, Verdict.NO_DATA, pa.Table.from_pylist([], schema=HINDSIGHT), (_nothing(),))
    *early, end = moments(max(onset, settings.window.start + timedelta(seconds=1)), settings.window.end)
    cuts = [look(tables, settings, moment) for moment in early]
    cuts.append(Cut(end, (), tuple(judgements), verdict) if judgements else look(tables, settings, end))
    rows = [row for at in range(len(cuts)) for row in _rows(cuts, at, onset)]
    named = [j for j in cuts[-1].judgements if j.status == "supported"]
    said = tuple(_statement(judgement, rows) for judgement in named) or (_never(),)
    verdict_ = Verdict.FIRED if named else Verdict.CLEAR
    return Finding(NAME, verdict_, pa.Table.from_pylist(rows, schema=HINDSIGHT), said, time=onset)


def time_to_evidence(finding: Finding, cause: str) -> float | None:
    """Seconds from the onset until `cause` was supported and stayed so; None when it never did."""
    waited = [row["waited_s"] for row in finding.proof.to_pylist() if row["cause"] == cause and row["stays"]]
    return min(waited, default=None)


def _rows(cuts: Sequence[Cut], at: int, onset: datetime) -> list[dict[str, object]]:
    here = cuts[at]
    return [
        {
            "time": here.time,
            "waited_s": max(0.0, (here.time - onset).total_seconds()),
            "cause": judgement.cause.id,
            "title": judgement.cause.title,
            "rank": judgement.rank,
            "status": judgement.status,
            "score": judgement.score,
            "leads": here.verdict == judgement.cause.id,
            "stays": _stays(cuts[at:], judgement.cause.id),
            **_settled(cuts, at, judgement),
        }
        for judgement in here.judgements
    ]


def _stays(rest: Sequence[Cut], cause: str) -> bool:
    return all(later.status(cause) == "supported" for later in rest)


def _settled(cuts: Sequence[Cut], at: int, judgement: Judgement) -> dict[str, object]:
    """The needed sign that came last, in the cut in which a cause became supported for good."""
    cause = judgement.cause
    if not _stays(cuts[at:], cause.id) or (at and cuts[at - 1].status(cause.id) == "supported"):
        return {}
    had = {sign.id for sign in _of(cuts[at - 1], cause.id).pro} if at else set()
    needed = [sign for sign in judgement.pro if any(sign.id in group for group in cause.needs)]
    fresh = [sign for sign in needed if sign.id not in had] or needed
    last = max(fresh, key=lambda sign: (sign.time is not None, sign.time or cuts[at].time, sign.id))
    return {
        "settled_by": last.id,
        "settled_claim": last.claim,
        "settled_time": last.time,
        "settled_words": last.words[:300] if last.words else None,
    }


def _of(cut_: Cut, cause: str) -> Judgement:
    return next(judgement for judgement in cut_.judgements if judgement.cause.id == cause)


_ROWS_SQL = "SELECT * FROM finding_hindsight WHERE cause = @cause ORDER BY time"
_FIRST_SQL = """
SELECT title, waited_s, time, settled_claim, settled_time
FROM finding_hindsight
WHERE cause = @cause AND stays
ORDER BY time
LIMIT 1
"""
_METHOD = "the matrix again on data cut at growing distances from the onset, nothing later in any table"


def _statement(judgement: Judgement, rows: Sequence[Mapping[str, object]]) -> Statement:
    cause = judgement.cause.id
    first = next((row for row in rows if row["cause"] == cause and row["stays"]), {})
    waited, settled = first.get("waited_s"), first.get("settled_claim")
    since = "{waited_s:dur} after the onset on" if waited else "the onset on"
    return Statement(
        f"HS-{cause}",
        f"{{title:text}} was supported from {since}, and in every later cut; {{settled_claim:text}} settled it.",
        Query(_FIRST_SQL, {"cause": cause}),
        value="waited_s",
        unit="until the evidence was there" if waited else "the evidence was there",
        short="{waited_s:dur}" if waited else "at once",
        method=_METHOD,
        standing=Standing.SUPPORTED,
        evidence=Query(_ROWS_SQL, {"cause": cause}),
        at="time",
        support=(str(settled),) if settled else (),
    )


def _never() -> Statement:
    return Statement(
        "HS-none",
        "No cause was supported at the window's end: {n} cuts were looked at.",
        Query("SELECT COUNT(DISTINCT time) AS n FROM finding_hindsight"),
        value="n",
        unit="cuts",
        method=_METHOD,
        evidence=Query("SELECT * FROM finding_hindsight ORDER BY time, rank"),
    )


def _nothing() -> Statement:
    return Statement(
        "HS-none",
        "There is no onset to look back to: {n} cuts were looked at.",
        Query("SELECT COUNT(DISTINCT time) AS n FROM finding_hindsight"),
        value="n",
        unit="cuts",
        method=_METHOD,
        standing=Standing.UNTESTABLE,
    )
