"""What people write: read as text, checked whole, refused with a sentence."""

from datetime import UTC, datetime

import pytest

from netra_analysis.errors import RequestError
from netra_analysis.notes import KEYS, LONGEST, Notes, Pin, parse, with_pin

WRITTEN = """
status: in review
owner: no
severity: 1
response: |
  We restarted it.
actions:
  - {what: Alert on the slope, kind: detect, owner: ana, due: 2025-10-01, shown_by: ME1}
timeline:
  - {time: 2025-09-02T14:41:00+02:00, event: the pager rang}
"""


def test_notes_are_text_as_it_looks() -> None:
    notes = parse(WRITTEN, "x.notes.yaml")
    assert (notes.status, notes.owner, notes.severity) == ("in review", "no", "1")
    assert notes.response == "We restarted it.\n"
    assert notes.actions[0].due == "2025-10-01"
    assert notes.timeline[0].time == datetime(2025, 9, 2, 12, 41, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "owner:\nactions:\n"])
def test_a_file_without_words_is_no_word(text: str) -> None:
    assert parse(text, "x.notes.yaml") == Notes()


def test_the_keys_are_the_documented_ones() -> None:
    head = ("status", "owner", "severity", "detected", "mitigated")
    assert (*head, "summary", "response", "lessons", "actions", "timeline", "pins") == KEYS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("serverity: 1", "x.notes.yaml: unknown key 'serverity'; did you mean 'severity'?"),
        ("zzz: 1", "unknown key 'zzz'; known: status, owner, severity"),
        ("actions: [{what: a, who: b}]", "unknown key 'actions.0.who'; known: what, kind, owner, due, shown_by"),
        (
            "timeline: [{time: 2025-09-02T12:41:00, event: a}]",
            "timeline.0.time: '2025-09-02T12:41:00' has no",
        ),
        ("timeline: [{time: soon, event: a}]", "'soon' is no time; write it as 2025-09-02T12:41:00Z"),
        ("status: done", "status: Input should be 'draft', 'in review' or 'reviewed'"),
        ("owner: a\nowner: b", "'owner' is given twice"),
        ("- a", "holds no keys"),
        ("owner: [a", "is no YAML"),
        ("owner: !!python/object/apply:os.system [id]", "owner: Input should be a valid string"),
        ("owner: {a: b}", "owner: Input should be a valid string"),
        ("summary: &a [x]\nowner: *a", "owner: Input should be a valid string"),
        ("owner: " + "x" * 201, "owner: String should have at most 200 characters"),
        ("response: " + "x" * LONGEST, "longer than 200,000 characters"),
        ("[" * 5000, "is no YAML"),
    ],
)
def test_what_is_not_understood_is_refused_with_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RequestError, match=r"^x\.notes\.yaml") as refused:
        parse(text, "x.notes.yaml")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


PIN = Pin(claim="FR1", note="the pager rang: at once\nand again", said="3 requests failed.", by="ana")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "owner: ana",
        "pins:\n",
        "pins: []\nowner: ana\n",
        "pins:\n  - {claim: A, note: b}\n  - claim: C\n    note: |\n      long\n\n# the owner\nowner: ana\n",
        "owner: ana\npins:\n- claim: A\n  note: b",
        WRITTEN,
    ],
)
def test_a_pin_is_added_and_nothing_else_is_touched(text: str) -> None:
    made = with_pin(text, PIN, "x.notes.yaml")
    assert parse(made, "x").pins == (*parse(text, "x").pins, PIN)
    kept = [line for line in text.splitlines() if line.strip() and line != "pins: []"]
    assert [line for line in made.splitlines() if line in kept] == kept
    assert with_pin(made, PIN, "x.notes.yaml") == made


@pytest.mark.parametrize("text", ["{owner: ana}", "pins: [{claim: A, note: b}]"])
def test_a_file_that_cannot_be_added_to_gives_the_lines_to_a_person(text: str) -> None:
    with pytest.raises(RequestError, match=r"(?s)^x\.notes\.yaml is written in a form.*- claim: FR1\n  note: "):
        with_pin(text, PIN, "x.notes.yaml")
