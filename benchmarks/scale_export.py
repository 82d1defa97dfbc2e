"""A synthetic export of any size for `scale.py`: a sink's Parquet of one busy service, with one incident in it.

Half are requests, half what the application writes about them; 12 instances, 24 routes with ids in most paths, some
preflights and uptime checks, 401s and 404s, a tail of slow answers. The incident is of the same size whatever the
traffic: from 09:00 to 09:10 a pool is exhausted, some 4,000 requests fail with their tracebacks, and three instances
are killed. No line of it was logged by a real service.
"""

import sys
from pathlib import Path
from typing import Final

import duckdb

FAILURES: Final = 4_000
START, HOURS = "2026-03-04 00:00:00", 12.0
WINDOW: Final = ("2026-03-04T06:00:00Z", "2026-03-04T12:00:00Z")
ROWS = """
SELECT i, hash(i) % 1000000 / 1e6 AS r, hash(i * 7 + 1) % 1000000 / 1e6 AS s, hash(i * 3 + 2) % 12 AS box,
  i // 2 % 24 AS kind, i // 2 AS pair, TIMESTAMPTZ '{start}+00' + to_microseconds(CAST(i * {step} AS BIGINT)) AS ts,
  i * {step} >= 9 * 3600e6 AND i * {step} < 9.1667 * 3600e6 AND hash(i // 2 * 11 + 5) % 1000000 < {bad} * 1e6 AS bad
FROM range({first}, {last}) AS t(i)
"""
COMMON = """
  struct_pack("type" := 'cloud_run_revision', labels := struct_pack(revision_name := 'shop-00042-abc',
    project_id := 'p', location := 'us-central1', service_name := 'shop')) AS resource,
  ts AS timestamp, ts + INTERVAL 1 SECOND AS "receiveTimestamp", left(md5('id' || i), 20) AS "insertId",
  'projects/p/traces/' || md5('trace' || pair) AS trace, left(md5('span' || i), 16) AS "spanId",
  struct_pack(instanceid := '0051' || md5('box' || hash(pair * 3 + 2) % 12)) AS labels
"""
REQUESTS = """
SELECT 'projects/p/logs/run.googleapis.com%2Frequests' AS "logName", {common},
  CASE WHEN status >= 500 THEN 'ERROR' WHEN status >= 400 THEN 'WARNING' ELSE 'INFO' END AS severity,
  struct_pack("requestMethod" := method, "requestUrl" := 'https://shop.example' || path, status := status,
    latency := CASE WHEN bad THEN 30.0 + r ELSE 0.02 + r * 0.05 + CASE WHEN s < 0.01 THEN s * 200 ELSE 0 END END,
    "userAgent" := CASE WHEN kind = 23 THEN 'GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com)'
      ELSE 'Mozilla/5.0 (X11; Linux x86_64) Chrome/' || (hash(i * 5) % 300)
      || '.0.' || (hash(i * 13) % 6000) || '.124 Safari/537.36' END, protocol := 'HTTP/1.1',
    "remoteIp" := '198.' || (18 + i % 2) || '.' || (hash(i * 17) % 250) || '.' || (hash(i * 19) % 250),
    "serverIp" := '192.0.2.' || (hash(i * 23) % 50), "requestSize" := 700 + hash(i * 29) % 900,
    "responseSize" := 300 + hash(i * 31) % 90000)
    AS "httpRequest"
FROM (SELECT *, {path} AS path, {method} AS method, {status} AS status FROM ({rows}) WHERE i % 2 = 0)
"""
LINES = """
SELECT 'projects/p/logs/run.googleapis.com%2Fstdout' AS "logName", {common}, CAST(NULL AS VARCHAR) AS severity,
  CASE WHEN bad THEN 'sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed '
      || 'out, timeout 30.00'
    WHEN r < 0.8 THEN 'INFO:     169.254.1.1:' || (hash(i * 37) % 60000) || ' - "' || {method} || ' ' || {path}
      || ' HTTP/1.1" ' || {status} || ' OK'
    WHEN r < 0.999 THEN 'INFO order ' || left(md5('order' || i), 12) || ' fetched for customer '
      || (hash(i * 41) % 1000003) || ' with ' || (hash(i * 43) % 9) || ' items in ' || (hash(i * 47) % 90) || ' ms'
    ELSE 'WARNING cache miss for key ' || i END AS "textPayload"
FROM ({rows}) WHERE i % 2 = 1
"""
SYSTEM = """
SELECT 'projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem' AS "logName", {common}, 'ERROR' AS severity,
  'Memory limit of 512 MiB exceeded with 53' || i || ' MiB used. Consider increasing the memory limit, see '
    || 'https://cloud.google.com/run/docs/configuring/memory-limits' AS "textPayload"
FROM (SELECT 10 * i + 1 AS i, i AS pair,
  TIMESTAMPTZ '{start}+00' + to_microseconds(CAST((9 + i / 20) * 3600e6 AS BIGINT)) AS ts FROM range(1, 4) AS t(i))
"""
NAMES = (
    "['carts', 'orders', 'users', 'items', 'prices', 'stocks', 'images', 'offers', 'shops', 'taxes', 'bills', 'tours']"
)
PATH = f"""CASE WHEN kind = 23 THEN '/health' WHEN s > 0.999 THEN '/wp-login.php' WHEN kind < 12
  THEN '/api/' || {NAMES}[kind + 1] || '/' || (hash(pair) % 100003) ELSE '/api/' || {NAMES}[kind - 11] END"""
METHOD = "CASE WHEN kind = 22 THEN 'OPTIONS' WHEN kind % 5 = 4 THEN 'POST' ELSE 'GET' END"
STATUS = "CASE WHEN bad THEN 500 WHEN s > 0.999 THEN 404 WHEN s > 0.997 THEN 401 WHEN s < 0.00001 THEN 502 ELSE 200 END"
PART: Final = 10_000_000  # entries a file, so that memory here does not follow the size


def export(folder: Path, entries: int) -> None:
    """Writes about `entries` entries of twelve hours into `folder`, in the schema of a log sink's tables."""
    folder.mkdir(parents=True)
    engine = duckdb.connect()
    engine.execute("SET threads = 2; SET memory_limit = '1GB'; SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    share = min(1.0, FAILURES / (entries / 2 * (10 / 60) / HOURS))
    for number, first in enumerate(range(0, entries, PART)):
        last, step = min(first + PART, entries), HOURS * 3600e6 / entries
        rows = ROWS.format(start=START, step=step, first=first, last=last, bad=share)
        for name, text in (("requests", REQUESTS), ("stdout", LINES)):
            sql = text.format(common=COMMON, rows=rows, path=PATH, method=METHOD, status=STATUS)
            file = folder / f"run_googleapis_com_{name}_{number:03}.parquet"
            engine.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    sql = SYSTEM.format(common=COMMON, start=START)
    engine.execute(f"COPY ({sql}) TO '{folder / 'run_googleapis_com_varlog_system.parquet'}' (FORMAT parquet)")


if __name__ == "__main__":
    export(Path(sys.argv[1]), int(sys.argv[2]))
