"""What libraries and servers say of settings, of waits for a connection, and of workers that are all busy."""

from pathlib import Path

import pytest

from netra_analysis.finding import Verdict
from netra_analysis.hypotheses.catalogue import causes
from tests.entries import at, opened, request, said
from tests.signs.looks import calm, sign
from tests.signs.test_code_words import failing


@pytest.mark.parametrize(
    "words",
    [
        "production.ERROR: No application encryption key has been specified.",
        "Could not resolve placeholder 'PAYMENTS_URL' in value \"${PAYMENTS_URL}\"",
        "connection string 'Main' was not found",
        "Unable to find a signing key that matches 'a1'",
        "IDX10503: Signature validation failed",
        "ActiveSupport::MessageVerifier::InvalidSignature",
        "9 FAILED_PRECONDITION: Secret Version [projects/1/secrets/jwt/versions/4] is in DISABLED state.",
    ],
)
def test_words_of_a_wrong_setting(tmp_path: Path, words: str) -> None:
    found = sign(tmp_path, "config_words", [*calm(600), *failing(f"ERROR {words}")])
    assert (found.verdict, found.n) == (Verdict.FIRED, 60)


def test_the_proxy_in_front_of_the_applications_own_server_names_no_dependency(tmp_path: Path) -> None:
    words = '[error] 12#12: *62 upstream timed out (110: Connection timed out), upstream: "{}", host: "shop.example"'
    own = failing(f"ERROR {words.format('fastcgi://127.0.0.1:9000')}")
    assert sign(tmp_path, "dependency_lost", [*calm(600), *own]).verdict is Verdict.CLEAR
    other = failing(f"ERROR {words.format('http://10.8.0.7:8080/')}")
    assert sign(tmp_path, "dependency_lost", [*calm(600), *other]).verdict is Verdict.FIRED


@pytest.mark.parametrize(
    "words",
    [
        "org.apache.kafka.common.errors.TimeoutException: Expiring 1 record(s) for readings-2:30012 ms has passed",
        "org.apache.kafka.common.errors.NotEnoughReplicasException: Messages are rejected",
        "Received NOT_ENOUGH_REPLICAS for topic-partition readings-5",
    ],
)
def test_kafka_that_takes_nothing_is_a_dependency(tmp_path: Path, words: str) -> None:
    assert sign(tmp_path, "dependency_lost", [*calm(600), *failing(f"ERROR {words}")]).verdict is Verdict.FIRED


POOL = """Traceback (most recent call last):
  File "/code/app/routers/notes.py", line 33, in get_notes
    async with pool.acquire() as held:
  File "/usr/lib/site-packages/asyncpg/pool.py", line 1014, in _acquire
    return await compat.wait_for(
           ^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/site-packages/asyncpg/compat.py", line 61, in wait_for
    return await asyncio.wait_for(fut, timeout)
  File "/usr/lib/python3.12/asyncio/tasks.py", line 519, in wait_for
    async with timeouts.timeout(timeout):
TimeoutError"""
CONNECT = POOL.replace(
    "Traceback",
    'Traceback (most recent call last):\n  File "/x/asyncpg/connect_utils.py", line 9, in _connect\n'
    "asyncio.exceptions.CancelledError\n\n"
    "The above exception was the direct cause of the following exception:\n\nTraceback",
    1,
)
STATEMENT = POOL.replace("asyncpg/pool.py", "asyncpg/connection.py").replace("_acquire", "_do_execute")


@pytest.mark.parametrize(("stack", "n"), [(POOL, 60), (CONNECT, 0), (STATEMENT, 0)])
def test_a_time_out_without_words_is_the_pool_s_by_the_frame_in_which_it_ended(
    tmp_path: Path, stack: str, n: int
) -> None:
    found = sign(tmp_path, "pool_timeouts", [*calm(600), *failing(stack)])
    assert (found.verdict, found.n) == (Verdict.FIRED if n else Verdict.CLEAR, n)


SQLX = "error occurred while acquiring a database connection: pool timed out while waiting for an open connection"
R2D2 = "r2d2: timed out waiting for connection"
ECTO = (
    "** (DBConnection.ConnectionError) connection not available and request was dropped from queue after 1999ms. "
    "This means requests are coming in and your connection pool cannot serve them fast enough."
)


