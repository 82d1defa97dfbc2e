"""The suite's own accuracy on planted incidents: `netra-analysis score`.

Each incident of the casebook is written as raw log entries and metrics, read back through the same code as any
export, and the answer is compared with what was planted. These are planted incidents: they show that the suite
can tell these mechanisms apart, not how it does on incidents that nobody has planted.

What counts: an answer is right when the verdict is the planted cause or one that its truth calls acceptable, and
nothing else is, whatever was withheld. `top1` and `top3` are over all planted incidents, also those whose streams
were withheld or whose dump was cut; `…_whole_record` are over those with nothing missing. In the first three is a
cause that was neither contradicted nor untestable, and only where the verdict does not deny that there was an
incident. A cause that hurt nobody under its seed (a truth without an onset) is rightly called no incident.
Which records is a choice of their own: as the seed draws them (`drawn`: in four of ten something is missing), all
`whole`, or all without one stream, so that one figure does not stand for the other.
`degraded` says what became of incidents with something missing: `inconclusive` is no right answer, and no wrong one
either.
"""

import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netra_analysis import casebook
from netra_analysis.hypotheses import hindsight as looked_back
from netra_analysis.hypotheses import matrix

if TYPE_CHECKING:
    from netra_analysis.incident import Incident

BUNDLED = casebook.INCIDENTS[0]  # its record has no choices
NO_INCIDENT, INCONCLUSIVE = "no_incident", "inconclusive"


@dataclass(frozen=True, slots=True)
class Result:
    """One planted incident and what the suite said of it."""

    name: str
    seed: int
    cause: str
    acceptable: tuple[str, ...]
    verdict: str
    ranked: tuple[str, ...]
    supported: tuple[str, ...]
    score: float | None
    onset_error_s: float | None
    fates_right: int
    fates_total: int
    episodes: int
    episodes_true: int
    withheld: tuple[str, ...]
    cut: bool = False
    waited_s: float | None = None

    @property
    def whole(self) -> bool:
        """Nothing was withheld, and the dump was not cut."""
        return not self.withheld and not self.cut

    @property
    def quiet(self) -> bool:
        return self.cause == NO_INCIDENT

    @property
    def right(self) -> bool:
        return self.verdict in (self.cause, *self.acceptable)

    @property
    def in_three(self) -> bool:
        denied = self.verdict == NO_INCIDENT
        return self.right or (not denied and bool({self.cause, *self.acceptable} & set(self.ranked[:3])))

    @property
    def wrong_and_supported(self) -> bool:
        """A cause is named, and it is not the planted one."""
        return not self.right and self.verdict not in (NO_INCIDENT, INCONCLUSIVE)


def judge(name: str, seed: int, *, kept: str = casebook.DRAWN, hindsight: bool = False) -> Result:
    """One incident, planted and investigated; with `hindsight` also how long the answer would have taken."""
    from netra_analysis.opening import open_incident

    with tempfile.TemporaryDirectory(prefix="netra-score-") as folder:
        path = casebook.write(name, folder, seed=seed, kept=kept)
        truth = json.loads((Path(folder) / name / "truth.json").read_text(encoding="utf-8"))
        found = open_incident(path)
    fates = truth.get("fates", {})
    proof = found.findings["failed_requests"].proof
    said = dict(zip(proof["id"].to_pylist(), proof["fate"].to_pylist(), strict=True))
    shown = {entry: fate for entry, fate in fates.items() if entry in said}
    by_status = {status: [j.cause.id for j in found.judgements if j.status == status] for status in matrix.STATUS}
    return Result(
        name=name,
        seed=seed,
        cause=truth["cause"],
        acceptable=acceptable(truth),
        verdict=found.verdict,
        ranked=(*by_status["supported"], *by_status["inconclusive"]),
        supported=tuple(by_status["supported"]),
        score=found.judgements[0].score,
        onset_error_s=_gap(truth.get("onset"), found.onset),
        fates_right=sum(said[entry] == fate for entry, fate in shown.items()),
        fates_total=len(shown),
        episodes=found.findings["crashes"].proof.num_rows,
        episodes_true=len(truth.get("crash_episodes", ())),
        withheld=tuple(truth.get("withheld", ())),
        cut=bool((truth.get("dump") or {}).get("newest")),
        waited_s=_waited(found) if hindsight else None,
    )


def _waited(found: "Incident") -> float | None:
    back = looked_back.look_back(found.tables, found.settings, found.onset, found.judgements, found.verdict)
    return looked_back.time_to_evidence(back, found.verdict)


def _judged(asked: tuple[str, int, str, bool]) -> Result:
    name, seed, kept, hindsight = asked
    return judge(name, seed, kept=kept, hindsight=hindsight)


