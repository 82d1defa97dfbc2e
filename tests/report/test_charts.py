"""Charts: gaps stay gaps, peaks stay peaks, times are UTC, and every mark is named once."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from altair.utils.schemapi import SchemaValidationError, validate_jsonschema
from altair.vegalite.v6.schema import core
from jsonschema.exceptions import ValidationError

from netra_analysis import charts
from netra_analysis.charts import annotations, lifelines, shape
from netra_analysis.errors import SchemaError
from netra_analysis.report.twin import VEGALITE
from tests.report import samples

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def drawn(notebook: str) -> list[Any]:
    """The specs of all charts in a notebook's committed outputs."""
    cells = json.loads((NOTEBOOKS / notebook).read_text())["cells"]
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return [json.loads("".join(one)) if isinstance(one, list) else one for d in data if (one := d.get(VEGALITE))]


@pytest.mark.parametrize(
    ("notebook", "charts_in_it"), [("90_postmortem.ipynb", 7), ("60_alerts_and_slo.ipynb", 2), ("95_compare.ipynb", 1)]
)
def test_what_is_drawn_is_valid_as_a_whole(notebook: str, charts_in_it: int) -> None:
    specs = drawn(notebook)
    assert len(specs) == charts_in_it
    for spec in specs:
        validate_jsonschema(spec, core.Root._rootschema)
    wrong = json.loads(re.sub("quantitative|temporal|nominal", "new", json.dumps(specs[0])))
    with pytest.raises(ValidationError):  # the control: a kind of values that there is none of
        validate_jsonschema(wrong, core.Root._rootschema)


def test_what_an_analyst_draws_is_checked_as_ever() -> None:
    charts.lanes(samples.figure())
    with pytest.raises(SchemaValidationError):
        alt.Chart(pd.DataFrame({"x": [1]})).mark_point(colour="red")


def test_a_line_breaks_at_a_gap() -> None:
    rows = shape.line_rows(samples.frame([1.0] * 60, range(20, 30)), samples.WINDOW, "s")
    assert list(rows["segment"].unique()) == [0, 1]
    assert rows.loc[rows["segment"] == 1, "time"].min() == samples.minute(30).timestamp() * 1000


def test_a_point_alone_between_gaps_is_drawn_as_a_point() -> None:
    frame = samples.frame([1.0] * 60, range(20, 24))
    frame = frame[~frame["time"].isin([samples.minute(m) for m in (25, 26, 27, 28)])]
    rows = shape.line_rows(frame, samples.WINDOW, "s")
    assert list(rows.loc[rows["lone"], "time"]) == [samples.minute(24).timestamp() * 1000]


def test_thinning_keeps_the_peaks() -> None:
    values = np.zeros(20_000)
    values[12_345], values[777] = 99.0, -99.0
    thin = shape.thinned(pd.DataFrame({"time": range(20_000), "value": values}))
    assert len(thin) <= shape.POINTS
    assert {99.0, -99.0} <= set(thin["value"])


def test_bars_stand_on_each_other_and_sum_when_widened() -> None:
    day = samples.frame([1.0] * 119)
    bars, step = shape.stacked([("a", day), ("b", day)], samples.WINDOW)
    assert step == 60_000
    assert set(bars.loc[bars["series"] == "b", "floor"]) == {1.0}
    second = pd.DataFrame({"time": pd.date_range(samples.START, periods=7_000, freq="s"), "value": 1.0})
    wide, _ = shape.stacked([("a", second)], samples.WINDOW)
    assert len(wide) <= shape.POINTS
    assert wide["value"].sum() == 7_000


def test_naive_times_are_refused() -> None:
    frame = pd.DataFrame({"time": [datetime(2025, 9, 2, 12)], "value": [1.0]})  # noqa: DTZ001
    with pytest.raises((SchemaError, TypeError)):
        charts.lanes(charts.Figure(samples.WINDOW, (charts.Lane("a", "b", (charts.Series("s", frame),)),)))


def test_scales_are_utc_and_an_empty_lane_says_so() -> None:
    spec = str(charts.lanes(samples.figure()).to_dict())
    assert "'type': 'utc'" in spec
    assert "no data in this window" in spec


def test_marks_close_together_are_named_once() -> None:
    kills = tuple(charts.Mark(samples.minute(37) + timedelta(seconds=s), "OOM kill", "kill") for s in range(9))
    named = annotations.clustered(charts.Figure(samples.WINDOW, (), kills))
    assert [m.label for m in named] == ["OOM kill ×9"]


def test_labels_do_not_share_a_row_when_they_would_overlap() -> None:
    assert [row for row, _ in annotations.placed([(0.1, "a long label"), (0.11, "another"), (0.6, "far")])] == [0, 1, 0]


def test_lives_reach_the_edge_where_an_end_was_not_seen() -> None:
    spans = lifelines.lives(samples.events(), samples.WINDOW)
    minutes = [
        (round((a - samples.START).total_seconds() / 60), round((b - samples.START).total_seconds() / 60))
        for _, a, b in spans
    ]
    assert minutes == [(1, 37), (38, 70)]
    unseen = samples.events().iloc[1:2]
    assert lifelines.lives(unseen, samples.WINDOW) == [("00bf4bf02d11", samples.WINDOW.start, samples.WINDOW.end)]


def test_what_is_past_the_longest_bars_is_summed() -> None:
    frame = pd.DataFrame({"route": [f"/r{i:02}" for i in range(30)], "n": range(30)})
    data = charts.bars_by(frame, "route", "n", "requests", most=5).to_dict()["datasets"]
    rows = next(iter(data.values()))
    assert rows[-1] == {"label": "other (25)", "value": 300.0}
