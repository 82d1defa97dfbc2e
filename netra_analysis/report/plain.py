"""Blocks as text: for terminals, nbval and diffs."""

from collections.abc import Callable
from typing import Any

from netra_analysis import finding
from netra_analysis.report import cells
from netra_analysis.report.text import visible


def text(block: dict[str, Any]) -> str:
    """The block in plain words, with hiding characters made visible."""
    return visible(_WRITERS[block["kind"]](block))


def _section(block: dict[str, Any]) -> str:
    state = "" if block["state"] == "ok" else f"  [{state_words(block['state'])}]"
    return f"## {block['title']}{state}" + (f"\n{block['reason']}" if block["reason"] else "")


def state_words(state: str) -> str:
    """A section's state as a reader sees it."""
    return {"no_rows": "no rows matched", "not_queried": "not queried"}.get(state, state)


def _claims(block: dict[str, Any]) -> str:
    lead = [block["lead"]] if block["lead"] else []
    return "\n".join(lead + [f"{c['id']}  {c['text']}  [{c['verdict']}]" for c in block["claims"]])


def _tiles(block: dict[str, Any]) -> str:
    return "\n".join(f"{tile['shown']} {tile['unit']}  ({tile['id']})" for tile in block["tiles"])


def _card(block: dict[str, Any]) -> str:
    return f"{block['title']}: {block['body']}" if block["body"] else str(block["title"])


def _table(block: dict[str, Any]) -> str:
    columns = block["columns"]
    head = [c["label"] + (f" [{c['unit']}]" if c["unit"] else "") for c in columns]
    kinds = [c["kind"] for c in columns]
    body = [[cells.words(v, k)[:80] for v, k in zip(row, kinds, strict=True)] for row in block["rows"]]
    lines = [block["title"], *_aligned([head, *body], kinds), counted(block)]
    return "\n".join(lines + ([block["note"]] if block["note"] else []))


def counted(block: dict[str, Any]) -> str:
    """How many of how many rows are shown."""
    return f"{len(block['rows']):,} of {finding.counted(block['total'], 'row')}"


def _aligned(rows: list[list[str]], kinds: list[str]) -> list[str]:
    """Columns under each other, numbers to the right."""
    clean = [[visible(cell).replace("\n", "⏎").replace("\t", " ") for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in clean) for i in range(len(kinds))]
    right = [kind in cells.NUMERIC for kind in kinds]
    pad = [[c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)] for row in clean]
    return ["  ".join(row).rstrip() for row in pad]


def _verdicts(block: dict[str, Any]) -> str:
    return "\n".join(f"{i['verdict']:<8} {i['name']}: {i['sentence']}" for i in block["items"])


def _prompt(block: dict[str, Any]) -> str:
    return f"{block['title']} (to be written by a person)\n{block['prompt']}"


def _next(block: dict[str, Any]) -> str:
    return "\n".join(["Read next", *(f"{name}: {why}" for name, why in block["items"])])


_WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "section": _section,
    "claims": _claims,
    "tiles": _tiles,
    "card": _card,
    "table": _table,
    "verdicts": _verdicts,
    "prompt": _prompt,
    "next": _next,
}
