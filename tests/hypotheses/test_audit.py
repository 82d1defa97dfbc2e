"""An earlier audit against the data: a confirmed sentence says what of it was seen, and leads to the claims."""

from typing import get_args

import pyarrow as pa
import pytest

from netra_analysis.finding import Finding, Standing, Statement, Verdict
from netra_analysis.hypotheses import audit
from netra_analysis.params import AuditClaim
from netra_analysis.query import Query
from netra_analysis.signs.sign import Sign

KINDS = get_args(AuditClaim.model_fields["tests"].annotation)
BY_SIGN = ("isolation_errors", "socket_closed_twice", "deploy_before", "successes_between", "loop_blocked")


def held(kind: str, verdict: Verdict) -> Statement:
    """What the audit's sentence of this kind comes to, when whatever tests it says `verdict`."""
    said = Statement("CR1", "{n} of them", Query("SELECT 1 AS n"), "n", "requests", "count")
    nothing = pa.table({"n": [0]})
    findings = {
        name: Finding(name, verdict, nothing, (said,), missing=("system",) if verdict is Verdict.NO_DATA else ())
        for name in ("memory", "crashes", "failed_requests", "pool")
    }
    signs = [Sign(name, verdict, "{n}", missing=("system",), n=0) for name in BY_SIGN]
    claim = AuditClaim(id="A1", says="crashes, several per hour", tests=kind)  # type: ignore[arg-type]
    (statement,) = audit.finding(audit.hold([claim], findings, signs)).statements
    return statement


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("other", "event_loop")])
def test_a_confirmed_sentence_says_what_was_seen_of_it_and_leads_there(kind: str) -> None:
    statement = held(kind, Verdict.FIRED)
    assert statement.standing is Standing.CONFIRMED
    assert statement.support
    assert not statement.counter


def test_what_was_seen_is_not_the_whole_sentence() -> None:
    claim = AuditClaim(id="A2", says="crashes, several per hour", tests="crashes")
    found = Finding("crashes", Verdict.FIRED, pa.table({"n": [2]}), ())
    (one,) = audit.hold([claim], {"crashes": found}, [])
    assert one.why == "instances did crash, and no more of it was tested"


@pytest.mark.parametrize(
    ("verdict", "standing"), [(Verdict.CLEAR, Standing.CONTRADICTED), (Verdict.NO_DATA, Standing.UNTESTABLE)]
)
def test_what_was_not_found_and_what_nobody_could_see_are_two_answers(verdict: Verdict, standing: Standing) -> None:
    statement = held("crashes", verdict)
    assert statement.standing is standing
    assert not statement.support


def test_what_nothing_here_tests_is_untestable() -> None:
    assert held("other", Verdict.FIRED).standing is Standing.UNTESTABLE
