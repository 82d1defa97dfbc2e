"""A run in a container with one GiB: it knows the limit, does less at once, and is done (trust.md R16)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netra_analysis.run.verify import verify

ROOT = Path(__file__).parents[2]
LIMIT = 2**30
COMMAND = (sys.executable, "-m", "netra_analysis.cli", "run", "params/staging-2025-09-02.yaml")


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group of one GiB, of either version."""
    first = Path("/sys/fs/cgroup/memory")
    made = (first if first.is_dir() else Path("/sys/fs/cgroup")) / f"netra-test-{os.getpid()}"
    limit = made / ("memory.limit_in_bytes" if first.is_dir() else "memory.max")
    try:
        made.mkdir()
        limit.write_text(str(LIMIT))
    except OSError as error:
        pytest.skip(f"a control group with a memory limit cannot be made here: {error}")
    yield made
    made.rmdir()


def run(group: Path, out: Path, *, told: bool) -> "subprocess.CompletedProcess[bytes]":
    """A run in `group`, whose limit it finds where a container's stands if it is `told` of it."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("a limit is put where a container finds its own by root and with unshare")
    put = f"mount --bind {group} {group.parent};" if told else ""
    script = f'echo $$ > {group}/cgroup.procs; {put} exec "$@"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", *COMMAND, "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_run_fits_into_one_gib_when_it_knows_of_it(group: Path, tmp_path: Path) -> None:
    assert run(group, tmp_path / "told", told=True).returncode == 0
    assert verify(tmp_path / "told" / "staging-2025-09-02") == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_control_does_not_know_and_loses_a_kernel_or_its_life(group: Path, tmp_path: Path) -> None:
    assert run(group, tmp_path / "untold", told=False).returncode in (4, -9, 137)
