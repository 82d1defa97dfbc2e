"""An incident to report on, and a report of it whose notebooks are stand-ins: whole, and made in a second."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from netra_analysis import params
from netra_analysis.run import job, notebooks
from netra_analysis.run.index import write_index
from netra_analysis.run.nursery import Nursery
from tests.entries import MALFORMED, OOM, PROBE_OK, START, memory, pool, request, said, system, write

CANARY = "Bearer " + "canary" * 5


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def incident(folder: Path) -> Path:
    entries = [
        *(request(i, 200, f"/api/orders/{i}", method="POST") for i in range(0, 600, 20)),
        said(50, f"calling billing with {CANARY} for a.person@example.com"),
        said(90, "<script>alert('log')</script> \u202egnp.exe"),
        system(100, OOM, "ERROR"),
        system(100.1, "Container terminated on signal 9.", "WARNING"),
        request(99, 503, latency=1.3, textPayload=MALFORMED),
        system(103, START, instance="b"),
        system(106, PROBE_OK, instance="b"),
    ]
    return write(folder, entries, [memory(0.5, 0.95, 0.4, 0.4), pool(10, 20, 3)], limits={"pool_size": 25})


def quick(folder: Path) -> Path:
    """A published report of `incident`, all of it real but the notebooks."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(notebooks, "begin", _stand_ins)
        asked = incident(folder)
        done = job.run(params.load(asked), folder, folder / "out")
    assert done.state == "done", done.failed
    write_index(folder / "out")
    return done.folder


def _stand_ins(
    chosen: Mapping[str, Path], folder: Path, capsule: str, nursery: Nursery, told: Callable[[Any], None]
) -> dict[str, Future[notebooks.Executed]]:
    end = {"output_type": "display_data", "metadata": {}, "data": {notebooks.SENTINEL: {}, "text/plain": "end"}}
    cell = {"cell_type": "code", "id": "c", "metadata": {}, "source": "1", "execution_count": 1, "outputs": [end]}
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    done: dict[str, Future[notebooks.Executed]] = {name: Future() for name in chosen}
    for name in chosen:
        (folder / f"{name}.ipynb").write_text(json.dumps(content))
        done[name].set_result(notebooks.Executed(name, content, 0.0, None))
    return done
