"""`run`: params files one after the other or side by side, the index over all, one exit code."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from netra_analysis.cli.running import Ended, bucket, one, refused
from netra_analysis.cli.said import out, say
from netra_analysis.errors import RequestError

WORST = (0, 75, 3, 2, 4)  # exit codes of a run, the one that most needs somebody last


def run(asked: argparse.Namespace) -> int:
    if asked.jobs < 1:
        raise RequestError(f"--jobs is {asked.jobs}; give 1 or more")
    asked.params = _chosen(asked)
    results = _in_order(asked) if asked.jobs == 1 or len(asked.params) < 2 else _side_by_side(asked)
    codes = [code for _, code in results]
    if any("folder" in row or code in (3, 4) for row, code in results):  # a failure is told there too
        codes.append(_indexed(asked.out))
    if asked.json:
        out(json.dumps([row for row, _ in results], indent=1))
    else:
        for row, _ in results:
            if "folder" in row:  # a refusal was told on stderr
                _show(row)
    return max(codes, key=WORST.index, default=0)


def _chosen(asked: argparse.Namespace) -> list[Path]:
    """This task's params files, when what is asked of them can be done."""
    from netra_analysis.run import share

    if asked.keep < 0:
        raise RequestError(f"--keep is {asked.keep}; give 0 or more")
    if asked.notify:
        from netra_analysis.run import hook

        hook.checked(asked.notify)
    bucket(asked)  # a wrong address is told before anything runs
    chosen = share.share(share.files(asked.params), os.environ)
    share.distinct(chosen)
    if not chosen:
        say(f"netra-analysis: none of the {len(asked.params)} params files falls to this task; nothing to do")
    return chosen


def _in_order(asked: argparse.Namespace) -> list[Ended]:
    from netra_analysis.run.stopping import Stopped, by_signal

    results = []
    with by_signal() as stop:
        for path in asked.params:
            results.append(refused({"params": str(path)}, Stopped(), 4) if stop.came else one(path, asked))
    return results


def _side_by_side(asked: argparse.Namespace) -> list[Ended]:
    """Each incident in a process of its own, `--jobs` at a time. SIGTERM is passed on, so that each says it failed."""
    from concurrent.futures import ThreadPoolExecutor
    from multiprocessing import active_children

    from netra_analysis.run.stopping import Stopped, by_signal

    with by_signal(), ThreadPoolExecutor(asked.jobs) as threads:
        jobs = [threads.submit(_apart, path, asked) for path in asked.params]
        try:
            return [job.result() for job in jobs]
        except Stopped as stop:
            for job in jobs:
                job.cancel()
            for child in active_children():
                child.terminate()
            said = zip(asked.params, jobs, strict=True)
            return [refused({"params": str(path)}, stop, 4) if job.cancelled() else job.result() for path, job in said]


def _apart(path: Path, asked: argparse.Namespace) -> Ended:
    """One incident in a process that no other shares, so that its death is the end of this incident only."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from netra_analysis.run.forks import end_with_parent

    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as process:
        try:
            return process.submit(_one_alone, path, asked).result()
        except BrokenProcessPool:
            died = RequestError(
                f"{path}: the process that ran it was killed, perhaps for want of memory; run it again with fewer "
                "--jobs or a shorter window"
            )
            return refused({"params": str(path)}, died, 4)


def _one_alone(path: Path, asked: argparse.Namespace) -> Ended:
    from netra_analysis.run.stopping import by_signal

    with by_signal():
        return one(path, asked)


def _indexed(out: Path) -> int:
    """The index written anew; 4 when it cannot be, because an old one would show old states."""
    from netra_analysis.run.index import write_index

    try:
        write_index(out)
    except OSError as error:
        say(f"netra-analysis: {out / 'index.html'} could not be written: {error.strerror or error}; make room there")
        return 4
    return 0


def _show(row: dict[str, Any]) -> None:
    note = f" (partial: only {', '.join(row['only'])})" if row["only"] else ""
    out(f"{row['incident']}: {row['state']}{note}, verdict {row['verdict']}")
    if row["postmortem"]:
        path = Path(row["postmortem"])
        out(f"  {path}\n  {path.resolve().as_uri()}")
        out(f"  what only people know goes into {row['notes']}, which no run overwrites")
    else:
        out(f"  {row['folder']}")
