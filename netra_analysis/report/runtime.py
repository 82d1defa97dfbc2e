"""What a page carries besides its text: one style, one script, and the policy that allows exactly these."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

import vl_convert
from markupsafe import Markup

from netra_analysis.errors import ReportError
from netra_analysis.report.twin import RUNTIME

_LOCKED: Final = "default-src 'none'; img-src data:; style-src {style}; {script}base-uri 'none'; form-action 'none'"


def _asset(name: str) -> str:
    return (files("netra_analysis.report") / "assets" / name).read_text(encoding="utf-8")


@cache
def style() -> Markup:
    """The page's style sheet: our own constant text."""
    return Markup(_asset("page.css"))  # noqa: S704


@cache
def script() -> Markup:
    """Vega-Embed with its expression interpreter and our page script, bundled into one text (1.3 s, once).

    With `ast: true` Vega interprets its expressions, so the policy needs no 'unsafe-eval'.
    """
    bundle = vl_convert.javascript_bundle(_asset("page.js"), vl_version=RUNTIME)
    if "</script" in bundle.lower() or "<!--" in bundle:
        raise ReportError("the chart runtime holds text that would end its script element; pin vl-convert again")
    return Markup(bundle)  # noqa: S704


def policy(*, scripted: bool) -> str:
    """The Content-Security-Policy: the style by its hash, and the script by its hash where there is one."""
    allowed = f"script-src {_hash(script())}; " if scripted else ""
    return _LOCKED.format(style=_hash(style()), script=allowed)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
