"""The image's share of requirements.txt: the core, the cloud clients and what they need, with the same hashes.

    python deploy/lock.py            writes deploy/requirements.txt and deploy/build.txt

`make lock` pins everything that people in front of the suite use; an image runs without them, in half the space.
A test holds both files against requirements.txt and pyproject.toml.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
_BLOCK = re.compile(r"^(?P<name>[a-zA-Z0-9._-]+)==.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def share(roots: Iterable[str], locked: str) -> str:
    """The blocks of `locked` that `roots` need, as they stand there."""
    blocks: dict[str, str] = {}
    for found in _BLOCK.finditer(locked):  # a package pinned apart for some Pythons has several
        blocks[_plain(found["name"])] = blocks.get(_plain(found["name"]), "") + found[0]
    wanted = {_plain(re.split(r"[^a-zA-Z0-9._-]", root, maxsplit=1)[0]) for root in roots}
    if unknown := sorted(wanted - blocks.keys()):
        raise SystemExit(f"requirements.txt does not pin {', '.join(unknown)}; run make lock")
    while more := {name for name, block in blocks.items() if name not in wanted and wanted & _parents(block)}:
        wanted |= more
    return "".join(block for name, block in blocks.items() if name in wanted)


def _parents(block: str) -> set[str]:
    """Who asked for a package: the names in its `# via` comment."""
    said = block.partition("# via")[2]
    return {_plain(word) for word in re.findall(r"[a-zA-Z0-9][a-zA-Z0-9._-]*", re.sub(r"\(.*?\)", "", said))}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def files() -> dict[Path, str]:
    """Each file of pins that the image is built from, with what it has to hold."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked, locked = project["project"], (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return {
        HERE / "requirements.txt": share([*asked["dependencies"], *asked["optional-dependencies"]["gcp"]], locked),
        HERE / "build.txt": share(project["build-system"]["requires"], locked),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
