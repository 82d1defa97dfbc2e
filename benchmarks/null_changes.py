"""How often is a change seen in series without one, and is a planted one found with the right kind and place?

    python benchmarks/null_changes.py [--series 300]

The null series are the targets of `null_families.py`, half a day of each, and heavy-tailed gauges. The planted
ones are a step, a spike of half an hour and a trend in noise that remembers (AR .5), each of 3 standard deviations.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
from null_families import FAMILIES, Dice, Floats, memory, say, shown

from netra_analysis.statistics.changepoint import Change, change_point

HALF_DAY, PLACE = 720, 400
EACH, FOUND = 0.075, 0.90
GAUGES = ("iid", "AR .5", "AR .9", "AR .97", "random walk")
COUNTS = ("common gap", "low counts", "over-dispersed", "21 lags")
Drawn = Callable[[Dice], Floats]


def family(name: str) -> Drawn:
    return lambda dice: FAMILIES[name](dice).target[:HALF_DAY]


def planted(shape: Floats) -> Drawn:
    return lambda dice: memory(dice, 0.5, 1, HALF_DAY)[0] + 3 * shape


STEPS = np.arange(HALF_DAY)
NULLS: dict[str, tuple[Drawn, bool]] = {
    **{name: (family(name), False) for name in GAUGES},
    **{name: (family(name), True) for name in COUNTS},
    "Student t(3)": (lambda dice: dice.standard_t(3, HALF_DAY), False),
    "one hour, iid": (lambda dice: dice.standard_normal(60), False),
}
PLANTED: dict[str, Drawn] = {
    "step": planted((STEPS >= PLACE).astype(np.float64)),
    "spike": planted(((STEPS >= PLACE) & (STEPS < PLACE + 30)).astype(np.float64)),
    "trend": planted(STEPS / HALF_DAY),
}


def answers(drawn: Drawn, n: int, number: int, *, counts: bool = False) -> list[Change]:
    made = [drawn(np.random.default_rng([i, 300 + number])) for i in range(n)]
    return [change_point(values, counts=counts, seed=i) for i, values in enumerate(made)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=300)
    n, good = parser.parse_args().series, True
    say(f"{'no change in':<17}{'a change is seen':<36}{'not judged':<12}{'s/series':<10}kinds")
    for number, (name, (drawn, counts)) in enumerate(NULLS.items()):
        start = time.perf_counter()
        found = answers(drawn, n, number, counts=counts)
        each = (time.perf_counter() - start) / n
        kinds = Counter(change.kind for change in found if change.kind != "none")
        silent = sum(change.reason is not None for change in found)
        say(f"{name:<17}{shown(kinds.total(), n):<36}{silent:<12}{each:<10.3f}{dict(kinds)}")
        good &= kinds.total() <= EACH * n
    say(f"\n{'planted':<17}{'found with its kind':<36}place within 2 steps; inside its interval")
    for number, (kind, drawn) in enumerate(PLANTED.items()):
        right = [change for change in answers(drawn, n, 50 + number) if change.kind == kind]
        near = sum(change.index is not None and abs(change.index - PLACE) <= 2 for change in right)
        inside = sum(c.interval is not None and c.interval[0] <= PLACE <= c.interval[1] for c in right)
        places = f"{shown(near, len(right))}; {shown(inside, len(right))}" if kind != "trend" else "–"
        say(f"{kind:<17}{shown(len(right), n):<36}{places}")
        good &= len(right) >= FOUND * n
    say(f"\nwithin {EACH:.1%} in each family, {FOUND:.0%} of the planted found: {'yes' if good else 'NO'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
