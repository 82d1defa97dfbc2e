"""What libraries, drivers and servers write tells of one kind of trouble, or of none (`tests/data/words.yaml`)."""

from pathlib import Path

import pytest
import yaml

from netra_analysis.logtext import trouble

WORDS = yaml.safe_load((Path(__file__).parents[1] / "data" / "words.yaml").read_text())


KINDS = {
    "pool_timeouts": trouble.TIMED_OUT,
    "db_refuses": trouble.REFUSES,
    "config_words": trouble.CONFIG,
    "dependency_lost": trouble.LOST,
    "dependency_slow": trouble.SLOW,
    "crash_words": trouble.CRASH,
    "memory_words": trouble.OUT_OF_MEMORY,
    "workers_busy": trouble.BUSY,
    "loop_words": trouble.LOOP,
    "socket_words": trouble.SOCKETS,
}


AS_WELL = {"dependency_lost": "pool_timeouts", "crash_words": "memory_words"}  # a wait for the pool is none of what it
# is for, and whose memory ended tells of its end


def told(line: str) -> str:
    """The kinds of trouble that a line tells of."""
    found = [name for name, words in KINDS.items() if words.search(line)]
    return ", ".join(name for name in found if AS_WELL.get(name) not in found) or "none"


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in WORDS.items() for line in lines])
def test_a_line_tells_of_its_kind_alone(kind: str, line: str) -> None:
    assert told(line) == kind
