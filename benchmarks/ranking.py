"""How often the right service stands first, beside n-sigma and BARO's robust scorer on the same cases.

    python benchmarks/ranking.py [--sensitivity]

Definition: one list of services a case, ranks de-duplicated, `-db` folded into its service; the columns of the
failing signal (SLI) are not ranked, nor is the node that carries it where the case names one (`target`).
AC@k: share of cases with the faulty service among the first k; Avg@5: mean of AC@1 to AC@5.
The onset is the one of the labels ("given") or found by us ("found", the same one for the rivals).
"muted": the faulty service's own series are silenced from the onset on (missing, zero, or frozen), everything
else stays as it was: a paused or killed service among real victims. The product's constants are used everywhere.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Runs from a checkout, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from netra_analysis.statistics.onset import SEARCH, Search, find_onset
from netra_analysis.statistics.ranking import rank
from netra_analysis.statistics.ranking_score import DEFAULT, Weights

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "rca"
SETS = ("ss1", "nezha_ob", "nezha_tt", "petshop")
EPSILON = float(np.finfo(float).eps)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One labelled incident."""

    times: Floats
    series: Mapping[str, Floats]
    groups: Mapping[str, str]
    sli: tuple[Floats, ...]
    onset: float
    faulty: str


Method = Callable[[Case, float], list[str]]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def cases(name: str) -> list[Case]:
    labels = json.loads((FOLDER / name / "cases.json").read_text())
    return [case(pd.read_parquet(FOLDER / name / f"{label['id']}.parquet"), label) for label in labels]


def case(frame: pd.DataFrame, label: Mapping[str, Any]) -> Case:
    series, groups = {}, {}
    for column in frame.columns:
        service = column.partition("_")[0]
        if column in label["sli"] or service == label.get("target"):
            continue
        series[column] = frame[column].to_numpy(float)
        groups[column] = service.removesuffix("-db")
    sli = tuple(frame[column].to_numpy(float) for column in label["sli"])
    return Case(frame.index.to_numpy(float), series, groups, sli, float(label["inject_time"]), label["service"])


# The rivals, as RCAEval has them: the largest value after the onset, in units of the time before.


def n_sigma(one: Case, onset: float) -> list[str]:
    """(x − mean) / standard deviation; what is constant but for rounding has no deviation and is left out."""
    before, scores = one.times < onset, {}
    for name, values in one.series.items():
        spread = float(values[before].std())
        if spread >= 1e-9:
            scores[name] = float(np.max((values[~before] - values[before].mean()) / spread))
    return services(scores, one.groups)


def baro(one: Case, onset: float) -> list[str]:
    """(x − median) / interquartile range, which is 1.0 where it is zero (scikit-learn's RobustScaler)."""
    before, scores = one.times < onset, {}
    for name, values in one.series.items():
        low, middle, high = np.percentile(values[before], [25, 50, 75])
        spread = high - low if high - low >= 10 * EPSILON else 1.0
        scores[name] = float(np.max((values[~before] - middle) / spread))
    return services(scores, one.groups)


def services(scores: Mapping[str, float], groups: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(groups[name] for name in sorted(scores, key=lambda name: -scores[name])))


def ours(weights: Weights = DEFAULT, *, with_sli: bool = True) -> Method:
    def ranked(one: Case, onset: float) -> list[str]:
        sli = one.sli if with_sli else None
        found = rank(one.series, one.times, onset, sli=sli, groups=one.groups, weights=weights)
        return [entity.entity for entity in found.entities]

    return ranked


def found_onset(one: Case, search: Search = SEARCH) -> float:
    panel = np.column_stack([one.series[name] for name in sorted(one.series)])
    return float(one.times[find_onset(panel, np.column_stack(one.sli), search)[0]])


def muted(one: Case, how: str) -> Case:
    """The case with the faulty service's own series silenced from the onset on."""
    row = int(np.searchsorted(one.times, one.onset))
    changed = {name: values.copy() for name, values in one.series.items()}
    for name, service in one.groups.items():
        if service == one.faulty:
            changed[name][row:] = {"missing": np.nan, "zero": 0.0, "frozen": changed[name][row - 1]}[how]
    return dataclasses.replace(one, series=changed)


