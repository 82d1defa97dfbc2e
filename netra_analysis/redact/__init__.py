"""What never leaves: credentials and what belongs to people. Applied at load, before anything is kept."""

from netra_analysis.redact.redactor import PLAIN_ID, RULES, Redactor

__all__ = ["PLAIN_ID", "RULES", "Redactor"]
