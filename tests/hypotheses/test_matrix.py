"""The rule that weighs causes, by itself: signs in, status and order out."""

from datetime import datetime, timedelta

import pytest

from netra_analysis.finding import Verdict
from netra_analysis.hypotheses import weighed
from netra_analysis.hypotheses.catalogue import causes
from netra_analysis.hypotheses.matrix import Judgement, judge, verdict
from netra_analysis.signs.sign import Sign
from tests.entries import NOON

EVERY = sorted({name for cause in causes() for name in (*cause.predicted, *cause.against, cause.explains)})


def judged(
    fired: dict[str, float | None],
    unseen: tuple[str, ...] = (),
    late: tuple[str, ...] = (),
    onset: datetime | None = NOON,
    earlier: tuple[str, ...] = (),
    minutes: int = 4,
) -> dict[str, Judgement]:
    """Every sign CLEAR but those that fired (with their share) and those that nobody could see.

    `late` are an hour after the onset, `earlier` so many minutes before it.
    """
    signs = []
    for name in EVERY:
        seen = Verdict.NO_DATA if name in unseen else Verdict.FIRED if name in fired else Verdict.CLEAR
        time = NOON + (timedelta(hours=1) if name in late else timedelta(minutes=-minutes * (name in earlier)))
        signs.append(Sign(name, seen, "{n}", time=time if name in fired else None, share=fired.get(name), n=0))
    return {judgement.cause.id: judgement for judgement in judge(signs, onset)}


LEAK: dict[str, float | None] = {"oom_kill": 0.8, "memory_climbs": None}


def test_a_cause_with_all_it_needs_is_supported_and_named() -> None:
    found = judged(LEAK)
    assert found["memory_leak"].status == "supported"
    assert found["memory_leak"].rank == 1
    assert verdict(tuple(found.values()), impact=True) == "memory_leak"


def test_what_was_looked_for_and_not_seen_contradicts() -> None:
    assert judged({"oom_kill": 0.8})["memory_leak"].status == "contradicted"


def test_what_refutes_contradicts_whatever_speaks_for_it() -> None:
    assert judged({**LEAK, "memory_low": None})["memory_leak"].status == "contradicted"


def test_a_sign_that_came_after_the_failures_is_named_as_late() -> None:
    found = judged({"pool_timeouts": 1.0}, late=("pool_timeouts",))["db_pool_exhaustion"]
    assert (found.status, [s.id for s in found.con], [s.id for s in found.late]) == (
        "contradicted",
        ["pool_timeouts"],
        ["pool_timeouts"],
    )
    row = weighed.finding([found]).proof.to_pylist()[0]
    assert (row["late"], row["signs_against"]) == (1, "pool_timeouts (too late)")
    assert "{late:# sign} that it would need came only after" in weighed.finding([found]).statements[0].template


def test_what_could_not_be_looked_for_never_counts_against() -> None:
    half = judged({"oom_kill": 0.8}, unseen=("memory_climbs", "memory_burst", "memory_low"))["memory_leak"]
    assert half.status == "inconclusive"
    assert [sign.id for sign in half.con] == []
    blind = judged({}, unseen=("pool_timeouts", "pool_full"))["db_pool_exhaustion"]
    assert (blind.status, blind.score) == ("untestable", None)


def test_nothing_is_named_from_half_of_the_evidence() -> None:
    found = judged({"oom_kill": 0.8}, unseen=("memory_climbs", "memory_burst", "memory_low"))
    assert verdict(tuple(found.values()), impact=True) == "inconclusive"


def test_a_sign_that_comes_after_the_failures_does_not_explain_them() -> None:
    assert judged({"dependency_lost": 0.9})["dependency_failure"].status == "supported"
    assert judged({"dependency_lost": 0.9}, late=("dependency_lost",))["dependency_failure"].status == "contradicted"


def test_a_symptom_stands_behind_what_brings_it_about() -> None:
    found = judged({**LEAK, "no_instance": 0.7, "starts_well": None})
    assert found["capacity"].follows_from == "memory_leak"
    assert found["capacity"].rank > found["memory_leak"].rank


@pytest.mark.parametrize(("led", "named"), [((), "db_pool_exhaustion"), (("dependency_slow",), "dependency_failure")])
def test_what_came_well_before_its_symptom_is_named_though_it_explains_less(led: tuple[str, ...], named: str) -> None:
    found = judged({"dependency_lost": 0.25, "dependency_slow": None, "pool_timeouts": 0.9}, earlier=led)
    assert found["db_pool_exhaustion"].follows_from == ("dependency_failure" if led else None)
    assert verdict(tuple(sorted(found.values(), key=lambda one: one.rank)), impact=True) == named


def test_what_came_an_hour_before_does_not_lead() -> None:
    fired = {"dependency_lost": 0.25, "dependency_slow": None, "pool_timeouts": 0.9}
    found = judged(fired, earlier=("dependency_slow",), minutes=60)
    assert found["db_pool_exhaustion"].follows_from is None


def test_what_explains_little_of_the_failures_is_not_named() -> None:
    assert judged({"pool_timeouts": 0.1})["db_pool_exhaustion"].status == "inconclusive"
    assert judged({"pool_timeouts": 0.9})["db_pool_exhaustion"].status == "supported"


def test_of_two_supported_causes_the_one_that_explains_more_comes_first() -> None:
    found = judged({"config_words": 0.9, "exits_in_service": 0.3})
    assert found["config_or_secret"].rank < found["process_crash"].rank


def test_without_an_onset_nothing_is_supported() -> None:
    found = judged(LEAK, onset=None)
    assert found["memory_leak"].status == "inconclusive"
    assert verdict(tuple(found.values()), impact=False) == "no_incident"


@pytest.mark.parametrize(("impact", "said"), [(False, "no_incident"), (True, "inconclusive"), (None, "inconclusive")])
def test_without_a_cause_the_verdict_follows_the_harm(impact: bool | None, said: str) -> None:
    assert verdict(tuple(judged({}).values()), impact=impact) == said


def test_untestable_causes_are_ranked_last_without_a_score() -> None:
    found = judged(LEAK, unseen=("pool_timeouts", "pool_full"))
    assert found["db_pool_exhaustion"].rank == len(found)


def test_every_sign_that_the_catalogue_names_is_looked_for(tmp_path: object) -> None:
    from pathlib import Path

    from tests.entries import opened, request

    inc = opened(Path(str(tmp_path)), [request(1, 200)])
    assert set(EVERY) <= {sign.id for sign in inc.signs}


@pytest.mark.parametrize(
    ("loop", "pool", "first"),
    [(0.9, 0.6, "event_loop_block"), (0.6, 0.9, "db_pool_exhaustion"), (0.8, 0.8, "db_pool_exhaustion")],
)
def test_of_two_that_may_bring_each_other_about_the_one_that_explains_more_is_named(
    loop: float, pool: float, first: str
) -> None:
    found = judged({"instance_stalled": loop, "pool_timeouts": pool})
    behind = ({"event_loop_block", "db_pool_exhaustion"} - {first}).pop()
    assert (found[first].follows_from, found[behind].follows_from) == (None, first)
    assert verdict(tuple(sorted(found.values(), key=lambda one: one.rank)), impact=True) == first
