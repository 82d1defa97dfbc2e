"""What runs the suite elsewhere, as far as it can be held to account here: pins, arguments, names, rights."""

import ast
import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from netra_analysis.cli.arguments import parser
from netra_analysis.run.notebooks import suite

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def run_lines() -> dict[str, list[str]]:
    """Every command line of the suite in `deploy/`, as a shell, a platform or Airflow would give it."""
    cron = next(line for line in (DEPLOY / "cron").read_text().splitlines() if "netra-analysis run" in line)
    tree = ast.parse((DEPLOY / "airflow_dag.py").read_text())
    assigned = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}  # type: ignore[attr-defined]
    reports = ast.literal_eval(assigned["REPORTS"])
    airflow = eval(compile(ast.Expression(assigned["RUN"]), "dag", "eval"), {"REPORTS": reports})  # noqa: S307 (our own text)
    return {
        "cron": shlex.split(re.search(r"netra-analysis (run .*?) >>", cron)[1]),  # type: ignore[index]
        "airflow": shlex.split(airflow.replace("{{ data_interval_end | ts }}", "2026-03-04T00:00:00+00:00"))[1:],
        "job": job()["containers"][0]["args"],
    }


def job() -> dict[str, Any]:
    read = yaml.safe_load((DEPLOY / "job.yaml").read_text())
    task: dict[str, Any] = read["spec"]["template"]["spec"]["template"]["spec"]
    return task


@pytest.mark.parametrize("name", ["cron", "airflow", "job"])
def test_each_schedule_gives_arguments_that_the_command_takes(name: str) -> None:
    asked = parser().parse_args(run_lines()[name])
    assert asked.params
    assert asked.now is not None, "a start that is repeated would ask for another window"


def test_the_pins_of_the_image_are_those_of_the_project(tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import lock, json; print(json.dumps({p.name: t for p, t in lock.files().items()}))"  # noqa: E501
    said = subprocess.run([sys.executable, "-c", code, str(DEPLOY)], capture_output=True, text=True, check=True)
    for name, text in json.loads(said.stdout).items():
        assert (DEPLOY / name).read_text() == text, f"{name} is old: run python deploy/lock.py"
    pinned = (DEPLOY / "requirements.txt").read_text()
    assert not re.search(r"^(jupyterlab|pytest|mypy|ruff|playwright)==", pinned, re.MULTILINE)
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=\S)", pinned, flags=re.MULTILINE) if block)


def test_the_image_is_not_root_and_installs_by_hash_only() -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 3
    assert all("--require-hashes --only-binary :all:" in line or "--no-index --no-deps" in line for line in installs)
    for source in [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]:
        assert (ROOT / source).exists(), source
    assert "ARG BASE=python:3.12.11-slim-bookworm" in lines, "a base without its patch version is another one tomorrow"


def test_the_wheel_that_the_image_installs_brings_the_notebooks(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    packed = zipfile.ZipFile(wheel).namelist()
    assert {f"netra_analysis/_notebooks/{name}.ipynb" for name in suite()} <= set(packed)
    assert not [name for name in packed if "__pycache__" in name]


def test_the_scripts_parse_and_the_rights_are_those_the_page_lists() -> None:
    subprocess.run(["bash", "-n", str(DEPLOY / "gcloud.sh")], check=True)
    json.loads((DEPLOY / "lifecycle.json").read_text())
    given = set(re.findall(r"roles/[\w.]+", (DEPLOY / "gcloud.sh").read_text()))
    listed = set(re.findall(r"roles/[\w.]+", (ROOT / "docs" / "scheduled-runs.md").read_text()))
    assert given == listed
    assert not [role for role in given if re.search(r"admin|owner|editor", role, re.IGNORECASE)]
