"""A column of values redacted: those in which no rule can find anything are told apart all at once.

One expression holds all hints of a family of rules, and Arrow runs it over the whole column; a value is looked at
by itself only where a hint is in it, or something that has to be opened first. Where a value is not plain ASCII the
expression could mean another thing than the rules, which read bytes, and so it is looked at.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from netra_analysis.redact import view
from netra_analysis.redact.redactor import Redactor

# An id or a trace as the platform makes them: hexadecimal with a letter in it, in which no rule finds anything.
PLAIN_ID: Final = r"^(?:projects/[a-z][a-z-]{0,23}[0-9]{0,6}/traces/)?[0-9]{0,32}[a-f][0-9a-f]{0,31}$"


def redact_column(values: pa.Array, redactor: Redactor, ids: bool = False) -> pa.Array:
    """Each of `values` redacted; of `ids`, those that are plain are not looked at, whatever a hint says of them."""
    values = values.cast(pa.string())
    if ids:
        others = pc.invert(pc.match_substring_regex(values, PLAIN_ID))
        return pc.replace_with_mask(values, others, redact_column(values.filter(others), redactor))
    asked = _suspect(values, redactor)
    found = pa.array([redactor(value) for value in values.filter(asked).to_pylist()], pa.string())
    return pc.replace_with_mask(values, asked, found)


def _suspect(values: pa.Array, redactor: Redactor) -> pa.Array:
    """Which of `values` a rule may find something in."""
    asked = pc.invert(pc.string_is_ascii(values))
    for pattern in (*redactor.patterns, *view.OPENED):
        asked = pc.or_(asked, pc.match_substring_regex(values, pattern))
    return asked
