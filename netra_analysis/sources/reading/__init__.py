"""From a path to log entries: any export people have, told by its content, every value accounted for.

Each value of each file becomes an entry or a quarantined row with its reason. Nothing is dropped, and
nothing in a file's content is fatal; only a source without one entry is refused.
"""

from netra_analysis.sources.reading.reading import Checks, FileNote, Reading, read_entries
from netra_analysis.sources.reading.reason import REASONS

__all__ = ["REASONS", "Checks", "FileNote", "Reading", "read_entries"]