def measured(method: Method, data: list[Case], onsets: list[float]) -> list[float]:
    """AC@1 … AC@5."""
    orders = [method(one, onset) for one, onset in zip(data, onsets, strict=True)]
    ranks = [o.index(one.faulty) if one.faulty in o else len(o) + 9 for o, one in zip(orders, data, strict=True)]
    return [float(np.mean([rank < k for rank in ranks])) for k in range(1, 6)]


def line(title: str, method: Method, data: Mapping[str, list[Case]], onsets: Mapping[str, list[float]]) -> float:
    """Print one row and return AC@1 averaged over the sets."""
    scores = [measured(method, data[name], onsets[name]) for name in data]
    cells = "".join(f"{ac[0]:>7.2f}{ac[2]:>5.2f}{np.mean(ac):>5.2f} " for ac in scores)
    first = float(np.mean([ac[0] for ac in scores]))
    say(f"{title:<26}{cells}{first:>9.3f}{float(np.mean(scores)):>8.3f}")
    return first


def head(title: str, data: Mapping[str, list[Case]]) -> None:
    say(f"\n{title}\n{'AC@1 AC@3 Avg@5':<26}" + "".join(f"{f'{k} ({len(v)})':>18}" for k, v in data.items())
        + f"{'AC@1':>9}{'Avg@5':>8}")  # fmt: skip


def sensitivity(data: Mapping[str, list[Case]], onsets: Mapping[str, list[float]]) -> None:
    head("each constant alone at half and at one and a half (held within 1)", data)
    for field in dataclasses.fields(Weights):
        for factor in (0.5, 1.5):
            value = min(1.0, getattr(DEFAULT, field.name) * factor)
            weights = dataclasses.replace(DEFAULT, **{field.name: value})
            line(f"{field.name} = {value:.3g}", ours(weights), data, onsets)


def search_sensitivity(data: Mapping[str, list[Case]]) -> None:
    head("onset found, each constant of the search alone at half and at one and a half (shares within 1)", data)
    for field in dataclasses.fields(Search):
        for factor in (0.5, 1.5):
            value = getattr(SEARCH, field.name) * factor
            value = int(value) if field.name == "horizon" else min(1.0, value)
            search = dataclasses.replace(SEARCH, **{field.name: value})
            onsets = {name: [found_onset(one, search) for one in rows] for name, rows in data.items()}
            line(f"{field.name} = {value:.3g}", ours(), data, onsets)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sensitivity", action="store_true", help="also with each constant changed by half")
    asked = parser.parse_args()
    if not FOLDER.is_dir():
        say("nothing measured: the labelled cases are absent (../shared/data/rca, beside the project)")
        return 0
    data = {name: cases(name) for name in SETS}
    given = {name: [one.onset for one in rows] for name, rows in data.items()}
    head("onset given", data)
    rivals = [line("n-sigma", n_sigma, data, given), line("BARO's robust scorer", baro, data, given)]
    begun = time.perf_counter()
    first = line("ours", ours(), data, given)
    took = time.perf_counter() - begun
    line("ours, no failing signal", ours(with_sli=False), data, given)
    say(f"ours is ahead of the better rival by {first - max(rivals):+.3f} AC@1; {took:.1f} s for all cases")
    found = {name: [found_onset(one) for one in rows] for name, rows in data.items()}
    head("onset found by us", data)
    for title, method in (("n-sigma", n_sigma), ("BARO's robust scorer", baro)):
        line(title, method, data, found)
    say(f"ours loses {first - line('ours', ours(), data, found):.3f} AC@1 by finding the onset itself")
    head("faulty service muted, onset given", data)
    for how in ("missing", "zero", "frozen"):
        line(f"ours, {how}", ours(), {name: [muted(one, how) for one in rows] for name, rows in data.items()}, given)
    line("BARO, zero", baro, {name: [muted(one, "zero") for one in rows] for name, rows in data.items()}, given)
    if asked.sensitivity:
        sensitivity(data, given)
        search_sensitivity(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
