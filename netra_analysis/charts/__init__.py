"""Values to pictures: Altair charts in one house style. Nothing is read, saved or shown here."""

from netra_analysis import _fast_imports  # noqa: F401  (has to come before altair)
from netra_analysis.charts.aligned import aligned
from netra_analysis.charts.bars import bars_by
from netra_analysis.charts.figure import Figure, Lane, Mark, Series, Shade
from netra_analysis.charts.forest import forest
from netra_analysis.charts.key_figure import lanes
from netra_analysis.charts.lifelines import timeline
from netra_analysis.charts.order import order
from netra_analysis.charts.patience import patience
from netra_analysis.charts.replays import STRETCHES, RuleRow, Stretch, replay
from netra_analysis.charts.theme import ROLES, dressed

__all__ = [
    "ROLES",
    "STRETCHES",
    "Figure",
    "Lane",
    "Mark",
    "RuleRow",
    "Series",
    "Shade",
    "Stretch",
    "aligned",
    "bars_by",
    "dressed",
    "forest",
    "lanes",
    "order",
    "patience",
    "replay",
    "timeline",
]
