"""One Jinja environment: autoescape always on, hiding characters made visible in everything it prints."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from netra_analysis.finding import number_text
from netra_analysis.report import cells, paper, plain
from netra_analysis.report.text import visible


def _shown(value: Any) -> Any:
    """Each printed value on its way out: our own markup as it is, text with nothing hidden in it."""
    return value if isinstance(value, Markup) else visible(str(value))


def abreast(tiles: int) -> int:
    """How many tiles stand in one row, seven at most, so that no row has one tile left over."""
    rows = -(-tiles // 7) or 1
    return -(-tiles // rows)


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("netra_analysis.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        words=cells.words,
        sampled=cells.sampled,
        state_words=plain.state_words,
        number=number_text,
        bytes=cells.bytes_text,
        counted=plain.counted,
        on_paper=paper.columns_on_paper,
        off_paper=paper.left_off_paper,
        abreast=abreast,
    )
    env.globals["numeric"] = cells.NUMERIC
    return env


def render(template: str, **values: Any) -> str:
    """A template filled in."""
    return environment().get_template(template).render(**values)
