"""What differs between the rows that failed and comparable rows that did not?

Comparable means the same stratum, such as route × time bucket: a stratum without both kinds says nothing and is
counted out. Where the successful rows come from, before or after the incident, is the caller's decision.
A difference is an association: it says where to look, and the number of questions asked is printed with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from netra_analysis.errors import RequestError
from netra_analysis.statistics.intervals import Interval
from netra_analysis.statistics.rank_contrast import median_shift, separation
from netra_analysis.statistics.series import Bools, Floats, as_series
from netra_analysis.statistics.strata import Ints, exact_p, share_ratio, tables

SAME_ROWS = 0.95  # Jaccard index from which two values are one: they occur in the same rows
FEWEST_ROWS = 3  # rows with a value, for it to be asked about
FEW = 30  # rows of a kind, below which the answer says that it rests on few


@dataclass(frozen=True, slots=True)
class ValueContrast:
    """A value, or values that occur in the same rows; ratio > 1: more common among failing rows."""

    values: tuple[tuple[str, str], ...]  # (field, value); the counts are those of the first
    failing_with: int
    failing: int
    succeeding_with: int
    succeeding: int
    ratio: Interval  # of the shares, within strata
    p: float
    q: float  # over all tests of the report
    small: bool

    @property
    def words(self) -> str:
        """The effect as one says it: "5.2× more common"."""
        ratio = self.ratio.estimate
        if np.isnan(ratio):
            return "not comparable"
        if np.isinf(ratio):
            return "only in failing rows"
        if ratio == 0:
            return "never in failing rows"
        return f"{ratio:.1f}× more common" if ratio >= 1 else f"{1 / ratio:.1f}× less common"


@dataclass(frozen=True, slots=True)
class NumberContrast:
    """A numeric field; shift in its unit, auc the chance that a failing row has the larger number."""

    field: str
    failing: int
    succeeding: int
    shift: Interval
    auc: Interval
    p: float
    q: float
    small: bool


@dataclass(frozen=True, slots=True)
class Contrasts:
    """All that was asked, most certain first."""

    values: tuple[ValueContrast, ...]
    numbers: tuple[NumberContrast, ...]
    tests: int  # groups of values and numeric fields, all of them behind q
    rare: int  # values in too few rows to be asked about
    failing: int
    failing_compared: int  # those in a stratum with a successful row
    succeeding_compared: int
    strata: int  # with rows of both kinds
    note: str | None  # why this is little to go on


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    failing: Bools
    strata: Ints


def contrast(
    failing: ArrayLike,
    categories: Mapping[str, ArrayLike] | None = None,
    numbers: Mapping[str, ArrayLike] | None = None,
    strata: ArrayLike | None = None,
) -> Contrasts:
    """Compare the rows with `failing` (n,) True with the others in each field, within `strata`.

    `categories`: field → (n,) values, None where unknown; `numbers`: field → (n,) floats in any unit, NaN where
    unknown; `strata`: (n,) ids, None for one. An unknown value takes its row out of that field only.
    RequestError for lengths that differ. Sources: `share_ratio`, `exact_p`, `median_shift`, `separation`;
    false discovery rate q, Benjamini & Hochberg (1995).
    """
    failed = np.asarray(failing, np.bool_)
    groups = _numbered(strata, len(failed))
    kept = _compared(failed, groups)
    rows = _Rows(failed[kept], _numbered(groups[kept], int(kept.sum())))
    found, rare = _groups({f: _column(f, v, len(failed))[kept] for f, v in (categories or {}).items()})
    values = [_value(rows, members, known, having) for members, known, having in found]
    fields = {f: as_series(v, f) for f, v in (numbers or {}).items()}
    for field, column in fields.items():
        _check(field, len(column), len(failed))
    told = [one for f, column in sorted(fields.items()) if (one := _number(rows, f, column[kept]))]
    return _report(values, told, rare, failed, rows)


def _report(
    values: list[ValueContrast], numbers: list[NumberContrast], rare: int, failed: Bools, rows: _Rows
) -> Contrasts:
    ps = [one.p for one in values] + [one.p for one in numbers]
    qs = [float(q) for q in stats.false_discovery_control(ps)] if ps else []
    asked = [replace(one, q=q) for one, q in zip(values, qs[: len(values)], strict=True)]
    measured = [replace(one, q=q) for one, q in zip(numbers, qs[len(values) :], strict=True)]
    compared = int(rows.failing.sum())
    others = len(rows.failing) - compared
    return Contrasts(
        values=tuple(sorted(asked, key=_certain_first)),
        numbers=tuple(sorted(measured, key=lambda one: (one.q, one.p, one.field))),
        tests=len(ps),
        rare=rare,
        failing=int(failed.sum()),
        failing_compared=compared,
        succeeding_compared=others,
        strata=int(rows.strata.max(initial=-1)) + 1,
        note=_note(compared, others),
    )


def _certain_first(one: ValueContrast) -> tuple[float, bool, float, tuple[tuple[str, str], ...]]:
    """By q; of a value and its opposite, which have the same p, the one that is more common in failing rows."""
    return float(f"{one.q:.6g}"), not one.ratio.estimate > 1, one.p, one.values


def _note(failing: int, succeeding: int) -> str | None:
    if not failing:
        return "no failing row has a successful row beside it in its stratum: nothing is compared"
    if min(failing, succeeding) < FEW:
        return f"{failing} failing rows beside {succeeding} successful ones: few, so only large differences can show"
    return None


def _value(rows: _Rows, members: tuple[tuple[str, str], ...], known: Bools, having: Bools) -> ValueContrast:
    ours, strata = rows.failing[known], rows.strata[known]
    found = tables(having[known], ours, strata)
    failing, succeeding = int(ours.sum()), int((~ours).sum())
    return ValueContrast(
        values=members,
        failing_with=int(found.ours_with.sum()),
        failing=failing,
        succeeding_with=int(found.others_with.sum()),
        succeeding=succeeding,
        ratio=share_ratio(found),
        p=exact_p(found),
        q=float("nan"),
        small=min(failing, succeeding) < FEW,
    )


def _number(rows: _Rows, field: str, column: Floats) -> NumberContrast | None:
    """None where no stratum has a known number on both sides."""
    known = ~np.isnan(column)
    known[known] = _compared(rows.failing[known], rows.strata[known])
    if not known.any():
        return None
    values, ours, strata = column[known], rows.failing[known], rows.strata[known]
    auc, p = separation(values, ours, strata)
    failing, succeeding = int(ours.sum()), int((~ours).sum())
    shift, small = median_shift(values, ours, strata), min(failing, succeeding) < FEW
    return NumberContrast(field, failing, succeeding, shift, auc, p, float("nan"), small)


Members = tuple[tuple[str, str], ...]


@dataclass(slots=True, eq=False)
class _Group:
    """Values that occur in the same rows; the first one's rows stand for all."""

    members: list[tuple[str, str]]
    known: Bools  # rows that the first one's field knows
    having: Bools
    count: int

    def same(self, rows: Ints) -> bool:
        """Whether `rows`, no more than ours, are ours up to `SAME_ROWS`, by the index of Jaccard (1901)."""
        if len(rows) < SAME_ROWS * self.count:
            return False
        both = int(np.count_nonzero(self.having[rows]))
        return both >= SAME_ROWS * (len(rows) + self.count - both)


