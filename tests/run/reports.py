"""An incident to report on, and a report of it whose notebooks are stand-ins: whole, and made in a second."""

import atexit
import base64
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from netra_analysis import params
from netra_analysis.run import job, notebooks
from netra_analysis.run.index import write_index
from netra_analysis.run.nursery import Nursery
from tests.entries import MALFORMED, OOM, PROBE_OK, START, counts, entry, memory, pool, request, said, system, write
from tests.redact.carriers import Planted, planted
from tests.redact.kinds import NAMED, PERSONAL, PREFIXED

CANARY = "Bearer " + "canary" * 5
KINDS = [*PREFIXED, *NAMED, *PERSONAL][::6][:50]
CANARIES = [planted(kind, random.Random(kind)) for kind in KINDS]  # noqa: S311 - made up, not secret


def carrying(number: int, canary: Planted) -> dict[str, Any]:
    """An entry that gives `canary` away, each in another place than the one before."""
    at, text = 110 + number, canary.text
    places: list[Callable[[], dict[str, Any]]] = [
        lambda: said(at, f"connecting with {text} again"),
        lambda: entry(at, "stdout", jsonPayload={"message": "loaded", "settings": {"inner": [text]}}),
        lambda: said(at, "labelled", labels={"instanceId": "00b", "note": text}),
        lambda: request(at, 200, f"/api/orders/1?next={quote(text, safe='')}"),
        lambda: request(at, 200, "/api/orders/2", agent=f"client/1.0 ({text})"),
        lambda: said(at, "traced", trace=f"projects/p/traces/{text}"),
        lambda: said(at, "named", insertId=f"id {text}"),
        lambda: {"note": text} | said(at, "undated") | {"timestamp": "never"},
        lambda: said(at, f"setting = {text!r}", logName=f"projects/p/logs/{quote(text, safe='')}"),
        lambda: said(at, "in base64 " + base64.b64encode(text.encode()).decode()),
    ]
    return places[number % len(places)]()


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
        *(carrying(number, canary) for number, canary in enumerate(CANARIES)),
    ]
    labelled = counts("custom.googleapis.com/shop/calls", [1, 2, 3], note=CANARIES[0].text)
    series = [memory(0.5, 0.95, 0.4, 0.4), pool(10, 20, 3), labelled]
    return write(folder, entries, series, limits={"pool_size": 25})


def quick(folder: Path, *, static: bool = False) -> Path:
    """A published report of `incident`, all of it real but the notebooks; made once a process, and copied."""
    shutil.copytree(_made(static), folder, dirs_exist_ok=True)
    return folder / "out" / "made-up"


@cache
def _made(static: bool) -> Path:
    """The folder with the params file, the data and the report."""
    folder = Path(tempfile.mkdtemp(prefix="netra-report-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(notebooks, "begin", _stand_ins)
        asked = incident(folder)
        done = job.run(params.load(asked), folder, folder / "out", static=static)
    assert done.state == "done", done.failed
    write_index(folder / "out")
    return folder


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
