"""How long does a battery of couplings take, beside the same question through Granger tests?

    python benchmarks/coupling_speed.py [--series 200] [--minutes 10080] [--max-lag 30] [--surrogates 2000]

One week of minutes, 200 metrics, 61 lags and 2,000 surrogates, in a fresh process, with intervals, q and
familywise p; a tenth of the metrics have gaps of their own. Peak memory is that of the whole process.
statsmodels is no dependency: it is compared where it can be imported (`pip install --target DIR statsmodels`, then
PYTHONPATH=DIR), on a few series, one process, and its time is scaled to all. Its tests know one direction and
30 lags, and no correction over series; the ratio is in its favour.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Runs from a checkout, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from netra_analysis.statistics.coupling import couple

MOST_SECONDS, MOST_MIB = 10.0, 1024.0
SAMPLE = 3  # series that statsmodels is given
Floats = NDArray[np.float64]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def battery(series: int, minutes: int) -> tuple[Floats, Floats]:
    """Errors a minute, and metrics that remember; the first one drives the errors four minutes later."""
    dice = np.random.default_rng(20250902)
    rows = dice.standard_normal((series, minutes))
    for i in range(1, minutes):
        rows[:, i] += 0.8 * rows[:, i - 1]
    rate = np.exp(0.3 * np.roll(rows[0], 4))
    for row in rows[::10]:
        begin = int(dice.integers(minutes - 60))
        row[begin : begin + 45] = np.nan
    return dice.poisson(rate).astype(np.float64), rows


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def granger(target: Floats, rows: Floats, max_lag: int) -> float | None:
    """Seconds for one series through statsmodels, or None where it is not installed."""
    try:
        from statsmodels.tsa.stattools import grangercausalitytests
    except ImportError:
        return None
    whole = [row for row in rows if not np.isnan(row).any()][:SAMPLE]
    start = time.perf_counter()
    for row in whole:
        grangercausalitytests(np.column_stack([target, row]), max_lag)
    return (time.perf_counter() - start) / len(whole)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=10_080)
    parser.add_argument("--max-lag", type=int, default=30)
    parser.add_argument("--surrogates", type=int, default=2000)
    asked = parser.parse_args()
    target, rows = battery(asked.series, asked.minutes)
    before, start, burnt = peak_mib(), time.perf_counter(), time.process_time()
    answers = couple(target, rows, asked.max_lag, asked.surrogates)
    wall, cpu, peak = time.perf_counter() - start, time.process_time() - burnt, peak_mib()
    supported = [(a.candidate, a.lag) for a in answers if a.supported]
    lags = 2 * asked.max_lag + 1
    say(f"{asked.series} series × {lags} lags × {asked.minutes:,} minutes, {asked.surrogates:,} surrogates")
    say(f"ours: {wall:.1f} s ({cpu:.1f} s of processor), peak {peak:,.0f} MiB ({before:,.0f} before)")
    say(f"supported (series, lag): {supported}; planted: [(0, 4)]")
    each = granger(target, rows, asked.max_lag)
    if each is None:
        say("statsmodels cannot be imported: no comparison (see the docstring for how to add it)")
    else:
        whole = each * asked.series
        say(f"statsmodels Granger, {asked.max_lag} lags: {each:.2f} s a series, {whole:,.0f} s for all")
        say(f"ratio: {whole / wall:.0f}×")
    return 0 if wall < MOST_SECONDS and peak < MOST_MIB and (0, 4) in supported else 1


if __name__ == "__main__":
    sys.exit(main())
