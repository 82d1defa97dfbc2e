"""Markdown cells of packaged notebooks to HTML. Raw HTML stays text; only links to the console stay links."""

from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from netra_analysis.report.text import visible

CONSOLE: Final = "https://console.cloud.google.com/"


def html(source: str) -> Markup:
    """`source` rendered with html=False: markup in it is shown, never obeyed."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(visible(source))
    _tame(tokens)
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704  (html=False, links tamed)


def split_title(source: str, mark: str = "# ") -> tuple[str, str]:
    """A first line `# Title` (or another mark) and the rest; an empty title where there is none."""
    first, _, rest = source.lstrip().partition("\n")
    return (first[len(mark) :].strip(), rest) if first.startswith(mark) else ("", source)


def _tame(tokens: Sequence[Token]) -> None:
    """No H1 (the page has one), no inline style (the policy forbids it), no link out of the page."""
    inert = False  # links do not nest, so one flag tells which close belongs to which open
    for token in tokens:
        if token.tag == "h1":
            token.tag = "h2"
        if token.attrGet("style"):
            token.attrs = {"class": str(token.attrGet("style")).replace("text-align:", "to-")}
        if token.type == "link_open":
            inert = not str(token.attrGet("href")).startswith(CONSOLE)
            token.attrs = {"class": "nolink"} if inert else {**token.attrs, "rel": "noopener noreferrer"}
        if token.type in ("link_open", "link_close") and inert:
            token.tag = "span"
        _tame(token.children or [])
