"""What is asked: one YAML file per incident, checked whole before anything is read or started."""

from netra_analysis.params.model import ID, LONGEST_REQUEST, AuditClaim, Limits, Objectives, Params, Span, place
from netra_analysis.params.reading import from_yaml, load, parse

__all__ = [
    "ID",
    "LONGEST_REQUEST",
    "AuditClaim",
    "Limits",
    "Objectives",
    "Params",
    "Span",
    "from_yaml",
    "load",
    "parse",
    "place",
]
