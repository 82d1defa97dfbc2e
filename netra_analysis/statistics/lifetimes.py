"""Are lifetimes more alike than chance makes them? What fills up at a steady rate ends lives at one age."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import beta

from netra_analysis.errors import RequestError


@dataclass(frozen=True, slots=True)
class Alike:
    """`ratio`: longest over shortest life, 1 or more. `p`: the chance of one as small when ends come at random."""

    n: int
    ratio: float
    p: float


def alike(lives_s: ArrayLike) -> Alike:
    """How alike two or more lifetimes (seconds, above 0) are, against ends that come at random moments.

    When ends come at a constant rate, lives are exponential. Given the shortest life m of n, the others exceed it by
    exponential amounts, and m itself is exponential with n times the rate, so the chance that all lie below r·m is
    n/(r-1) · B(n/(r-1), n): exact, and free of the rate. RequestError for fewer than two lives, or one that is not
    above 0.
    """
    lives = np.asarray(lives_s, dtype=float)
    if lives.size < 2 or not np.all(np.isfinite(lives)) or lives.min() <= 0:
        raise RequestError("lifetimes are compared from two on, each a number of seconds above 0")
    ratio = float(lives.max() / lives.min())
    if ratio == 1.0:
        return Alike(int(lives.size), 1.0, 0.0)
    share = lives.size / (ratio - 1.0)
    return Alike(int(lives.size), ratio, float(share * beta(share, lives.size)))
