"""Three numbers of notebook 60 worked out again from the bundled incident's tables, with plain pandas and no rule."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import netra_analysis as na
from netra_analysis.incident import Incident

PARAMS = Path(__file__).parents[2] / "params" / "staging-2025-09-02.yaml"
START, END = pd.Timestamp("2025-09-02T12:00Z"), pd.Timestamp("2025-09-02T18:30Z")


@pytest.fixture(scope="module")
def inc() -> Incident:
    return na.open(PARAMS)


@pytest.fixture(scope="module")
def real(inc: Incident) -> pd.DataFrame:
    requests = inc.tables.requests.to_pandas()
    inside = (requests["end_time"] >= START) & (requests["end_time"] < END)
    return requests[inside & ~requests["client"].isin(["preflight", "uptime_check"])]


def test_the_budget_spent(inc: Incident, real: pd.DataFrame) -> None:
    failed = (real["status"] >= 500).sum()
    assert inc.objectives.claim("OB1").value == pytest.approx(failed / (len(real) * 0.005))


def test_the_minute_in_which_the_audits_rule_fires(inc: Incident, real: pd.DataFrame) -> None:
    by_minute = real.groupby(real["end_time"].dt.floor("min"))["status"]
    asked, bad = by_minute.size(), by_minute.apply(lambda status: (status >= 500).sum())
    every = pd.date_range(START, END, freq="min", inclusive="left")
    share = bad.reindex(every, fill_value=0).rolling(5).sum() / asked.reindex(every, fill_value=0).rolling(5).sum()
    assert inc.alerts.claim("AL-audit").at == share.index[share > 0.01][0]


def test_the_slope_of_the_second_life(inc: Incident) -> None:
    events = inc.tables.lifecycle.to_pandas()
    instance = events[events["event"] == "memory_limit"]["instance"].iloc[1]
    own = events[events["instance"] == instance]
    born, died = own[own["event"] == "start"]["time"].min(), own[own["event"] == "memory_limit"]["time"].min()
    points = inc.tables.metrics.to_pandas()
    points = points[points["metric"].str.endswith("memory/utilizations") & (points["statistic"] == "max")]
    points = points[(points["time"] > born) & (points["time"] <= died)]
    hours = ((points["time"] - born) / pd.Timedelta(hours=1)).to_numpy()
    mib = 1024 * points["value"].to_numpy()
    i, j = np.triu_indices(len(hours), 1)
    assert inc.what_if.claim("WI-memory-2").value == pytest.approx(np.median((mib[j] - mib[i]) / (hours[j] - hours[i])))
