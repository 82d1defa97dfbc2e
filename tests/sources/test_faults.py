# ruff: noqa: S608 - the queries here are there to be refused
"""What a bad network and a careless caller can do to a reading: nothing, or a clean refusal (trust.md R14, R15).

Faults come from local servers by a random schedule. The control counts what a reader that gives up at the first
empty page would have lost of the same answers.
"""

import ast
import random
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from cloud_incident import PROJECT, files, rows
from hypothesis import given, settings
from hypothesis import strategies as st

import netra_analysis
from netra_analysis import params, tables
from netra_analysis.errors import QueryError, SourceError
from netra_analysis.query import Query
from netra_analysis.sources import pace, refusal
from netra_analysis.sources.bigquery import pruning
from netra_analysis.tables import Tables
from tests.servers import export
from tests.servers.bigquery import FakeBigQuery
from tests.servers.http import Dropped, Refusal, Request
from tests.servers.logging import FakeLogging

PASSING = [
    Refusal(429, "rateLimitExceeded", "Quota exceeded", retry_after=3),
    Refusal(500, "internalError", "oops"),
    Refusal(502, "badGateway", "bad gateway"),
    Refusal(503, "backendError", "try later"),
    Refusal(403, "rateLimitExceeded", "Exceeded rate limits"),
]
WITHOUT_ANSWER = [Refusal(504, "gatewayTimeout", "gateway timeout"), Dropped()]
LASTING = [
    Refusal(400, "badRequest", "no such filter"),
    Refusal(401, "authError", "who are you"),
    Refusal(403, "accessDenied", "Access Denied"),
    Refusal(404, "notFound", "no such project"),
    Refusal(403, "quotaExceeded", "Quota exceeded"),
]
FEW, MANY = range(1, 4), pytest.param(range(4, 204), marks=pytest.mark.long)
MOST = [pytest.param(range(n, n + 100), marks=pytest.mark.release) for n in range(204, 2_004, 100)]


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited, by us and by Google's clients."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


def read(folder: Path, source: str, **more: Any) -> Tables:
    return tables.from_params(params.load(files(folder, rows(), source=source, **more)), folder)


def schedule(seed: int, calls: int) -> dict[int, Exception]:
    """Up to ten faults that pass among the first calls; in one schedule of four another that lasts."""
    rng = random.Random(seed)  # noqa: S311 - faults, not secrets
    faults: dict[int, Exception] = {}
    for _ in range(rng.randrange(1, 11)):
        faults[rng.randrange(1, calls)] = rng.choice([*PASSING, *WITHOUT_ANSWER])
    if seed % 4 == 3:
        faults[rng.randrange(1, calls)] = rng.choice(LASTING)
    return faults


def patience_ends(faults: dict[int, Exception]) -> bool:
    """Whether as many calls fail one after the other as are tried."""
    return any(all(first + n in faults for n in range(pace.TRIES)) for first in faults)


@pytest.mark.parametrize("seeds", [FEW, MANY, *MOST], ids=len)
def test_logging_under_faults_gives_the_same_or_refuses(plain, served, tmp_path, waited, seeds):
    whole = plain.tables.entries
    for seed in seeds:
        faults = schedule(seed, 14)
        lasts = any(fault in LASTING for fault in faults.values()) or patience_ends(faults)
        served(FakeLogging(PROJECT, rows(), most=60, faults=dict(faults)))
        with suppress(SourceError) if lasts else nullcontext():
            assert read(tmp_path, f"logging:{PROJECT}").entries.equals(whole), (seed, faults)
    assert waited
    assert max(waited) <= 60


def test_control_a_reader_that_stops_at_the_first_empty_page_loses_rows():
    server = FakeLogging(PROJECT, rows(), most=60)
    body = {"resourceNames": [f"projects/{PROJECT}"], "filter": 'resource.labels.service_name="shop"', "pageSize": 60}
    found, page = 0, server.answer(Request("POST", "/v2/entries:list", {}, body, {}))
    while page.get("entries"):
        found += len(page["entries"])
        body["pageToken"] = page["nextPageToken"]
        page = server.answer(Request("POST", "/v2/entries:list", {}, body, {}))
    assert 0 < found < len(server._found(body["filter"]))


@pytest.fixture(scope="module")
def quiet() -> dict[str, export.Stored]:
    stored = export.partitioned(rows())
    return {name: stored[name] for name in ("run_googleapis_com_requests", "run_googleapis_com_stdout")}


