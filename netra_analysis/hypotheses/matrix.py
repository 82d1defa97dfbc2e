"""The matrix: what each cause predicts, against what was seen.

The rule, as the report states it. A cause is *supported* when all that it needs was seen, in time, and nothing
that refutes it; *contradicted* when something it needs was looked for and not seen, or something that refutes
it was; *untestable* when nothing it needs could be looked for; else *inconclusive*. What could not be looked
for never counts against a cause. The score orders causes of one status: what speaks for it less what speaks
against it, as a share of all that it predicts, weighted by the share of the failures that it explains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from netra_analysis.finding import Verdict
from netra_analysis.hypotheses.catalogue import Cause, causes
from netra_analysis.signs.sign import Sign

LATE = timedelta(minutes=5)  # a sign of a minute's metric may be stamped this long after what it shows
LEAD = timedelta(minutes=2)  # what came so long before a symptom is its cause, though it explains less of the failures
LONGEST_LEAD = timedelta(minutes=30)  # what came longer before need not have to do with it
STATUS = ("supported", "inconclusive", "contradicted", "untestable")
NEED, SUPPORT = 2.0, 1.0
UNKNOWN_SHARE = 0.5  # what a cause explains when its signs cannot tell
LEAST_REFUTES = 0.05  # what concerns fewer of the failures than this refutes nothing
LEAST_EXPLAINED = 0.2  # a cause that explains less of the failures is at the most a contributing one


@dataclass(frozen=True, slots=True)
class Judgement:
    """One cause, weighed: the signs for it, against it and missing, and what follows.

    `late`: those against it that were seen, but after the failures that they would have to lead.
    """

    cause: Cause
    status: str
    score: float | None
    pro: tuple[Sign, ...]
    con: tuple[Sign, ...]
    missing: tuple[Sign, ...]
    explained: float | None
    follows_from: str | None = None
    rank: int = 0
    late: tuple[Sign, ...] = ()


def judge(signs: Sequence[Sign], onset: datetime | None) -> tuple[Judgement, ...]:
    """Every cause of the catalogue, weighed and ranked."""
    seen = {sign.id: sign for sign in signs}
    weighed = [_weigh(cause, seen, onset) for cause in causes()]
    if onset is None:  # nobody was hurt, so there is nothing that a cause could be supported to explain
        weighed = [replace(j, status="inconclusive") if j.status == "supported" else j for j in weighed]
    return _ranked(_symptoms_apart(weighed))


def _weigh(cause: Cause, seen: Mapping[str, Sign], onset: datetime | None) -> Judgement:
    groups = [[seen[name] for name in group if name in seen] for group in cause.needs]
    met = [any(_counts(sign, cause, onset) for sign in group) for group in groups]
    unseen = [
        not ok and any(s.verdict is Verdict.NO_DATA for s in group) for ok, group in zip(met, groups, strict=True)
    ]
    refuted = [seen[name] for name in cause.against if name in seen and _refutes(seen[name])]
    pro = tuple(seen[n] for n in sorted(cause.predicted) if n in seen and _counts(seen[n], cause, onset))
    failed = [s for ok, blind, g in zip(met, unseen, groups, strict=True) if not ok and not blind for s in g]
    con = (*failed, *refuted)
    blind_signs = tuple(seen[n] for n in sorted(cause.predicted) if n in seen and seen[n].verdict is Verdict.NO_DATA)
    status = _status(met, unseen, refuted)
    explained = _explained(cause, pro)
    if status == "supported" and explained is not None and explained < LEAST_EXPLAINED:
        status = "inconclusive"  # it is there, but it is not what the failures are made of
    score = None if status == "untestable" else _score(cause, pro, con, blind_signs, explained)
    late = tuple(sign for sign in failed if _late(sign, cause, onset))
    return Judgement(cause, status, score, pro, con, blind_signs, explained, late=late)


def _refutes(sign: Sign) -> bool:
    """What was seen refutes, unless it concerns next to none of the failures."""
    return sign.fired and (sign.share is None or sign.share >= LEAST_REFUTES)


def _explained(cause: Cause, pro: Sequence[Sign]) -> float | None:
    """The largest share that a sign it stands on can explain; unknown where such a sign has none to tell."""
    standing = [s for s in pro if s.id == cause.explains or any(s.id in group for group in cause.needs)]
    telling = [s for s in standing if s.id == cause.explains] or standing
    shares = [s.share for s in telling if s.share is not None]
    return max(shares) if shares else None


def _counts(sign: Sign, cause: Cause, onset: datetime | None) -> bool:
    """A sign counts when it was seen, and came in time where it has to lead."""
    return sign.fired and not _late(sign, cause, onset)


def _late(sign: Sign, cause: Cause, onset: datetime | None) -> bool:
    if not sign.fired or onset is None or sign.time is None:
        return False
    return sign.id in cause.early and sign.time > onset + LATE


def _status(met: Sequence[bool], unseen: Sequence[bool], refuted: Sequence[Sign]) -> str:
    if all(met):
        return "contradicted" if refuted else "supported"
    if any(not ok and not blind for ok, blind in zip(met, unseen, strict=True)) or refuted:
        return "contradicted"
    return "inconclusive" if any(met) else "untestable"


def _score(
    cause: Cause, pro: Sequence[Sign], con: Sequence[Sign], missing: Sequence[Sign], explained: float | None
) -> float:
    needed = {name for group in cause.needs for name in group}

    def weight(signs: Sequence[Sign]) -> float:
        return sum(NEED if sign.id in needed or sign.id in cause.against else SUPPORT for sign in signs)

    total = weight(pro) + weight(con) + weight(missing)
    balance = (weight(pro) - weight(con)) / total if total else 0.0
    if balance > 0:
        balance *= 0.4 + 0.6 * (UNKNOWN_SHARE if explained is None else explained)
    return round(balance, 3)


def _symptoms_apart(weighed: Sequence[Judgement]) -> list[Judgement]:
    """A cause whose signs follow from another supported one is its symptom.

    Unless it explains much more of the failures, and what would bring it about did not come well before.
    """
    supported = [j for j in weighed if j.status == "supported"]
    found = []
    for judgement in weighed:
        parents = [p for p in supported if judgement.cause.id in p.cause.symptoms and _stronger(p, judgement)]
        best = max(parents, key=lambda p: p.explained or 0.0, default=None)
        found.append(
            replace(judgement, follows_from=best.cause.id) if best and judgement.status == "supported" else judgement
        )
    return found


def _stronger(parent: Judgement, child: Judgement) -> bool:
    if child.cause.id in parent.cause.symptoms and parent.cause.id in child.cause.symptoms:
        mine, other = parent.explained or 0.0, child.explained or 0.0
        return mine > other or (mine == other and _first_named(parent, child))
    if parent.explained is None or child.explained is None:
        return True
    return parent.explained >= 0.5 * child.explained or _led(parent, child)


def _led(parent: Judgement, child: Judgement) -> bool:
    """Whether what `parent` needs was seen well before anything that `child` needs."""
    first, then = _first_need(parent), _first_need(child)
    return first is not None and then is not None and LEAD <= then - first <= LONGEST_LEAD


def _first_need(judgement: Judgement) -> datetime | None:
    needed = {name for group in judgement.cause.needs for name in group}
    return min((sign.time for sign in judgement.pro if sign.id in needed and sign.time), default=None)


def _first_named(one: Judgement, other: Judgement) -> bool:
    """Whether the catalogue names `one` first; two that explain as much must not each be the other's symptom."""
    order = [cause.id for cause in causes()]
    return order.index(one.cause.id) < order.index(other.cause.id)


def _ranked(judged: Sequence[Judgement]) -> tuple[Judgement, ...]:
    order = sorted(
        judged,
        key=lambda j: (STATUS.index(j.status), j.follows_from is not None, -(j.score if j.score is not None else -2.0)),
    )
    return tuple(replace(judgement, rank=rank) for rank, judgement in enumerate(order, start=1))


def verdict(judged: Sequence[Judgement], *, impact: bool | None) -> str:
    """The top cause when one is supported; `no_incident` when nobody was hurt; else `inconclusive`.

    `impact` is None when neither requests nor deaths could be looked at.
    """
    top = judged[0]
    if impact is False:
        return "no_incident"
    if top.status == "supported" and top.follows_from is None:
        return top.cause.id
    return "inconclusive"
