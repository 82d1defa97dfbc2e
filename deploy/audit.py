"""What the project stands on, checked: `make audit`.

Four questions, each answered with a sentence: is every dependency pinned by version and hash; does any of them
run code at the start of every Python (a `.pth` file) that is not listed here; what is all of it (an SBOM in
CycloneDX's format, in build/sbom.json); and is any of it known to be vulnerable (pip-audit, which needs a network).
Exit code 0 when all is well, 1 when something is wrong, 3 when the advisories could not be asked.
"""

import hashlib
import json
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.txt"
SBOM = ROOT / "build" / "sbom.json"
TOOL = "pip-audit==2.10.1"
# Files that run at the start of every Python, with the hash of what they were when somebody read them.
# The project's own holds the path of its source, and is read by `harmless`.
LISTED = {
    "distutils-precedence.pth": "2638ce9e2500e572a5e0de7faed6661eb569d1b696fcba07b0dd223da5f5d224",
    "a1_coverage.pth": "ef2ed06d19867ec669c09a804060666a9cd5e383af0a9d11aa2de79b77d448e8",
}
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


def pins(text: str) -> dict[str, tuple[str, list[str]]]:
    """Name to version and hashes, of the lines of a locked requirements file."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: dict[str, tuple[str, list[str]]] = {}
    for line in lines:
        pin = _PIN.match(line)
        name, version = (pin[1].lower(), pin[2]) if pin else (line.split()[0], "")
        found[name if name not in found else f"{name} {version}"] = (version, _HASH.findall(line))
    return found


def unpinned(text: str) -> list[str]:
    """The requirements that name no version, or no hash of what may be installed."""
    return [name for name, (version, hashes) in pins(text).items() if not version or not hashes]


def startup_files(folder: Path) -> list[str]:
    """The `.pth` files in `folder` that run code and are not listed, or are not what they were."""
    files = sorted(folder.glob("*.pth"))
    return [path.name for path in files if not harmless(path) and LISTED.get(path.name) != digest(path)]


def harmless(path: Path) -> bool:
    """Whether a `.pth` file only names folders: a line that begins with `import` is run."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return not any(line.lstrip("\ufeff").startswith(("import ", "import\t")) for line in lines)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sbom(text: str) -> dict[str, object]:
    """All pinned requirements as a CycloneDX 1.5 document; licences of what is installed here."""
    parts = []
    for name, (version, hashes) in sorted(pins(text).items()):
        plain = name.split()[0]
        part: dict[str, object] = {"type": "library", "name": plain, "version": version}
        part["purl"] = f"pkg:pypi/{plain}@{version}"
        part["hashes"] = [{"alg": "SHA-256", "content": one} for one in sorted(hashes)]
        if licence := _licence(plain):
            part["licenses"] = [{"license": {"name": licence}}]
        parts.append(part)
    about = {"component": {"type": "application", "name": "netra-analysis"}}
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": about, "components": parts}


def _licence(name: str) -> str:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    named = about.get("License-Expression") or about.get("License") or ""
    return str(named).partition("\n")[0]


def advisories() -> tuple[int, str]:
    """What pip-audit says of the lock file; in an environment of its own, so that it is no dependency of ours."""
    place = ROOT / "build" / "audit"
    python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    for command in ([sys.executable, "-m", "venv", str(place)], [str(python), "-m", "pip", "install", "-q", TOOL]):
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
        if made.returncode:
            return 3, f"vulnerabilities were not looked for: {TOOL} could not be installed; {_last(made.stderr)}"
    ask = [
        str(python),
        "-m",
        "pip_audit",
        "-r",
        str(LOCK),
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner=off",
    ]
    ended = subprocess.run(ask, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    return judged(ended.returncode, ended.stdout, ended.stderr)


def judged(code: int, said: str, complained: str) -> tuple[int, str]:
    """pip-audit's answer: unknown is not healthy, so an advisory database that is out of reach is no success."""
    if code == 0:
        return 0, "no known vulnerability in any pinned dependency"
    if re.search(r"^Found \d+ known vulnerabilit", complained + said, re.MULTILINE):
        return 1, f"known vulnerabilities:\n{said.strip()}"
    return 3, f"vulnerabilities were not looked for: the advisory database cannot be reached; {_last(complained)}"


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]


def main() -> int:
    text, faults = LOCK.read_text(encoding="utf-8"), 0
    for name in unpinned(text):
        faults += 1
        print(f"requirements.txt: {name} is not pinned by version and hash")
    folder = Path(sysconfig.get_paths()["purelib"])
    for name in startup_files(folder):
        faults += 1
        print(f"{name} runs at the start of every Python and is not listed in deploy/audit.py; read it")
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(json.dumps(sbom(text), indent=1) + "\n", encoding="utf-8")
    print(f"{len(pins(text))} pinned requirements, each with its hashes; the list is {SBOM.relative_to(ROOT)}")
    code, said = advisories()
    print(said)
    return 1 if faults else code


if __name__ == "__main__":
    sys.exit(main())
