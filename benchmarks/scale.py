"""How long an investigation of a large export takes and how much memory, beside the least that reading it costs.

Three parts a size, each in a process of its own: ours (entries to tables, then all detectors, then signs, causes and
measures), the floor (DuckDB scanning the same columns once), and pandas reading the same files. The machine
may be shared, so the ratios say more than the times; processor seconds are told beside the clock's.

    python benchmarks/scale.py [ENTRIES … | FOLDER …]    default 1,000,000 and 10,000,000; a folder is one made before
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from scale_export import WINDOW, export

from netra_analysis.sources.room import memory

PANDAS_TIMES = 25  # what pandas takes, as a multiple of the files; where that is more than there is, it is not tried
ROOT = Path(__file__).resolve().parents[1]  # runs from a checkout, installed or not
USED = """
import json, resource, sys, time
from pathlib import Path
began = time.monotonic()
def done(**more):
    used = resource.getrusage(resource.RUSAGE_SELF)
    said = {"seconds": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime, "mib": used.ru_maxrss / 1024}
    print(json.dumps({**said, **more}))
path = Path(sys.argv[1])
"""
OURS = (
    USED
    + """
import netra_analysis
from netra_analysis import measures
incident = netra_analysis.open(path)
done(step="tables", kept=incident.tables.entries.num_rows, of=incident.tables.coverage.loaded)
failed, crashes = incident.findings["failed_requests"].proof.num_rows, incident.findings["crashes"].proof.num_rows
done(step="and detectors", failed=failed, deaths=crashes)
top = incident.judgements[0]
for _, measure in measures.ALL:
    measure(incident.tables, incident.settings, incident.findings)
done(step="and signs, causes, measures", cause=top.cause.id, status=str(top.status))
"""
)
FLOOR = (
    USED  # noqa: S608 (the text is ours)
    + """
import duckdb
engine = duckdb.connect()
engine.execute("SET threads = 2; SET enable_progress_bar = false")
for file in sorted(path.glob("*.parquet")):
    engine.sql("SELECT bit_xor(hash(t)) FROM read_parquet($file) AS t", params={"file": str(file)}).fetchall()
done()
"""
)
PANDAS = (
    USED
    + """
import pandas as pd
frames = [pd.read_parquet(file) for file in sorted(path.glob("*.parquet"))]
done()
"""
)


def measured(code: str, path: Path) -> list[dict[str, object]]:
    """What the process said, line by line; nothing where it was killed."""
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (ourselves)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with {done.returncode}"]
        sys.stdout.write(f"  {last[0]}\n")
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(folder: Path, pandas: bool) -> None:
    start, end = WINDOW
    asked = {"incident": "scale", "project": "p", "service": "shop", "start": start, "end": end}
    params = folder.parent / f"{folder.name}.yaml"
    params.write_text(json.dumps({**asked, "source": f"file:{folder.name}", "metrics": "none", "synthetic": True}))
    for name, code, path in (("floor", FLOOR, folder), ("ours", OURS, params), ("pandas", PANDAS, folder)):
        if name == "pandas" and not pandas:
            continue
        for said in measured(code, path):
            more = {key: value for key, value in said.items() if key not in ("seconds", "cpu", "mib")}
            words = ", ".join(f"{k} {v:,.1f}" if isinstance(v, float) else f"{k} {v}" for k, v in more.items())
            used = f"{said['seconds']:8.1f} s {said['cpu']:8.1f} s of processors {said['mib']:8,.0f} MiB"
            line = f"  {name:7}{used}  {words}"
            sys.stdout.write(line.rstrip() + "\n")
            sys.stdout.flush()


def main() -> None:
    for asked in sys.argv[1:] or ["1000000", "10000000"]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(asked)
            if not folder.is_dir():
                folder = Path(scratch) / "export"
                export(folder, int(asked))
            sys.stdout.write(f"{asked} entries\n")
            size = sum(file.stat().st_size for file in folder.iterdir())
            table(folder.resolve(), pandas=PANDAS_TIMES * size < memory())


if __name__ == "__main__":
    main()
