"""Tokens cannot be confirmed by a guess, are equal where the data are, and their secret stays with its user."""

import subprocess
import sys
from pathlib import Path

import pytest

from netra_analysis import params
from netra_analysis.errors import RequestError
from netra_analysis.redact import Redactor
from netra_analysis.sources.load import load
from netra_analysis.sources.salt import redaction_key
from tests.entries import said, write

GUESS = "ada@example.org"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NETRA_ANALYSIS_SALT", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def line(folder: Path, **more: object) -> str:
    asked = params.load(write(folder, [said(1, f"mail to {GUESS} now")], **{"synthetic": False, **more}))
    return str(load(asked, folder).entries["text"][0].as_py())


def test_who_holds_a_report_cannot_confirm_a_guess(home: Path) -> None:
    guessed = Redactor("p/shop/made-up").token("email", GUESS)
    assert "[email:" in line(home)
    assert guessed not in line(home)
    assert guessed in line(home, synthetic=True)  # the control: with a key of names alone it is confirmed


def test_the_same_data_give_the_same_tokens_and_another_user_gets_others(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = line(home)
    assert line(home) == first
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "other"))
    assert subprocess_line(home) != first


def subprocess_line(folder: Path) -> str:
    """As another user would see it, in a process of its own: a process draws one salt."""
    code = f"from pathlib import Path; from tests.sources.test_salt import line; print(line(Path({str(folder)!r})))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_salt_is_kept_for_its_user_alone(home: Path) -> None:
    line(home)
    kept = home / "state" / "netra-analysis" / "salt"
    assert kept.stat().st_mode & 0o077 == 0
    assert len(kept.read_bytes()) == 32
    assert [path.name for path in kept.parent.iterdir()] == ["salt"]


def test_where_nothing_can_be_kept_each_process_draws_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert "[email:" in line(home)


def test_a_salt_can_be_given_by_file_and_a_wrong_one_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = home / "given"
    given.write_bytes(b"x" * 32)
    monkeypatch.setenv("NETRA_ANALYSIS_SALT", str(given))
    asked = params.load(write(home, [said(1, "x")], synthetic=False))
    first = redaction_key(asked)
    given.write_bytes(b"y" * 32)
    assert redaction_key(asked) != first
    given.write_bytes(b"short")
    with pytest.raises(RequestError, match="holds 5 bytes"):
        redaction_key(asked)
    monkeypatch.setenv("NETRA_ANALYSIS_SALT", str(home / "missing"))
    with pytest.raises(RequestError, match="cannot be read"):
        redaction_key(asked)


def test_fields_that_the_parameters_name_never_leave(home: Path) -> None:
    entries = [said(1, "user_id=u-4711 logged in"), said(2, "x", labels={"instanceId": "00a", "user_id": "u-4712"})]
    asked = params.load(write(home, entries, redact={"fields": ["user_id"]}))
    held = str(load(asked, home).entries.to_pylist())
    assert "u-471" not in held
    assert held.count("[field:") == 2
