"""The same failure? Trait by trait, and what follows: `same`, `different`, or `open` where too little is known."""

from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum

LIKE = 0.5  # of the kinds of both together, from which on two sets count as alike
FOREIGN = 0.2  # and up to which they do not


class Likeness(StrEnum):
    """What two incidents are to each other."""

    SAME = "same"
    DIFFERENT = "different"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Traits:
    """What an incident is known by; empty where it was not there or could not be seen."""

    cause: str = ""
    supported: bool = False
    fingerprints: Set[str] = field(default_factory=frozenset)
    routes: Set[str] = field(default_factory=frozenset)
    fates: Set[str] = field(default_factory=frozenset)
    deaths: Set[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait of both: in what they agree, as a share of both together; None where one of them has nothing."""

    name: str
    a: str
    b: str
    agreement: float | None

    @property
    def says(self) -> Likeness:
        if self.agreement is None or FOREIGN < self.agreement < LIKE:
            return Likeness.OPEN
        return Likeness.SAME if self.agreement >= LIKE else Likeness.DIFFERENT


def traits_of_both(a: Traits, b: Traits) -> tuple[Trait, ...]:
    """Each trait side by side; the mechanism first, because a fingerprint can stay where a cause is another."""
    causes = (frozenset({t.cause}) if t.cause and t.supported else frozenset() for t in (a, b))
    return (
        _trait("cause", *causes),
        _trait("fingerprints of failures", a.fingerprints, b.fingerprints),
        _trait("routes with failures", a.routes, b.routes),
        _trait("fates of failed requests", a.fates, b.fates),
        _trait("deaths of instances", a.deaths, b.deaths),
    )


def _trait(name: str, a: Set[str], b: Set[str]) -> Trait:
    return Trait(name, ", ".join(sorted(a)), ", ".join(sorted(b)), overlap(a, b))


def overlap(a: Set[str], b: Set[str]) -> float | None:
    """Jaccard (1901): what is in both, as a share of what is in either; None unless both have something."""
    return len(a & b) / len(a | b) if a and b else None


def verdict(traits: tuple[Trait, ...]) -> Likeness:
    """Another cause is another failure, unless all else agrees; the same cause is the same one, unless nothing does."""
    cause, *rest = traits
    said = [trait.says for trait in rest if trait.says is not Likeness.OPEN]
    alike = sum(one is Likeness.SAME for one in said)
    if cause.says is Likeness.DIFFERENT:
        return Likeness.OPEN if said and alike == len(said) else Likeness.DIFFERENT
    if cause.says is Likeness.SAME:
        return Likeness.OPEN if said and not alike else Likeness.SAME
    if len(said) < 2:
        return Likeness.OPEN
    return Likeness.SAME if alike == len(said) else Likeness.DIFFERENT if not alike else Likeness.OPEN
