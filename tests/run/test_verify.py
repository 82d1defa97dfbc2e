"""`verify` against a forger who edits files, and against files that are no longer what they were."""

import json
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from netra_analysis import capsule
from netra_analysis.run import job
from netra_analysis.run.index import write_index
from netra_analysis.run.verify import verify
from tests.run.reports import Ended, incident

DEEP = "[" * 100_000


def rehash(report: Path) -> None:
    """What a forger does last: `run.json` agrees with the files again."""
    state = json.loads((report / "run.json").read_text())
    files = {path.relative_to(report).as_posix(): path for path in report.rglob("*") if path.is_file()}
    state["files"] = {name: capsule.file_hash(path) for name, path in sorted(files.items()) if name != "run.json"}
    (report / "run.json").write_text(json.dumps(state))


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def forged(report: Path, change: Callable[[dict[str, Any]], Any]) -> list[str]:
    edit(report / "evidence.json", change)
    rehash(report)
    return verify(report)


def claim_of(evidence: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(claim for claim in evidence["claims"] if claim["id"] == name)
    return found


def test_an_untouched_report_verifies(report: Path, here: Callable[..., Ended]) -> None:
    assert verify(report) == []
    assert here("verify", report).returncode == 0
    assert json.loads(here("verify", report, "--json").stdout) == {"folder": str(report), "differences": []}


def test_a_rehash_alone_changes_nothing(report: Path) -> None:
    """The control: what the forgeries below are found by is not the rewritten `run.json`."""
    assert forged(report, lambda evidence: None) == []


# --- forged evidence --------------------------------------------------------------------------------------------


def test_a_claim_replaced_under_its_id_by_another_that_holds_is_found(report: Path) -> None:
    def replace(evidence: dict[str, Any]) -> None:
        other = claim_of(evidence, "FR1")
        mine = claim_of(evidence, "CR1")
        mine |= {key: value for key, value in other.items() if key != "id"}  # every field agrees with its query

    (line,) = forged(report, replace)
    assert line.startswith("CR1: ")
    assert "text" in line.split(" differ; ")[0]


def test_a_field_that_no_query_gives_is_found(report: Path) -> None:
    (line,) = forged(report, lambda e: claim_of(e, "CR1").update(extra="x"))
    assert line.startswith("CR1: extra differ; published 'x'")


def test_true_is_not_one(report: Path) -> None:
    (line,) = forged(report, lambda e: claim_of(e, "CR1").update(value=True))
    assert line == "CR1: value differ; published True, computed again 1"


def test_claims_invented_dropped_doubled_or_moved_are_found(report: Path) -> None:
    def change(evidence: dict[str, Any]) -> None:
        claims = [claim for claim in evidence["claims"] if claim["id"] != "CR-oom"]
        evidence["claims"] = [*claims, claim_of(evidence, "CR1"), {**claims[0], "id": "ZZ"}]

    assert forged(report, change) == [
        "ZZ: the report says it, the data do not",
        "CR1: the report says it more than once",
        "CR-oom: the data say it, the report does not",
    ]


def test_claims_in_another_order_are_found(report: Path) -> None:
    assert forged(report, lambda e: e["claims"].reverse()) == ["claims: the report has them in another order"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda e: e.update(verdict="bad_deploy"), "verdict: published 'bad_deploy', computed again "),
        (lambda e: e.update(onset=None), "onset: published None, computed again '2026-03-04T12:01:40Z'"),
        (lambda e: e["window"].update(end="2026-03-04T14:00:00Z"), "window.end: published '2026-03-04T14:00:00Z'"),
        (lambda e: e.update(service="other"), "service: published 'other', computed again 'shop'"),
        (lambda e: e.update(incident="other"), "incident: published 'other', computed again 'made-up'"),
        (lambda e: e.update(synthetic=False), "synthetic: published False, computed again True"),
        (lambda e: e["crash_episodes"][0].update(exit="code 0"), "crash_episodes[0].exit: published 'code 0'"),
        (lambda e: e.update(crash_episodes=[]), "crash_episodes: published [], computed again [{"),
        (lambda e: e["failed_requests"].update(total=0), "failed_requests.total: published 0, computed again 1"),
        (lambda e: e["hypotheses"][0].update(score=0.5), "hypotheses[0].score: published 0.5"),
        (lambda e: e["hypotheses"].reverse(), "hypotheses[0]."),
        (lambda e: e.update(fingerprints=["x"]), "fingerprints: published ['x']"),
        (lambda e: e["deploys"].append({}), "deploys: published ["),
        (lambda e: e.update(audit=[{}]), "audit: published [{}]"),
        (lambda e: e["coverage"].update(entries=9), "coverage.entries: published 9"),
        (lambda e: e.pop("coverage"), "coverage: the data say it, the report does not"),
        (lambda e: e.update(root_cause="x"), "root_cause: the report says it, the data do not"),
    ],
)
def test_every_part_of_the_evidence_is_held_against_the_capsule(
    report: Path, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    (line,) = forged(report, change)
    assert line.startswith(says)


def test_a_key_given_twice_is_found(report: Path) -> None:
    path = report / "evidence.json"
    path.write_text('{"verdict": "bad_deploy",' + path.read_text().lstrip().removeprefix("{"))
    rehash(report)
    (line,) = verify(report)
    assert "names a key twice" in line


# --- files and run.json -----------------------------------------------------------------------------------------


def test_a_file_more_is_found(report: Path) -> None:
    (report / "notebooks" / "appendix.html").write_text("<p>the cause was the network</p>")
    assert verify(report) == ["notebooks/appendix.html is not one of the files that run.json lists"]


def test_a_page_that_is_a_link_is_found(report: Path, tmp_path: Path) -> None:
    page = report / "postmortem.html"
    shutil.move(page, tmp_path / "elsewhere.html")
    page.symlink_to(tmp_path / "elsewhere.html")
    assert verify(report) == ["postmortem.html was changed after it was published"]


@pytest.mark.parametrize("relisted", [True, False])
def test_a_missing_postmortem_is_found_listed_or_not(report: Path, relisted: bool) -> None:
    (report / "postmortem.html").unlink()
    if relisted:
        rehash(report)
    assert verify(report) == ["postmortem.html is missing"]


def test_a_whole_run_has_its_postmortem_even_if_its_notebook_is_gone(report: Path) -> None:
    for name in ("postmortem.html", "notebooks/90_postmortem.ipynb", "notebooks/90_postmortem.html"):
        (report / name).unlink()
    rehash(report)
    assert verify(report) == ["postmortem.html is missing"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "bad_deploy"}, "run.json: verdict: published 'bad_deploy'"),
        ({"onset": None}, "run.json: onset: published None"),
        ({"window": {"start": 1}}, "run.json: window: published {'start': 1}"),
        ({"failed_requests": 0}, "run.json: failed_requests: published 0, computed again 1"),
        ({"service": "x"}, "run.json: service: published 'x'"),
        ({"synthetic": False}, "run.json: synthetic: published False"),
        ({"capsule": "sha256:0"}, "run.json: capsule: published 'sha256:0'"),
        ({"state": "failed"}, "run.json says 'failed', not 'done'"),
        ({"files": {}}, "run.json lists no files"),
    ],
)
def test_what_run_json_says_is_held_against_the_rest(report: Path, change: dict[str, Any], says: str) -> None:
    edit(report / "run.json", lambda state: state.update(change))
    (line,) = verify(report)
    assert line.startswith(says)


