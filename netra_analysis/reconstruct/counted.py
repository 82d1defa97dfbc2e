"""Failures as the platform counted them (`run.googleapis.com/request_count`): also where a request log has none."""

import json

import pandas as pd

from netra_analysis.reconstruct.frames import where
from netra_analysis.window import TimeWindow

COUNT = "request_count"  # the platform's metric of answers, by their class


def answers(metrics: pd.DataFrame, span: TimeWindow) -> pd.DataFrame:
    """The points of the platform's count in a span, of every class of answer."""
    own = metrics[metrics["metric"].str.endswith(COUNT)]
    return own[(own["time"] >= span.start) & (own["time"] < span.end)]


def failures(metrics: pd.DataFrame, span: TimeWindow) -> pd.DataFrame:
    """The points of a span in which answers with a 5xx were counted."""
    own = answers(metrics, span)
    own = own[own["value"] > 0]
    return own[where(own, [_is_5xx(labels) for labels in own["labels"]])]


def usual(metrics: pd.DataFrame, span: TimeWindow) -> float | None:
    """How many answers with a 5xx were counted in a span; None where nothing was counted there."""
    return float(failures(metrics, span)["value"].sum()) if len(answers(metrics, span)) else None


def _is_5xx(labels: str) -> bool:
    told = json.loads(labels) if labels else {}
    return str(told.get("response_code_class") or told.get("response_code") or "").startswith("5")
