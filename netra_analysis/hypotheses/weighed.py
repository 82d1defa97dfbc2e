"""The weighed causes as a finding: one row a cause, one claim a cause, so that a judgement is checked like a number."""

from collections.abc import Sequence

import pyarrow as pa

from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.query import Query
from netra_analysis.schema import FLOAT, INT, TEXT

NAME = "causes"
CAUSES = pa.schema(
    [
        ("rank", INT), ("cause", TEXT), ("title", TEXT), ("status", TEXT), ("score", FLOAT), ("explained", FLOAT),
        ("pro", INT), ("con", INT), ("late", INT), ("unseen", INT), ("follows_from", TEXT), ("signs_for", TEXT),
        ("signs_against", TEXT), ("signs_missing", TEXT), ("mechanism", TEXT),
    ]
)  # fmt: skip
_SQL = """
SELECT c.*, p.title AS parent
FROM finding_causes AS c
LEFT JOIN finding_causes AS p ON p.cause = c.follows_from
WHERE c.cause = @cause
"""
_EVIDENCE_SQL = """
SELECT s.id, s.verdict, s.time, s.n, s.total, s.a, s.b, s.words
FROM finding_signs AS s
JOIN finding_causes AS c ON CONTAINS_SUBSTR(CONCAT(c.signs_for, ', ', c.signs_against), s.id)
WHERE c.cause = @cause
ORDER BY s.id
"""
_STANDINGS = {
    "supported": Standing.SUPPORTED,
    "contradicted": Standing.CONTRADICTED,
    "inconclusive": Standing.UNTESTABLE,
    "untestable": Standing.UNTESTABLE,
}


def finding(judged: Sequence[Judgement]) -> Finding:
    """The causes as one finding: its table is known to queries as `finding_causes`."""
    rows = [_row(judgement) for judgement in judged]
    supported = any(judgement.status == "supported" for judgement in judged)
    verdict = Verdict.FIRED if supported else Verdict.CLEAR
    statements = tuple(_statement(judgement) for judgement in judged)
    return Finding(NAME, verdict, pa.Table.from_pylist(rows, schema=CAUSES), statements)


def _row(judgement: Judgement) -> dict[str, object]:
    return {
        "rank": judgement.rank,
        "cause": judgement.cause.id,
        "title": judgement.cause.title,
        "status": judgement.status,
        "score": judgement.score,
        "explained": judgement.explained,
        "pro": len(judgement.pro),
        "con": len(judgement.con),
        "late": len(judgement.late),
        "unseen": len(judgement.missing),
        "follows_from": judgement.follows_from,
        "signs_for": ", ".join(sign.id for sign in judgement.pro),
        "signs_against": ", ".join(f"{s.id} (too late)" if s in judgement.late else s.id for s in judgement.con),
        "signs_missing": ", ".join(sign.id for sign in judgement.missing),
        "mechanism": judgement.cause.mechanism,
    }


def _statement(judgement: Judgement) -> Statement:
    says = "“{title:text}” is {status}: {pro:# sign} for it, {con} against, {unseen} that could not be looked for"
    if judgement.explained is not None and judgement.status == "supported":
        says += "; it explains {explained:pct} of the failed requests"
    if judgement.late:
        says += "; {late:# sign} that it would need came only after the failures had begun"
    if judgement.follows_from:
        says += "; it follows from “{parent:text}”"
    against = tuple(sign.claim for sign in judgement.con)
    return Statement(
        f"H-{judgement.cause.id}",
        says + ".",
        Query(_SQL, {"cause": judgement.cause.id}),
        value="score",
        unit="score, orders only",
        method="predictions of the catalogue against the signs; what could not be looked for never counts against",
        standing=_STANDINGS[judgement.status],
        evidence=Query(_EVIDENCE_SQL, {"cause": judgement.cause.id}),
        counter=against,
        support=tuple(sign.claim for sign in judgement.pro),
    )
