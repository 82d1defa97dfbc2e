"""The runs of one incident as the index shows them: a bar a run, a row a run, a sentence on them all."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from netra_analysis.finding import duration_text

BARS: Final = 30  # runs that are drawn, the newest
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.*Z\Z")
HEIGHT, STEP, LEAST = 24, 7, 3  # pixels: of the picture, from bar to bar, of a bar that stands for nothing failed


def trend(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What is drawn and said of `runs` (oldest first, as in `DIR/<incident>.runs.ndjson`); None below two of them."""
    if len(runs) < 2:
        return None
    newest = runs[-BARS:]
    most = max([_whole(run, "failed_requests") or 0 for run in newest])
    return {
        "words": _words(runs),
        "bars": [_bar(run, at, most) for at, run in enumerate(newest)],
        "width": len(newest) * STEP,
        "height": HEIGHT,
        "rows": [_row(run) for run in reversed(newest)],
    }


def kind(run: Mapping[str, Any]) -> str:
    """quiet, incident, unclear or broken: how a run is drawn."""
    if run.get("state") != "done":
        return "broken"
    return {"no_incident": "quiet", "inconclusive": "unclear"}.get(str(run.get("verdict")), "incident")


def when(text: object) -> str:
    """A run's end to the second, as a page shows it; anything else as it is, in short."""
    said = str(text or "")
    return f"{said[:10]} {said[11:19]}" if _STAMP.match(said) else said[:40]


def _words(runs: Sequence[Mapping[str, Any]]) -> str:
    """How often what was said: `9 runs: 7 no incident, 1 memory leak, 1 failed`."""
    said = Counter(_said(run) for run in runs)
    return f"{len(runs)} runs: " + ", ".join(f"{n} {word}" for word, n in said.most_common())


def _said(run: Mapping[str, Any]) -> str:
    word = run.get("verdict") if run.get("state") == "done" else run.get("state")
    return str(word or "unknown").replace("_", " ")[:60]


def _bar(run: Mapping[str, Any], at: int, most: int) -> dict[str, Any]:
    failed = _whole(run, "failed_requests") or 0
    high = HEIGHT if kind(run) == "broken" else max(LEAST, round(HEIGHT * failed / most)) if most else LEAST
    known = _whole(run, "failed_requests") is not None
    shown = f"{when(run.get('finished'))}: {_said(run)}" + f", {failed:,} failed requests" * known
    return {"x": at * STEP, "y": HEIGHT - high, "high": high, "kind": kind(run), "shown": shown}


def _row(run: Mapping[str, Any]) -> dict[str, Any]:
    waited = run.get("time_to_evidence_s")
    causes = run.get("causes")
    reasons = run.get("failed")
    return {
        "finished": when(run.get("finished")) or "–",
        "state": str(run.get("state") or "unknown"),
        "verdict": _said(run) if run.get("state") == "done" else "–",
        "failed_requests": _whole(run, "failed_requests"),
        "errors": _whole(run, "errors"),
        "causes": ", ".join(str(cause).replace("_", " ") for cause in causes) if isinstance(causes, list) else "",
        "waited": duration_text(waited) if isinstance(waited, int | float) else "–",
        "reason": "; ".join(map(str, reasons))[:300] if isinstance(reasons, list) else "",
        "link": run.get("link") or "",
    }


def _whole(run: Mapping[str, Any], name: str) -> int | None:
    value = run.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
