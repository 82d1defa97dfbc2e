"""An earlier audit, held against the data: each of its claims confirmed, contradicted or untestable, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.params import AuditClaim
from netra_analysis.query import Query
from netra_analysis.schema import TEXT
from netra_analysis.signs.sign import Sign

AUDIT = pa.schema([("id", TEXT), ("says", TEXT), ("verdict", TEXT), ("why", TEXT), ("claims", TEXT)])
NAME = "audit"
# What is seen of a claim of each kind where it is confirmed; its times, rates and reasons are not tested.
_SHOWN = {
    "memory": "memory was at its limit or near it",
    "crashes": "instances did crash",
    "failed_requests": "requests did fail",
    "pool": "the pool was at its cap, or waits for it timed out",
    "session_isolation": "sessions were refused as not isolated",
    "websocket": "sends after a close were logged",
    "deploys": "the service was changed shortly before the onset",
    "success_rate": "requests succeeded between the failures",
}
_SQL = "SELECT says, verdict, why FROM finding_audit WHERE id = @id"


@dataclass(frozen=True, slots=True)
class Held:
    """One claim of the audit with its verdict and the claims of ours that decide it."""

    claim: AuditClaim
    verdict: Standing
    why: str
    claims: tuple[str, ...]


def hold(audit: Sequence[AuditClaim], findings: Mapping[str, Finding], signs: Sequence[Sign]) -> tuple[Held, ...]:
    """Every claim of `audit` against what was found."""
    seen = {sign.id: sign for sign in signs}
    return tuple(_hold(claim, findings, seen) for claim in audit)


def _hold(claim: AuditClaim, findings: Mapping[str, Finding], seen: Mapping[str, Sign]) -> Held:
    match claim.tests:
        case "memory" | "crashes" | "failed_requests" | "pool":
            return _by_finding(claim, findings[claim.tests])
        case "session_isolation":
            return _by_sign(claim, seen["isolation_errors"])
        case "websocket":
            return _by_sign(claim, seen["socket_closed_twice"])
        case "deploys":
            return _by_sign(claim, seen["deploy_before"])
        case "success_rate":
            return _by_sign(claim, seen["successes_between"])
        case "event_loop":
            return _event_loop(claim, findings, seen)
        case _:
            return Held(claim, Standing.UNTESTABLE, "nothing here tests it", ())


def _by_finding(claim: AuditClaim, finding: Finding) -> Held:
    return _by_verdict(claim, finding.verdict, finding.missing, tuple(said.id for said in finding.statements[:3]))


def _by_sign(claim: AuditClaim, sign: Sign) -> Held:
    return _by_verdict(claim, sign.verdict, sign.missing, (sign.claim,))


def _by_verdict(claim: AuditClaim, verdict: Verdict, missing: Sequence[str], cited: tuple[str, ...]) -> Held:
    match verdict:
        case Verdict.FIRED:
            why = f"{_SHOWN[claim.tests]}, and no more of it was tested"
            return Held(claim, Standing.CONFIRMED, why, cited)
        case Verdict.CLEAR:
            return Held(claim, Standing.CONTRADICTED, "it was looked for and is not there", cited)
        case _:
            return Held(claim, Standing.UNTESTABLE, f"the data lack {', '.join(missing)}", cited)


def _event_loop(claim: AuditClaim, findings: Mapping[str, Finding], seen: Mapping[str, Sign]) -> Held:
    """A stack that ends at run_until_complete is where every stack of the server begins, and no crash."""
    deaths = findings["crashes"]
    cited = (*(said.id for said in deaths.statements[:2]), seen["loop_blocked"].claim)
    if seen["loop_blocked"].fired:
        return Held(claim, Standing.CONFIRMED, "requests were held up by their instance's loop", cited)
    if deaths.verdict is Verdict.NO_DATA:
        return Held(claim, Standing.UNTESTABLE, "the data lack the system log", cited)
    why = "an outer frame is no failure of that frame"
    if deaths.verdict is Verdict.FIRED:
        return Held(claim, Standing.CONTRADICTED, f"{why}; the deaths have reasons of their own", cited)
    return Held(claim, Standing.CONTRADICTED, f"{why}, and no instance died", cited)


def finding(held: Sequence[Held]) -> Finding:
    """The audit as one finding: its table is known to queries as `finding_audit`."""
    rows = [
        {
            "id": h.claim.id,
            "says": h.claim.says,
            "verdict": h.verdict.value,
            "why": h.why,
            "claims": ", ".join(h.claims),
        }
        for h in held
    ]
    verdict = Verdict.FIRED if held else Verdict.NO_DATA
    return Finding(NAME, verdict, pa.Table.from_pylist(rows, schema=AUDIT), tuple(_statement(h) for h in held))


def _statement(held: Held) -> Statement:
    return Statement(
        f"A-{held.claim.id}",
        "“{says:text}”: {verdict}; {why:text}.",
        Query(_SQL, {"id": held.claim.id}),
        value="verdict",
        unit="",
        method="the earlier audit's sentence against the findings named",
        standing=held.verdict,
        evidence=Query("SELECT * FROM finding_audit WHERE id = @id", {"id": held.claim.id}),
        counter=held.claims if held.verdict is Standing.CONTRADICTED else (),
        support=held.claims if held.verdict is Standing.CONFIRMED else (),
    )
