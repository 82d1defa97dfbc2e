"""Params files with relative windows, as a scheduler has them, over data of one made-up hour."""

import json
from pathlib import Path
from typing import Any

from tests.entries import request, said, write

NOW = "2026-03-04T13:00:00Z"  # the end of the hour that the entries lie in


def scheduled(folder: Path, name: str = "nightly", *, failing: bool = False, **params: Any) -> Path:
    """`<folder>/<name>.yaml`, which asks for the last hour; on a quiet one, every request was answered."""
    own = folder / name
    own.mkdir()
    entries = [request(i, 503 if failing and i > 3000 else 200, f"/api/orders/{i}") for i in range(10, 3600, 20)]
    entries += [said(i, "INFO order fetched") for i in range(15, 3600, 60)]
    asked = json.loads(write(own, entries).read_text())
    fixed = {key: value for key, value in asked.items() if key not in ("start", "end")}
    path = folder / f"{name}.yaml"
    changed = {"incident": name, "window": "last 1h", "source": f"file:{name}/entries.ndjson"} | params
    path.write_text(json.dumps(fixed | changed))
    return path
