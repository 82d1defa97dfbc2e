"""What the service's own calls were answered, by lines that tell of each: `POST https://rates.example/v3 -> 401`, or by
the fields of a JSON line.

Clients log their calls at any level, and a caller often turns the answer into an error that no longer names it.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from netra_analysis.logtext.route import route_template
from netra_analysis.logtext.trouble import any_of
from netra_analysis.reconstruct.frames import where
from netra_analysis.reconstruct.handled import called
from netra_analysis.signs.scene import Scene

_CALL = (
    r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE) (https?://[^\s\"]+|/[^\s\"]*)\"?,? "
    r"?(?:\"HTTP/[\d.]+|->|=>|returned|answered|responded(?: with)?|status(?: code)?|:)[ =:]*\(?"
)


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of one kind: how a line of text tells of them, and by which statuses fields do."""

    pattern: Any
    statuses: frozenset[int]


REFUSED = Answers(any_of(_CALL + r"40[13]\b"), frozenset({401, 403}))
FAILED = Answers(any_of(_CALL + r"(?:5\d\d|429)\b"), frozenset({429, *range(500, 600)}))


def answered(scene: Scene, kind: Answers, *, before: bool = False) -> pd.DataFrame:
    """The lines that tell of a call with such an answer; the service's own answers are none.

    Those are told by the request log, which knows the paths that the service answers itself.
    """
    lines = scene.lines(kind.pattern, before=before, loud=False)
    own = set(scene.requests["route"]) | set(scene.before["route"])
    said = [_is_call(kind.pattern.search(message).group(1), own) for message in lines["message"]]
    named = {name for name, (path, status) in called(scene.tables).items()
             if status in kind.statuses and route_template(path) not in own}  # fmt: skip
    logs = scene.logs_before if before else scene.logs
    return pd.concat([lines[where(lines, said)], logs[logs["id"].isin(named)]]).drop_duplicates("id")


def _is_call(address: str, own: set[str]) -> bool:
    host, _, path = address.rpartition("//")[2].partition("/")
    return bool(host or own) and route_template(f"/{path}") not in own
