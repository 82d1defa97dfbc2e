"""What the project stands on is pinned, listed and quiet: each check with what it must catch (trust.md R20, R21)."""

import json
import subprocess
import sys
import sysconfig
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.entries import START, request, said, system, write

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = spec_from_file_location("audit", ROOT / "deploy" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_every_dependency_is_pinned_by_version_and_hash(audit: ModuleType) -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert audit.unpinned(text) == []
    assert len(audit.pins(text)) > 100


@pytest.mark.parametrize(
    "line", ["loose", "loose>=1.0 --hash=sha256:" + "0" * 64, "loose==1.0", "git+https://example.org/loose.git"]
)
def test_a_requirement_that_is_not_pinned_is_named(audit: ModuleType, line: str) -> None:
    assert len(audit.unpinned(f"good==1.0 \\\n    --hash=sha256:{'a' * 64}\n{line}\n")) == 1


def test_no_package_runs_code_at_the_start_that_nobody_has_read(audit: ModuleType) -> None:
    assert audit.startup_files(Path(sysconfig.get_paths()["purelib"])) == []


@pytest.mark.parametrize(
    ("name", "content", "caught"),
    [
        ("evil.pth", "import os; os.system('id')\n", True),
        ("evil.pth", "/some/folder\nimport\tos\n", True),
        ("evil.pth", "\ufeffimport os\n", True),
        ("distutils-precedence.pth", "import os; os.system('id')\n", True),  # a listed name, another content
        ("folders.pth", "/some/folder\n", False),
    ],
)
def test_control_a_planted_startup_file_is_caught(
    audit: ModuleType, tmp_path: Path, name: str, content: str, caught: bool
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert audit.startup_files(tmp_path) == [name] * caught


def test_the_list_of_parts_names_each_pinned_one(audit: ModuleType) -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    document = json.loads(json.dumps(audit.sbom(text)))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    assert len(document["components"]) == len(audit.pins(text))
    duckdb = next(part for part in document["components"] if part["name"] == "duckdb")
    assert duckdb["purl"] == f"pkg:pypi/duckdb@{duckdb['version']}"
    assert len(duckdb["hashes"]) > 3
    assert sum("licenses" in part for part in document["components"]) > 50


def test_unknown_is_not_healthy(audit: ModuleType) -> None:
    assert audit.judged(0, "", "No known vulnerabilities found")[0] == 0
    assert audit.judged(1, "duckdb 1.0 GHSA-x", "Found 1 known vulnerability in 1 package")[0] == 1
    code, said = audit.judged(1, "", "Traceback\nConnectionError: cannot reach it")
    assert code == 3
    assert said.startswith("vulnerabilities were not looked for: the advisory database cannot be reached")


WATCHED = """
import socket, sys
opened = []
def told(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        opened.append(event)
sys.addaudithook(told)
if sys.argv[1] == "control":
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    except OSError:
        pass
else:
    import pkgutil, importlib, netra_analysis
    for found in () if sys.argv[2] == "some" else pkgutil.walk_packages(netra_analysis.__path__, "netra_analysis."):
        importlib.import_module(found.name)
    from netra_analysis.cli import main
    try:
        main(["check", sys.argv[1]])
    except SystemExit as ended:
        assert ended.code == 0
print(sorted(set(opened)))
"""


@pytest.mark.parametrize("imported", ["some", pytest.param("all", marks=pytest.mark.long)])
def test_importing_and_reading_files_opens_no_connection(tmp_path: Path, imported: str) -> None:
    asked = write(tmp_path, [request(1, 200), said(2, "hello"), system(3, START)])
    command = [sys.executable, "-c", WATCHED, str(asked), imported]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_control_a_connection_is_noticed() -> None:
    ended = subprocess.run([sys.executable, "-c", WATCHED, "control"], capture_output=True, text=True, check=True)
    assert "socket.connect" in ended.stdout
