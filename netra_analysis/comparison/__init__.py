"""Two incidents side by side: the same failure or another one, what is new and what is gone, and is a fix proven yet?

Only values in and values out: both incidents are investigated already.
"""

from netra_analysis.comparison.pair import Comparison

__all__ = ["Comparison"]
