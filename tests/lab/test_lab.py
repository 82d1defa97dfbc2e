"""The suite in JupyterLab itself, driven in a browser: every notebook runs, shows what it made, and answers a hand.

NETRA_SHOTS names a folder for pictures of each notebook.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WITH_STRIP = ("00_overview", "40_memory_and_pool", "60_alerts_and_slo", "90_postmortem")
QUIET = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]

READY = "window.jupyterapp?.shell.currentWidget?.context?.isReady"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
CLEAR = "window.jupyterapp.commands.execute('editmenu:clear-all')"
RUN_ALL = "void window.jupyterapp.commands.execute('notebook:run-all-cells')"
STATE = """() => {  // the kernel's state, and how many code cells have not been run to their end
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.content.model.toJSON().cells.filter(cell => cell.cell_type === "code");
  return [panel.sessionContext.session?.kernel?.status, cells.filter(cell => cell.execution_count === null).length];
}"""
SHUT = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells
  .filter(cell => cell.cell_type === "code").map(cell => cell.outputs)"""
SHOWN = """async () => {  // each code cell brought into sight: the words and pictures that stand below it
  const seen = [];
  const panel = window.jupyterapp.shell.currentWidget.content;
  for (const [place, cell] of panel.widgets.entries()) {
    if (cell.model.type !== "code") continue;
    await panel.scrollToItem(place, "start");
    let made = [];
    for (let tries = 0; tries < 40; tries++) {
      made = [...cell.node.querySelectorAll(".jp-OutputArea-output")];
      const whole = made.every(one => one.innerText.trim() || one.querySelector("canvas, svg, img"));
      if (made.length === cell.model.outputs.length && whole) break;
      await new Promise(done => setTimeout(done, 250));
    }
    seen.push(made.filter(one => one.innerText.trim() || one.querySelector("canvas, svg, img")).length);
  }
  return seen;
}"""
LANES = """() => {  // the first chart that is as high as lanes are, brought into sight; false where there is none
  const all = [...document.querySelectorAll(".vega-embed canvas, .vega-embed svg")];
  const chart = all.find(one => one.clientHeight > 400);
  chart?.scrollIntoView({ block: "end" });
  return Boolean(chart);
}"""
BOX = """() => {
  const all = [...document.querySelectorAll(".vega-embed canvas, .vega-embed svg")];
  const box = all.find(one => one.clientHeight > 400).getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """JupyterLab on a copy of the suite: its address, and the token that opens it."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "params"):
        shutil.copytree(ROOT / name, folder / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += [f"--port={port}", f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True", *QUIET]
    private = {name: str(folder / "home") for name in ("HOME", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")}
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=os.environ | private)
        try:
            _await(f"http://127.0.0.1:{port}/api?token={token}", process)
            yield f"http://127.0.0.1:{port}", token
        finally:
            process.terminate()
            process.wait(30)


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "JupyterLab ended; see lab.log"
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 (our own server)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise AssertionError("JupyterLab did not come up in a minute")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()


def ours(problem: str) -> bool:
    """A complaint of the browser that our outputs can have caused; JupyterLab's own are about its services."""
    return any(word in problem.lower() for word in ("vega", "netra", "mime", "render", "svg", "typeerror"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_shows_everything_and_answers_a_hand(lab: tuple[str, str], page: Any, name: str) -> None:
    address, token = lab
    page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?token={token}")
    page.wait_for_function(READY, timeout=120_000)
    page.wait_for_function(KERNEL, timeout=120_000)
    page.evaluate(CLEAR)
    began = time.monotonic()
    page.evaluate(RUN_ALL)
    for _ in range(1200):
        if (state := page.evaluate(STATE)) == ["idle", 0]:
            break
        page.wait_for_timeout(250)
    assert state == ["idle", 0], "every cell was run within five minutes"
    outputs = page.evaluate(OUTPUTS)
    taken = time.monotonic() - began
    assert [out for cell in outputs for out in cell if out["output_type"] == "error"] == []
    assert outputs[-1], "the last cell left its mark"
    shown = page.evaluate(SHOWN)
    assert shown == [len(cell) for cell in outputs]
    if name in WITH_STRIP:
        before, after = _dragged(page)
        assert after != before, "a drag across the strip zooms the lanes above it"
    _shot(page, name)
    print(f"{name}: all cells in {taken:.1f} s; console: {page.problems}")  # noqa: T201 (seen with -s)
    assert [problem for problem in page.problems if ours(problem)] == []
    page.evaluate(SHUT)


def _dragged(page: Any) -> tuple[bytes, bytes]:
    """How the lanes look, without the strip, before and after a drag across it."""
    assert page.evaluate(LANES)
    page.wait_for_timeout(500)
    x, y, width, height = page.evaluate(BOX)
    upper = {"x": x, "y": max(y, 100), "width": width - 60, "height": y + height - 130 - max(y, 100)}
    before = page.screenshot(clip=upper)
    page.mouse.move(x + 300, y + height - 14)
    page.mouse.down()
    page.mouse.move(x + 420, y + height - 14, steps=6)
    page.mouse.up()
    page.mouse.move(x + 420, y + height + 5)
    page.wait_for_timeout(800)
    return before, page.screenshot(clip=upper)


def _shot(page: Any, name: str) -> None:
    folder = os.environ.get("NETRA_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"lab-{name}.png"))
