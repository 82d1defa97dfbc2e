"""An executed notebook's cells, read into what a page shows. Only the MIME types named here get through."""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Final

from markupsafe import Markup

from netra_analysis.report.blocks import BLOCK, CLAIMS, END, NARROW
from netra_analysis.report.text import uncoloured
from netra_analysis.report.twin import VEGALITE

Node = dict[str, Any]
KINDS: Final = ("section", "claims", "tiles", "card", "table", "verdicts", "prompt", "next", "chart")
_REACHING: Final = frozenset({"url", "href"})  # a spec that names one of these is shown as a picture only


def joined(text: Any) -> str:
    """nbformat's texts are strings or lists of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def cell_nodes(cell: dict[str, Any]) -> Iterator[Node]:
    """What one cell shows, in order."""
    if cell.get("cell_type") == "markdown":
        yield {"kind": "markdown", "source": joined(cell.get("source", ""))}
    if cell.get("cell_type") == "code":
        yield {"kind": "code", "source": joined(cell.get("source", ""))}
        for output in cell.get("outputs", []):
            yield output_node(output)


def output_node(output: dict[str, Any]) -> Node:
    """One output: a block of ours, a picture, or escaped text; never a notebook's own HTML."""
    match output.get("output_type"):
        case "error":
            trace = "\n".join(map(str, output.get("traceback", [])))
            said = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
            return {"kind": "error", "said": uncoloured(said), "trace": uncoloured(trace)}
        case "stream":
            return {
                "kind": "stream",
                "name": output.get("name", ""),
                "text": uncoloured(joined(output.get("text", ""))),
            }
        case "display_data" | "execute_result":
            return _display(output.get("data", {}))
        case _:
            return {"kind": "stream", "name": "output", "text": "an output of an unknown type is not shown"}


def _display(data: dict[str, Any]) -> Node:
    block = data.get(BLOCK)
    if isinstance(block, dict) and block.get("kind") in KINDS:
        return _whole(block, data)
    picture = picture_uri(data)
    if picture:
        return {"kind": "picture", "src": picture, "alt": joined(data.get("text/plain", "picture"))}
    if "text/plain" in data:
        return {"kind": "stream", "name": "result", "text": uncoloured(joined(data["text/plain"]))}
    return {"kind": "stream", "name": "output", "text": f"not shown: {', '.join(sorted(map(str, data))) or 'nothing'}"}


def _whole(block: dict[str, Any], data: dict[str, Any]) -> Node:
    """The block with what stands beside it in types of its own: a chart's pictures and specs, the claims."""
    match block["kind"]:
        case "chart":
            return _chart(block, data)
        case "table":
            return _filled(block)
        case "claims":
            return {**block, "claims": data.get(CLAIMS, {}).get("claims", [])}
        case _:
            return block


def _filled(table: dict[str, Any]) -> Node:
    """The table without the columns that are empty in all of its rows, and a note that names them."""
    columns, rows = table["columns"], table["rows"]
    kept = [i for i in range(len(columns)) if any(row[i] not in (None, "") for row in rows)]
    if len(kept) == len(columns) or not kept:
        return table
    names = ", ".join(str(column["label"]) for i, column in enumerate(columns) if i not in kept)
    return {
        **table,
        "columns": [columns[i] for i in kept],
        "rows": [[row[i] for i in kept] for row in rows],
        "note": f"{table.get('note') or ''} Empty in all rows: {names}.".strip(),
    }


def _chart(block: dict[str, Any], data: dict[str, Any]) -> Node:
    narrow = data.get(NARROW) or {}
    return {
        **block,
        "problem": block.get("problem", ""),
        "src": picture_uri(data),
        "spec": _drawn(data.get(VEGALITE)),
        "narrow_src": picture_uri(narrow.get("picture", {})),
        "narrow_spec": _drawn(narrow.get("spec")),
    }


def _drawn(spec: Any) -> dict[str, Any] | None:
    """A spec that may be drawn live: one that reaches for nothing outside the page."""
    return spec if isinstance(spec, dict) and not _reaches(spec) else None


def _reaches(node: Any) -> bool:
    """True where a spec names an address outside its data: the drawing never needs one."""
    if isinstance(node, dict):
        parts = [v for k, v in node.items() if k != "datasets"]
        return bool(_REACHING & set(node)) or any(map(_reaches, parts))
    return isinstance(node, list) and any(map(_reaches, node))


def picture_uri(data: dict[str, Any]) -> str:
    """The static picture as a data: address; scripts inside an SVG do not run in an <img>."""
    if "image/svg+xml" in data:
        svg = joined(data["image/svg+xml"]).encode("utf-8", "replace")
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
    if "image/png" in data:
        try:
            png = base64.b64decode(joined(data["image/png"]), validate=False)
        except (binascii.Error, ValueError):
            return ""
        return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
    return ""


def spec_json(spec: dict[str, Any]) -> Markup:
    """A spec for a data block: pure ASCII, and no character that could end the element."""
    drawn = {k: v for k, v in spec.items() if k not in ("usermeta", "$schema")}
    text = json.dumps(drawn, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704  (no markup character is left)


def claims_in(nb: dict[str, Any]) -> list[dict[str, Any]]:
    """The claims that a notebook emitted, through their own MIME type."""
    bundles = (out.get("data", {}) for cell in nb.get("cells", []) for out in cell.get("outputs", []))
    return [claim for data in bundles if CLAIMS in data for claim in data[CLAIMS].get("claims", [])]


def ended(nb: dict[str, Any]) -> bool:
    """True where the notebook left its end mark: metadata alone calls a dead kernel's notebook complete."""
    return any(END in out.get("data", {}) for cell in nb.get("cells", []) for out in cell.get("outputs", []))
