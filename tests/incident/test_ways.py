"""The ways in: they read like speech, are found by the tab key, show something useful, and name what there is."""

from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import netra_analysis as na
from netra_analysis.errors import NetraAnalysisError, RequestError
from netra_analysis.incident import Incident
from tests.entries import START, opened, request, said, system, write

TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/app/shop/orders.py", line 41, in place\n'
    "    raise ValueError('no stock')\n"
    "ValueError: no stock"
)
LOUD = "ERROR: cache at 10.0.0.1 is slow"


@pytest.fixture(scope="module")
def inc(tmp_path_factory: pytest.TempPathFactory) -> Incident:
    entries = [
        system(1, START),
        *(request(10 + i, 200) for i in range(5)),
        request(30, 500),
        said(30.02, TRACEBACK),
        said(31, LOUD),
        system(2, START, instance="bcd"),
        request(40, 200, instance="bcd"),
    ]
    return opened(tmp_path_factory.mktemp("ways"), entries)


def column(table: object, name: str) -> list[object]:
    place = [one.name for one in table.columns].index(name)  # type: ignore[attr-defined]
    return [row[place] for row in table.rows]  # type: ignore[attr-defined]


def test_the_timeline_of_an_instance_holds_what_platform_edge_and_application_say(inc: Incident) -> None:
    life = inc.instance("…00a").timeline()
    assert column(life, "source") == ["platform", "application", "edge"]
    assert column(life, "what")[2] == "500 GET /api/x"
    assert inc.instance("bcd").requests().total == 1
    assert inc.instance("00a").lines().total == 2
    assert "instance = @instance" in life.query.sql  # type: ignore[union-attr]


def test_the_entries_of_a_failure_and_of_a_loud_line_are_the_raw_ones(inc: Incident) -> None:
    failure = inc.fingerprint("ValueError")
    assert column(failure.entries(), "entry") == [TRACEBACK]
    assert failure.failures().total == failure.requests().total == failure.frames().total == 1
    assert column(inc.fingerprint("cache at").entries(), "entry") == [LOUD]
    assert inc.fingerprint(failure.id[:9]).id == failure.id


def test_a_claim_gives_its_query_and_its_rows(inc: Incident) -> None:
    claim = inc.claim("FR1")
    assert claim.query.sql.startswith("SELECT")
    assert claim.query.params["start"] == inc.params.asked.start
    assert claim.evidence().total == 1
    assert inc.failed_requests.rows().total == 1


@pytest.mark.parametrize(
    ("asked", "said_"),
    [
        (lambda inc: inc.instance("zzz"), "no instance 'zzz'; there is 00a, 00bcd: inc.instances() lists them"),
        (lambda inc: inc.instance("00"), "'00' fits 2 instances; there is 00a, 00bcd: give more of the id"),
        (lambda inc: inc.fingerprint("KeyError"), "no kind of failure 'KeyError'; there is "),
        (lambda inc: inc.claim("FR-unexplaind"), "nearest: FR-unexplained"),
        (lambda inc: inc.failed_requests.claim("X"), "no claim 'X' here; there is FR1"),
        (lambda inc: inc.finding("crash"), "no finding 'crash'; there is "),
    ],
)
def test_what_is_not_there_is_one_sentence_that_names_what_there_is(inc: Incident, asked: object, said_: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(inc)  # type: ignore[operator]
    assert said_ in str(refused.value)
    assert "\n" not in str(refused.value)


def test_everything_shows_as_words_and_as_html(inc: Incident) -> None:
    shown = (inc, inc.crashes, inc.claim("FR1"), inc.instance("00a"), inc.fingerprint("ValueError"))
    for one in shown:
        assert one._repr_mimebundle_()["text/html"].strip()
        assert len(repr(one)) < 400, repr(one)
    assert repr(inc.claim("FR1")).startswith("FR1 (confirmed): 1 request")
    assert repr(inc.finding("crashes")).startswith("<finding crashes: ")
    assert "@start = '2026-03-04T12:00:00Z'" in repr(inc.claim("FR1").query)


def test_the_tab_key_finds_them(inc: Incident) -> None:
    shell = InteractiveShell.instance()
    shell.user_ns.update(inc=inc, one=inc.instance("00a"), kind=inc.fingerprint("ValueError"), said=inc.claim("FR1"))
    wanted = ("inc.instance", "inc.fingerprint", "inc.claim", "inc.pin", "inc.crashes")
    for text in (*wanted, "one.timeline", "kind.entries", "said.query"):
        with provisionalcompleter():
            found = [one.text for one in shell.Completer.completions(text[:-2], len(text) - 2)]
        assert text.split(".")[1] in found


def test_a_pin_lies_beside_the_report_and_twice_is_once(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    inc = opened(tmp_path, [request(1, 500)])
    notes = tmp_path / "reports" / "made-up.notes.yaml"
    notes.write_text("owner: ana  # on call\n")
    for _ in range(2):
        card = inc.pin("FR1", note="the pager: rang", by="ana")
    inc.pin(inc.failed_requests, note="a second")
    text = notes.read_text()
    assert text.startswith("owner: ana  # on call\npins:\n- claim: FR1\n  note: 'the pager: rang'\n")
    assert text.count("claim: FR1") == 2
    assert "made-up.notes.yaml" in card.body


def test_a_pin_that_has_nowhere_to_go_says_so(tmp_path: Path) -> None:
    inc = na.open(write(tmp_path, [request(1, 500)]))
    with pytest.raises(NetraAnalysisError, match="no folder of reports to write to; run the incident first"):
        inc.pin("FR1", note="x")
    with pytest.raises(RequestError, match="an empty note on FR1"):
        inc.pin("FR1", note=" ")
    inc.pin("FR1", note="x", out=str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "made-up.notes.yaml").is_file()
