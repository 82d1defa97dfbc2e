"""What the guides tell an analyst to type, typed: every Python line of them runs and shows something."""

import ast
from pathlib import Path

import pytest

from netra_analysis.incident import Incident
from tests.entries import START, opened, request, said, system
from tests.test_docs import ROOT, blocks

GUIDES = ("your-own-service.md", "reading-the-evidence.md")
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/app/shop/db.py", line 7, in connect\n'
    "    raise TimeoutError('no connection')\n"
    "TimeoutError: no connection"
)


@pytest.fixture(scope="module")
def inc(tmp_path_factory: pytest.TempPathFactory) -> Incident:
    entries = [
        system(1, START, instance="c9c707"),
        request(30, 500, instance="c9c707"),
        said(30.02, TRACEBACK, instance="c9c707"),
    ]
    return opened(tmp_path_factory.mktemp("guide"), entries)


@pytest.mark.parametrize("page", GUIDES)
def test_every_line_of_a_guide_shows_something(inc: Incident, page: str) -> None:
    (text,) = blocks(Path(ROOT) / "docs" / page, "python")
    lines = [node for node in ast.parse(text).body if isinstance(node, ast.Expr)]
    assert len(lines) >= 3
    for line in lines:
        shown = eval(compile(ast.Expression(line.value), page, "eval"), {"inc": inc})  # noqa: S307 (our own guide)
        assert str(shown).strip(), ast.unparse(line)
