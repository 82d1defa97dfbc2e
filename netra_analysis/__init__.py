"""Incident investigations for Cloud Run services that can be checked.

    import netra_analysis as na
    inc = na.open("params/staging-2025-09-02.yaml")

Heavy parts are imported when they are used, so that `import netra_analysis` costs nothing.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netra_analysis.comparison import Comparison
    from netra_analysis.incident import Incident
    from netra_analysis.notes import Pin

__all__ = ["compare", "open"]


def open(where: "str | Path") -> "Incident":  # noqa: A001 (reads as speech: na.open)
    """The incident at `where`: a params file, or the capsule folder of a finished run."""
    from netra_analysis.opening import open_incident
    from netra_analysis.run.people import keep, reports_of

    def kept(pin: "Pin", incident: str, out: str) -> Path:
        return keep(Path(out) if out else reports_of(Path(where)), incident, pin)

    return open_incident(where, kept)


def compare(a: "str | Path", b: "str | Path") -> "Comparison":
    """Two incidents side by side, the earlier one first: params files, or capsule folders of finished runs."""
    from netra_analysis.comparison import Comparison

    return Comparison(open(a), open(b))
