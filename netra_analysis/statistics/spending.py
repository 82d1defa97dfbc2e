"""What level is left for this run? Each scheduled run on the same incident is another look at the same data."""

from functools import lru_cache

import numpy as np
from scipy import special

from netra_analysis.errors import RequestError

PATHS = 40_000
SEED = 1979


def level(run: int, runs: int, alpha: float = 0.05) -> float:
    """The level at which run number `run` (from 1) of `runs` may decide, so that all together keep `alpha`.

    Early runs, with little data, get almost nothing; the last gets most. For runs that look at data which grow
    evenly, as scheduled runs over one day do.
    RequestError unless 1 <= run <= runs and 0 < alpha < 1.
    Source: O'Brien & Fleming (1979), A multiple testing procedure for clinical trials.
    """
    if not 1 <= run <= runs or not 0 < alpha < 1:
        raise RequestError(f"run {run} of {runs} at level {alpha}: give 1 <= run <= runs and 0 < alpha < 1")
    if runs == 1:
        return alpha
    return float(2 * special.ndtr(-_boundary(runs, alpha) * np.sqrt(runs / run)))


@lru_cache(maxsize=64)
def _boundary(runs: int, alpha: float) -> float:
    """The height that random walks of `runs` steps pass with probability `alpha`, as a score at the last step."""
    walks = np.random.default_rng(SEED).standard_normal((PATHS, runs)).cumsum(axis=1)
    return float(np.quantile(np.abs(walks).max(axis=1) / np.sqrt(runs), 1 - alpha))
