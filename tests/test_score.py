"""What the score counts: right answers, honest ones, and wrong ones."""

from dataclasses import replace
from typing import Any

from netra_analysis.score import Result, acceptable, summary

BASE = Result("a", 1, "memory_leak", (), "memory_leak", ("memory_leak",), ("memory_leak",), 0.9, 0.0, 3, 4, 0, 0, ())


def result(**changes: Any) -> Result:
    return replace(BASE, **changes)


def test_an_inconclusive_answer_is_neither_right_nor_wrong() -> None:
    found = summary([result(), result(verdict="inconclusive", ranked=(), withheld=("metrics",))])
    assert (found["top1"], found["top1_whole_record"], found["wrong_and_supported"]) == (0.5, 1.0, 0.0)
    assert found["degraded"] == {"n": 1, "right": 0.0, "inconclusive": 1.0, "denied": 0.0, "wrong": 0.0}


def test_a_verdict_that_denies_the_incident_has_no_cause_in_its_first_three() -> None:
    assert not result(verdict="no_incident").in_three
    assert result(verdict="inconclusive").in_three


def test_a_wrong_name_counts_as_wrong_whatever_was_withheld() -> None:
    found = summary([result(verdict="capacity", ranked=("capacity",), withheld=("requests",))])
    assert (found["wrong_and_supported"], found["degraded"]["wrong"]) == (1.0, 1.0)


def test_time_to_evidence_is_of_right_answers() -> None:
    found = summary([result(waited_s=60.0), result(waited_s=300.0), result(verdict="capacity", waited_s=0.0)])
    assert found["time_to_evidence_s"] == 180.0


def test_a_cause_that_hurt_nobody_is_rightly_called_no_incident() -> None:
    assert acceptable({"also_acceptable": ["capacity"], "onset": "2026-01-01T00:00:00Z"}) == ("capacity",)
    assert acceptable({"also_acceptable": ["capacity"], "onset": None}) == ("capacity", "no_incident")
