"""On incidents in which nobody was hurt the suite blames nothing, whatever was withheld (trust.md R13)."""

import pytest

from netra_analysis import casebook, score
from netra_analysis.casebook.cases.case import NO_INCIDENT

QUIET = [one.name for one in casebook.INCIDENTS if one.cause == NO_INCIDENT]
LEAST = 0.94  # of quiet incidents, in which no cause may be supported


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "seeds", [pytest.param(10, marks=pytest.mark.long), pytest.param(100, marks=pytest.mark.release)]
)
@pytest.mark.parametrize("kept", [casebook.WHOLE, casebook.DRAWN])
def test_no_cause_is_supported_where_nobody_was_hurt(seeds: int, kept: str) -> None:
    results = score.run(range(1, 1 + seeds), QUIET, kept=kept)
    assert len(results) == seeds * len(QUIET) >= 100
    silent = [one for one in results if one.verdict in (NO_INCIDENT, score.INCONCLUSIVE)]
    assert len(silent) >= LEAST * len(results)
