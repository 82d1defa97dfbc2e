"""When did the failures begin that the usual rate does not explain?

A service that fails one request in a thousand on any day has, in a window of hours, failures before every incident.
The first of all is then no onset. It is found in two steps: the first failure with so many others close behind it
that the usual rate would hardly give them anywhere in the window, the shortest span first; then back to the
failure from which on there were already more than usual, where that change is the clearest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrc

SPANS_S = (10.0, 60.0, 300.0, 900.0, 3600.0)
RARE = 0.01  # of so many or more, when the usual is expected; over all places that are tried
TINY = 1e-9  # failures to be expected between two of one instant
BIN = timedelta(minutes=5)


def began(ends: Sequence[datetime], usual_per_s: float) -> int:
    """The index in `ends` (sorted, one or more) of the first failure of the incident; 0 when all look alike.

    `usual_per_s`: failures a second on an ordinary day. Source: the scan statistic, Naus (1965), The distribution
    of the size of the maximum cluster of points on a line, with its spans fixed beforehand.
    """
    at = np.array([(end - ends[0]).total_seconds() for end in ends])
    for span in SPANS_S:
        dense = _first_dense(at, span, usual_per_s)
        if dense is not None:
            return _earlier(at, dense, usual_per_s)
    return 0


def _first_dense(at: NDArray[np.float64], span: float, usual: float) -> int | None:
    behind = np.searchsorted(at, at + span, side="right") - np.arange(len(at)) - 1
    rare = pdtrc(behind - 1, usual * span) < RARE / len(at)
    found = np.flatnonzero((behind >= 1) & rare)
    return int(found[0]) if len(found) else None


def _earlier(at: NDArray[np.float64], dense: int, usual: float) -> int:
    """The failure before `dense` from which on there were more than usual, where the change is the clearest.

    By the likelihood ratio of a rate of its own against the usual one, between it and `dense`: with a stray far
    before, the burst alone would still be more than usual.
    """
    after = dense - np.arange(dense)
    expected = np.maximum(usual * (at[dense] - at[:dense]), TINY)
    ratio = after * np.log(after / expected) - (after - expected)
    ratio[pdtrc(after - 1, expected) >= RARE / max(dense, 1)] = 0.0
    return int(np.argmax(ratio)) if dense and ratio.max() > 0 else dense


def usual_rate(failures: Sequence[datetime], start: datetime, end: datetime) -> float:
    """Failures a second in the calmer half of [start, end): the median of stretches of five minutes.

    For where no baseline was read: an incident that fills less than half of the window does not enter.
    """
    bins = max(1, int((end - start) / BIN))
    counts = np.zeros(bins)
    for failure in failures:
        place = int((failure - start) / BIN)
        if 0 <= place < bins:
            counts[place] += 1
    return float(np.median(counts)) / BIN.total_seconds()
