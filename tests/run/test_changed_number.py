"""The notebooks' committed outputs hold their numbers: one request of the sample told otherwise, and nbval fails."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = "20_failed_requests"
RUN = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The suite's notebook beside the sample, where both may be changed."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / f"{NOTEBOOK}.ipynb", tmp_path / "notebooks")
    shutil.copytree(ROOT / "params", tmp_path / "params")
    return tmp_path


def strict(copy: Path) -> tuple[int, str]:
    """The notebook against its committed outputs: pytest's exit code, and what it said."""
    command = [*RUN, f"notebooks/{NOTEBOOK}.ipynb"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=os.environ | {"PYTEST_ADDOPTS": ""})
    return done.returncode, done.stdout


def succeed_once(export: Path) -> None:
    """The first request of the export that was answered 500 was answered 200 instead; nothing else differs."""
    lines = gzip.decompress(export.read_bytes()).decode("utf-8").splitlines()
    place = next(i for i, line in enumerate(lines) if json.loads(line).get("httpRequest", {}).get("status") == 500)
    entry = json.loads(lines[place])
    entry["httpRequest"]["status"] = 200
    lines[place] = json.dumps(entry)
    export.write_bytes(gzip.compress("\n".join(lines).encode("utf-8"), mtime=0))


def test_one_status_changed_in_the_sample_fails_the_cells_that_tell_of_it(copy: Path) -> None:
    code, said = strict(copy)
    assert code == 0, said
    succeed_once(copy / "params" / "staging-2025-09-02" / "entries.ndjson.gz")
    code, said = strict(copy)
    assert code == 1
    failed = re.findall(r"^FAILED .*::Cell (\d+)", said, re.MULTILINE)
    assert len(failed) > 3, said
    assert "52 requests failed" in said
    assert "53 requests failed" in said
