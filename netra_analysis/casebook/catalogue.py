"""The catalogue: all incidents of the casebook, the pairs that look alike, and the times without one."""

from typing import Final

from netra_analysis.casebook.cases.case import Case
from netra_analysis.casebook.cases.databases import DATABASES
from netra_analysis.casebook.cases.memory import MEMORY
from netra_analysis.casebook.cases.outside import OUTSIDE
from netra_analysis.casebook.cases.processes import PROCESSES
from netra_analysis.casebook.cases.quiet import ARTEFACTS, AT_ONCE, QUIET_CASES
from netra_analysis.casebook.cases.releases import RELEASES

CASES: Final[tuple[Case, ...]] = (
    *MEMORY,
    *DATABASES,
    *RELEASES,
    *OUTSIDE,
    *PROCESSES,
    *ARTEFACTS,
    *AT_ONCE,
    *QUIET_CASES,
)
# Pairs whose error lists look alike and whose causes differ: a name for the pair, and the two incidents.
TWINS: Final[tuple[tuple[str, str, str], ...]] = (
    ("session-isolation", "agents-keep-sessions", "session-in-wrong-argument"),
    ("out-of-memory", "cache-without-bound", "one-large-import"),
    ("pool-time-outs", "sessions-not-returned", "crawling-statements"),
    ("no-connection", "too-many-clients", "path-gone"),
)
QUIET: Final[tuple[str, ...]] = tuple(case.name for case in CASES if case.quiet)
