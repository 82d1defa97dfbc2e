"""What the service's own calls were answered, by lines that tell of each: `POST https://rates.example/v3 -> 401`.

Clients log their calls at any level, and a caller often turns the answer into an error that no longer names it.
"""

from typing import Any

import pandas as pd

from netra_analysis.logtext.route import route_template
from netra_analysis.logtext.trouble import any_of
from netra_analysis.reconstruct.frames import where
from netra_analysis.signs.scene import Scene

_CALL = (
    r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE) (https?://[^\s\"]+|/[^\s\"]*)\"?,? "
    r"?(?:\"HTTP/[\d.]+|->|=>|returned|answered|responded(?: with)?|status(?: code)?|:)[ =:]*\(?"
)
REFUSED = any_of(_CALL + r"40[13]\b")
FAILED = any_of(_CALL + r"(?:5\d\d|429)\b")


def answered(scene: Scene, pattern: Any, *, before: bool = False) -> pd.DataFrame:
    """The lines that tell of a call with such an answer; the service's own answers are none.

    Those are told by the request log, which knows the paths that the service answers itself.
    """
    lines = scene.lines(pattern, before=before, loud=False)
    own = set(scene.requests["route"]) | set(scene.before["route"])
    return lines[where(lines, [_is_call(pattern.search(message).group(1), own) for message in lines["message"]])]


def _is_call(address: str, own: set[str]) -> bool:
    host, _, path = address.rpartition("//")[2].partition("/")
    return bool(host or own) and route_template(f"/{path}") not in own
