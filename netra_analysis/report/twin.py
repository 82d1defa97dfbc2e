"""A chart made ready to leave a notebook: its spec with drawn columns only, and the static picture beside it."""

import base64
import json
import re
import zlib
from functools import lru_cache
from typing import Any, Final

import vl_convert

from netra_analysis.report.text import visible_all

VEGALITE: Final = "application/vnd.vegalite.v5+json"
SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
RUNTIME: Final = "6.4"  # the Vega-Lite that draws on our page and in the twin; the specs are valid v5 as well
LARGEST_SVG: Final = 150_000
LONGEST_TITLE: Final = 200
_APART: Final = 24  # pixels: a reader's letters may be a fifth wider than those measured
_BESIDE: Final = 44  # pixels, where long names and words stand beside the plot
LIVE: Final = "live_"  # views and layers with such a name are for hands and have no place in a picture


def spec_of(chart: Any, title: str) -> dict[str, Any]:
    """The chart's spec: v5, titled, hostile characters made visible, columns that are not drawn left out.

    Vega-Lite pastes the titles of fields into the expressions it makes for tooltips and for the descriptions
    of marks. So tooltip titles are cut to tame characters, and the descriptions, one for each of a thousand
    marks, are left out: the picture as a whole is described where it is shown.
    """
    spec: dict[str, Any] = _tame_hints(visible_all(chart.to_dict(validate=False)))
    spec["$schema"] = SCHEMA
    spec["config"] = {**spec.get("config", {}), "aria": False}
    spec.setdefault("title", {"text": visible_all(title[:LONGEST_TITLE])})
    return {**spec, "datasets": _pruned(spec)} if "datasets" in spec else spec


def _tame_hints(node: Any) -> Any:
    if isinstance(node, list):
        return [_tame_hints(item) for item in node]
    if not isinstance(node, dict):
        return node
    tamed = {key: value if key == "datasets" else _tame_hints(value) for key, value in node.items()}
    hints = tamed.get("tooltip")
    for hint in hints if isinstance(hints, list) else [hints]:
        if isinstance(hint, dict) and "title" in hint:
            hint["title"] = re.sub(r"[^\w .,/%()-]+", " ", str(hint["title"])).strip()[:60] or "value"
    return tamed


def _pruned(spec: dict[str, Any]) -> dict[str, Any]:
    """Each data set without the columns that the spec does not name: what is not drawn does not leave."""
    drawing = json.dumps({key: value for key, value in spec.items() if key != "datasets"})
    named = set(re.findall(r"\w+", drawing))
    return {
        name: [{key: row[key] for key in row if named.issuperset(re.findall(r"\w+", key))} for row in rows]
        for name, rows in spec["datasets"].items()
    }


def still(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec without what only hands can use: hover points, the brush and the zoom it drives."""
    kept: dict[str, Any] = _without_live({k: v for k, v in spec.items() if k not in ("params", "datasets", "$schema")})
    used = set(re.findall(r'"name": "([^"]+)"', json.dumps(kept)))
    datasets = {name: rows for name, rows in spec.get("datasets", {}).items() if name in used}
    config = kept.get("config", {})
    legend = {**config.get("legend", {}), "columnPadding": _APART}
    side = _APART if "vconcat" in spec else _BESIDE
    roomy = {
        "padding": {"left": side, "top": 5, "right": side, "bottom": 5},
        **kept,
        "config": {**config, "legend": legend},
    }
    return {**roomy, "datasets": datasets} if datasets else roomy


def _without_live(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _without_live(v) for k, v in node.items() if k != "tooltip" and not _is_brushed(k, v)}
    if isinstance(node, list):
        return [_without_live(item) for item in node if not _is_live(item)]
    return node


def _is_brushed(key: str, value: Any) -> bool:
    """A span that a brush sets: without it the span is that of the data, whose unseen ends are the window's."""
    return key == "domain" and isinstance(value, dict) and "param" in value


def _is_live(node: Any) -> bool:
    return isinstance(node, dict) and str(node.get("name", "")).startswith(LIVE)


def picture(spec: dict[str, Any]) -> dict[str, str]:
    """The static twin by its MIME type: SVG text, or base64 PNG at twice the size where SVG is heavy."""
    return dict([_picture(json.dumps(still(spec), sort_keys=True))])


def narrowed(spec: dict[str, Any], wide: dict[str, Any]) -> dict[str, Any]:
    """The same chart for a phone: its picture, and its spec without the data that it shares with the `wide` one."""
    shared = wide.get("datasets", {})
    own = {name: rows for name, rows in spec.get("datasets", {}).items() if name not in shared}
    return {"spec": {**spec, "datasets": own}, "picture": picture(spec)}


@lru_cache(maxsize=32)
def _picture(spec: str) -> tuple[str, str]:
    svg = _settled(vl_convert.vegalite_to_svg(spec, vl_version=RUNTIME, allowed_base_urls=[]))
    if len(svg) <= LARGEST_SVG:
        return "image/svg+xml", svg
    png = _packed(vl_convert.vegalite_to_png(spec, vl_version=RUNTIME, scale=2, allowed_base_urls=[]))
    return "image/png", base64.b64encode(png).decode("ascii")


def _settled(svg: str) -> str:
    """Coordinates to a hundredth of a pixel, and clip paths numbered from one in each picture.

    The engine counts clip paths per process, so the same chart would differ by what was drawn before it.
    Only tags are touched: text between them cannot hold a `<`.
    """
    numbers: dict[str, str] = {}

    def clip(found: re.Match[str]) -> str:
        return f"{found[1]}clip{numbers.setdefault(found[2], str(len(numbers) + 1))}"

    def tag(found: re.Match[str]) -> str:
        return re.sub(r'(url\(#|id=")clip(\d+)', clip, re.sub(r"(\.\d\d)\d+", r"\1", found[0]))

    return re.sub(r"<(?:path|g|line|text|clipPath)[ >][^>]*>", tag, svg)


def _packed(png: bytes) -> bytes:
    """The same picture with its pixels compressed as far as zlib goes: a third of what the encoder leaves."""
    head, pixels, at = png[:8], b"", 8
    before: list[bytes] = []
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        name, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        if name == b"IDAT":
            pixels += body
        elif name != b"IEND":
            before.append(_chunk(name, body))
        at += size + 12
    packed = zlib.compress(zlib.decompress(pixels), 9)
    return b"".join([head, *before, _chunk(b"IDAT", packed), _chunk(b"IEND", b"")])


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
