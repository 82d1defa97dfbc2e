"""How long a load takes and how much memory, by what the export holds and by what is asked about.

Writes a sink's Parquet of a day (requests and application lines of six services, a burst of failures in it) and
loads two hours of one service, then everything of a smaller export, each in a process of its own. All that is asked
about is kept: what thinning does is measured by `scale.py`.

    python benchmarks/load_scale.py [ROWS, default 10,000,000]
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]  # runs from a checkout, installed or not
BURST = "(i > {rows} * 0.9 AND i < {rows} * 0.905)"
ROWS = """
SELECT i, hash(i) % 1000000 / 1e6 AS r, i % 10 AS kind,
  make_timestamptz(2026, 3, 4, 0, 0, 0.0) + to_microseconds(CAST(i * {step} AS BIGINT)) AS ts,
  CASE WHEN hash(i * 7 + 1) % 1000 < {share} THEN 'shop' ELSE 'other-' || (hash(i * 7 + 1) % 5) END AS service
FROM range({rows}) AS t(i)
"""
COMMON = """
  struct_pack("type" := 'cloud_run_revision', labels := struct_pack(revision_name := service || '-00001-abc',
    project_id := 'p', location := 'us-central1', service_name := service)) AS resource,
  ts AS timestamp, ts + INTERVAL 1 SECOND AS "receiveTimestamp", lpad(printf('%x', i), 24, '0') AS "insertId",
  struct_pack(instanceid := 'inst' || lpad(CAST(hash(i * 3) % 20 AS VARCHAR), 60, '0')) AS labels
"""
REQUESTS = """
SELECT 'projects/p/logs/run.googleapis.com%2Frequests' AS "logName", {common},
  CASE WHEN bad THEN 'ERROR' ELSE 'INFO' END AS severity, 'projects/p/traces/' || md5(CAST(i AS VARCHAR)) AS trace,
  struct_pack("requestMethod" := 'GET', "requestUrl" := 'https://shop.example/api/orders/' || (i % 100000),
    status := CASE WHEN bad THEN 500 ELSE 200 END, latency := 0.02 + r * 0.2,
    "userAgent" := 'Mozilla/5.0 (X11; Linux x86_64) Chrome/' || (i % 300), "remoteIp" := '192.0.2.' || (i % 250),
    "requestSize" := 700 + i % 90, "responseSize" := 300 + i % 900) AS "httpRequest"
FROM (SELECT *, (r < 0.3 AND {burst}) OR r < 0.00005 AS bad FROM ({rows})) WHERE kind < 5
"""
LINES = """
SELECT 'projects/p/logs/run.googleapis.com%2Fstdout' AS "logName", {common}, CAST(NULL AS VARCHAR) AS severity,
  CASE WHEN kind < 9 THEN 'INFO:     10.0.0.9:0 - "GET /api/orders/' || (i % 100000) || ' HTTP/1.1" 200 OK'
    WHEN r < 0.2 AND {burst} THEN 'ERROR QueuePool limit of size 5 overflow 10 reached, connection timed out'
    ELSE 'INFO order ' || i || ' fetched' END AS "textPayload"
FROM ({rows}) WHERE kind >= 5
"""
LOAD = """
import json, resource, sys, time
from pathlib import Path
from netra_analysis import params, tables
began = time.monotonic()
path = Path(sys.argv[1])
held = tables.from_params(params.load(path), path.parent)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
coverage = held.coverage
print(json.dumps([coverage.entries, held.entries.num_rows, time.monotonic() - began, peak]))
"""


def export(folder: Path, rows: int, share: int, hours: float) -> None:
    folder.mkdir()
    engine = duckdb.connect()
    engine.execute("SET threads = 2; SET memory_limit = '1GB'; SET preserve_insertion_order = false")
    made = ROWS.format(rows=rows, share=share, step=hours * 3600e6 / rows)
    for name, text in (("run_googleapis_com_requests", REQUESTS), ("run_googleapis_com_stdout", LINES)):
        sql = text.format(common=COMMON, burst=BURST.format(rows=rows), rows=made)
        engine.execute(f"COPY ({sql}) TO '{folder / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")


def load(folder: Path, start: str, end: str) -> None:
    asked = {"incident": "scale", "project": "p", "service": "shop", "start": start, "end": end}
    path = folder.parent / f"{folder.name}.yaml"
    path.write_text(
        json.dumps({**asked, "source": f"file:{folder.name}", "synthetic": True, "budget": {"entries": 10**9}})
    )
    command = [sys.executable, "-c", LOAD, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (ourselves)
    if done.returncode:
        sys.stdout.write(done.stderr.strip().splitlines()[-1] + "\n")
        return
    read, kept, seconds, peak = json.loads(done.stdout)
    sys.stdout.write(f"{read:,} entries read, {kept:,} asked about: {seconds:.0f} s, peak {peak:,.0f} MiB\n")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        export(Path(folder) / "day", rows, share=250, hours=24)
        load(Path(folder) / "day", "2026-03-04T21:00:00Z", "2026-03-04T22:00:00Z")
        export(Path(folder) / "all", rows // 10, share=1000, hours=3)
        load(Path(folder) / "all", "2026-03-04T01:30:00Z", "2026-03-04T03:00:00Z")


if __name__ == "__main__":
    main()
