"""How many entries may be kept: what memory there is sets it, so that a load too large is refused and not killed.

Numbers of a report are counts of entries, so a load keeps all that are in its scope, or has them represented with
weights (`reading.thinning`), or is refused with the time that would fit.
"""

import resource
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from netra_analysis.errors import SourceError
from netra_analysis.params import Params

BYTES_PER_ENTRY: Final = 1_900  # at the peak of a load; benchmarks/load_scale.py measures it
MOST: Final = 100_000  # entries that are looked at one by one in about half a minute
_SHARE: Final = 0.6  # of the memory there is
_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_OWN: Final = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
_UNKNOWN: Final = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Room:
    """The most entries that one load may keep, and why."""

    entries: int
    because: str

    def check(self, kept: int, params: Params) -> None:
        """Refuses a load of `kept` entries or more, where that is over what may be kept."""
        if kept <= self.entries:
            return
        reach = params.reach.duration
        fits = timedelta(minutes=max(1, int(reach.total_seconds() / 60 * self.entries / kept)))
        raise SourceError(
            f"the service {params.service!r} has {kept:,} entries or more in window and baseline ({params.reach}), and "
            f"{self.entries:,} may be kept ({self.because}); ask for a shorter window or give a shorter baseline "
            f"(together about {fits}), or allow more with budget: {{entries: …}} where there is memory for it"
        )


def thin_over(params: Params) -> int:
    """More entries than this are thinned, where the source can do that."""
    return params.budget.entries or MOST


def room(params: Params, *, thinned: bool = False) -> Room:
    """As `budget.entries` says, else as much as fits into the memory there is; always that for what was thinned."""
    if params.budget.entries is not None and not thinned:
        return Room(params.budget.entries, "budget.entries")
    free = memory()
    return Room(int(free * _SHARE / BYTES_PER_ENTRY), f"about {BYTES_PER_ENTRY} bytes each in {free / 2**30:.1f} GiB")


def memory() -> int:
    """Bytes that this process may use: the container's limit, its own, or what the machine has left."""
    limits = [int(text) for path in _LIMITS if (text := _text(path)).isdigit()]
    lines = dict(line.split(":", 1) for line in _text("/proc/meminfo").splitlines() if ":" in line)
    if available := lines.get("MemAvailable"):
        limits.append(int(available.split()[0]) * 1024)
    limits += [soft for kind in _OWN if (soft := resource.getrlimit(kind)[0]) != resource.RLIM_INFINITY]
    return min(limits, default=_UNKNOWN)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
