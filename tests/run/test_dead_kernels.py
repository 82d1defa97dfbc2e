"""Notebooks whose kernel dies or hangs: noticed in time, said on the page, and nobody else's trouble."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from netra_analysis import params
from netra_analysis.errors import ReportError
from netra_analysis.run import history, job, notebooks
from netra_analysis.run.nursery import Nursery
from netra_analysis.run.verify import verify
from tests.run.reports import _stand_ins, incident, quick
from tests.run.test_nursery import notebook

FAULTS = {
    "killed": ("import os; os.kill(os.getpid(), 9)", 10),
    "aborted": ("import os; os.abort()", 10),
    "ended": ("import os; os._exit(0)", 10),
    "hung": ("while True: pass", 16),
    "stopped": ("import os; os.kill(os.getpid(), 19)", 16),
    "out of memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); bytearray(1 << 34)",
        10,
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_dead_or_hung_kernel_is_noticed_and_others_go_on(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds after its death; ten after the deadline (here 6 s) for one that hangs."""
    source, longest = FAULTS[fault]
    monkeypatch.setattr(notebooks, "NOTEBOOK_TIMEOUT_S", 6 if longest > 10 else 120)
    with Nursery(1) as warm:
        fine = notebook(tmp_path, "fine", "print(1)")
        notebooks.begin({"fine": fine}, tmp_path, "../capsule", warm)["fine"].result()  # so that imports are done
        broken = notebook(tmp_path, "broken", source, "print('after')")
        one = notebooks.begin({"broken": broken}, tmp_path, "../capsule", warm)["broken"].result()
        assert one.fault is not None
        assert one.seconds < longest + 5, "five for the kernel's start"
        monkeypatch.setattr(notebooks, "NOTEBOOK_TIMEOUT_S", 120)
        again = notebooks.begin({"fine": fine}, tmp_path, "../capsule", warm)["fine"].result()
    assert again.content is not None
    assert not [c for c in again.content["cells"] for o in c.get("outputs", []) if o["output_type"] == "error"]


@pytest.mark.long
def test_where_no_notebook_leaves_anything_the_earlier_report_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = quick(tmp_path)
    before = {path: path.read_bytes() for path in earlier.rglob("*") if path.is_file()}

    def begun(chosen: Mapping[str, Path], *_: object) -> dict[str, Future[notebooks.Executed]]:
        done: dict[str, Future[notebooks.Executed]] = {name: Future() for name in chosen}
        for name in chosen:
            done[name].set_result(notebooks.Executed(name, None, 0.0, "the process that runs the notebooks died"))
        return done

    monkeypatch.setattr(notebooks, "begin", begun)
    with pytest.raises(ReportError, match=r"made-up: no notebook could be run: the process .* died; run it again"):
        job.run(params.load(tmp_path / "made-up.yaml"), tmp_path, tmp_path / "out")
    assert {path: path.read_bytes() for path in earlier.rglob("*") if path.is_file()} == before
    assert history.read(tmp_path / "out", "made-up")[-1]["state"] == "failed"


def dying(victim: str, source: str, begin: Callable[..., Any]) -> Callable[..., Any]:
    """A suite of stand-ins but for one notebook, whose real kernel runs `source`."""

    def begun(
        chosen: Mapping[str, Path], folder: Path, capsule: str, warm: Nursery, told: Callable[[Any], None]
    ) -> dict[str, Future[notebooks.Executed]]:
        broken = {victim: notebook(folder.parent, victim, source, "print('after')")}
        others = {name: path for name, path in chosen.items() if name != victim}
        done = _stand_ins(others, folder, capsule, warm, told) | begin(broken, folder, capsule, warm, told)
        return {name: done[name] for name in chosen}

    return begun


@pytest.mark.long
@pytest.mark.parametrize("signal", ["SIGKILL", "SIGABRT", "SIGSEGV"])
@pytest.mark.parametrize("victim", notebooks.suite())
def test_whichever_notebook_dies_the_first_line_says_incomplete(
    victim: str, signal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"import os, signal; os.kill(os.getpid(), signal.{signal})"
    monkeypatch.setattr(notebooks, "begin", dying(victim, source, notebooks.begin))
    done = job.run(params.load(incident(tmp_path)), tmp_path, tmp_path / "out")
    assert done.state == "failed"
    for page in (done.folder / "postmortem.html", done.folder / "notebooks" / f"{victim}.html"):
        text = page.read_text(encoding="utf-8")
        assert "<title>INCOMPLETE, FAILED" in text
        assert "<strong>INCOMPLETE, FAILED</strong>" in text[text.index("<body>") :].splitlines()[1]
        assert victim in text
    assert verify(done.folder) != []
