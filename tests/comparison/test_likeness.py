"""The same failure or another: traits by hand, and what follows from them."""

import pytest

from netra_analysis.comparison.likeness import Likeness, Traits, overlap, traits_of_both, verdict

LEAK = Traits(
    "Memory leak", True, frozenset({"x1", "x2"}), frozenset({"/a"}), frozenset({"application"}), frozenset({"oom"})
)
OTHER = Traits("Traffic surge", True, frozenset({"x9"}), frozenset({"/b"}), frozenset({"no instance"}), frozenset())


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (LEAK, LEAK, Likeness.SAME),
        (LEAK, OTHER, Likeness.DIFFERENT),
        (LEAK, Traits(), Likeness.OPEN),
        (Traits(), Traits(), Likeness.OPEN),
        (
            LEAK,
            Traits("Memory burst", True, LEAK.fingerprints, LEAK.routes, LEAK.fates, LEAK.deaths),
            Likeness.OPEN,
        ),
        (LEAK, Traits("Memory leak", True, frozenset({"x9"}), frozenset({"/b"})), Likeness.OPEN),
        (
            Traits("", False, LEAK.fingerprints, LEAK.routes),
            Traits("", False, LEAK.fingerprints, LEAK.routes),
            Likeness.SAME,
        ),
        (
            Traits("", False, LEAK.fingerprints, LEAK.routes),
            Traits("", False, OTHER.fingerprints, OTHER.routes),
            Likeness.DIFFERENT,
        ),
    ],
    ids=["itself", "another", "nothing known", "nothing at all", "neighbour", "only the cause", "unnamed", "strangers"],
)
def test_what_two_incidents_are_to_each_other(a: Traits, b: Traits, said: Likeness) -> None:
    assert verdict(traits_of_both(a, b)) is said
    assert verdict(traits_of_both(b, a)) is said


def test_a_cause_that_is_not_supported_is_no_trait() -> None:
    first, *_ = traits_of_both(LEAK, Traits("Memory leak", False))
    assert (first.a, first.b, first.says) == ("Memory leak", "", Likeness.OPEN)


def test_overlap_is_a_share_of_both_together() -> None:
    assert overlap(frozenset("ab"), frozenset("bc")) == pytest.approx(1 / 3)
    assert overlap(frozenset(), frozenset("a")) is None
