"""How long `netra-analysis run` takes, against the plain way over the same notebooks.

The control is what one would do by hand: papermill for one notebook after the other, then nbconvert for its page.
Once each notebook reads the export, as the notebooks do by default; once it reads the capsule that our run has just
frozen, which spares the control eight readings and is the harder comparison. The control freezes nothing, computes
no claim again and publishes nothing; ours does.

    python benchmarks/run_speed.py [PARAMS.yaml, default the bundled incident]

Ends with 1 when our run takes more than 0.45 of the harder control's time.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from netra_analysis.run.notebooks import suite

ROOT = Path(__file__).resolve().parents[1]  # runs from a checkout, installed or not
BAR = 0.45


def main() -> int:
    asked = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "params/staging-2025-09-02.yaml").resolve()
    told(f"{os.cpu_count()} cores; seconds on the clock, seconds of processor time, load when it ended")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ours = timed("run", lambda: run(asked, place / "ours"))
        (capsule,) = (place / "ours").glob("*/capsule")
        frozen = timed("control, capsule", lambda: plain(capsule, place / "frozen"))
        again = timed("run, again", lambda: run(asked, place / "ours"))
        timed("control, export", lambda: plain(asked, place / "export"))
    share = max(ours, again) / frozen
    told(f"the slower run is {share:.2f} of the harder control, to be at most {BAR}")
    return 0 if share <= BAR else 1


def told(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def timed(name: str, does: Callable[[], None]) -> float:
    """Seconds that it takes; told with the processor time of all the processes that it starts."""
    began, before = time.monotonic(), os.times()
    does()
    seconds, after = time.monotonic() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    told(f"{name:18}{seconds:7.1f}{used:7.1f}{os.getloadavg()[0]:6.1f}")
    return seconds


def run(asked: Path, out: Path) -> None:
    command("-m", "netra_analysis.cli", "run", asked, "--out", out)


def plain(incident: Path, out: Path) -> None:
    """Each notebook of the suite, executed and made a page, one after the other."""
    out.mkdir()
    for name, notebook in suite().items():
        executed = out / f"{name}.ipynb"
        command("-m", "papermill", notebook, executed, "-p", "incident", incident, "--cwd", out, "--no-progress-bar")
        command("-m", "nbconvert", "--to", "html", executed)


def command(*arguments: object) -> None:
    started = [sys.executable, *map(str, arguments)]
    subprocess.run(started, check=True, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 (ours)


if __name__ == "__main__":
    sys.exit(main())
