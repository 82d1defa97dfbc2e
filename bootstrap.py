"""Makes `.venv` from `requirements.txt`, checks every hash, and does nothing when that is done already.

    python3 bootstrap.py             make the environment; one line when it is there
    python3 bootstrap.py --python    the same, and the line is the path of the environment's Python

Standard library only. The file has to parse on an old Python too, so that it can say what is needed.
A stamp is written last and taken away first: a `.venv` without it was never finished and is made anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

VERSIONS = ("3.13", "3.12", "3.11")
NEEDS_GB = 1.5
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "netra-analysis.stamp"
LOG = VENV / "install.log"
LOCK = ROOT / "requirements.txt"
PROJECT = ROOT / "pyproject.toml"

# Where packages come from is the machine's business (PIP_INDEX_URL and the like stay); what is installed,
# and where to, is ours.
NOT_OURS = (
    *("CONSTRAINT", "BUILD_CONSTRAINT", "OVERRIDE", "REQUIREMENT", "EDITABLE", "NO_DEPS", "REQUIRE_HASHES"),
    *("TARGET", "PREFIX", "ROOT", "USER", "PYTHON", "SYSTEM_PYTHON", "NO_COMPILE", "NO_BINARY", "PRE"),
    *("ONLY_BINARY", "UPGRADE", "IGNORE_INSTALLED", "FORCE_REINSTALL", "EXCLUDE_NEWER", "RESOLUTION"),
)
UNREACHABLE = (
    *("NewConnectionError", "NameResolutionError", "ProxyError", "ConnectTimeout", "ReadTimeout"),
    *("Failed to establish a new connection", "Connection timed out", "Read timed out", "Connection reset"),
    *("dns error", "client error (Connect)", "error sending request", "Network connectivity is disabled"),
)

NO_VENV = (
    "this Python can neither make an environment with pip in it nor has a pip (22.3 or newer) of its own; "
    "install one of them (on Debian and Ubuntu: `apt-get install python3-venv`) and run this again"
)


class CannotError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def check_python() -> None:
    if "{}.{}".format(*sys.version_info) in VERSIONS:
        return
    there = [name for name in ("python" + version for version in VERSIONS) if shutil.which(name)]
    name = there[0] if there else "python3.12"
    raise CannotError(
        f"Python 3.11, 3.12 or 3.13 is needed and this is {sys.version.split()[0]}; "
        + (f"{name} is on this machine: run " if there else "install one of them, then run ")
        + f"`{name} bootstrap.py`, or `make PYTHON={name} postmortem`"
    )


def wanted() -> tuple[str, str]:
    """What the environment is made from, and what the project in it is made from, as the stamp has them."""
    made_from = f"{sys.version.split()[0]} {ROOT} ".encode() + LOCK.read_bytes()
    return hashlib.sha256(made_from).hexdigest(), hashlib.sha256(PROJECT.read_bytes()).hexdigest()


def stamped() -> tuple[str, ...]:
    """The stamp of a finished environment whose Python is still there; empty otherwise."""
    return tuple(STAMP.read_text().split()) if STAMP.is_file() and PYTHON.exists() else ()


def environment() -> dict[str, str]:
    """This process's environment without what would change what is installed, or keep it uncompiled."""
    dropped = {f"{tool}_{name}" for tool in ("PIP", "UV") for name in NOT_OURS}
    dropped |= {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PIP_CONSTRAINT": os.devnull}  # said aloud, it outranks pip's configuration files


def one_at_a_time() -> int | None:
    """Waits for another bootstrap of this folder. Installers inherit the lock, so an orphan holds it too."""
    try:
        import fcntl

        handle = os.open(__file__, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another bootstrap of this folder is at work; waiting for it")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return None  # a file system without locks
    return handle


def call(command: list[str], lock: int | None) -> str:
    """Runs `command` and shows a sign of life; empty when it worked, else what it wrote (`LOG` has all)."""
    with LOG.open("a+", encoding="utf-8", errors="replace") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        begin, began = log.tell(), time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=() if lock is None else (lock,),
        )
        while True:
            try:
                status = process.wait(timeout=15)
                break
            except subprocess.TimeoutExpired:
                done = sum(1 for _ in VENV.glob("lib/*/site-packages/*.dist-info"))
                say(f"  {time.monotonic() - began:.0f} s, {done} packages in place")
        log.seek(begin)
        return "" if status == 0 else log.read().strip() or f"exit code {status}"


def new_venv(lock: int | None) -> None:
    """An empty `.venv`, with a pip of its own where this Python can give it one."""
    try:
        if VENV.is_dir() and not VENV.is_symlink():
            shutil.rmtree(VENV)
        elif VENV.is_symlink() or VENV.exists():
            VENV.unlink()
        VENV.mkdir()
    except OSError as error:
        raise CannotError(
            f"{VENV} cannot be written ({error.strerror}); "
            "make the folder writable, or copy it to where you can write, and run this again"
        ) from None
    free = shutil.disk_usage(VENV).free / 1e9
    if free < NEEDS_GB:
        raise CannotError(f"{NEEDS_GB} GB of disk are needed and {free:.1f} GB are free; make room and run this again")
    venv = [sys.executable, "-m", "venv", str(VENV)]
    if call(venv, lock) and call([*venv, "--without-pip"], lock):
        raise CannotError(NO_VENV)


def installers(lock: int | None) -> list[list[str]]:
    """The commands that install into `.venv` on this machine, best first: uv, its own pip, this Python's."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    within = [str(PYTHON), "-m", "pip"]
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    pip = next((pip for pip in (within, outside) if not call([*pip, "--version"], lock)), None)
    ways = [[*pip, "install", *options]] if pip else []
    if shutil.which("uv"):
        ways.insert(0, ["uv", "pip", "install", "--python", str(PYTHON), "--compile-bytecode"])
    if not ways:
        raise CannotError(NO_VENV)
    return ways


def why(trouble: str) -> str:
    """One sentence for what an installer wrote when it failed."""
    lines = [line.strip() for line in trouble.splitlines() if line.strip()]
    said = ([line for line in lines if line.lower().startswith("error")] or lines)[-1]
    if "No space left on device" in trouble:
        return "a disk is full (.venv, pip's cache or its temporary folder); make room and run this again"
    if "CERTIFICATE_VERIFY_FAILED" in trouble or "invalid peer certificate" in trouble:
        return "the package index's certificate is not trusted; name yours in PIP_CERT (uv: SSL_CERT_FILE)"
    if any(words in trouble for words in UNREACHABLE):
        return (
            "the package index cannot be reached; connect to the network once, or name an index that it "
            "can reach in PIP_INDEX_URL (uv: UV_DEFAULT_INDEX) or a proxy in HTTPS_PROXY, and run this again"
        )
    if "DO NOT MATCH THE HASHES" in trouble or "Hash mismatch" in trouble:
        return "a download differs from what requirements.txt was made with and was refused; see the log"
    return f"the packages could not be installed: {said}"


def install(what: list[list[str]], lock: int | None) -> None:
    """Each list of `what` in turn, all by the first installer that can."""
    trouble = ""
    for way in installers(lock):
        say(f"  with {'uv' if way[0] == 'uv' else 'pip'}")
        trouble = next(filter(None, (call([*way, "--no-deps", *part], lock) for part in what)), "")
        if not trouble:
            return
    raise CannotError(f"{why(trouble)} (all that was said: {LOG.relative_to(ROOT)})")


def bootstrap() -> None:
    target = wanted()
    if stamped() == target:
        return
    lock = one_at_a_time()
    before = stamped()  # the one we waited for may have done it
    if before == target:
        return
    began = time.monotonic()
    pinned, project = ["--require-hashes", "-r", str(LOCK)], ["--no-build-isolation", "-e", str(ROOT)]
    if before[:1] == target[:1]:
        say("pyproject.toml changed: installing the project again")
        STAMP.unlink()
        install([project], lock)
    else:
        if VENV.exists():
            say(".venv is unfinished or made from something else: making it anew")
        new_venv(lock)
        say("installing about 160 packages into .venv, a minute or two")
        install([pinned, project], lock)
    STAMP.write_text(" ".join(target) + "\n")
    say(f"  done in {time.monotonic() - began:.0f} s")


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--python"]):
        say((__doc__ or "").strip())
        return 0 if arguments in (["--help"], ["-h"]) else 2
    try:
        check_python()
        bootstrap()
    except CannotError as error:
        say(f"bootstrap: {error}")
        return 1
    except OSError as error:
        say(f"bootstrap: {error.filename or VENV}: {error.strerror}; put that right and run this again")
        return 1
    except KeyboardInterrupt:
        say("bootstrap: stopped; the next call makes .venv anew")
        return 130
    sys.stdout.write(f"{PYTHON if arguments else 'the environment is ready: .venv'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