@pytest.mark.parametrize("seeds", [range(2, 4), pytest.param(range(4, 104), marks=pytest.mark.long)], ids=len)
def test_bigquery_under_faults_gives_the_same_within_its_budget_or_refuses(quiet, served, tmp_path, waited, seeds):
    budget = 200 * 2**20
    served(FakeBigQuery(PROJECT, "run_logs", quiet))
    whole = read(tmp_path, f"bigquery:{PROJECT}.run_logs").entries
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - faults, not secrets
        faults: list[Exception | None] = rng.choices([*PASSING, *WITHOUT_ANSWER, None, None], k=rng.randrange(1, 5))
        if seed % 4 == 3:
            faults.append(rng.choice(LASTING))
        server = FakeBigQuery(PROJECT, "run_logs", quiet, faults=[*faults, *[None] * 40])
        served(server)
        try:
            held = read(tmp_path, f"bigquery:{PROJECT}.run_logs", budget={"bytes": budget})
            assert held.entries.equals(whole), (seed, faults)
        except SourceError:
            assert any(isinstance(fault, Refusal | Dropped) for fault in faults), seed
        assert server.billed <= budget, seed


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.reason)
def test_the_wait_is_that_of_the_answer_else_random_up_to_a_minute(fault):
    class Answer:
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}

    error = type("Error", (Exception,), {"response": Answer()})()
    waits = {refusal.patience(error, attempt) for attempt in range(1, 9) for _ in range(20)}
    assert waits == {3.0} if fault.retry_after else (len(waits) > 100 and 1 <= min(waits) <= max(waits) <= 60)


# R14: no plan reads without a window.

BOUND = "timestamp >= @start AND timestamp < @end"
LOOSE = (
    "", "TRUE", "timestamp >= @start", "timestamp < @end", f"({BOUND}) OR TRUE",
    "timestamp >= @start OR timestamp < @end",
    "timestamp <= @start AND timestamp > @end", "receiveTimestamp >= @start AND receiveTimestamp < @end",
    "timestamp >= CURRENT_TIMESTAMP() AND timestamp < @end", f"NOT ({BOUND})",
    "DATE(timestamp) >= @start AND timestamp < @end",
)  # fmt: skip
TIGHT = (BOUND, f"service = @service AND {BOUND}", f"{BOUND} AND severity IN UNNEST(@names)")
TABLES = ("`p.d.t`", "`p.d.t_*`", "d.u")


@st.composite
def plans(draw: Any) -> tuple[str, bool]:
    """A query, and whether each table in it is read through a window."""
    where = [draw(st.sampled_from((*TIGHT, *TIGHT, *LOOSE))) for _ in range(2)]
    first, second = (
        f"SELECT a, timestamp FROM {draw(st.sampled_from(TABLES))}" + (f" WHERE {one}" if one else "") for one in where
    )
    tight = [one in TIGHT for one in where]
    shapes = {
        first: tight[0],
        f"SELECT a FROM ({first}) WHERE {BOUND}": tight[0],
        f"WITH w AS ({second}) {first}": all(tight),
        f"SELECT a FROM ({first}) JOIN ({second}) USING (a)": all(tight),
        f"{first} {'AND' if where[0] else 'WHERE'} a IN (SELECT a FROM ({second}))": all(tight),
        f"SELECT x.a FROM {TABLES[0]} x JOIN {TABLES[2]} y USING (a) WHERE {BOUND}": False,
        f"SELECT x.a FROM {TABLES[0]} x, {TABLES[2]} y WHERE {BOUND}": False,
        f"{first} UNION ALL {second}": False,
        f"DELETE FROM {TABLES[0]} WHERE {BOUND}": False,
        f"CREATE TABLE d.x AS {first}": False,
    }
    return draw(st.sampled_from(sorted(shapes.items())))


def judged(plan: tuple[str, bool]) -> None:
    sql, tight = plan
    if tight:
        pruning.check(Query(sql))
    else:
        with pytest.raises(QueryError, match="nothing was sent"):
            pruning.check(Query(sql))


@settings(max_examples=100)
@given(plans())
def test_only_plans_with_a_window_on_every_table_are_sent(plan):
    judged(plan)


@pytest.mark.long
@settings(max_examples=5_000)
@given(plans())
def test_of_five_thousand_plans_none_without_a_window_is_sent(plan):
    judged(plan)


SENDING = frozenset({"query", "query_and_wait", "insert_job", "load_table_from_dataframe", "list_rows", "create_job"})


def senders(source: str) -> list[str]:
    """Calls that a BigQuery client sends, by the name of the method, on anything that is called client."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call, ast.Attribute) and call.attr in SENDING]
    return [ast.unparse(call) for call in named if "client" in ast.unparse(call.value).lower()]


def test_nothing_but_the_gateway_sends_to_bigquery():
    package = Path(netra_analysis.__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    found = {name for name, text in texts.items() if "client" in text and senders(text)}
    assert found == {"gateway.py"}
    assert senders("bigquery.Client().query('SELECT 1')") == ["bigquery.Client().query"]  # the control
