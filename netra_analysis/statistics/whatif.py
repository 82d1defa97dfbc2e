"""What would have been, with another pool or another memory limit? Two textbook laws, with what they assume.

Each input is an `Interval` (estimate, low, high) and each answer is one. The answers are arithmetic on the
inputs: they hold as far as the assumptions do, which is why these travel with them.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from netra_analysis.errors import RequestError
from netra_analysis.statistics.intervals import Interval
from netra_analysis.statistics.series import Floats, as_series

FEWEST_POINTS = 10  # of memory, for a slope
MOST_POINTS = 1000  # every k-th beyond; a slope over a life does not need each minute
MIB_HOUR = 3600.0

POOL_ASSUMES = (
    "arrivals and hold time stay what they were: users who wait do not come back more often",
    "requests spread evenly over the instances, and each holds one connection at a time",
    "waiting: arrivals at random moments and exponential hold times; bursts wait longer than this says",
)
LEAK_ASSUMES = (
    "memory keeps growing at the rate of this life of the instance, with the same traffic",
    "the limit is reached where the line reaches it; a burst of large requests reaches it earlier",
)


class BoundBy(StrEnum):
    """What limits the connections."""

    POOL = "pool"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class PoolOutlook:
    """A pool under a load; `waiting` and `wait_p95_s` are infinite-queue values: 1 and ∞ at a load of 1 or more."""

    busy: Interval  # connections in use on average, over all instances
    capacity: int  # connections that can be open at once
    bound_by: BoundBy
    load: Interval  # busy / capacity; 1 and above cannot be served
    waiting: Interval  # probability that a request waits for a connection, 0..1
    wait_p95_s: Interval
    pool_needed: Interval  # per instance, for `busy` alone; what the database allows is not looked at
    assumptions: tuple[str, ...] = POOL_ASSUMES


def pool(
    arrivals_per_s: Interval, hold_s: Interval, pool_size: int, instances: int, database_cap: int | None = None
) -> PoolOutlook:
    """Connections by Little's law: arrivals (requests/s over all instances) × hold time (s) against what there is.

    Capacity is pool × instances, or `database_cap` where that is less. RequestError for sizes below 1 or negative
    inputs. Sources: Little (1961), A proof for the queuing formula L = λW; waiting, Erlang (1917), formula C, for
    each instance with its own pool; interval of a product, Zou & Donner (2008).
    """
    if min(pool_size, instances) < 1 or (database_cap is not None and database_cap < 1):
        raise RequestError("pool, instances and database cap are counts of 1 or more")
    busy = product(arrivals_per_s, hold_s)
    wanted = pool_size * instances
    capacity = min(wanted, database_cap or wanted)
    servers = max(1, capacity // instances)
    each = scaled(busy, 1 / instances)
    return PoolOutlook(
        busy=busy,
        capacity=capacity,
        bound_by=BoundBy.POOL if capacity == wanted else BoundBy.DATABASE,
        load=scaled(busy, 1 / capacity),
        waiting=Interval(*(erlang_c(x, servers) for x in (each.estimate, each.low, each.high))),
        wait_p95_s=_wait(each, hold_s, servers),
        pool_needed=Interval(*(float(math.ceil(x)) for x in (each.estimate, each.low, each.high))),
    )


def product(one: Interval, other: Interval) -> Interval:
    """One times the other, both ≥ 0 and independent: limits at the root of the summed squared log distances."""
    if min(one.low, other.low) < 0 or not all(math.isfinite(x) for x in (one.estimate, other.estimate)):
        raise RequestError("rates and times have to be known and not negative")
    middle = one.estimate * other.estimate
    if middle == 0:
        return Interval(0.0, 0.0, one.high * other.high)
    down = math.hypot(*(_log(x.estimate, x.low) for x in (one, other)))
    up = math.hypot(*(_log(x.high, x.estimate) for x in (one, other)))
    return Interval(middle, middle * math.exp(-down), middle * math.exp(up))


def _log(above: float, below: float) -> float:
    return math.log(above / below) if below > 0 else math.inf


def scaled(one: Interval, by: float) -> Interval:
    """`one` times a positive constant."""
    return Interval(one.estimate * by, one.low * by, one.high * by)


def erlang_c(load: float, servers: int) -> float:
    """Probability to wait with `load` (erlang, busy servers on average) on `servers`; 1.0 where it cannot be served.

    Source: Erlang (1917) by the recursion of formula B, which cannot overflow (Jagerman 1974).
    """
    if load >= servers:
        return 1.0
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def _wait(each: Interval, hold: Interval, servers: int) -> Interval:
    ends = zip((each.estimate, each.low, each.high), (hold.estimate, hold.low, hold.high), strict=True)
    return Interval(*(_p95(load, hold_s, servers) for load, hold_s in ends))


def _p95(load: float, hold_s: float, servers: int) -> float:
    """Time that 95 % of requests do not exceed: P(wait > t) = C·exp(−(servers − load)·t / hold)."""
    waiting = erlang_c(load, servers)
    if load >= servers:
        return math.inf
    return 0.0 if waiting <= 0.05 else math.log(waiting / 0.05) * hold_s / (servers - load)


class Growth(StrEnum):
    """Whether memory grew over a life."""

    GROWS = "grows"
    NONE = "no slope"
    UNKNOWN = "too little data"


@dataclass(frozen=True, slots=True)
class LeakOutlook:
    """One life of one instance; times and requests are None unless it grows, and infinite where they may be."""

    growth: Growth
    points: int
    mib_per_hour: Interval
    mib_per_request: Interval | None  # None without requests
    now_mib: float  # level at the end of the life, by the line
    hours_to_limit: Interval | None  # from the end of the life; 0 where it is passed
    requests_to_limit: Interval | None
    hours_to_double: Interval | None  # the same with twice the limit
    requests_to_double: Interval | None
    assumptions: tuple[str, ...] = LEAK_ASSUMES

    @property
    def known(self) -> bool:
        """Whether there was enough to judge growth by."""
        return self.growth is not Growth.UNKNOWN


def leak(times_s: ArrayLike, used_mib: ArrayLike, limit_mib: float, requests: ArrayLike | None = None) -> LeakOutlook:
    """Growth of memory over one life of an instance, and when it meets `limit_mib`.

    `times_s` (n,) seconds, increasing; `used_mib` (n,) MiB, NaN for gaps; `requests` (n,) served so far.
    RequestError for shapes that do not fit or a limit of 0. "No slope" where the interval holds 0 or less.
    Source: median of pairwise slopes, Theil (1950), Sen (1968), which a collection of garbage does not upset; its
    interval is widened for memory of the residuals as in Yue & Wang (2004).
    """
    times, used = as_series(times_s, "times_s"), as_series(used_mib, "used_mib")
    served = None if requests is None else as_series(requests, "requests")
    if len(times) != len(used) or (served is not None and len(served) != len(used)) or not limit_mib > 0:
        raise RequestError("give one time, and one count of requests, for each value of memory, and a limit above 0")
    known = ~np.isnan(used) & ~np.isnan(times) & (True if served is None else ~np.isnan(served))
    if int(known.sum()) < FEWEST_POINTS or np.ptp(times[known]) == 0:
        nothing = Interval(float("nan"), float("-inf"), float("inf"))
        return LeakOutlook(Growth.UNKNOWN, int(known.sum()), nothing, None, float("nan"), None, None, None, None)
    return _outlook(times[known], used[known], limit_mib, None if served is None else served[known])


def _outlook(times: Floats, used: Floats, limit: float, served: Floats | None) -> LeakOutlook:
    slope, now = slope_of(times / MIB_HOUR, used)
    each = slope_of(served, used)[0] if served is not None and np.ptp(served) > 0 else None
    each = each if each is not None and math.isfinite(each.low) else None
    if not slope.low > 0:
        return LeakOutlook(Growth.NONE, len(used), slope, each, now, None, None, None, None)
    grows = each if each is not None and each.low > 0 else None
    return LeakOutlook(
        growth=Growth.GROWS,
        points=len(used),
        mib_per_hour=slope,
        mib_per_request=each,
        now_mib=now,
        hours_to_limit=_until(limit - now, slope),
        requests_to_limit=None if grows is None else _until(limit - now, grows),
        hours_to_double=_until(2 * limit - now, slope),
        requests_to_double=None if grows is None else _until(2 * limit - now, grows),
    )


def slope_of(x: Floats, y: Floats) -> tuple[Interval, float]:
    """Slope of `y` (n,) over `x` (n,) with 95 %, and the height of the line at the last x; limits may be NaN."""
    step = -(-len(x) // MOST_POINTS)
    x, y = x[::-1][::step][::-1], y[::-1][::step][::-1]
    with np.errstate(invalid="ignore"):  # with ties on both sides the variance of the rank sum is no number
        slope, level, low, high = (float(value) for value in stats.theilslopes(y, x, 0.95))
    wider = _widening(y - level - slope * x)
    return Interval(slope, slope - wider * (slope - low), slope + wider * (high - slope)), level + slope * float(x[-1])


def _widening(rest: Floats) -> float:
    """√((1 + ρ) / (1 − ρ)): what the residuals' memory takes from the number of independent points."""
    rest = rest - rest.mean()
    power = float((rest**2).sum())
    rho = float((rest[1:] * rest[:-1]).sum()) / power if power > 0 else 0.0
    rho = min(max(rho, 0.0), 0.98)
    return math.sqrt((1 + rho) / (1 - rho))


def _until(room_mib: float, slope: Interval) -> Interval:
    room = max(room_mib, 0.0)
    return Interval(room / slope.estimate, room / slope.high, room / slope.low)
