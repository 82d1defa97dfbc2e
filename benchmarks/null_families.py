"""How often do the couplings see what is not there, and how often do they miss what is?

    python benchmarks/null_families.py [--reports 300] [--only FAMILY …] [--first SEED]

Twelve families of data without any relation (../shared/design/trust.md, R12), each with what makes unrelated
series look related. One report is one call of `couple` on one target and its candidates (24 for the re-runs); it is
a false alarm when any candidate is `supported`. Control: a bare Pearson test of the first pair at p < .05.
Then power and the lag found, on planted relations. All draws are seeded; nothing is skipped.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

# Runs from a checkout, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from netra_analysis.statistics.coupling import Coupling, couple
from netra_analysis.statistics.intervals import clopper_pearson
from netra_analysis.statistics.spending import level

Floats = NDArray[np.float64]
Dice = np.random.Generator

DAY, WEEK = 1440, 10_080
CANDIDATES = 8
POOLED, EACH, CONTROL, POWER, LAGS = 0.060, 0.075, 0.40, 0.80, 0.90


@dataclass(frozen=True)
class Report:
    """One question to `couple`, and the runs it is asked in: (steps known so far, level)."""

    target: Floats
    candidates: Floats
    options: dict[str, Any] = field(default_factory=dict)
    runs: tuple[tuple[int, float], ...] = ()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def memory(dice: Dice, phi: float, k: int, n: int = DAY) -> Floats:
    """`k` autoregressive series of unit variance."""
    shocks = dice.standard_normal((k, n + 500)) * np.sqrt(1 - phi**2)
    return np.asarray(signal.lfilter([1.0], [1.0, -phi], shocks, axis=1)[:, 500:])


def autoregressive(phi: float, k: int = CANDIDATES) -> Callable[[Dice], Report]:
    return lambda dice: Report(memory(dice, phi, 1)[0], memory(dice, phi, k), {"counts": False})


def walk(dice: Dice) -> Report:
    rows = dice.standard_normal((CANDIDATES + 1, DAY)).cumsum(axis=1)
    return Report(rows[0], rows[1:], {"counts": False})


def rhythm(n: int, jump: int | None = None) -> Floats:
    """Log traffic of `n` minutes: low at 03:00, weekends a third lower; local time jumps an hour ahead at `jump`."""
    local = np.arange(n, dtype=np.float64)
    if jump is not None:
        local[jump:] += 60
    angle = 2 * np.pi * (local - 180) / DAY
    ramps = [1 / (1 + np.exp(-(local % WEEK - edge) / 60)) for edge in (5 * DAY + 120, 7 * DAY - 60)]
    return np.asarray(0.7 * (-np.cos(angle) - 0.4 * np.cos(2 * angle)) - 0.4 * (ramps[0] - ramps[1]))


def cycle(jump: int | None = None) -> Callable[[Dice], Report]:
    """Errors, counts and gauges that all follow the day and the week, and nothing else."""

    def drawn(dice: Dice) -> Report:
        beat = rhythm(WEEK, jump)
        target = dice.poisson(2 * np.exp(beat)).astype(np.float64)
        half = CANDIDATES // 2
        traffic = dice.poisson(50 * np.exp(beat), size=(half, WEEK)).astype(np.float64)
        gauges = 2 * beat + memory(dice, 0.9, CANDIDATES - half, WEEK)
        return Report(target, np.vstack([traffic, gauges]))

    return drawn


def gap(dice: Dice) -> Report:
    """An hour and a half in which nothing was recorded, of the errors and of the metrics."""
    target, rows = dice.poisson(3, size=DAY).astype(np.float64), memory(dice, 0.9, CANDIDATES)
    begin = int(dice.integers(100, DAY - 200))
    target[begin : begin + 90] = np.nan
    rows[:, begin : begin + 90] = np.nan
    return Report(target, rows)


def low(dice: Dice) -> Report:
    return Report(dice.poisson(0.02, size=DAY).astype(np.float64), memory(dice, 0.9, CANDIDATES))


def overdispersed(dice: Dice) -> Report:
    mean = 2 * np.exp(0.9 * memory(dice, 0.9, 1)[0])
    return Report(dice.negative_binomial(0.5, 0.5 / (0.5 + mean)).astype(np.float64), memory(dice, 0.9, CANDIDATES))


def waves(dice: Dice, k: int) -> Report:
    """Errors whose rate comes and goes, beside `k` unrelated metrics that do the same."""
    target = dice.poisson(np.exp(0.7 * memory(dice, 0.9, 1)[0])).astype(np.float64)
    return Report(target, memory(dice, 0.9, k))


def reruns(dice: Dice) -> Report:
    """The same day, asked about every hour while it fills; the day before is known."""
    report = Report(memory(dice, 0.9, 1, 2 * DAY)[0], memory(dice, 0.9, CANDIDATES, 2 * DAY), {"counts": False})
    runs = tuple((DAY + 60 * i, level(i, 24)) for i in range(1, 25))
    return Report(report.target, report.candidates, report.options, runs)


FAMILIES: dict[str, Callable[[Dice], Report]] = {
    "iid": autoregressive(0.0),
    "AR .5": autoregressive(0.5),
    "AR .9": autoregressive(0.9),
    "AR .97": autoregressive(0.97),
    "random walk": walk,
    "day+week": cycle(),
    "common gap": gap,
    "low counts": low,
    "over-dispersed": overdispersed,
    "21 lags": lambda dice: waves(dice, 1),
    "40 candidates": lambda dice: waves(dice, 40),
    "24 re-runs": reruns,
    "DST week": cycle(3 * DAY + 120),
}


def alarmed(report: Report, seed: int) -> bool:
    runs = report.runs or ((len(report.target), 0.05),)
    return any(
        answer.supported
        for steps, alpha in runs
        for answer in couple(
            report.target[:steps], report.candidates[:, :steps], seed=seed, alpha=alpha, **report.options
        )
    )


def bare_pearson(report: Report) -> bool:
    known = ~np.isnan(report.target) & ~np.isnan(report.candidates[0])
    return bool(stats.pearsonr(report.target[known], report.candidates[0][known]).pvalue < 0.05)


def shown(hits: int, n: int) -> str:
    share = clopper_pearson(hits, n)
    return f"{hits:>5}/{n:<5} {share.estimate:>6.1%} [{share.low:.1%}, {share.high:.1%}]"


def nulls(reports: int, first: int, only: list[str]) -> bool:
    say(f"{'family':<15}{'reports with a supported relation':<40}{'bare Pearson, one pair':<34}{'s/report':>8}")
    total, good = [0, 0], True
    for number, (name, drawn) in enumerate(FAMILIES.items()):
        if only and name not in only:
            continue
        start, made = time.perf_counter(), [drawn(np.random.default_rng([first + i, number])) for i in range(reports)]
        hits = sum(alarmed(report, i) for i, report in enumerate(made))
        each = (time.perf_counter() - start) / reports
        control = sum(bare_pearson(report) for report in made)
        good &= hits <= EACH * reports and (name != "AR .9" or control > CONTROL * reports)
        total = [total[0] + hits, total[1] + reports]
        say(f"{name:<15}{shown(hits, reports):<40}{shown(control, reports):<34}{each:>8.2f}")
    say(f"{'pooled':<15}{shown(total[0], total[1])}")
    return good and total[0] <= POOLED * total[1]


@dataclass(frozen=True)
class Rise:
    """Errors at `base` a minute, three times that for `minutes`, `lag` after one metric rose by `lift`."""

    days: int
    candidates: int
    minutes: int
    base: float
    lift: int
    headline: bool = True

    def drawn(self, dice: Dice) -> tuple[Report, int]:
        n, lag = self.days * DAY, int(dice.integers(0, 11))
        begin = int(dice.integers(60, n - self.minutes - 60))
        rows = memory(dice, 0.9, self.candidates, n)
        rows[0, begin : begin + self.minutes] += self.lift
        rate = np.full(n, self.base)
        rate[begin + lag : begin + lag + self.minutes] *= 3
        return Report(dice.poisson(rate).astype(np.float64), rows), lag

    def __str__(self) -> str:
        errors = 3 * self.base * self.minutes
        return f"{self.days} d, {self.candidates} candidates, {errors:.0f} errors in {self.minutes} min, {self.lift} sd"


RISES = (
    Rise(3, 8, 30, 0.6, 5),
    Rise(3, 8, 45, 0.4, 5),
    Rise(7, 8, 60, 0.3, 5),
    Rise(7, 40, 30, 0.6, 5),
    Rise(3, 8, 30, 6.0, 5),
    Rise(3, 40, 30, 0.6, 5, headline=False),
    Rise(1, 8, 30, 0.6, 5, headline=False),
    Rise(3, 8, 30, 0.6, 3, headline=False),
    Rise(3, 8, 120, 0.15, 5, headline=False),
    Rise(3, 8, 240, 0.6, 5, headline=False),
)


def driven(dice: Dice) -> tuple[Report, int]:
    """A day in which one metric of eight, as it comes and goes, drives the rate of errors 1–10 minutes later."""
    lag, rows = int(dice.integers(1, 11)), memory(dice, 0.9, CANDIDATES, DAY + 10)
    target = dice.poisson(np.exp(0.7 * rows[0, 10 - lag : 10 - lag + DAY])).astype(np.float64)
    return Report(target, rows[:, 10:]), lag


def found(report: Report, seed: int) -> Coupling:
    return couple(report.target, report.candidates, seed=seed, **report.options)[0]


def power(reports: int, first: int) -> bool:
    say("\nplanted: a threefold rise of errors behind one metric (* counts towards the target)")
    say(f"{'':<56}{'supported':<32}{'lag within 1 min, of those':<34}order right")
    good = True
    for number, rise in enumerate(RISES):
        answers = []
        for i in range(reports):
            report, lag = rise.drawn(np.random.default_rng([first + i, 100 + number]))
            answers.append((found(report, i), lag))
        hits = [(a, lag) for a, lag in answers if a.supported]
        near = sum(abs((a.lag or 0) - lag) <= 1 for a, lag in hits)
        first_ones = [a.order_probability for a, lag in hits if a.order_probability is not None and lag >= 3]
        order = f"{np.mean([p > 0.5 for p in first_ones]):.2f} of {len(first_ones)}" if first_ones else "–"
        star = "* " if rise.headline else "  "
        say(f"{star}{rise!s:<54}{shown(len(hits), reports):<32}{shown(near, len(hits)):<34}{order}")
        good &= not rise.headline or len(hits) >= POWER * reports
    answers = [(found(report, i), lag) for i, (report, lag) in _driven(reports, first)]
    near = sum(a.supported and abs((a.lag or 0) - lag) <= 1 for a, lag in answers)
    covered = sum(a.lag_interval is not None and a.lag_interval[0] <= lag <= a.lag_interval[1] for a, lag in answers)
    say(f"\nplanted lags of 1–10 min, a rate that follows one metric of {CANDIDATES} over a day")
    say(f"supported and within one minute {shown(near, reports)}; lag inside its interval {shown(covered, reports)}")
    return good and near >= LAGS * reports


def _driven(reports: int, first: int) -> list[tuple[int, tuple[Report, int]]]:
    return [(i, driven(np.random.default_rng([first + i, 200]))) for i in range(reports)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", nargs="*", default=[], choices=[*FAMILIES, "power"])
    asked = parser.parse_args()
    families = [name for name in asked.only if name != "power"]
    calibrated = nulls(asked.reports, asked.first, families) if families or not asked.only else True
    strong = power(min(asked.reports, 200), asked.first) if "power" in asked.only or not asked.only else True
    say(f"\ncalibrated: {'yes' if calibrated else 'NO'}; powerful: {'yes' if strong else 'NO'}")
    return 0 if calibrated and strong else 1


if __name__ == "__main__":
    sys.exit(main())
