"""What the project stands on is pinned, listed and quiet: each check with what it must catch (trust.md R20, R21)."""

import json
import platform
import signal
import subprocess
import sys
import sysconfig
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from netra_analysis.run.verify import verify
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


needs_seccomp = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="the seal is Linux' seccomp"
)
SEALED = """
# The system kills this process, and each below it, that opens a socket of another kind than a Unix one (seccomp(2)).
import ctypes, os, platform, struct
arch, nr = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}[platform.machine()]
LOAD, IF_EQUAL, END, ALLOW, KILL = 0x20, 0x15, 0x06, 0x7FFF0000, 0x80000000
rules = [
    (LOAD, 0, 0, 4), (IF_EQUAL, 0, 5, arch),  # another architecture is killed
    (LOAD, 0, 0, 0), (IF_EQUAL, 0, 2, nr), (LOAD, 0, 0, 16), (IF_EQUAL, 0, 1, 1),  # AF_UNIX
    (END, 0, 0, ALLOW), (END, 0, 0, KILL),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code)))
system = ctypes.CDLL(None, use_errno=True)
assert system.prctl(38, 1, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
assert system.prctl(22, 2, program) == 0, os.strerror(ctypes.get_errno())
"""
IMPORT_ALL = """
import importlib, pkgutil, netra_analysis
for found in pkgutil.walk_packages(netra_analysis.__path__, "netra_analysis."):
    importlib.import_module(found.name)
"""
COMMAND = """
from netra_analysis.cli import main
main()
"""


def sealed(then: str, *arguments: object) -> int:
    """How a process that cannot have a network ended: -SIGSYS if it wanted one."""
    ended = subprocess.run(
        [sys.executable, "-c", SEALED + then, *map(str, arguments)], capture_output=True, check=False
    )
    return ended.returncode


@needs_seccomp
def test_importing_and_reading_files_opens_no_socket(tmp_path: Path) -> None:
    asked = write(tmp_path, [request(1, 200), said(2, "hello"), system(3, START)])
    assert sealed(COMMAND, "check", asked) == 0


@needs_seccomp
@pytest.mark.long
def test_no_module_opens_a_socket_when_it_is_imported() -> None:
    assert sealed(IMPORT_ALL) == 0


@needs_seccomp
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_whole_run_on_files_opens_no_socket_but_its_kernels_unix_ones(tmp_path: Path) -> None:
    """Imports, kernels, notebooks and pages: whichever process of the run opens one is killed."""
    assert sealed(COMMAND, "run", ROOT / "params/staging-2025-09-02.yaml", "--out", tmp_path) == 0
    assert verify(tmp_path / "staging-2025-09-02") == []


@needs_seccomp
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK"])
def test_control_a_socket_ends_its_process(family: str) -> None:
    kind = "SOCK_RAW" if family == "AF_NETLINK" else "SOCK_STREAM"
    assert sealed(f"import socket\nsocket.socket(socket.{family}, socket.{kind})") == -signal.SIGSYS
    assert sealed("import socket\nsocket.socket(socket.AF_UNIX)") == 0
