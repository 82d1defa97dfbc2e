"""What explains it best, and what speaks most against that: a sign, what could not be seen, or the nearest rival."""

from collections.abc import Sequence

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.query import Query

METHOD = "the matrix: predictions of the catalogue against the signs; the first in rank, and what speaks against it"
_CAUSE_SQL = """
SELECT c.title, c.status, c.explained, 1 - c.explained - COALESCE(f.explained, 0) AS unexplained,
  c.pro, c.con, c.unseen,
  REPLACE(c.signs_missing, '_', ' ') AS unseen_words,
  r.title AS rival, r.status AS rival_status, r.pro AS rival_pro, r.con AS rival_con,
  f.title AS after, f.explained AS after_explained,
  s.n, s.total, s.a, s.b, s.words, s.time, s.share, SAFE_DIVIDE(s.n, s.total) AS part
FROM finding_causes AS c
LEFT JOIN finding_causes AS r ON r.cause = @rival
LEFT JOIN finding_causes AS f ON f.cause = @after
LEFT JOIN finding_signs AS s ON s.id = @sign
WHERE c.cause = @cause
"""
_NONE_SQL = """
SELECT COUNT(*) AS causes, COUNTIF(status = 'supported') AS supported,
  (SELECT COALESCE(SUM(weight), 0) FROM requests WHERE end_time >= @before_start AND end_time < @before_end
    AND client NOT IN ('preflight', 'uptime_check')) AS before_total,
  (SELECT COUNT(*) FROM requests WHERE end_time >= @before_start AND end_time < @before_end
    AND client NOT IN ('preflight', 'uptime_check') AND failed) AS before_n
FROM finding_causes
"""
_ROWS_SQL = "SELECT * FROM finding_causes ORDER BY rank"
_OPEN = ("supported", "inconclusive")


def explained(settings: Settings, failed: Finding, judged: Sequence[Judgement], verdict: str) -> Statement:
    """One sentence on the leading explanation with its counter-evidence; that there is none, where there is none."""
    if verdict == "no_incident":
        return _nothing(settings, failed)
    top = judged[0]
    leads = verdict == top.cause.id
    share = top.explained is not None and failed.verdict is Verdict.FIRED
    sign = top.con[0] if top.con else None
    after = _larger_consequence(judged)
    bound = {
        "cause": top.cause.id,
        "rival": rival_of(judged),
        "after": after.cause.id if after else None,
        "sign": sign.id if sign else None,
    }
    return Statement(
        "SU-cause",
        _leading(judged, share=share) if leads else _nearest(top),
        Query(_CAUSE_SQL, bound),
        value="explained" if share else "pro",
        unit="share of the failed requests" if share else "signs",
        method=METHOD,
        standing=Standing.SUPPORTED if leads else Standing.UNTESTABLE,
        evidence=Query(_ROWS_SQL),
        counter=tuple(one.claim for one in top.con),
    )


def rival_of(judged: Sequence[Judgement]) -> str | None:
    """The cause that is next in rank, not refuted, and no consequence of the first."""
    top, *rest = judged
    open_ = (j for j in rest if j.status in _OPEN and j.pro and j.follows_from != top.cause.id)
    return next((j.cause.id for j in open_), None)


def _larger_consequence(judged: Sequence[Judgement]) -> Judgement | None:
    """What follows from the first cause and explains more of the failures than it does by itself."""
    top, *rest = judged
    after = [j for j in rest if j.follows_from == top.cause.id and (j.explained or 0.0) > (top.explained or 0.0)]
    return max(after, key=lambda j: j.explained or 0.0, default=None)


def _leading(judged: Sequence[Judgement], *, share: bool) -> str:
    top = judged[0]
    says = "The leading explanation is “{title:text}”"
    if share:
        says += ", which explains {explained:pct} of the failed requests"
    after = _larger_consequence(judged) if share else None
    if after:
        says += ", with “{after:text}”, which follows from it, {after_explained:pct}"
    says += f"; {_against(top)}"
    told = (top.explained or 0.0) + (after.explained or 0.0 if after else 0.0)
    if share and top.explained is not None and told < 1:
        says += ", but it leaves " + ("at least " if after else "") + "{unexplained:pct} of them to other causes"
    if rival_of(judged):
        says += "; the nearest rival, “{rival:text}”, is {rival_status} with {rival_pro:# sign} for it"
    return says + "."


def _against(top: Judgement) -> str:
    """The strongest thing that speaks against it. A sign's own sentence is filled from the same row."""
    if top.con:
        return f"against it speaks most: “{top.con[0].says.rstrip('.')}”"
    if top.missing:
        return "nothing that was looked for speaks against it, and {unseen:# sign} could not be ({unseen_words:text})"
    return "nothing that was looked for speaks against it"


def _nearest(top: Judgement) -> str:
    says = "No cause can be told from these data: the nearest, “{title:text}”, is {status}, with {pro:# sign} for it"
    if top.missing:
        says += ", and {unseen:# sign} could not be looked for ({unseen_words:text})"
    if top.con:
        says += f"; {_against(top)}"
    return says + "."


def _nothing(settings: Settings, failed: Finding) -> Statement:
    says = "Nothing calls for an explanation: "
    if failed.proof.num_rows:
        says += "{before_n} of {before_total:# request} failed in the time before as well, and "
    before = {"before_start": settings.baseline.start, "before_end": settings.baseline.end}
    return Statement(
        "SU-cause",
        says + "of {causes:# cause} that were weighed {supported} are supported.",
        Query(_NONE_SQL, before),
        value="supported",
        unit="causes",
        method=METHOD,
        evidence=Query(_ROWS_SQL),
    )
