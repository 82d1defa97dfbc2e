"""What an alert rule would have done: the rules as values, and their replay over minutes that have passed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netra_analysis.errors import RequestError
from netra_analysis.statistics.series import Bools
from netra_analysis.statistics.slo import burn_rate, counts, windowed

WEEK = 7 * 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class BurnPair:
    """Both windows have to burn at `rate` or more: the long one proves it matters, the short one that it lasts."""

    short_min: int
    long_min: int
    rate: float


# The Site Reliability Workbook, chapter 5, Alerting on SLOs: table of recommended windows (14.4, 6 and 1), and the
# pair of a day from the same chapter's listing. The first two page, the others open a ticket.
PAGING = (BurnPair(5, 60, 14.4), BurnPair(30, 360, 6.0))
TICKETS = (BurnPair(120, 1440, 3.0), BurnPair(360, 4320, 1.0))


@dataclass(frozen=True, slots=True)
class BurnRule:
    """Multi-window, multi-burn-rate: any pair is enough."""

    objective: float
    pairs: tuple[BurnPair, ...] = PAGING


@dataclass(frozen=True, slots=True)
class ShareRule:
    """Share of bad events above `share` over `minutes`, with at least `least_total` events in them."""

    share: float
    minutes: int
    least_total: int = 1


@dataclass(frozen=True, slots=True)
class CountRule:
    """At least `count` bad events over `minutes`."""

    count: int
    minutes: int


Rule = BurnRule | ShareRule | CountRule


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule did; a page is a beginning, however long it lasts."""

    detected_min: int | None  # minutes from onset until it would have fired, None: not during the incident
    fired_before: bool  # it was firing already when the incident began, so it told nothing new
    pages_incident: int  # that began during the incident
    false_pages: int  # that began in quiet time
    quiet_min: int  # minutes of quiet time in which the rule could be judged
    false_per_week: float  # NaN without quiet time
    blind_min: int  # minutes of the incident in which it could not be judged


def firing(rule: Rule, good: ArrayLike, total: ArrayLike) -> tuple[Bools, Bools]:
    """Minutes (n,) in which `rule` fires, and those in which it can be judged: gaps are no data, never zero.

    A minute counts with itself: what happens in it is known at its end. A pair of windows is judged as soon as its
    short one is measured; a long window before the record begins is taken over what there is of it, once that is
    half. Sources: `BurnRule`, The Site Reliability Workbook, chapter 5; the others as they are commonly written.
    """
    if isinstance(rule, BurnRule):
        return _burning(rule, good, total)
    fine, every, known = counts(good, total)
    bad, asked = windowed(every - fine, known, rule.minutes), windowed(every, known, rule.minutes)
    judged = ~np.isnan(bad)
    with np.errstate(invalid="ignore"):
        if isinstance(rule, CountRule):
            return np.asarray(judged & (bad >= rule.count)), judged
        return np.asarray(judged & (asked >= max(1, rule.least_total)) & (bad > rule.share * asked)), judged


def _burning(rule: BurnRule, good: ArrayLike, total: ArrayLike) -> tuple[Bools, Bools]:
    fires = judged = np.zeros(len(np.asarray(total)), np.bool_)
    for pair in rule.pairs:
        short = burn_rate(good, total, rule.objective, pair.short_min)
        long = burn_rate(good, total, rule.objective, pair.long_min)
        with np.errstate(invalid="ignore"):
            fires = fires | ((short >= pair.rate) & (long >= pair.rate))
        judged = judged | ~(np.isnan(short) | np.isnan(long))
    return fires, judged


def replay(
    rule: Rule,
    good: ArrayLike,
    total: ArrayLike,
    incident: tuple[int, int],
    *,
    others: Sequence[tuple[int, int]] = (),
    resolve_min: int = 5,
) -> Replay:
    """Run `rule` over per-minute counts `good` and `total` (n,), NaN where a minute was not measured.

    `incident`: minutes [onset, end); `others`: ranges that are neither quiet nor this incident. A page is over
    after `resolve_min` minutes without firing, so flapping is one page; a page that began during the incident and
    lasts beyond it is no false one. Detection counts whole minutes: 1 is the end of the first minute.
    RequestError for a range outside the data. Source: the alerting figures of The Site Reliability Workbook,
    chapter 5 (precision, detection time), counted instead of estimated.
    """
    fires, judged = firing(rule, good, total)
    onset, end = incident
    if not 0 <= onset < end <= len(fires):
        raise RequestError(f"the incident [{onset}, {end}) lies outside the {len(fires)} minutes")
    begins = _pages(fires, resolve_min)
    inside = np.zeros(len(fires), np.bool_)
    inside[onset:end] = True
    quiet = ~inside
    for start, stop in others:
        quiet[max(0, start) : stop] = False
    first = np.flatnonzero(fires & inside)
    quiet_min, false = int((quiet & judged).sum()), int((begins & quiet).sum())
    return Replay(
        detected_min=int(first[0]) - onset + 1 if len(first) else None,
        fired_before=bool(len(first)) and int(first[0]) == onset and onset > 0 and bool(fires[onset - 1]),
        pages_incident=int((begins & inside).sum()),
        false_pages=false,
        quiet_min=quiet_min,
        false_per_week=false * WEEK / quiet_min if quiet_min else float("nan"),
        blind_min=int((inside & ~judged).sum()),
    )


def _pages(fires: Bools, resolve_min: int) -> Bools:
    """Minutes in which a page begins: firing, and not within `resolve_min` minutes after firing."""
    begins = np.zeros(len(fires), np.bool_)
    last = -resolve_min - 2
    for minute in np.flatnonzero(fires):
        begins[minute] = minute - last > resolve_min + 1
        last = int(minute)
    return begins