def test_a_table_that_the_manifest_no_longer_names_is_found(report: Path) -> None:
    edit(report / "capsule" / "manifest.json", lambda manifest: manifest["tables"].pop("requests"))
    rehash(report)
    found = verify(report)
    assert found[0].startswith("table requests differs from its hash; on it rest FR1")
    assert found[1].startswith("run.json: capsule: ")


# --- malformed files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["evidence.json", "run.json", "capsule/manifest.json"])
@pytest.mark.parametrize(
    "content",
    ["", "[]", "null", "5", '"x"', '{"claims":5}', '{"claims":[5]}', '{"claims":[{"id":5}]}', '{"format":1}', DEEP,
     '{"files":5}', '{"files":{},"only":5}', '{"a":1,"a":2}', "\x00", '{"x":' + DEEP],
)  # fmt: skip
def test_a_malformed_file_is_one_clear_line(report: Path, here: Callable[..., Ended], name: str, content: str) -> None:
    (report / name).write_text(content)
    ended = here("verify", report)
    assert ended.returncode == 5
    (line,) = ended.stderr.splitlines()
    assert line.startswith("netra-analysis: ")
    assert name.rpartition("/")[2] in line
    told = json.loads(here("verify", report, "--json").stdout)
    assert told["folder"] == str(report)
    assert len(told["differences"]) == 1


