"""Every notebook, on incidents whose data lack something: each runs to its end and says what is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netra_analysis import params
from netra_analysis.run import job
from tests.run.test_golden import nothing, planted

INCIDENTS: dict[str, Callable[[Path], Path]] = {
    "no metrics": planted("sessions-not-returned", "metrics"),
    "no requests": planted("sessions-not-returned", "requests"),
    "no system log": planted("native-crash", "system"),
    "an empty window": nothing,
}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", INCIDENTS)
def test_every_notebook_runs_to_its_end(name: str, tmp_path: Path) -> None:
    asked = INCIDENTS[name](tmp_path)
    done = job.run(params.load(asked), asked.parent, tmp_path / "out")
    assert (done.state, done.failed) == ("done", ())
    assert len(list((done.folder / "notebooks").glob("*.html"))) == 8
