"""Runs that a scheduler starts: relative windows, quiet days, what is kept, passed over, told and returned."""

import json
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from netra_analysis.cli.batch import WORST
from netra_analysis.errors import RequestError
from netra_analysis.run import earlier, history, hook
from netra_analysis.run.share import COUNT, INDEX, share
from netra_analysis.run.verify import verify
from tests.run.reports import Ended
from tests.run.scheduled import NOW, scheduled
from tests.servers.http import Refusal, serving

Here = Callable[..., Ended]


def state(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return read


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `out/` after one scheduled run of a quiet hour."""
    from netra_analysis.cli import main

    folder = tmp_path_factory.mktemp("quiet")
    with pytest.raises(SystemExit) as ended:
        main(["run", str(scheduled(folder)), "--out", str(folder / "out"), "--now", NOW])
    assert ended.value.code == 0
    return folder / "out"


def test_a_relative_window_is_resolved_once_and_both_forms_are_on_record(quiet: Path) -> None:
    asked = {"window": "last 1h", "now": NOW, "start": "2026-03-04T12:00:00Z", "end": NOW}
    assert state(quiet / "nightly")["request"] == asked
    manifest = json.loads((quiet / "nightly/capsule/manifest.json").read_text())
    assert manifest["request"] == asked
    assert (manifest["params"]["start"], manifest["params"]["end"]) == (asked["start"], asked["end"])
    assert state(quiet / "nightly")["window"] == {"start": asked["start"], "end": asked["end"]}


def test_a_quiet_day_is_one_short_page_that_says_what_was_looked_at(quiet: Path) -> None:
    report = quiet / "nightly"
    assert state(report)["verdict"] == "no_incident"
    assert [path.name for path in sorted((report / "notebooks").iterdir())] == ["00_overview.html", "00_overview.ipynb"]
    page = (report / "postmortem.html").read_text()
    assert "No incident: nightly" in page
    assert '<p class="eyebrow">Report' in page
    assert "<dt>Severity</dt>" not in page
    assert "10_crash_timeline" not in page, "it was not run"
    assert "no request failed and no instance died as far as was looked at" in page
    assert "Failed requests" in page
    assert len(page) < 1_500_000
    assert verify(report) == []


def test_the_index_has_the_quiet_day(quiet: Path) -> None:
    index = (quiet / "index.html").read_text()
    assert "no incident" in index
    assert 'href="nightly/postmortem.html"' in index


@pytest.mark.long
def test_what_is_done_for_the_same_request_is_passed_over_and_another_is_not(
    quiet: Path, here: Here, tmp_path: Path
) -> None:
    asked, page = quiet.parent / "nightly.yaml", quiet / "nightly/postmortem.html"
    before = page.stat().st_mtime_ns
    ended = here("run", asked, "--out", quiet, "--now", NOW, "--resume", "--json")
    (row,) = json.loads(ended.stdout)
    assert (ended.returncode, row["again"], row["state"]) == (0, True, "done")
    assert page.stat().st_mtime_ns == before
    changed = quiet / "nightly/notebooks/00_overview.html"
    kept = changed.read_text()
    changed.write_text(kept + " ")  # a report that somebody changed is made again
    ended = here("run", asked, "--out", quiet, "--now", NOW, "--resume", "--json")
    assert json.loads(ended.stdout)[0]["again"] is False
    assert changed.read_text() != kept + " "


@pytest.mark.long
def test_earlier_reports_are_kept_as_many_as_asked_and_peoples_notes_always(here: Here, tmp_path: Path) -> None:
    asked, out = scheduled(tmp_path, failing=True), tmp_path / "out"
    out.mkdir()
    notes = out / "nightly.notes.yaml"
    notes.write_text("owner: somebody\n")
    for minute in range(3):
        ended = here("run", asked, "--out", out, "--now", f"2026-03-04T12:5{minute}:00Z", "--only", "00", "--keep", 1)
        assert ended.returncode == 0, ended.stderr
    (kept,) = earlier.reports(out, "nightly")
    assert verify(kept) == []
    assert state(kept)["request"]["now"] == "2026-03-04T12:51:00Z"
    assert state(out / "nightly")["request"]["now"] == "2026-03-04T12:52:00Z"
    assert notes.read_text() == "owner: somebody\n"
    runs = history.read(out, "nightly")
    assert [run["failed_requests"] for run in runs] == [0, 3, 6]
    index = (out / "index.html").read_text()
    assert "3 runs: " in index
    assert index.count("<rect ") == 3
    assert f'href="nightly.earlier/{kept.name}/notebooks/00_overview.html"' in index


def test_a_source_that_refuses_is_remembered_and_told(here: Here, tmp_path: Path) -> None:
    asked, out = scheduled(tmp_path, source="file:nowhere.ndjson"), tmp_path / "out"
    told = tmp_path / "told.json"
    command = f"{sys.executable} -c \"import pathlib, sys; pathlib.Path('{told}').write_text(sys.stdin.read())\""
    ended = here("run", asked, "--out", out, "--now", NOW, "--notify", command)
    assert ended.returncode == 3
    said = json.loads(told.read_text())
    assert (said["incident"], said["state"], said["exit_code"]) == ("nightly", "refused", 3)
    (run,) = history.read(out, "nightly")
    assert (run["state"], run["notified"]) == ("refused", "ok")
    assert "nowhere.ndjson" in run["failed"][0]


def test_two_files_of_one_incident_are_refused_before_anything_runs(here: Here, tmp_path: Path) -> None:
    asked = scheduled(tmp_path)
    twin = asked.with_name("twin.yaml")
    twin.write_text(asked.read_text())
    ended = here("run", asked, twin, "--out", tmp_path / "out")
    assert ended.returncode == 2
    assert "given twice: nightly in nightly.yaml and twin.yaml" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("codes", "worst"), [([0, 0], 0), ([0, 75], 75), ([75, 3], 3), ([3, 2], 2), ([2, 4, 75], 4), ([], 0)]
)
def test_the_exit_code_of_several_is_the_one_that_most_needs_somebody(codes: Sequence[int], worst: int) -> None:
    assert max(codes, key=WORST.index, default=0) == worst


def test_a_request_that_is_wrong_weighs_more_than_a_source_that_is_away(here: Here, tmp_path: Path) -> None:
    away, wrong = scheduled(tmp_path, "away", source="file:nowhere"), tmp_path / "wrong.yaml"
    wrong.write_text("incident: x\n")
    assert here("run", away, wrong, "--out", tmp_path / "out", "--now", NOW).returncode == 2


# --- telling somebody -------------------------------------------------------------------------------------------


def script(folder: Path, text: str) -> str:
    path = folder / "hook.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [("exit 0", "ok"), ("echo no such channel >&2; exit 7", "hook.sh ended with 7: no such channel"),
     ("sleep 60 & sleep 60", "hook.sh did not end within 1 s")],
)  # fmt: skip
def test_a_command_has_its_time_and_its_failure_is_a_word(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "LIMIT_S", 1.0)
    assert hook.told(script(tmp_path, text), {"incident": "x"}).endswith(says)


def test_a_command_that_is_not_there_is_a_word_too() -> None:
    assert hook.told("/nowhere/at-all", {}).startswith("/nowhere/at-all could not be started")


def test_an_address_gets_the_json_and_is_not_repeated_when_it_fails() -> None:
    def answer(request: Any) -> dict[str, Any]:
        if request.path == "/secret-token":
            raise Refusal(403, "forbidden", "no")
        return {}

    with serving(answer) as server:
        assert hook.told(f"{server.url}/in", {"incident": "x", "state": "done"}) == "ok"
        assert server.seen[0].body == {"incident": "x", "state": "done"}
        refused = hook.told(f"{server.url}/secret-token", {})
    gone = hook.told(f"{server.url}/secret-token", {})
    assert refused == "the address answered 403"
    assert gone.startswith("the address could not be reached")
    assert "secret-token" not in refused + gone


@pytest.mark.parametrize("target", ["ftp://x/y", "file:///etc/passwd", "'unclosed", " "])
def test_what_is_neither_command_nor_web_address_is_refused(target: str) -> None:
    with pytest.raises(RequestError, match="--notify"):
        hook.checked(target)


# --- one task's share -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20, 25])
def test_tasks_together_have_each_file_once_however_each_lists_them(count: int) -> None:
    files = [Path(f"params/{i:02}.yaml") for i in range(20)]
    shares = [
        share(files if index % 2 else files[::-1], {INDEX: str(index), COUNT: str(count)}) for index in range(count)
    ]
    assert sorted(path for one in shares for path in one) == files
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("index", "count"), [("2", "2"), ("0", None), (None, "3"), ("-1", "2"), ("x", "2"), ("0", "0")]
)
def test_task_numbers_that_cannot_be_are_refused(index: str | None, count: str | None) -> None:
    environment = {name: value for name, value in ((INDEX, index), (COUNT, count)) if value is not None}
    with pytest.raises(RequestError, match="CLOUD_RUN_TASK"):
        share([Path("a.yaml")], environment)


def test_without_a_platform_that_numbers_tasks_all_files_are_run_in_the_order_given() -> None:
    files = [Path("b.yaml"), Path("a.yaml")]
    assert share(files, {}) == files


def test_a_task_without_a_share_has_nothing_to_do(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INDEX, "1")
    monkeypatch.setenv(COUNT, "2")
    ended = here("run", scheduled(tmp_path), "--out", tmp_path / "out")
    assert ended.returncode == 0
    assert "nothing to do" in ended.stderr


@pytest.mark.long
def test_a_folder_stands_for_the_params_files_in_it(here: Here, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for name in ("a", "b"):
        scheduled(tmp_path / "many", name, source="file:nowhere")
    ended = here("run", tmp_path / "many", "--out", tmp_path / "out", "--json", "--now", "day")
    assert [row["incident"] for row in json.loads(ended.stdout)] == ["a", "b"]
    (tmp_path / "none").mkdir()
    assert "holds no .yaml file" in here("run", tmp_path / "none").stderr
