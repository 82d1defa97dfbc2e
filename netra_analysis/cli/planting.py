"""`sample` and `score`: the casebook's planted incidents."""

import argparse
import json
import time

from netra_analysis.cli.said import out, progress
from netra_analysis.errors import RequestError


def sample(asked: argparse.Namespace) -> int:
    from netra_analysis import casebook

    if asked.name is None:
        rows = [{"name": one.name, "title": one.title} for one in casebook.INCIDENTS]
        out(json.dumps(rows, indent=1) if asked.json else "\n".join(f"{r['name']}: {r['title']}" for r in rows))
        return 0
    written = casebook.write(asked.name, asked.out)
    out(json.dumps({"params": str(written)}) if asked.json else f"{written}")
    return 0


def score(asked: argparse.Namespace) -> int:
    from netra_analysis import casebook, score

    if asked.seeds < 1 or asked.jobs < 1:
        raise RequestError(f"--seeds is {asked.seeds} and --jobs {asked.jobs}; give 1 or more of each")
    known = (casebook.DRAWN, casebook.WHOLE, *casebook.STREAMS)
    if asked.records not in known:
        raise RequestError(f"--records is {asked.records!r}; there are {', '.join(known)}")
    began = progress(time.monotonic())
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)

    def told(number: int, total: int) -> None:
        if number % 25 == 0 or number == total:
            began(f"{number} of {total} incidents")

    results = score.run(seeds, asked.only, asked.jobs, told, asked.records)
    found = score.summary(results)
    if asked.json:
        out(json.dumps(found, indent=1))
        return 0
    out("planted incidents; they show which mechanisms are told apart, not how it does on what nobody has planted")
    for name, value in found.items():
        if not isinstance(value, dict):
            out(f"{name}: {value}")
    out("with something missing: " + ", ".join(f"{name} {value}" for name, value in found["degraded"].items()))
    for band, row in found["calibration"].items():
        out(f"score {band}: {row['n']} named, {row['right']} of them rightly")
    out("cause, n, top1, top3")
    for cause, row in found["per_cause"].items():
        out(f"  {cause}, {row['n']}, {row['top1']}, {row['top3']}")
    for name, share in found["twins"].items():
        out(f"twins {name}: {share}, of whole records {found['twins_whole_record'][name]}")
    for cause, said in found["confusion"].items():
        out(f"  {cause}: " + ", ".join(f"{verdict} {n}" for verdict, n in said.items()))
    for result in results:
        if not result.right:
            out(f"  not right: {result.name} seed {result.seed}: {result.cause}, said {result.verdict}")
    return 0
