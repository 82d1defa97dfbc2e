"""The same data and the same request give the same bytes, without a network, whatever the machine happens to be."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netra_analysis import casebook
from netra_analysis.run.verify import verify
from tests.run.reports import incident

COMMAND = (sys.executable, "-m", "netra_analysis.cli", "run")
WHEN = "1772629200"  # SOURCE_DATE_EPOCH: the moment that pages name as that of their making
ONLY = ("--only", "00", "90")
MACHINES = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
    {"PYTHONHASHSEED": "random", "TZ": "America/St_Johns"},
    {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati"},
    {"PYTHONHASHSEED": "3", "TZ": "Europe/Berlin"},
)


def report(asked: Path, out: Path, *, processors: int, **machine: str) -> dict[str, bytes]:
    """What a run writes into a report, its own times left out."""
    command = [*COMMAND, str(asked), "--out", str(out), *ONLY]
    env = os.environ | machine | {"SOURCE_DATE_EPOCH": WHEN}
    some = sorted(os.sched_getaffinity(0))[:processors]
    subprocess.run(command, check=True, env=env, capture_output=True, preexec_fn=lambda: os.sched_setaffinity(0, some))
    made = out / asked.stem
    files = [path for path in made.rglob("*") if path.is_file() and path.name != "run.json"]
    return {str(path.relative_to(made)): path.read_bytes() for path in files}


PLANTED = [pytest.param(one.name, marks=pytest.mark.release) for one in casebook.INCIDENTS[2:40:2]]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("planted", [pytest.param("", marks=pytest.mark.long, id="made-up"), *PLANTED])
def test_a_report_is_the_same_bytes_on_every_machine(planted: str, tmp_path: Path) -> None:
    asked = casebook.write(planted, tmp_path) if planted else incident(tmp_path)
    first = report(asked, tmp_path / "first", processors=2, **MACHINES[0])
    assert {"postmortem.html", "evidence.json", "notebooks/00_overview.html"} <= set(first)
    for number, machine in enumerate(MACHINES[1 : 3 if planted else None], start=1):
        again = report(asked, tmp_path / str(number), processors=1 + number % 2, **machine)
        assert again.keys() == first.keys()
        assert [name for name in first if first[name] != again[name]] == [], machine


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_run_without_a_network_works_and_reaches_out_to_nobody(tmp_path: Path) -> None:
    """In a network namespace of its own, all its processes watched, kernels included.

    urllib3, which papermill imports, opens and binds one socket to see whether the machine knows IPv6, and ZeroMQ, by
    which kernels are spoken to, opens one to list the machine's own addresses; nobody speaks on either. So what is
    counted is not the opening of a socket but each attempt to connect, or to send, by the internet.
    """
    if sys.platform != "linux" or not shutil.which("unshare") or not shutil.which("strace"):
        pytest.skip("a run without a network is watched with unshare and strace, on Linux")
    calls = tmp_path / "calls"
    watched = ["unshare", "-rn", "strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(calls)]
    command = [*watched, *COMMAND, str(incident(tmp_path)), "--out", str(tmp_path / "out"), "--only", "00"]
    subprocess.run(command, check=True, capture_output=True)
    assert verify(tmp_path / "out" / "made-up") == []
    families = set(re.findall(r"sa_family=(AF_\w+)", calls.read_text()))
    assert "AF_UNIX" in families, "connections are seen at all"
    assert not {"AF_INET", "AF_INET6"} & families
