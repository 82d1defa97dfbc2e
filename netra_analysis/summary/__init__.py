"""The first screen: what users saw, what explains it best and what speaks against that, what ended it; and the cost.

Nothing new is found here. Each sentence takes its numbers from the tables and from the findings of the floors below,
so that a reader who reads three sentences reads claims.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from netra_analysis.detectors.settings import Settings
from netra_analysis.finding import Finding, Verdict
from netra_analysis.hypotheses.matrix import Judgement
from netra_analysis.schema import TEXT, TIME
from netra_analysis.signs.sign import Sign
from netra_analysis.summary import ending, explanation, impact, users
from netra_analysis.tables import Tables

NAME = "summary"
SENTENCES = ("SU-seen", "SU-cause", "SU-end")
SUMMARY = pa.schema([("verdict", TEXT), ("leading", TEXT), ("rival", TEXT), ("last_failure", TIME), ("ending", TEXT)])


def finding(
    tables: Tables,
    settings: Settings,
    findings: Mapping[str, Finding],
    signs: Sequence[Sign],
    judged: Sequence[Judgement],
    verdict: str,
) -> Finding:
    """The summary's sentences and the impact's numbers; one row of what they were chosen by."""
    told = ending.told(tables, settings, findings)
    row = {
        "verdict": verdict,
        "leading": judged[0].cause.id,
        "rival": explanation.rival_of(judged),
        "last_failure": told.last,
        "ending": told.how,
    }
    said = (
        users.seen(settings, findings, signs),
        explanation.explained(settings, findings["failed_requests"], judged, verdict),
        ending.ended(settings, findings, told),
        *impact.costs(settings, findings),
    )
    fired = Verdict.CLEAR if verdict == "no_incident" else Verdict.FIRED
    return Finding(NAME, fired, pa.Table.from_pylist([row], schema=SUMMARY), said, time=told.last)
