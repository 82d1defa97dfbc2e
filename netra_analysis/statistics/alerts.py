"""What an alert rule would have done: the rules as values, and their replay over minutes that have passed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netra_analysis.errors import RequestError
from netra_analysis.statistics.series import Bools, as_series
from netra_analysis.statistics.slo import burn_rate, counts, windowed

WEEK = 7 * 24 * 60  # minutes
AHEAD = 60  # minutes: what begins so long before the onset and lasts until it is a warning of it
RESOLVE = 5  # minutes without firing after which a page is over


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
    """Share of bad events above `share` over `minutes`, with at least `least_total` events and `least_bad` bad ones."""

    share: float
    minutes: int
    least_total: int = 1
    least_bad: int = 1


@dataclass(frozen=True, slots=True)
class CountRule:
    """At least `count` bad events over `minutes`."""

    count: int
    minutes: int


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A gauge at `level` or above in each of `minutes` minutes on end."""

    level: float
    minutes: int


Rule = BurnRule | ShareRule | CountRule


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule did; a page is a beginning, however long it lasts."""

    detected_min: int | None  # minutes from onset until it would have fired, None: not during the incident
    fired_before: bool  # it was firing already when the incident began, so it told nothing new
    warned_min: int | None  # minutes before onset that a page began which was open still at onset, AHEAD at the most
    pages_incident: int  # that began during the incident
    false_pages: int  # that began in quiet time and were no warning
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
        enough = (asked >= max(1, rule.least_total)) & (bad >= rule.least_bad)
        return np.asarray(judged & enough & (bad > rule.share * asked)), judged


def level(rule: LevelRule, values: ArrayLike) -> tuple[Bools, Bools]:
    """The same for a gauge, `values` (n,) with NaN for gaps.

    It fires when every minute was measured and none lies below; it is known not to when one is known to lie below;
    else it cannot be judged. So a gap neither raises a page nor clears one. Source: Kleene (1938), three-valued logic.
    """
    if rule.minutes < 1:
        raise RequestError(f"a rule over {rule.minutes} minutes; give 1 or more")
    gauge = as_series(values, "values")
    with np.errstate(invalid="ignore"):
        above, below = gauge >= rule.level, gauge < rule.level
    fires = np.asarray(windowed(above.astype(float), np.ones(len(gauge), np.bool_), rule.minutes) == rule.minutes)
    denied = np.asarray(windowed(below.astype(float), np.ones(len(gauge), np.bool_), rule.minutes) > 0)
    return fires, fires | denied


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
    incident: tuple[int, int] | None,
    *,
    others: Sequence[tuple[int, int]] = (),
    resolve_min: int = RESOLVE,
) -> Replay:
    """Run `rule` over per-minute counts `good` and `total` (n,), NaN where a minute was not measured.

    `incident`: minutes [onset, end), None where there was none; `others`: ranges that are neither quiet nor this
    incident. A page is over after `resolve_min` minutes without firing, so flapping is one page; a page that began
    during the incident and lasts beyond it is no false one. Detection counts whole minutes: 1 is the end of the
    first minute. RequestError for a range outside the data. Source: the alerting figures of The Site Reliability
    Workbook, chapter 5 (precision, detection time), counted instead of estimated.
    """
    return judged(*firing(rule, good, total), incident, others=others, resolve_min=resolve_min)


def judged(
    fires: Bools,
    known: Bools,
    incident: tuple[int, int] | None,
    *,
    others: Sequence[tuple[int, int]] = (),
    resolve_min: int = RESOLVE,
) -> Replay:
    """What a rule did that `fires` in these minutes and could be judged in the `known` ones; see `replay`."""
    onset, end = incident or (0, 0)
    if incident and not 0 <= onset < end <= len(fires):
        raise RequestError(f"the incident [{onset}, {end}) lies outside the {len(fires)} minutes")
    inside = np.zeros(len(fires), np.bool_)
    inside[onset:end] = True
    quiet = ~inside
    for start, stop in others:
        quiet[max(0, start) : stop] = False
    begins = [start for start, _ in pages(fires, resolve_min)]
    warned = _warned(pages(fires, resolve_min), onset, resolve_min) if incident else None
    first = np.flatnonzero(fires & inside)
    quiet_min = int((quiet & known).sum())
    false = sum(1 for start in begins if quiet[start] and (warned is None or start != onset - warned))
    return Replay(
        detected_min=int(first[0]) - onset + 1 if len(first) else None,
        fired_before=bool(len(first)) and int(first[0]) == onset and onset > 0 and bool(fires[onset - 1]),
        warned_min=warned,
        pages_incident=sum(1 for start in begins if inside[start]),
        false_pages=false,
        quiet_min=quiet_min,
        false_per_week=false * WEEK / quiet_min if quiet_min else float("nan"),
        blind_min=int((inside & ~known).sum()),
    )


def _warned(found: Sequence[tuple[int, int]], onset: int, resolve_min: int) -> int | None:
    """Minutes before `onset` that the page began which was open then; None for none, or one older than AHEAD."""
    for start, stop in found:
        if onset - AHEAD <= start < onset <= stop + resolve_min:
            return onset - start
    return None


def pages(fires: Bools, resolve_min: int = RESOLVE) -> list[tuple[int, int]]:
    """Minutes [first, last + 1) of each page: a stretch of firing without `resolve_min` minutes of rest in it."""
    found: list[tuple[int, int]] = []
    for minute in map(int, np.flatnonzero(fires)):
        if found and minute - found[-1][1] <= resolve_min:
            found[-1] = (found[-1][0], minute + 1)
        else:
            found.append((minute, minute + 1))
    return found