def acceptable(truth: Mapping[str, Any]) -> tuple[str, ...]:
    """The answers besides the planted cause that are right; for a cause that hurt nobody, that there was nothing."""
    return (*truth.get("also_acceptable", ()), *(() if truth.get("onset") else (NO_INCIDENT,)))


def _gap(true: str | None, said: datetime | None) -> float | None:
    if not true or not said:
        return None
    return abs((said - datetime.fromisoformat(true)).total_seconds())


def run(
    seeds: Iterable[int],
    names: Sequence[str] = (),
    jobs: int = 2,
    told: Callable[[int, int], None] = lambda *_: None,
    kept: str = casebook.DRAWN,
) -> list[Result]:
    """Every incident of the casebook on every seed, `jobs` at a time; those of the first seed with hindsight.

    Without a stream, only incidents whose record can do without: the bundled one is always whole.
    """
    chosen = names or [one.name for one in casebook.INCIDENTS if kept not in casebook.STREAMS or one is not BUNDLED]
    pairs = [(name, seed, kept, number == 0) for number, seed in enumerate(seeds) for name in chosen]
    results = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for number, result in enumerate(pool.map(_judged, pairs, chunksize=4), start=1):
            results.append(result)
            told(number, len(pairs))
    return results


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """The figures that `score --json` prints."""
    planted = [r for r in results if not r.quiet]
    quiet = [r for r in results if r.quiet]
    whole = [r for r in planted if r.whole]
    errors = [r.onset_error_s for r in planted if r.onset_error_s is not None]
    waited = [r.waited_s for r in planted if r.right and r.waited_s is not None]
    fates = sum(r.fates_total for r in results)
    return {
        "incidents": len(results),
        "top1": _share(r.right for r in planted),
        "top3": _share(r.in_three for r in planted),
        "top1_whole_record": _share(r.right for r in whole),
        "top3_whole_record": _share(r.in_three for r in whole),
        "specificity": _share(r.verdict == NO_INCIDENT for r in quiet),
        "specificity_whole_record": _share(r.verdict == NO_INCIDENT for r in quiet if r.whole),
        "wrong_and_supported": _share(r.wrong_and_supported for r in results),
        "degraded": _degraded([r for r in planted if not r.whole]),
        "onset_error_s": statistics.median(errors) if errors else None,
        "time_to_evidence_s": statistics.median(waited) if waited else None,
        "fates": sum(r.fates_right for r in results) / fates if fates else None,
        "calibration": _calibration(planted),
        "per_cause": {cause: _of(cause, planted) for cause in sorted({r.cause for r in planted})},
        "twins": {name: _twins(a, b, results) for name, a, b in casebook.TWINS},
        "twins_whole_record": {name: _twins(a, b, [r for r in results if r.whole]) for name, a, b in casebook.TWINS},
        "confusion": _confusion(results),
    }


def _share(values: Iterable[bool]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else None


def _degraded(missing: Sequence[Result]) -> dict[str, Any]:
    """What was said of planted incidents whose record lacks something."""
    quiet = (NO_INCIDENT, INCONCLUSIVE)
    return {
        "n": len(missing),
        "right": _share(r.right for r in missing),
        "inconclusive": _share(not r.right and r.verdict == INCONCLUSIVE for r in missing),
        "denied": _share(not r.right and r.verdict == NO_INCIDENT for r in missing),
        "wrong": _share(not r.right and r.verdict not in quiet for r in missing),
    }


def _of(cause: str, planted: Sequence[Result]) -> dict[str, Any]:
    own = [r for r in planted if r.cause == cause]
    return {"n": len(own), "top1": _share(r.right for r in own), "top3": _share(r.in_three for r in own)}


def _twins(a: str, b: str, results: Sequence[Result]) -> float | None:
    """The share of seeds in which both of a pair are named rightly."""
    by_seed: dict[int, list[bool]] = {}
    for result in results:
        if result.name in (a, b):
            by_seed.setdefault(result.seed, []).append(result.right)
    return _share(all(right) for right in by_seed.values() if len(right) == 2)


def _calibration(planted: Sequence[Result]) -> dict[str, Any]:
    """The share of right answers by the score of the first cause: it should rise."""
    bands = {"below 0.4": (-2.0, 0.4), "0.4 to 0.7": (0.4, 0.7), "0.7 and more": (0.7, 2.0)}
    named = [r for r in planted if r.score is not None and r.verdict not in (NO_INCIDENT, INCONCLUSIVE)]
    found = {}
    for name, (low, high) in bands.items():
        own = [r for r in named if r.score is not None and low <= r.score < high]
        found[name] = {"n": len(own), "right": _share(r.right for r in own)}
    return found


def _confusion(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = {}
    for result in results:
        table.setdefault(result.cause, Counter())[result.verdict] += 1
    return {cause: dict(sorted(counts.items())) for cause, counts in sorted(table.items())}
