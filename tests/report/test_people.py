"""What people wrote on the page: labelled, escaped, in its place; and a visible prompt where they wrote nothing."""

from typing import Any

import nbformat

from netra_analysis.notes import Notes, Pin, parse
from netra_analysis.report import blocks
from netra_analysis.report.page import PageState, render_postmortem
from tests.report import samples

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](http://x/y) \u202eevil"
WRITTEN = """
status: reviewed
owner: ana
severity: SEV2
summary: A **leak**.
response: "We restarted it.\\n\\n# Then\\n\\nIt held."
detected: 2025-09-02T12:42:34Z
mitigated: 2025-09-02T12:57:34Z
lessons: The rollback was **quick**.
actions: [{what: Alert on the slope, kind: detect, shown_by: CR1}, {what: Write it down, shown_by: XX1}]
timeline:
  - {time: 2025-09-02T12:47:34Z, event: later}
  - {time: 2025-09-02T12:41:34Z, event: the pager rang}
"""


def notebook() -> Any:
    cells = [
        samples.code("s", samples.output(blocks.Section("summary", "Summary"))),
        samples.code("c", samples.output(blocks.ClaimList((samples.claim("CR1"),)))),
        *(
            samples.code(key, samples.output(blocks.Prompt(key, key.title(), "What?")))
            for key in ("timeline", "detection", "response", "lessons", "actions")
        ),
        samples.code("end", samples.output(blocks.NextSteps("90_postmortem", ()))),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def page(notes: Notes | None = None) -> str:
    return render_postmortem(notebook(), samples.meta(), samples.evidence(), PageState.COMPLETE, notes, static=True)


def test_without_words_there_are_prompts_that_say_where_to_write() -> None:
    empty = page()
    assert empty.count('<div class="prompt"') == 5
    assert "response: in staging-2025-09-02.notes.yaml, beside the folder of this report" in empty
    assert empty.count("<em>to be set</em>") == 2
    assert "<dt>Status</dt><dd><bdi>draft</bdi>" in empty
    assert "written by people" not in empty


def test_what_people_wrote_stands_in_its_place_and_is_called_theirs() -> None:
    full = page(parse(WRITTEN, "x"))
    assert '<div class="prompt"' not in full
    assert full.count("written by people") == 6
    assert "<dt>Severity</dt><dd><bdi>SEV2</bdi>" in full
    assert "<p>A <strong>leak</strong>.</p>" in full
    assert "<h4>Then</h4>" in full
    assert "<p>The rollback was <strong>quick</strong>.</p>" in full
    assert full.index("the pager rang") < full.index("later")
    assert '<td class="num"><bdi>4 min</bdi></td>' in full
    for event, since in (("detected", "5 min"), ("mitigated", "20 min")):
        assert f'<bdi>{event}</bdi></td><td class="time"><bdi>2025-09-02 12:' in full
        assert f'<td class="num"><bdi>{since}</bdi></td>' in full
    assert '<a href="#CR1">CR1</a>' in full
    assert "<bdi>XX1</bdi>" in full


def test_people_may_paste_anything() -> None:
    text = {"owner": HOSTILE[:200], "severity": HOSTILE[:200], "summary": HOSTILE, "response": HOSTILE}
    notes = Notes.model_validate(
        {
            **text,
            "actions": [{"what": HOSTILE, "owner": HOSTILE[:200], "shown_by": HOSTILE[:200]}],
            "timeline": [{"time": "2025-09-02T12:41:34Z", "event": HOSTILE}],
        }
    )
    hostile = page(notes)
    for markup in ("<script", "<img", 'href="javascript', 'http://x/y"', "\u202e"):
        assert markup not in hostile.replace("<script type", "")
    assert "&lt;script&gt;" in hostile


def test_notes_change_nothing_but_the_page() -> None:
    before = nbformat.writes(notebook())
    made = notebook()
    render_postmortem(made, samples.meta(), samples.evidence(), PageState.COMPLETE, parse(WRITTEN, "x"), static=True)
    assert len(nbformat.writes(made)) == len(before)


def test_a_pin_stands_with_its_claims_sentence_now_and_as_it_was() -> None:
    now = samples.evidence()["claims"][0]
    pins = (
        Pin(claim=now["id"], note=HOSTILE, said=now["text"], by="ana"),
        Pin(claim=now["id"], note="changed since", said="24 requests failed."),
        Pin(claim="GONE", note="no more", said="it said so then"),
    )
    shown = page(Notes(pins=pins))
    assert "Pinned <small>written by people</small>" in shown
    assert shown.count("When it was pinned it said:") == 2
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "This report says no such thing any more." in shown
    assert f'<a class="cid" href="#{now["id"]}">{now["id"]}</a>' in shown
