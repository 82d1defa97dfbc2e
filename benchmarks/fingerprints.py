"""How well and how fast log lines are grouped, beside drain3 on the same lines in the same run.

    python benchmarks/fingerprints.py [--lines 1000000] [--only-quality]

Quality is grouping accuracy (GA): the share of lines whose group has exactly the members of its true group,
with ONE configuration for every system. Speed is lines per second from the lines (a column in
the engine, a list for drain3) to a template for each.
drain3 is no dependency: it is compared where it can be imported (`pip install --target DIR drain3`, then
PYTHONPATH=DIR), and said to be absent where it cannot.
"""

import argparse
import csv
import gzip
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import sqlglot

# Runs from a checkout, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from netra_analysis.logtext.grouping import group
from netra_analysis.logtext.template import digits_sql, mask_sql

LOGHUB = Path(__file__).resolve().parents[2] / "shared" / "data" / "loghub"
THREADS = 2
Grouper = Callable[[Sequence[str]], Sequence[Hashable]]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def systems(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Name, lines and true groups of every labelled set in `folder`."""
    for path in sorted(folder.glob("*_2k.log_structured.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        yield path.name.partition("_")[0], [r["Content"] for r in rows], [r["EventId"] for r in rows]


def accuracy(found: Sequence[Hashable], true: Sequence[Hashable]) -> float:
    """Grouping accuracy of `found` against `true`."""
    ours: dict[Hashable, set[int]] = defaultdict(set)
    theirs: dict[Hashable, set[int]] = defaultdict(set)
    for i, (one, other) in enumerate(zip(found, true, strict=True)):
        ours[one].add(i)
        theirs[other].add(i)
    exact = {frozenset(members) for members in theirs.values()}
    return sum(len(members) for members in ours.values() if frozenset(members) in exact) / len(true)


STEPS = (
    "CREATE TEMP TABLE distinct_lines AS SELECT line, COUNT(*) AS n FROM lines GROUP BY line",
    f"CREATE TEMP TABLE kinds AS SELECT line, n, {digits_sql('line')} AS kind FROM distinct_lines",  # noqa: S608
    f"CREATE TEMP TABLE masked AS SELECT kind, {mask_sql('kind')} AS shape FROM (SELECT DISTINCT kind FROM kinds)",  # noqa: S608
)
COUNTS = "SELECT shape, SUM(n)::BIGINT FROM kinds JOIN masked USING (kind) GROUP BY shape"
ANSWER = "SELECT place, id FROM lines JOIN kinds USING (line) JOIN masked USING (kind) JOIN ids USING (shape)"


def table_of(lines: Sequence[str]) -> pa.Table:
    """The lines as the engine has them: a column, as it would come from Parquet."""
    return pa.table({"place": np.arange(len(lines)), "line": pa.array(lines, pa.string())})


def ours(lines: pa.Table) -> pa.Table:
    """The template of every line: masking in the engine, grouping of the distinct shapes in Python."""
    with duckdb.connect(config={"threads": THREADS}) as engine:
        engine.register("lines", lines)
        for step in STEPS:
            engine.execute(sqlglot.transpile(step, read="bigquery", write="duckdb")[0])
        templates = group(dict(engine.execute(COUNTS).fetchall()))
        numbers = {name: i for i, name in enumerate(dict.fromkeys(t.id for t in templates.values()))}
        ids = pa.array([numbers[t.id] for t in templates.values()], pa.int32())
        engine.register("ids", pa.table({"shape": pa.array(list(templates), pa.string()), "id": ids}))
        return engine.sql(ANSWER).to_arrow_table()


def in_order(answer: pa.Table) -> list[int]:
    """The ids by the lines' places; a join promises no order."""
    return answer.sort_by("place").column("id").to_pylist()  # type: ignore[no-any-return]


def drain3() -> Grouper | None:
    """drain3 as it is delivered, or None where it is not installed."""
    try:
        from drain3 import TemplateMiner
        from drain3.template_miner_config import TemplateMinerConfig
    except ImportError:
        return None

    def grouped(lines: Sequence[str]) -> Sequence[Hashable]:
        miner = TemplateMiner(config=TemplateMinerConfig())
        return [miner.add_log_message(line)["cluster_id"] for line in lines]

    return grouped


def quality(rival: Grouper | None) -> None:
    say(f"{'system':<12}{'ours':>8}{'drain3':>8}")
    rows = [
        (name, accuracy(in_order(ours(table_of(lines))), true), accuracy(rival(lines), true) if rival else None)
        for name, lines, true in systems(LOGHUB)
    ]
    for name, our, their in rows:
        say(f"{name:<12}{our:>8.3f}{'–' if their is None else f'{their:.3f}':>8}")
    mean = sum(our for _, our, _ in rows) / len(rows)
    others = [their for _, _, their in rows if their is not None]
    theirs = f"{sum(others) / len(others):.3f}" if others else "–"
    say(f"{'mean':<12}{mean:>8.3f}{theirs:>8}")


def drawn(n: int) -> list[str]:
    """`n` lines drawn from all systems, the same at every run."""
    pool = [line for _, lines, _ in systems(LOGHUB) for line in lines]
    return random.Random(7).choices(pool, k=n)  # noqa: S311 - a sample, no secret


def varied(lines: Sequence[str]) -> list[str]:
    """The lines with every digit drawn anew: as many different lines as a real log has."""
    dice = random.Random(11)  # noqa: S311 - a sample, no secret
    digits = [str.maketrans("0123456789", "".join(dice.choices("0123456789", k=10))) for _ in range(9973)]
    return [f"{line.translate(digits[i % 9973])} {i}" for i, line in enumerate(lines)]


def speed(n: int, rival: Grouper | None) -> None:
    lines = drawn(n)
    # drain3 slows down with every cluster that a varied number makes: a tenth of the lines is enough to see it.
    few = varied(lines[: n // 10])
    say(f"\nlines per second; {THREADS} threads for the engine, drain3 has one")
    for what, sample in (("as drawn", lines), ("numbers varied", few)):
        our = rate(ours, table_of(sample))
        their = rate(rival, sample) if rival else None
        beside = f", drain3 {their:,.0f}: {our / their:.1f}×" if their else ""
        say(f"{len(sample):>9,} lines {what:<15} ours {our:,.0f}{beside}")


def rate(grouper: Callable[[Any], Any], lines: Any) -> float:
    start = time.perf_counter()
    found = grouper(lines)
    if len(found) != len(lines):
        raise SystemExit(f"{len(found)} of {len(lines)} lines were grouped")
    return len(lines) / (time.perf_counter() - start)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only-quality", action="store_true")
    asked = parser.parse_args()
    if not LOGHUB.is_dir():
        say("nothing measured: the labelled sets are absent (../shared/data/loghub, beside the project)")
        return 0
    rival = drain3()
    if rival is None:
        say("drain3 cannot be imported: its columns stay empty (see the docstring for how to add it)")
    quality(rival)
    if not asked.only_quality:
        speed(asked.lines, rival)
    return 0


if __name__ == "__main__":
    sys.exit(main())
