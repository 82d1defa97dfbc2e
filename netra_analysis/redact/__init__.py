"""What never leaves: credentials and what belongs to people. Applied at load, before anything is kept."""

from netra_analysis.redact.column import PLAIN_ID, redact_column
from netra_analysis.redact.redactor import RULES, Redactor

__all__ = ["PLAIN_ID", "RULES", "Redactor", "redact_column"]
