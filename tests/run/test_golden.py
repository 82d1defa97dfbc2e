"""Reports of many kinds against what a reviewer once read and kept: `tests/data/golden/NAME.json`, one page each.

Pages are compared after they were parsed: titles, what the strip on top says, the summary's sentences, the state of
each section and the standing of each claim in it. After a change that is meant, read the difference that this makes
in the files: NETRA_ANALYSIS_GOLDEN=write pytest -m long tests/run/test_golden.py
"""

import json
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from netra_analysis import casebook, params
from netra_analysis.run import job, notebooks
from netra_analysis.window import utc
from tests.run import reports
from tests.run.outline import outline
from tests.run.scheduled import NOW, scheduled

pytestmark = pytest.mark.timeout(900)  # a whole run each, on a machine that may be busy
DATA = Path(__file__).parents[1] / "data" / "golden"
SEED = 77  # under which every kind of record below is whole but for what its name says

# One incident for each cause, and two days without.
CAUSES = (
    "staging-2025-09-02", "reports-at-once", "sessions-not-returned", "too-many-clients", "path-gone", "missing-value",
    "setting-absent", "module-not-in-image", "nobody-is-up", "crawler", "poisoned-task", "warehouse-in-the-loop",
    "gives-up", "sockets-cut", "chaos-experiment", "quiet-orders", "rollouts-in-order",
)  # fmt: skip


def planted(name: str, kept: str) -> Callable[[Path], Path]:
    return lambda folder: casebook.write(name, folder, seed=None if name == CAUSES[0] else SEED, kept=kept)


def nothing(folder: Path) -> Path:
    """An export that holds the service, but nothing of the window that is asked."""
    asked = json.loads(reports.incident(folder).read_text(encoding="utf-8"))
    path = folder / "empty.yaml"
    path.write_text(json.dumps(asked | {"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z"}))
    return path


INCIDENTS: dict[str, Callable[[Path], Path]] = {
    **{name: planted(name, casebook.WHOLE) for name in CAUSES},
    **{f"without-{stream}": planted("agents-keep-sessions", stream) for stream in casebook.STREAMS},
    "hostile-text": reports.incident,
    "nothing-in-the-window": nothing,
    "quiet-hour": scheduled,
}
BROKEN = {
    "a-cell-fails": "1 / 0",
    "the-kernel-dies": "import os; os.kill(os.getpid(), 9)",
    "it-ends-early": "import os; os._exit(0)",
}


def page_of(asked: Path, out: Path) -> dict[str, Any]:
    wanted = params.load(asked)
    only = (
        () if wanted.window else (*notebooks.QUIET, "90_postmortem")
    )  # a scheduled one is to find out that it is quiet
    done = job.run(wanted, asked.parent, out, only, now=utc(datetime.fromisoformat(NOW)))
    state = json.loads((done.folder / "run.json").read_text(encoding="utf-8"))
    page = outline((done.folder / "postmortem.html").read_text(encoding="utf-8"))
    return {"state": state["state"], "verdict": state["verdict"], "failed": state["failed"]} | page


def held_against(name: str, found: dict[str, Any]) -> None:
    golden = DATA / f"{name}.json"
    if os.environ.get("NETRA_ANALYSIS_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.long
@pytest.mark.parametrize("name", INCIDENTS)
def test_a_report_is_the_one_that_was_read(name: str, tmp_path: Path) -> None:
    held_against(name, page_of(INCIDENTS[name](tmp_path), tmp_path / "out"))


@pytest.mark.long
@pytest.mark.parametrize("fault", BROKEN)
def test_a_report_whose_notebook_broke_is_the_one_that_was_read(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = notebooks.suite()
    content = json.loads(suite["90_postmortem"].read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    code[len(code) // 2]["source"] = BROKEN[fault]
    broken = tmp_path / "90_postmortem.ipynb"
    broken.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(notebooks, "suite", lambda: {**suite, "90_postmortem": broken})
    found = page_of(reports.incident(tmp_path), tmp_path / "out")
    assert found["state"] == "failed"
    assert "INCOMPLETE" in found["title"]
    found["failed"] = [
        re.sub(r"code cell \d+", "code cell N", said) for said in found["failed"]
    ]  # a death may be told late
    held_against(fault, found)


def test_every_golden_page_belongs_to_a_test() -> None:
    assert {path.stem for path in DATA.glob("*.json")} == {*INCIDENTS, *BROKEN}
    assert len(INCIDENTS) + len(BROKEN) >= 25