@pytest.mark.parametrize("words", [SQLX, R2D2, ECTO])
def test_the_words_of_the_pools_of_rust_and_elixir(tmp_path: Path, words: str) -> None:
    assert sign(tmp_path, "pool_timeouts", [*calm(600), *failing(f"ERROR {words}")]).n == 60


def test_who_waits_for_the_pool_of_a_server_that_refuses_waits_for_what_it_does_not_give(tmp_path: Path) -> None:
    refused = "ERROR FATAL: sorry, too many clients already"
    half = [said(600.3 + 5 * n, refused if n % 2 else f"ERROR {SQLX}") for n in range(60)]
    found = sign(tmp_path, "db_refuses", [*calm(600), *(request(600 + 5 * n, 500) for n in range(60)), *half])
    assert (found.verdict, found.n, found.share) == (Verdict.FIRED, 30, 1.0)


BUSY = "WARNING: [pool www] server reached pm.max_children setting (5), consider raising it"


def test_workers_that_are_all_busy_are_a_lack_of_capacity(tmp_path: Path) -> None:
    waits = [request(600 + 5 * n, 504, latency=60.0) for n in range(60)]
    lines = [said(600 + 10 * n, BUSY) for n in range(35)]
    found = opened(tmp_path, [*calm(600), *waits, *lines], limits={"max_instances": 1})
    told = next(one for one in found.signs if one.id == "workers_busy")
    assert (told.verdict, told.n, told.share) == (Verdict.FIRED, 35, 1.0)


def test_what_was_said_as_often_before_is_no_news(tmp_path: Path) -> None:
    lines = [said(step, BUSY) for step in range(-3500, 3500, 100)]
    assert sign(tmp_path, "workers_busy", [*calm(), *lines]).verdict is Verdict.CLEAR


def test_every_sign_that_a_cause_stands_on_has_rows_to_open_when_it_was_looked_for(tmp_path: Path) -> None:
    weighed = {name for cause in causes() for name in (*cause.predicted, *cause.against)}
    signs = opened(tmp_path, [*calm(600), *failing("ERROR something went wrong")]).signs
    looked = [one for one in signs if one.id in weighed and one.verdict is not Verdict.NO_DATA]
    assert len(looked) > 15
    assert [one.id for one in looked if one.evidence is None] == []


def test_words_that_the_baseline_has_too_begin_where_it_no_longer_explains_them(tmp_path: Path) -> None:
    usual = [said(seconds, "WARN slow query") for seconds in range(-3500, 3600, 600)]
    grown = [said(1200 + 5 * n, "WARN rates: slow response") for n in range(60)]
    begun = sign(tmp_path, "dependency_slow", [*calm(), *usual, *grown]).time
    assert begun is not None
    assert at(1100) <= begun <= at(1205)
    new = sign(tmp_path, "dependency_slow", [*calm(), said(30, "WARN slow query"), *grown])
    assert new.time == at(30)


def test_without_a_baseline_the_time_well_before_the_failures_shows_what_is_usual(tmp_path: Path) -> None:
    failed = [request(2400 + 5 * n, 500) for n in range(60)]
    always = [said(seconds, "WARN socket rejected: invalid JWT") for seconds in range(30, 3600, 60)]
    refused = [said(2400.03 + 5 * n, "ERROR invalid JWT") for n in range(60)]
    served = [request(step, 200) for step in range(10, 3600, 60)]
    usual = sign(tmp_path, "config_words", [*served, *failed, *always])
    assert (usual.verdict, usual.n, usual.total, usual.missing) == (Verdict.NO_DATA, 60, 30, ("a baseline",))
    assert "of them well before the onset" in usual.says
    grown = sign(tmp_path, "config_words", [*served, *failed, *always[:5], *refused])
    assert (grown.verdict, grown.time) == (Verdict.FIRED, at(2400.03))


def test_waits_for_the_pool_that_any_hour_has_fill_none(tmp_path: Path) -> None:
    wait = "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"
    usual = [said(seconds, f"ERROR {wait}") for seconds in range(-3500, 3600, 600)]
    assert sign(tmp_path, "pool_timeouts", [*calm(), *usual]).verdict is Verdict.CLEAR
    assert sign(tmp_path, "pool_timeouts", [*calm(600), *usual, *failing(f"ERROR {wait}")]).verdict is Verdict.FIRED