def _groups(columns: Mapping[str, NDArray[np.object_]]) -> tuple[list[tuple[Members, Bools, Bools]], int]:
    """Values that occur in the same rows, as groups, the most common first; and how many are too rare to ask."""
    seen = [(int(np.count_nonzero(having)), name, known, having) for name, known, having in _occurring(columns)]
    often = sorted((one for one in seen if one[0] >= FEWEST_ROWS), key=lambda one: (-one[0], one[1]))
    found: list[_Group] = []
    for count, name, known, having in often:
        others = (group for group in found if group.members[0][0] != name[0])  # values of one field share no row
        rows = np.flatnonzero(having)
        like = next((group for group in others if group.same(rows)), None)
        if like:
            like.members.append(name)
        else:
            found.append(_Group([name], known, having, count))
    return [(tuple(group.members), group.known, group.having) for group in found], len(seen) - len(often)


def _occurring(columns: Mapping[str, NDArray[np.object_]]) -> Iterator[tuple[tuple[str, str], Bools, Bools]]:
    for field, column in sorted(columns.items()):
        known = np.asarray([value is not None and value == value for value in column], np.bool_)
        names, places = np.unique(column[known].astype(str), return_inverse=True)
        counts = np.bincount(places, minlength=len(names))
        for i, name in enumerate(names):
            if counts[i] == known.sum() == len(known):
                continue  # what every row has tells nothing apart
            having = np.zeros(len(column), np.bool_)
            having[known] = places == i
            yield (field, str(name)), known, having


def _compared(failed: Bools, strata: Ints) -> Bools:
    """Rows whose stratum has both kinds."""
    size = int(strata.max(initial=-1)) + 1
    ours, others = np.bincount(strata[failed], minlength=size), np.bincount(strata[~failed], minlength=size)
    return np.asarray(((ours > 0) & (others > 0))[strata], np.bool_)


def _numbered(strata: ArrayLike | None, rows: int) -> Ints:
    if strata is None:
        return np.zeros(rows, np.int64)
    ids = np.asarray(strata)
    _check("strata", len(ids), rows)
    return np.asarray(np.unique(ids, return_inverse=True)[1], np.int64)


def _column(field: str, values: ArrayLike, rows: int) -> NDArray[np.object_]:
    column = np.asarray(values, np.object_)
    _check(field, len(column), rows)
    return column


def _check(field: str, length: int, rows: int) -> None:
    if length != rows:
        raise RequestError(f"{field} has {length} values for {rows} rows; give one value a row")
