"""What moves with the failures: told where chance would not do it, in the order that the data allow."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from netra_analysis.finding import Standing, Verdict
from netra_analysis.incident import Incident
from netra_analysis.measures import around, moved_first, moved_words
from netra_analysis.statistics.coupling import Coupling
from netra_analysis.window import stamp
from tests.entries import at, gauge, memory, opened, request

BURSTS = (-45, -20, 10, 25, 41)  # minutes from noon at which a burst of failures begins


def traffic(bursts: tuple[int, ...] = BURSTS) -> list[dict[str, object]]:
    """A request each ten seconds for two hours; all of them fail in the two minutes from each burst on."""
    failing = {minute + more for minute in bursts for more in (0, 1)}
    return [request(s, 500 if s // 60 in failing else 200) for s in range(-3600, 3600, 10)]


def level(shift: int, noise: float = 0.01) -> list[float]:
    """A gauge over the two hours that goes up for two minutes, `shift` minutes after each burst."""
    dice = np.random.default_rng(5)
    values = 0.4 + noise * dice.standard_normal(120)
    for minute in BURSTS:
        values[minute + 60 + shift : minute + 62 + shift] += 0.4
    return [round(float(value), 4) for value in values]


def told(folder: Path, values: Sequence[float | None]) -> Incident:
    """An incident whose only metric runs from an hour before noon."""
    made = gauge("custom.googleapis.com/shop/queue_depth", [0.0 if value is None else value for value in values])
    for minute, point in enumerate(reversed(made["points"]), start=1):
        point["interval"]["endTime"] = stamp(at(60 * (minute - 60)))
    known = [p for p, value in zip(made["points"], reversed(values), strict=True) if value is not None]
    return opened(folder, traffic(), [made | {"points": known}])


def row(incident: Incident, name: str = "shop queue depth") -> dict[str, object]:
    return next(r for r in incident.moved_first.finding.proof.to_pylist() if r["series"] == name)


def test_a_metric_that_rises_with_each_burst_is_told_with_its_lag(tmp_path: Path) -> None:
    incident = told(tmp_path, level(0))
    assert incident.moved_first.verdict is Verdict.FIRED
    found = row(incident)
    assert found["supported"], found
    assert found["lag"] == "in the same minute as them"
    assert found["effect_low"] > 0.3
    assert found["tests"] == 2 * 5 * 1, "two forms, five lags, and the only series that could be judged"
    said = next(c for c in incident.claims_of("moved_first") if "queue depth" in c.text)
    assert said.statement.standing is Standing.SUPPORTED
    assert said.interval is not None


@pytest.mark.parametrize(("shift", "words"), [(-2, "2 minutes before them"), (2, "2 minutes after them")])
def test_who_comes_first_is_said_in_words(tmp_path: Path, shift: int, words: str) -> None:
    assert row(told(tmp_path, level(shift)))["lag"] == words


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "deaths per minute", "1 death per minute"),
        (2, "deaths per minute", "2 deaths per minute"),
        (1, "ms", "1 ms"),
    ],
)
def test_a_level_of_one_is_said_in_the_singular(value: float, unit: str, said: str) -> None:
    assert moved_words.level(value, unit) == said


def test_noise_beside_the_failures_is_not_told(tmp_path: Path) -> None:
    dice = np.random.default_rng(11)
    incident = told(tmp_path, [round(float(value), 4) for value in 0.4 + 0.1 * dice.standard_normal(120)])
    assert not row(incident)["supported"]
    assert not any("queue depth" in claim.text for claim in incident.claims_of("moved_first"))


def test_a_gap_is_counted_as_not_measured(tmp_path: Path) -> None:
    incident = told(tmp_path, [None if 30 <= i < 100 else value for i, value in enumerate(level(0))])
    found = row(incident)
    assert found["measured"] == 49, "fifty points were written, and the last ends where the window does"
    assert "too little data" in str(found["reason"])


def test_without_requests_nothing_is_said_to_move_with_them(tmp_path: Path) -> None:
    quiet = [request(s, 200) for s in (0, 3599)]
    for entry in quiet:
        entry["logName"] = entry["logName"].replace("requests", "stdout")
        entry["textPayload"] = "hello"
        del entry["httpRequest"]
    incident = opened(tmp_path, quiet, [memory(*[0.5] * 60)])
    assert incident.moved_first.verdict is Verdict.NO_DATA
    (claim,) = incident.claims_of("moved_first")
    assert claim.statement.standing is Standing.UNTESTABLE
    assert "no request log" in claim.text


def test_two_failures_are_too_few_to_relate_anything_to(tmp_path: Path) -> None:
    few = [request(s, 500 if s in (600, 1800) else 200) for s in range(-3600, 3600, 10)]
    incident = opened(tmp_path, few, [memory(*[0.5, 0.6] * 30)])
    assert "too little data: 2 steps with any error" in incident.claims_of("moved_first")[0].text


@pytest.mark.parametrize(("interval", "holds"), [((0.1, 0.6), True), ((-0.1, 0.6), False), ((-0.6, -0.1), True)])
def test_a_relation_whose_interval_holds_zero_is_not_told(interval: tuple[float, float], holds: bool) -> None:
    found = Coupling(
        candidate=0, supported=True, effect=0.3, interval=interval, form="level", lag=0, lag_interval=(0, 0),
        order_probability=None, p=0.01, q=0.01, familywise_p=0.01, pairs=99, n_effective=99.0, tests=10, reason=None,
    )  # fmt: skip
    assert moved_first._association(found)["supported"] is holds


def test_a_change_stands_out_only_where_the_onset_surprises(tmp_path: Path) -> None:
    """A gauge that one sample puts a little higher changes by any test, and is nothing to follow."""
    still = [0.05] * 120
    still[68] = 0.06  # two minutes before the burst at ten past noon, for one minute
    found = row(told(tmp_path, still))
    assert found["change_time"] is not None
    assert not found["stands_out"]


def test_quiet_stretches_touch_neither_each_other_nor_the_incident() -> None:
    assert around._stretches(300, 60, ((100, 160), (120, 170))) == ((0, 60), (170, 230), (230, 290))
    assert around._stretches(100, 60, ((0, 100),)) == ()
