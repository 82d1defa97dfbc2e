"""Documents stay true: pages made from the catalogue are up to date, links lead somewhere, commands are understood."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from netra_analysis import params
from netra_analysis.cli.arguments import parser
from netra_analysis.notes import KEYS, parse

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str = "") -> list[str]:
    """The code blocks of a page in one language."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [text for named, text in fence.findall(page.read_text(encoding="utf-8")) if named == language]


def commands(page: Path) -> list[str]:
    """Every command of ours in its blocks and in its text."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in blocks(page) for line in block.splitlines()] + re.findall(
        r"`(netra-analysis [^`]+)`", text
    )
    found = [re.sub(r"^\.venv/bin/", "", line.split(" #")[0].strip()) for line in lines]
    return [line for line in found if line.startswith("netra-analysis ")]


def test_the_pages_of_the_causes_are_what_the_catalogue_says(tmp_path: Path) -> None:
    """After a change of causes.yaml: `make docs`."""
    script = "import sys; sys.path.insert(0, 'docs'); import json, make_causes; print(json.dumps(make_causes.pages()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    made = yaml.safe_load(done.stdout)
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "causes").glob("*.md")}
    assert sorted(there) == sorted(made)
    assert [name for name in made if made[name] != there[name]] == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_is_one_that_the_command_line_understands(page: Path) -> None:
    for command in commands(page):
        parser().parse_args(shlex.split(command)[1:])


def test_the_guides_hold_commands() -> None:
    assert sum(len(commands(page)) for page in GUIDES) >= 6


def test_parameters_and_notes_of_the_guide_are_accepted(tmp_path: Path) -> None:
    asked, notes = blocks(ROOT / "docs" / "your-own-service.md", "yaml")
    path = tmp_path / "checkout.yaml"
    path.write_text(asked)
    assert params.load(path).incident == "checkout-2025-10-01"
    assert parse(notes, "x").actions[0].shown_by == "ME1"
    assert set(yaml.safe_load(notes)) == set(KEYS)


def test_every_notebook_is_in_the_table_of_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert f"[{path.stem}](notebooks/{path.name})" in text
