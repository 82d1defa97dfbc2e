"""When it could have been known: nothing later than the cut, and the first cut from which on it stays known."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from netra_analysis import claims
from netra_analysis.finding import Verdict
from netra_analysis.hypotheses.hindsight import look_back, moments, time_to_evidence
from netra_analysis.incident import Incident
from tests.entries import at, opened, request, said

FULL = "ERROR | db | QueuePool limit of size 5 overflow 5 reached, connection timed out, timeout 5.00"


def exhausted(folder: Path, words_from: float) -> Incident:
    """Requests fail from the tenth minute on; the pool is named from `words_from` on."""
    entries: list[Any] = [request(step, 200) for step in range(-3500, 600, 50)]
    entries += [request(600 + 20 * n, 500, latency=0.5) for n in range(100)]
    entries += [said(600 + 20 * n + 0.4, FULL) for n in range(100) if 600 + 20 * n >= words_from]
    return opened(folder, entries)


def test_moments_grow_and_end_with_the_window() -> None:
    found = moments(at(0), at(3600))
    assert (found[0], found[-1]) == (at(0), at(3600))
    gaps = [later - before for before, later in pairwise(found[1:-1])]
    assert gaps == sorted(gaps)


def test_what_the_first_failures_say_is_known_as_soon_as_there_are_enough(tmp_path: Path) -> None:
    inc = exhausted(tmp_path, 600)
    found = look_back(inc.tables, inc.settings, inc.onset, inc.judgements, inc.verdict)
    waited = time_to_evidence(found, "db_pool_exhaustion")
    assert inc.verdict == "db_pool_exhaustion"
    assert waited is not None
    assert waited <= 180
    (settled,) = [row for row in found.proof.to_pylist() if row["settled_by"] and row["cause"] == "db_pool_exhaustion"]
    assert (settled["settled_by"], settled["settled_claim"]) == ("pool_timeouts", "S-pool_timeouts")


def test_each_of_its_sentences_is_backed(tmp_path: Path) -> None:
    inc = exhausted(tmp_path, 600)
    found = look_back(inc.tables, inc.settings, inc.onset)
    (claim,) = [c for c in claims.back_all((found,), inc.tables.engine()) if c.id == "HS-db_pool_exhaustion"]
    assert claim.value == time_to_evidence(found, "db_pool_exhaustion")
    assert claim.statement.support == ("S-pool_timeouts",)
    assert claim.text.endswith("S-pool_timeouts settled it.")


def test_words_that_come_later_settle_it_later(tmp_path: Path) -> None:
    inc = exhausted(tmp_path, 840)
    found = look_back(inc.tables, inc.settings, inc.onset, inc.judgements, inc.verdict)
    assert (time_to_evidence(found, "db_pool_exhaustion") or 0) >= 240
    assert time_to_evidence(found, "memory_leak") is None


def test_where_nobody_was_hurt_there_is_nothing_to_look_back_to(tmp_path: Path) -> None:
    inc = opened(tmp_path, [request(step, 200) for step in range(-3500, 3600, 50)])
    found = look_back(inc.tables, inc.settings, inc.onset)
    assert (found.verdict, found.proof.num_rows) == (Verdict.NO_DATA, 0)
