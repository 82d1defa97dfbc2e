"""Markdown cells of packaged notebooks to HTML. Raw HTML stays text; only links to the console stay links."""

from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from netra_analysis.report.text import visible

CONSOLE: Final = "https://console.cloud.google.com/"


def html(source: str, top: int = 2) -> Markup:
    """`source` rendered with html=False: markup in it is shown, never obeyed. Headings begin at level `top`."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(visible(source))
    _tame(tokens, top)
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704  (html=False, links tamed)


def split_title(source: str, mark: str = "# ") -> tuple[str, str]:
    """A first line `# Title` (or another mark) and the rest; an empty title where there is none."""
    first, _, rest = source.lstrip().partition("\n")
    return (first[len(mark) :].strip(), rest) if first.startswith(mark) else ("", source)


def _tame(tokens: Sequence[Token], top: int) -> None:
    """No heading above `top` (the page has one), no inline style (the policy forbids it), no link out of the page."""
    inert = False  # links do not nest, so one flag tells which close belongs to which open
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{max(top, min(6, int(token.tag[1]) + max(0, top - 2)))}"
        if token.attrGet("style"):
            token.attrs = {"class": str(token.attrGet("style")).replace("text-align:", "to-")}
        if token.type == "link_open":
            inert = not str(token.attrGet("href")).startswith(CONSOLE)
            token.attrs = {"class": "nolink"} if inert else {**token.attrs, "rel": "noopener noreferrer"}
        if token.type in ("link_open", "link_close") and inert:
            token.tag = "span"
        _tame(token.children or [], top)
