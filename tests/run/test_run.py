"""The main job, for real: kernels, papermill, pages, publishing; and what happens when something breaks."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netra_analysis.run import notebooks
from netra_analysis.run.evidence import evidence, failures
from netra_analysis.run.nursery import Nursery
from netra_analysis.run.verify import verify
from netra_analysis.sources.reading import read_entries
from tests.entries import opened, request, said, write
from tests.run.reports import CANARIES, KINDS, Ended, incident, quick


def netra(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netra_analysis.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("run")
    ended = netra("run", incident(folder), "--out", folder / "out", "--json")
    assert ended.returncode == 0, ended.stderr
    return folder / "out", ended


@pytest.fixture
def copy(published: tuple[Path, Any], tmp_path: Path) -> Path:
    return Path(shutil.copytree(published[0] / "made-up", tmp_path / "made-up"))


def test_a_run_publishes_everything_the_contract_names(published: tuple[Path, Any]) -> None:
    out, ended = published
    (row,) = json.loads(ended.stdout)
    assert (row["state"], row["failed"]) == ("done", [])
    folder = out / "made-up"
    for name in ("postmortem.html", "evidence.json", "run.json", "capsule/manifest.json", "notebooks/00_overview.html"):
        assert (folder / name).is_file(), name
    assert (out / "index.html").is_file()
    assert not [path.name for path in out.iterdir() if path.name.endswith((".part", ".old"))]
    assert json.loads((folder / "run.json").read_text())["state"] == "done"


def test_progress_goes_to_stderr_and_results_to_stdout(published: tuple[Path, Any]) -> None:
    _, ended = published
    assert "running" in ended.stderr
    assert "entries read" in ended.stderr
    json.loads(ended.stdout)


def test_the_evidence_has_the_fixed_shape(published: tuple[Path, Any]) -> None:
    found = json.loads((published[0] / "made-up" / "evidence.json").read_text())
    assert found["schema"] == 1
    assert found["onset"] == "2026-03-04T12:01:40Z"
    assert found["failed_requests"]["fates"] == {"killed_with_instance": 1}
    (episode,) = found["crash_episodes"]
    assert (episode["kind"], episode["exit"], episode["victims"]) == ("oom", "signal 9", 1)
    for claim in found["claims"]:
        assert claim["query"].startswith("sha256:")
        assert {"id", "text", "value", "unit", "interval", "verdict", "rows", "method", "at"} <= set(claim)


def test_a_finished_page_says_so_and_an_unfinished_one_cannot_pass(published: tuple[Path, Any]) -> None:
    page = (published[0] / "made-up" / "postmortem.html").read_text()
    assert "INCOMPLETE" not in page
    assert "SYNTHETIC" in page.upper()


def written(path: Path) -> str:
    """All that `path` holds, a table as its rows."""
    if path.suffix == ".parquet":
        return "\n".join(map(str, pq.read_table(path).to_pylist()))
    return path.read_text(encoding="utf-8", errors="replace")


def seen_in(text: str, packed: bool = True) -> set[str]:
    """The kinds of canaries of which twelve characters can be read in `text`, percent-encoded or in base64, too."""
    plain = text + unquote(text) + "".join(run.decode("latin1") for run in (in_base64(text) if packed else ()))
    parts = {one.kind: max(one.secrets, key=len) for one in CANARIES}
    return {kind for kind, secret in parts.items() if secret[:12] in plain or secret[-12:] in plain}


def in_base64(text: str) -> list[bytes]:
    runs = re.findall(r"[A-Za-z0-9+/]{16,4000}", text)
    return [base64.b64decode(run[: len(run) // 4 * 4]) for run in runs]


def test_no_secret_leaves_in_any_artefact(published: tuple[Path, Any]) -> None:
    """Fifty canaries in ten places, looked for in pages, notebooks, tables, manifests, and in what was printed."""
    for path in published[0].rglob("*"):
        if path.is_file():
            text = written(path)
            assert "canarycanary" not in text, path
            assert "a.person@example.com" not in text, path
            assert seen_in(text, packed=path.suffix != ".html") == set(), path
    assert seen_in(published[1].stdout + published[1].stderr) == set()


def test_control_without_redaction_every_canary_is_there(published: tuple[Path, Any]) -> None:
    reading = read_entries("entries.ndjson", published[0].parent)
    assert seen_in(str(reading.entries.to_pylist()) + str(reading.quarantine.to_pylist())) == set(KINDS)
    assert len(KINDS) == 50


def test_no_path_of_this_machine_leaves_in_a_notebook(published: tuple[Path, Any], tmp_path: Path) -> None:
    for path in (published[0] / "made-up" / "notebooks").iterdir():
        assert str(tmp_path.parent.parent) not in path.read_text(), path.name


def test_log_text_reaches_no_page_as_markup(published: tuple[Path, Any]) -> None:
    for path in published[0].rglob("*.html"):
        assert "<script>alert" not in path.read_text()


def test_a_run_verifies(copy: Path, here: Callable[..., Ended]) -> None:
    assert verify(copy) == []
    assert here("verify", copy).returncode == 0


def test_a_changed_claim_is_named(copy: Path, here: Callable[..., Ended]) -> None:
    path = copy / "evidence.json"
    evidence = json.loads(path.read_text())
    claim = next(c for c in evidence["claims"] if c["id"] == "CR1")
    claim["text"] = claim["text"].replace("1 crash", "7 crash")
    path.write_text(json.dumps(evidence))
    ended = here("verify", copy)
    assert ended.returncode == 5
    assert "CR1: text differ" in ended.stderr


def test_a_dropped_claim_is_named(copy: Path) -> None:
    path = copy / "evidence.json"
    evidence = json.loads(path.read_text())
    evidence["claims"] = [c for c in evidence["claims"] if c["id"] != "CR-oom"]
    path.write_text(json.dumps(evidence))
    assert any(line.startswith("CR-oom: the data say it") for line in verify(copy))


@pytest.mark.parametrize(
    ("column", "value", "claim"),
    [("status", 500, "FR1"), pytest.param("latency_s", 900.0, "OB-latency", marks=pytest.mark.long)],
)
def test_a_changed_number_in_a_table_is_named_with_the_claims_on_it(
    copy: Path, here: Callable[..., Ended], column: str, value: float, claim: str
) -> None:
    path = copy / "capsule" / "requests.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    next(row for row in rows if row["status"] == 200)[column] = value
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    ended = here("verify", copy)
    assert ended.returncode == 5
    assert "table requests differs from its hash" in ended.stderr
    assert any(line.startswith(f"netra-analysis: {claim}: ") for line in ended.stderr.splitlines()), ended.stderr


def test_a_changed_page_is_named(copy: Path) -> None:
    page = copy / "postmortem.html"
    page.write_text(page.read_text() + " ")
    assert verify(copy) == ["postmortem.html was changed after it was published"]


@pytest.mark.long
def test_the_same_data_give_the_same_claims_and_capsule(published: tuple[Path, Any], tmp_path: Path) -> None:
    first = published[0] / "made-up"
    source = published[0].parent
    ended = netra("run", source / "made-up.yaml", "--out", tmp_path, "--only", "00")
    assert ended.returncode == 0, ended.stderr
    again = tmp_path / "made-up"
    assert (again / "evidence.json").read_text() == (first / "evidence.json").read_text()
    assert (again / "capsule/manifest.json").read_text() == (first / "capsule/manifest.json").read_text()
    name = "notebooks/00_overview.ipynb"
    assert (again / name).read_text() == (first / name).read_text()


@pytest.mark.long
def test_a_partial_run_in_place_of_a_whole_one_says_so_everywhere(copy: Path, here: Callable[..., Ended]) -> None:
    asked = incident(copy.parent)
    ended = here("run", asked, "--out", copy.parent, "--only", "00")
    assert ended.returncode == 0, ended.stderr
    assert "partial: only 00_overview" in ended.stdout
    state = json.loads((copy / "run.json").read_text())
    assert (state["state"], state["only"]) == ("done", ["00_overview"])
    assert state["note"] == "partial: only 00_overview was run"
    index = (copy.parent / "index.html").read_text()
    assert "partial: only 00_overview was run" in index
    linked = re.findall(r'href="(made-up/[^"]+)"', index)
    assert linked == ["made-up/notebooks/00_overview.html"]
    assert (copy.parent / linked[0]).is_file()
    assert "partial: only 00_overview was run" in (copy / "notebooks" / "00_overview.html").read_text()
    assert verify(copy) == []


def test_a_whole_run_says_nothing_of_being_partial(published: tuple[Path, Any]) -> None:
    out, _ = published
    assert 'href="made-up/postmortem.html"' in (out / "index.html").read_text()
    assert json.loads((out / "made-up" / "run.json").read_text())["only"] == []
    for page in out.rglob("*.html"):
        assert "partial: only" not in page.read_text()


def test_a_capsule_opens_as_an_incident(published: tuple[Path, Any]) -> None:
    import netra_analysis as na

    inc = na.open(published[0] / "made-up" / "capsule")
    assert inc.crashes.claim("CR1").value == 1


# --- what breaks ------------------------------------------------------------------------------------------------


def executed(source: list[str], tmp_path: Path) -> notebooks.Executed:
    cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
             for i, s in enumerate(source)]  # fmt: skip
    cells[0]["metadata"] = {"tags": ["parameters"]}
    content = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
    }
    path = tmp_path / "99_broken.ipynb"
    path.write_text(json.dumps({**content, "nbformat": 4, "nbformat_minor": 5}))
    with Nursery(1) as nursery:
        return notebooks.begin({path.stem: path}, tmp_path, "../capsule", nursery)[path.stem].result()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param(["incident = ''", "1 / 0", "print('after')"], "ZeroDivisionError", marks=pytest.mark.long),
        (["incident = ''", "import os; os.kill(os.getpid(), 9)", "print('after')"], "did not run to its end"),
        pytest.param(["incident = ''", "print('no sentinel')"], "did not reach its last cell", marks=pytest.mark.long),
    ],
)
def test_a_notebook_that_did_not_finish_is_noticed(source: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "nb").mkdir()
    one = executed(source, tmp_path / "nb")
    assert one.fault
    assert says in one.fault


@pytest.mark.long
def test_papermill_itself_calls_a_dead_kernel_complete(tmp_path: Path) -> None:
    """The control: without our reading, the notebook of a dead kernel looks like a good run."""
    one = executed(["incident = ''", "import os; os.kill(os.getpid(), 9)", "print('after')"], tmp_path)
    assert one.content is not None
    assert not [o for cell in one.content["cells"] for o in cell.get("outputs", []) if o["output_type"] == "error"]


def test_a_kernel_gets_no_environment_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "canarycanary")
    one = executed(["incident = ''", "import os; print(sorted(os.environ))"], tmp_path)
    assert one.content is not None
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in json.dumps(one.content)
    assert "PATH" in json.dumps(one.content)


def test_a_second_run_of_an_incident_is_refused_at_once(tmp_path: Path) -> None:
    from netra_analysis.run.lock import taken

    asked = incident(tmp_path)
    with taken(tmp_path / "out", "made-up"):
        ended = netra("run", asked, "--out", tmp_path / "out")
    assert ended.returncode == 75
    assert "another run of made-up" in ended.stderr


def test_what_a_killed_run_left_is_set_right_by_the_next(copy: Path) -> None:
    from netra_analysis.run import publish

    out = copy.parent
    (out / ".made-up.part").mkdir()
    copy.rename(out / ".made-up.old")  # killed between the two renames
    publish.prepare(out, "made-up")
    assert verify(copy) == []
    assert not (out / ".made-up.old").exists()


@pytest.mark.long
def test_a_failed_run_leaves_the_earlier_report_untouched(copy: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    (tmp_path / "in").mkdir()
    asked = incident(tmp_path / "in")
    (tmp_path / "in" / "entries.ndjson").write_text("nonsense\n")
    ended = netra("run", asked, "--out", copy.parent)
    assert ended.returncode == 3
    assert not (copy.parent / ".made-up.part").exists()
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


# --- mistakes ---------------------------------------------------------------------------------------------------


def changed(tmp_path: Path, content: str | None = None, **params: Any) -> Path:
    path = write(tmp_path, [request(1, 200)], **params)
    if content is not None:
        (tmp_path / "entries.ndjson").write_text(content)
    return path


@pytest.mark.parametrize(
    ("content", "params", "code", "says"),
    [
        (None, {"source": "file:nowhere.json"}, 3, "nowhere.json"),
        ("", {}, 3, "expected Cloud Logging entries"),
        ("nonsense\nmore nonsense\n", {}, 3, "expected Cloud Logging entries"),
        (None, {"start": "2026-03-04T12:00:00"}, 2, "has no time zone"),
        (None, {"sorce": "file:x"}, 2, "did you mean 'source'"),
        (None, {"service": "other"}, 3, "it holds entries of shop"),
        (None, {"metrics": "file:nowhere.json"}, 3, "metrics: file:nowhere.json does not exist"),
        (None, {"source": "bigquery:p.d"}, 3, "names no dataset"),
    ],
)
def test_each_mistake_is_one_sentence_and_its_code(
    tmp_path: Path, here: Callable[..., Ended], content: str | None, params: dict[str, Any], code: int, says: str
) -> None:
    ended = here("run", changed(tmp_path, content, **params), "--out", tmp_path / "out")
    told = [line for line in ended.stderr.splitlines() if line.startswith("netra-analysis: ")]
    assert ended.returncode == code, ended.stderr
    assert len(told) == 1
    assert says in told[0]
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_refusal_is_a_row_of_the_json(tmp_path: Path, here: Callable[..., Ended]) -> None:
    ended = here("run", changed(tmp_path, service="other"), "--out", tmp_path / "out", "--json")
    (row,) = json.loads(ended.stdout)
    assert row["state"] == "refused"
    assert "it holds entries of shop" in row["why"]


@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [(["sample"], ""), (["sample"], "1"), (["--help"], ""), (["score", "--help"], "")],  # "1": argparse hides it
)
def test_a_full_disk_behind_stdout_is_one_sentence(arguments: list[str], unbuffered: str) -> None:
    command = [sys.executable, "-m", "netra_analysis.cli", *arguments]
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=env)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("netra-analysis: cannot write the result to the standard output: No space left on device")


@pytest.mark.parametrize("place", ["out", "/proc/netra-analysis"])
def test_an_output_that_cannot_be_written(tmp_path: Path, here: Callable[..., Ended], place: str) -> None:
    (tmp_path / "out").write_text("a file where a folder is wanted")
    ended = here("run", changed(tmp_path), "--out", tmp_path / place)
    assert ended.returncode == 2
    assert "cannot write to" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments", [["run"], ["fly"], [], ["run", "x.yaml", "--jobs", "0"], ["verify", "no/such/folder"]]
)
def test_a_wrong_command_line_is_told(arguments: list[str], here: Callable[..., Ended]) -> None:
    ended = here(*arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["run", "check", "sample", "verify"])
def test_every_command_has_help_with_an_example(command: str, here: Callable[..., Ended]) -> None:
    ended = here(command, "--help")
    assert ended.returncode == 0
    assert f"netra-analysis {command}" in ended.stdout.split("example:")[1]


def test_check_prints_the_ledger(tmp_path: Path, here: Callable[..., Ended]) -> None:
    asked = write(tmp_path, [request(1, 200), request(2, 200), said(3, "x")])
    lines = (tmp_path / "entries.ndjson").read_text().splitlines()
    (tmp_path / "entries.ndjson").write_text("\n".join([*lines, lines[0], "{broken", '{"no": "time"}']) + "\n")
    ledger = json.loads(here("check", asked, "--json").stdout)
    assert ledger["entries"] == 6
    assert ledger["loaded"] + ledger["duplicates"] + sum(ledger["quarantined"].values()) == 6
    assert ledger["services"] == {"shop": 3}
    assert ledger["streams"]["requests"]["rows"] == 2
    assert ledger["cost"] == {"bytes": 0, "usd": 0.0}
    assert ledger["blind_spots"]


def test_what_a_log_says_reaches_no_terminal(tmp_path: Path, here: Callable[..., Ended]) -> None:
    """A title set, a line erased, a text turned round: in the name of a service and of a log, and in JSON as well."""
    hostile = "\x1b]0;owned\x07\x1b[2K\u202egnp\x7f\x9b31m"
    other = request(5, 200)
    other["resource"]["labels"]["service_name"] = hostile
    asked = write(tmp_path, [request(1, 200), other, said(2, "x") | {"logName": f"projects/p/logs/{hostile}"}])
    plain, as_json = here("check", asked), here("check", asked, "--json")
    assert "\\u001b]0;owned" in plain.stdout
    for ended in (plain, as_json):
        assert all(c.isprintable() or c == "\n" for c in ended.stdout + ended.stderr)
    assert hostile in json.loads(as_json.stdout)["services"]


def test_sample_lists_and_writes(tmp_path: Path, here: Callable[..., Ended]) -> None:
    assert "staging-2025-09-02" in here("sample").stdout
    ended = here("sample", "staging-2025-09-02", "--out", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "staging-2025-09-02.yaml").is_file()
    assert here("sample", "nothing-such").returncode == 2


@pytest.mark.long
def test_every_page_that_is_asked_for_static_is(tmp_path: Path) -> None:
    """The way from the option to each page, with stand-ins for the notebooks; with charts under the marker long."""
    pages = sorted(quick(tmp_path, static=True).rglob("*.html"))
    assert len(pages) > 5
    for page in pages:
        assert_static(page.read_text(encoding="utf-8"))


@pytest.mark.long
def test_a_static_report_holds_no_script_in_any_page(tmp_path: Path, here: Callable[..., Ended]) -> None:
    """The control: the same incident, published without the option, holds one in each page that draws."""
    ended = here("run", incident(tmp_path), "--out", tmp_path / "out", "--only", "60", "90", "--static")
    assert ended.returncode == 0, ended.stderr
    pages = sorted((tmp_path / "out" / "made-up").rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        assert_static(page.read_text(encoding="utf-8"))
    assert verify(tmp_path / "out" / "made-up") == []


def assert_static(page: str) -> None:
    """R9: one policy, first in the head, that lets no script run; nothing that could be one; no foreign address."""
    head = re.search(r"<head>\s*<meta ([^>]*)>", page)
    assert head is not None
    assert page.count("Content-Security-Policy") == 1
    policy = head[1].replace("&#39;", "'")
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'none'" in policy
    assert "script-src" not in policy
    tags = re.findall(r"<[a-z][^>]*>", page)
    assert "<script" not in page
    assert not [tag for tag in tags if re.search(r"\son\w+\s*=|javascript:", tag)]
    addresses = re.findall(r'(?:href|src|action|srcset|poster)="([a-z]+:[^"]*)"', page)
    assert {re.match(r"[a-z]+:(//[^/]*/?)?", one)[0] for one in addresses} <= {  # type: ignore[index]
        "data:",
        "https://console.cloud.google.com/",
    }


def test_control_one_script_is_refused(published: tuple[Path, Any]) -> None:
    page = (published[0] / "made-up" / "postmortem.html").read_text(encoding="utf-8")
    with pytest.raises(AssertionError):
        assert_static(page)


def test_where_no_request_log_can_tell_the_count_of_failures_is_no_zero(tmp_path: Path) -> None:
    for name, entries, told in (("blind", [said(5, "INFO hello")], None), ("calm", [request(5, 200)], 0)):
        (tmp_path / name).mkdir()
        assert failures(evidence(opened(tmp_path / name, entries))) == told
