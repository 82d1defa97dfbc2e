"""A Cloud Monitoring distribution in the few numbers that say something of it.

Percentiles are interpolated inside their bucket, so they are approximate and never exceed its upper bound.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

_QUANTILES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def distribution_statistics(value: Mapping[str, Any]) -> dict[str, float]:
    """count, mean, p50, p95, p99 and max (the highest filled bucket's bound) of a Distribution.

    An empty distribution has only its count: no sample, no mean. One whose parts contradict each other, or
    are no numbers, raises ValueError, TypeError, KeyError, AttributeError or OverflowError.
    """
    count = int(value.get("count", 0) or 0)
    if count <= 0:
        return {"count": float(count)}
    statistics = {"count": float(count), "mean": float(value.get("mean", 0.0))}
    counts = [int(n) for n in value.get("bucketCounts") or []]
    bounds = _bounds(value.get("bucketOptions") or {}, len(counts))
    if counts and not (min(counts) >= 0 and any(counts)):
        raise ValueError("its samples are in no bucket")
    if counts and bounds:
        statistics |= {name: _quantile(counts, bounds, share) for name, share in _QUANTILES.items()}
        statistics["max"] = _upper(bounds, max(i for i, n in enumerate(counts) if n))
    if not all(math.isfinite(number) for number in statistics.values()):
        raise ValueError("a number of it is not finite")
    return statistics


def _bounds(options: Mapping[str, Any], buckets: int) -> list[float]:
    """The bounds that `buckets` buckets can reach: a file may claim any number of further ones."""
    if "explicitBuckets" in options:
        finite = [float(b) for b in options["explicitBuckets"].get("bounds") or []]
    elif "linearBuckets" in options:
        linear = options["linearBuckets"]
        width, offset = float(linear["width"]), float(linear.get("offset", 0))
        finite = [offset + width * i for i in range(min(int(linear["numFiniteBuckets"]) + 1, buckets))]
    elif "exponentialBuckets" in options:
        growth = options["exponentialBuckets"]
        factor, scale = float(growth["growthFactor"]), float(growth["scale"])
        finite = [scale * factor**i for i in range(min(int(growth["numFiniteBuckets"]) + 1, buckets))]
    else:
        return []
    if not all(low < high for low, high in pairwise(finite)) or (finite and buckets > len(finite) + 1):
        raise ValueError("its bounds do not rise, or are fewer than its buckets")
    return finite


def _upper(bounds: Sequence[float], bucket: int) -> float:
    return bounds[min(bucket, len(bounds) - 1)]


def _quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float:
    """Linear inside the bucket that holds the share; bucket i spans bounds[i-1] to bounds[i]."""
    wanted, seen = share * sum(counts), 0
    for bucket, number in enumerate(counts):
        if number and seen + number >= wanted:
            low = bounds[bucket - 1] if bucket else min(0.0, bounds[0])
            high = _upper(bounds, bucket)
            return low + (high - low) * max(0.0, wanted - seen) / number
        seen += number
    return bounds[-1]