def test_a_file_that_is_no_text_is_one_clear_line(report: Path) -> None:
    (report / "evidence.json").write_bytes(b"\xff\xfe\x00")
    (line,) = verify(report)
    assert "evidence.json cannot be read" in line


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(params={}), "the capsule's parameters cannot be read"),
        (lambda m: m.update(params=[]), "it has no params"),
        (lambda m: m.update(coverage={}), "the coverage in "),
        (lambda m: m["coverage"].update(streams=5), "the coverage in "),
        (lambda m: m["coverage"].update(blind_spots=[{"x": 1}], services=5), "the capsule cannot be computed again"),
        (lambda m: m.update(versions=[]), "it has no versions"),
    ],
)
def test_a_manifest_with_a_broken_part_is_one_clear_line(
    report: Path, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    edit(report / "capsule" / "manifest.json", change)
    (line,) = verify(report)
    assert says in line


@pytest.mark.parametrize(
    "change",
    [
        lambda claim: claim["recompute"].update(params=[]),
        lambda claim: claim.pop("recompute"),
        lambda claim: claim["recompute"].update(sql="SELEKT (((("),
        lambda claim: claim.update(recompute=None),
        lambda claim: claim["recompute"].update(sql=5),
    ],
)
def test_a_claim_whose_query_was_broken_is_named(report: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    (line,) = forged(report, lambda evidence: change(claim_of(evidence, "CR1")))
    assert line.startswith("CR1: recompute differ; published ")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a table", None])
def test_a_damaged_table_is_one_clear_line(report: Path, here: Callable[..., Ended], content: bytes | None) -> None:
    path = report / "capsule" / "requests.parquet"
    path.write_bytes(path.read_bytes()[:-9] if content is None else content)
    ended = here("verify", report)
    assert ended.returncode == 5
    (line,) = ended.stderr.splitlines()
    assert line.startswith("netra-analysis: the capsule's table requests cannot be read: ")


def test_a_capsule_that_breaks_a_detector_is_one_clear_line(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: Any) -> None:
        raise ZeroDivisionError("of a column\nthat was changed")

    monkeypatch.setattr("netra_analysis.run.verify.evidence", breaks)
    (line,) = verify(report)
    assert line == "the capsule cannot be computed again: ZeroDivisionError: of a column that was changed"


@pytest.mark.parametrize(
    "name", ["evidence.json", "run.json", "capsule/manifest.json", "capsule/requests.parquet", "capsule"]
)
def test_a_missing_part_of_a_report_is_damage(report: Path, here: Callable[..., Ended], name: str) -> None:
    path = report / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    ended = here("verify", report)
    assert ended.returncode == 5
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["nowhere", "run.json", ".", "capsule", "x" * 300])
def test_what_is_no_report_is_a_wrong_request(report: Path, here: Callable[..., Ended], name: str) -> None:
    place = report.parent if name == "." else report / name
    ended = here("verify", place, "--json")
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert "give the folder of one incident, such as reports/x" in line or "cannot read" in line


# --- other versions ---------------------------------------------------------------------------------------------


def test_a_capsule_names_the_schema_of_its_tables(report: Path) -> None:
    manifest = json.loads((report / "capsule" / "manifest.json").read_text())
    assert manifest["schema"] == capsule.schema_hash()


@pytest.mark.parametrize("change", [lambda m: m.pop("schema"), lambda m: m.update(schema="sha256:0")])
def test_a_report_with_other_tables_says_so_and_nothing_else(
    report: Path, here: Callable[..., Ended], change: Callable[[dict[str, Any]], Any]
) -> None:
    path = report / "capsule" / "requests.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["route"]), path)
    edit(report / "capsule" / "manifest.json", change)
    edit(report / "capsule" / "manifest.json", lambda m: m["versions"].update({"netra-analysis": "0.0.9"}))
    rehash(report)
    ended = here("verify", report)
    assert ended.returncode == 5
    assert ended.stderr.splitlines() == [
        "netra-analysis: this report was made by netra-analysis 0.0.9 with other tables; "
        "verify it with that version, or run the incident again"
    ]


def test_a_report_of_another_version_says_so_first(report: Path) -> None:
    manifest = report / "capsule" / "manifest.json"
    edit(manifest, lambda m: m["versions"].update({"netra-analysis": "0.0.9"}))
    first, *others = forged(report, lambda evidence: evidence.update(verdict="bad_deploy"))
    ours = metadata.version("netra-analysis")
    assert first.startswith(f"this report was made by netra-analysis 0.0.9 and this is {ours}; verify it with that")
    assert [line.split(":")[0] for line in others] == ["verdict"]


def test_a_table_without_a_column_is_told_although_the_manifest_looks_like_ours(report: Path) -> None:
    path = report / "capsule" / "requests.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["route"]), path)
    (line,) = verify(report)
    assert line.startswith("the capsule's table requests lacks route")


# --- the stage and the index ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt()])
def test_a_run_that_breaks_leaves_no_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    from netra_analysis import params

    def breaks(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(capsule, "write", breaks)
    with pytest.raises(type(error)):
        job.run(params.load(incident(tmp_path)), tmp_path, tmp_path / "out")
    left = {path.name for path in (tmp_path / "out").iterdir()}
    stopped_by_hand = isinstance(error, KeyboardInterrupt)
    assert left == {".locks"} | (set() if stopped_by_hand else {"made-up", "made-up.runs.ndjson"})


@pytest.mark.parametrize(
    "content", ["", "[]", DEEP, '{"window": 5, "failed": 5, "state": []}', '{"failed": [5]}', '{"unread": "x"}']
)
def test_the_index_survives_any_run_json(report: Path, content: str) -> None:
    (report / "run.json").write_text(content)
    assert 'href="made-up/postmortem.html"' in write_index(report.parent).read_text()


def test_the_index_says_how_much_of_an_export_was_not_read(report: Path) -> None:
    state = json.loads((report / "run.json").read_text())
    ledger = json.loads((report / "evidence.json").read_text())["coverage"]
    share = sum(ledger["quarantined"].values()) / (ledger["entries"] - ledger["duplicates"])
    assert f"{100 * share:.1f} % of its entries could not be read" in write_index(report.parent).read_text()
    (report / "run.json").write_text(json.dumps(state | {"unread": 0}))
    assert "could not be read" not in write_index(report.parent).read_text()


def test_the_index_links_to_nothing_that_is_not_there(report: Path) -> None:
    (report / "postmortem.html").unlink()
    assert 'href="made-up/notebooks/00_overview.html"' in write_index(report.parent).read_text()
    shutil.rmtree(report / "notebooks")
    assert 'href="made-up' not in write_index(report.parent).read_text()
