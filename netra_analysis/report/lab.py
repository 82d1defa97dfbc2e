"""Blocks as HTML for JupyterLab and code-hosting pages: escaped, inline styles, no page around them."""

from typing import Any

from netra_analysis.report.templating import render


def html(block: dict[str, Any]) -> str:
    """The block as a fragment that reads on light and on dark, and still reads where styles are stripped."""
    return render("lab.html.j2", block=block).strip() + "\n"
