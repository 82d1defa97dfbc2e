"""The file in which people write: read by a run, kept by every run, and no part of what is verified."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netra_analysis.run import notebooks
from netra_analysis.run.verify import verify
from tests.run import reports
from tests.run.reports import Ended, incident

WRITTEN = "owner: ana <script>alert(1)</script>\nstatus: reviewed\n"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(notebooks, "begin", reports._stand_ins)
    return incident(tmp_path)


@pytest.mark.long
def test_a_run_says_where_to_write_and_a_rerun_keeps_it(asked: Path, here: Callable[..., Ended]) -> None:
    out = asked.parent / "out"
    first = here("run", asked, "--out", out)
    notes = out / "made-up.notes.yaml"
    assert str(notes) in first.stdout
    assert not notes.exists(), "an empty file would look as if somebody had written"
    folder = out / "made-up"
    before = {name: (folder / name).read_bytes() for name in ("evidence.json", "notebooks/90_postmortem.ipynb")}
    assert "to be set" in (folder / "postmortem.html").read_text()
    notes.write_text(WRITTEN)
    assert here("run", asked, "--out", out).returncode == 0
    assert "ana &lt;script&gt;alert(1)&lt;/script&gt;" in (folder / "postmortem.html").read_text()
    assert notes.read_text() == WRITTEN
    assert before == {name: (folder / name).read_bytes() for name in before}
    assert verify(folder) == []
    notes.write_text("owner: somebody else\n")
    assert verify(folder) == [], "it is no part of the report"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"ownr: ana\n", "unknown key 'ownr'; did you mean 'owner'?"),
        (b"owner: \xff\xfe\n", "is not UTF-8 text"),
    ],
)
def test_notes_that_are_not_understood_are_refused_before_anything_runs(
    asked: Path, here: Callable[..., Ended], content: bytes, sentence: str
) -> None:
    out = asked.parent / "out"
    out.mkdir()
    (out / "made-up.notes.yaml").write_bytes(content)
    ended = here("run", asked, "--out", out)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert not (out / "made-up").exists()


def test_a_folder_in_its_place_is_named(asked: Path, here: Callable[..., Ended]) -> None:
    out = asked.parent / "out"
    (out / "made-up.notes.yaml").mkdir(parents=True)
    ended = here("run", asked, "--out", out)
    assert ended.returncode == 2
    assert "made-up.notes.yaml: Is a directory" in ended.stderr
