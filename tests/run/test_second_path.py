"""Every number that a claim says, computed again by code that shares nothing with the package's engine and prose."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from netra_analysis import casebook
from netra_analysis.investigation import NAMES, Investigation
from netra_analysis.opening import open_incident
from netra_analysis.run.evidence import evidence
from tests.run import second_path
from tests.run.reports import incident

INCIDENTS = [one.name for one in casebook.INCIDENTS]
SAMPLE = [pytest.param(name, None, marks=pytest.mark.long) for name in (INCIDENTS[0], *INCIDENTS[1:40:4])]
EVERY = [pytest.param(name, seed, marks=pytest.mark.release) for seed in (71, 72, 73, 74) for name in INCIDENTS]


def investigated(asked: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    """The evidence of an incident as a report holds it, and its tables and proof tables as files."""
    opened = open_incident(asked)
    held = Investigation(opened.params, opened.tables)
    found: dict[str, Any] = json.loads(json.dumps(evidence(held)))
    folder.mkdir()
    for name, table in held.tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    for name in NAMES:
        pq.write_table(held.finding(name).proof, folder / f"finding_{name}.parquet")
    return found, folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("second")
    return investigated(incident(folder), folder / "tables")


def test_a_second_path_finds_every_number_and_every_sentence(small: tuple[dict[str, Any], Path]) -> None:
    found, tables = small
    assert len(found["claims"]) > 90
    assert second_path.differences(found["claims"], tables) == []


def test_one_changed_digit_is_found_by_the_second_path(small: tuple[dict[str, Any], Path]) -> None:
    """The control, on every claim whose sentence has a digit, and on every value that is a number."""
    found, tables = small
    claims = copy.deepcopy(found["claims"])
    changed = set()
    for claim in claims:
        if re.search(r"\d", claim["text"]):
            claim["text"] = re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), claim["text"], count=1)
            changed.add(claim["id"])
    named = {line.split(":")[0] for line in second_path.differences(claims, tables)}
    assert named == changed
    values = copy.deepcopy(found["claims"])
    numbers = [c for c in values if isinstance(c["value"], int | float) and not isinstance(c["value"], bool)]
    for claim in numbers:
        claim["value"] += 1
    named = {line.split(":")[0] for line in second_path.differences(values, tables)}
    assert named == {claim["id"] for claim in numbers}


def test_what_the_headline_counts_is_counted_from_the_rows(small: tuple[dict[str, Any], Path]) -> None:
    check_counts(*small)


def check_counts(found: dict[str, Any], tables: Path) -> None:
    """The numbers below all others, by pandas from the rows of the capsule.

    Where the window has no request log the platform's own count stands in for it, of which there are no such rows.
    """
    entries = pd.read_parquet(tables / "entries.parquet")
    assert len(entries) == found["coverage"]["services"][found["service"]]
    start, end = (pd.Timestamp(found["window"][name]) for name in ("start", "end"))
    requests = pd.read_parquet(tables / "requests.parquet")
    inside = requests[(requests["end_time"] >= start) & (requests["end_time"] < end)]
    if inside.empty:
        return
    failed = inside[inside["failed"]]
    claims = {claim["id"]: claim for claim in found["claims"]}
    values = claims["FR1"]["values"]
    real = int((~inside["client"].isin(["preflight", "uptime_check"])).sum())
    if failed.empty:  # then it says of how many none failed
        assert (values["n"], values["real_n"]) == (len(inside), real)
        return
    assert values["n"] == len(failed)
    assert values["total"] == len(inside)
    assert values["real_total"] == real
    assert found["failed_requests"]["total"] == sum(found["failed_requests"]["fates"].values())
    assert found["coverage"]["streams"]["requests"]["rows"] == len(requests)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "seed"), [*SAMPLE, *EVERY])
def test_planted_incidents_say_what_the_second_path_finds(name: str, seed: int | None, tmp_path: Path) -> None:
    asked = casebook.write(name, tmp_path, seed=seed)
    found, tables = investigated(asked, tmp_path / "tables")
    assert second_path.differences(found["claims"], tables) == []
    check_counts(found, tables)
