"""What libraries, drivers and servers write tells of one kind of trouble, or of none (`tests/data/words.yaml`)."""

from pathlib import Path

import pytest
import yaml

from netra_analysis.logtext.trouble import CONFIG, LOST, REFUSES, TIMED_OUT

WORDS = yaml.safe_load((Path(__file__).parents[1] / "data" / "words.yaml").read_text())


def told(line: str) -> str:
    """The kinds of trouble that a line tells of; a wait for the pool is none of what the pool is for."""
    kinds = {"pool_timeouts": TIMED_OUT, "db_refuses": REFUSES, "config_words": CONFIG, "dependency_lost": LOST}
    found = [name for name, words in kinds.items() if words.search(line)]
    return ", ".join(n for n in found if n != "dependency_lost" or "pool_timeouts" not in found) or "none"


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in WORDS.items() for line in lines])
def test_a_line_tells_of_its_kind_alone(kind: str, line: str) -> None:
    assert told(line) == kind
