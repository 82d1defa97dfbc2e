"""The command line: results on stdout, progress on stderr, one sentence and an exit code for a mistake."""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from netra_analysis.errors import NetraAnalysisError, RequestError
from netra_analysis.window import utc

if TYPE_CHECKING:
    from netra_analysis.run.lock import Lock

WORST = (0, 75, 3, 2, 4)  # exit codes of a run, the one that most needs somebody last


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits with its code (0, 2, 3, 4, 5 or 75; see `errors`)."""
    try:
        asked = _asked(arguments)
        code = asked.command(asked)
    except NetraAnalysisError as error:
        _say(f"netra-analysis: {error}")
        code = error.exit_code
    except BrokenPipeError:
        _drop_stdout()
        code = 0
    except MemoryError:
        _say("netra-analysis: there was not enough memory; give it more, or ask for a shorter window")
        code = 4
    except KeyboardInterrupt:
        _say("netra-analysis: stopped by the user; nothing was published")
        code = 130
    sys.exit(code)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, read. Help is written by argparse itself, which ends the process then."""
    try:
        return _parser().parse_args(arguments)
    except SystemExit:
        _flush()
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netra-analysis",
        description="Investigates incidents of Cloud Run services, with evidence for every sentence.",
        epilog="Exit codes: 0 done, 2 the request is wrong, 3 the source cannot be read or refuses, 4 a notebook or "
        "the report failed, 5 verify found a difference, 75 another run of this incident holds its lock; of several "
        "incidents the worst: 4, 2, 3, 75, 0.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _command(commands, "run", _run, "loads, freezes, runs the notebooks and publishes the report", [
        "netra-analysis run params/staging-2025-09-02.yaml --out reports",
        "netra-analysis run params --jobs 2 --keep 14 --now day --resume --notify 'sh notify.sh'",
    ])  # fmt: skip
    run.add_argument(
        "params", nargs="+", type=Path, metavar="PARAMS.yaml", help="one file per incident, or folders of such"
    )
    run.add_argument("--out", type=Path, default=Path("reports"), metavar="DIR", help="default: reports/")
    run.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="only these notebooks, such as 10 or 10_crash"
    )
    run.add_argument("--jobs", type=int, default=1, metavar="N", help="incidents at a time (default 1)")
    run.add_argument(
        "--now",
        type=_moment,
        metavar="TIME",
        help="when a relative window ends: a time, `hour` or `day` for the last full one (default: now)",
    )
    run.add_argument("--keep", type=int, default=0, metavar="N", help="earlier reports to keep of each incident")
    run.add_argument("--resume", action="store_true", help="pass over what is done for exactly these parameters")
    run.add_argument("--static", action="store_true", help="pages with still pictures and no script at all")
    run.add_argument("--copy-to", metavar="gs://BUCKET/PREFIX", help="copy each published report there")
    run.add_argument(
        "--notify",
        metavar="WHOM",
        default=os.environ.get("NETRA_ANALYSIS_NOTIFY", ""),
        help="a command that gets JSON on stdin, or an https address; default: $NETRA_ANALYSIS_NOTIFY, else nobody",
    )
    check = _command(commands, "check", _check, "validates parameters, reaches the source, prints coverage and cost", [
        "netra-analysis check params/staging-2025-09-02.yaml --json",
    ])  # fmt: skip
    check.add_argument("params", type=Path, metavar="PARAMS.yaml")
    sample = _command(commands, "sample", _sample, "lists the casebook's planted incidents, or writes one", [
        "netra-analysis sample staging-2025-09-02 --out sample",
    ])  # fmt: skip
    sample.add_argument("name", nargs="?", metavar="NAME", help="without a name the incidents are listed")
    sample.add_argument("--out", type=Path, default=Path("sample"), metavar="DIR", help="default: sample/")
    score = _command(commands, "score", _score, "plants the casebook's incidents and prints the suite's own accuracy", [
        "netra-analysis score --seeds 5 --json",
    ])  # fmt: skip
    score.add_argument("--seeds", type=int, default=3, metavar="N", help="courses of each incident (default 3)")
    score.add_argument("--first-seed", type=int, default=1001, metavar="N", help="default 1001: none that tests use")
    score.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these incidents")
    score.add_argument(
        "--records",
        default="drawn",
        metavar="HOW",
        help="drawn: as each seed draws what is missing "
        "(default); whole; or the stream that all lack: metrics, requests, system, audit",
    )
    score.add_argument("--jobs", type=int, default=2, metavar="N", help="incidents at a time (default 2)")
    verify = _command(commands, "verify", _verify, "computes every claim of a report again, offline", [
        "netra-analysis verify reports/staging-2025-09-02",
    ])  # fmt: skip
    verify.add_argument("folder", type=Path, metavar="DIR/INCIDENT")
    age = _command(commands, "age", _age, "says whether a report is fresh; exit code 5 when it is stale", [
        "netra-analysis age reports/staging-2025-09-02 --max 26h",
    ])  # fmt: skip
    age.add_argument("folder", type=Path, metavar="DIR/INCIDENT")
    age.add_argument("--max", type=_duration, metavar="26h", help="stale, too, when its window ended longer ago")
    age.add_argument("--now", type=_moment, metavar="TIME", help="as of this time (default: now)")
    return parser


def _command(
    commands: Any, name: str, does: Callable[[argparse.Namespace], int], help_: str, examples: list[str]
) -> argparse.ArgumentParser:
    shown = "\n".join(f"  {example}" for example in examples)
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=f"example:\n{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(command=does)
    return parser


def _say(text: str) -> None:
    """One line of progress or of an error, its control characters made visible: it may hold text from a log."""
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    print(safe, file=sys.stderr, flush=True)  # noqa: T201


def _out(text: str) -> None:
    """One line of the result, or several, control and bidi characters written out as JSON would write them.

    Written at once, so that a full disk is told here and not when Python ends.
    """
    safe = "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)
    with _writing():
        print(safe, flush=True)  # noqa: T201


def _flush() -> None:
    with _writing():
        if sys.stdout:  # there is none where the caller closed it
            sys.stdout.flush()


@contextmanager
def _writing() -> Iterator[None]:
    """What the standard output refuses, as a request that cannot be met; a reader that left is no mistake."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_stdout()
        raise RequestError(
            f"cannot write the result to the standard output: {error.strerror or error}; send it to a place with room"
        ) from error


def _drop_stdout() -> None:
    """What is still unwritten goes nowhere, so that Python does not fail on it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _moment(text: str) -> datetime:
    """A time of the command line."""
    full = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    if text in ("hour", "day"):
        return full if text == "hour" else full.replace(hour=0)
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, RequestError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write it as 2025-09-02T12:00:00Z, hour or day"
        ) from error


def _duration(text: str) -> timedelta:
    """A length of time of the command line."""
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write it as 90m, 26h or 7d")
    return int(match[1]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[match[2]]


def _progress(began: float) -> Callable[[str], None]:
    return lambda text: _say(f"[{time.monotonic() - began:6.1f} s] {text}")


def _one(path: Path, asked: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """One params file through the main job, and whoever wants to know told of its end."""
    row, code = _ran(path, asked)
    if asked.notify:
        from netra_analysis.run import history, hook

        row["notified"] = hook.told(asked.notify, {**row, "exit_code": code})
        history.noted(asked.out, row.get("incident"), "notified", row["notified"])
        if row["notified"] != "ok":
            _say(f"netra-analysis: nobody was notified: {row['notified']}")
    return row, code


def _ran(path: Path, how: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """One params file through the main job; a mistake in it must not keep others from running."""
    from netra_analysis.run.lock import taken_early
    from netra_analysis.run.stopping import Stopped

    row: dict[str, Any] = {"params": str(path)}
    try:
        with taken_early(how.out, path) as lock:  # before all that is slow to import: a second starter is gone at once
            return _worked(path, how, row, lock)
    except NetraAnalysisError as error:
        return _refused(row, error, error.exit_code)
    except Stopped as error:
        return _refused(row, error, 4)


def _worked(
    path: Path, how: argparse.Namespace, row: dict[str, Any], lock: "Lock | None"
) -> tuple[dict[str, Any], int]:
    from netra_analysis import params

    asked, now = params.load(path), how.now or datetime.now(UTC)
    row["incident"] = asked.incident
    fixed = asked.resolved(now)
    from netra_analysis.run.finished import finished  # heavy, so only after the request is known to be right
    from netra_analysis.run.job import run

    if how.resume and (state := finished(how.out, fixed, how.only)):
        _say(f"netra-analysis: {asked.incident}: done already, at {state.get('finished')}")
        return row | _shown_again(how.out / asked.incident, state), 0
    bucket, told = _bucket(how), _progress(time.monotonic())
    if bucket:
        bucket.fetch(how.out, asked.incident)
    kept = {"now": now, "keep": how.keep, "static": how.static, "lock": lock}
    done = run(asked, path.parent, how.out, how.only, told, **kept)
    if bucket:
        row["copied"] = bucket.send(done.folder)
    for fault in done.failed:
        _say(f"netra-analysis: {done.incident}: {fault}")
    row |= {
        "state": done.state,
        "verdict": done.verdict,
        "folder": str(done.folder),
        "postmortem": str(done.postmortem) if done.postmortem else None,
        "notes": str(done.notes),
        "failed": list(done.failed),
        "only": list(done.only),
        "again": False,
    }
    return row, 4 if done.failed else 0


def _bucket(how: argparse.Namespace) -> Any:
    """Where copies of the reports go; None where they go nowhere."""
    if not how.copy_to:
        return None
    from netra_analysis.run.bucket import opened

    return opened(how.copy_to)


def _shown_again(folder: Path, state: Mapping[str, Any]) -> dict[str, Any]:
    """What `run` says of a report that was there already."""
    from netra_analysis.run.people import notes_path

    page = folder / "postmortem.html"
    return {
        "state": state["state"],
        "verdict": state.get("verdict"),
        "folder": str(folder),
        "postmortem": str(page) if page.is_file() else None,
        "notes": str(notes_path(folder.parent, folder.name)),
        "failed": [],
        "only": state.get("only", []),
        "again": True,
    }


def _refused(row: dict[str, Any], error: BaseException, code: int) -> tuple[dict[str, Any], int]:
    _say(f"netra-analysis: {error}")
    return row | {"state": "refused", "why": str(error)}, code


def _run(asked: argparse.Namespace) -> int:
    if asked.jobs < 1:
        raise RequestError(f"--jobs is {asked.jobs}; give 1 or more")
    asked.params = _chosen(asked)
    results = _in_order(asked) if asked.jobs == 1 or len(asked.params) < 2 else _side_by_side(asked)
    codes = [code for _, code in results]
    if any("folder" in row or code in (3, 4) for row, code in results):  # a failure is told there too
        codes.append(_indexed(asked.out))
    if asked.json:
        _out(json.dumps([row for row, _ in results], indent=1))
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
    _bucket(asked)  # a wrong address is told before anything runs
    chosen = share.share(share.files(asked.params), os.environ)
    share.distinct(chosen)
    if not chosen:
        _say(f"netra-analysis: none of the {len(asked.params)} params files falls to this task; nothing to do")
    return chosen


def _in_order(asked: argparse.Namespace) -> list[tuple[dict[str, Any], int]]:
    from netra_analysis.run.stopping import Stopped, by_signal

    results = []
    with by_signal() as stop:
        for path in asked.params:
            results.append(_refused({"params": str(path)}, Stopped(), 4) if stop.came else _one(path, asked))
    return results


def _side_by_side(asked: argparse.Namespace) -> list[tuple[dict[str, Any], int]]:
    """Each incident in a process of its own, `--jobs` at a time. SIGTERM is passed on, so that each says it failed."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    from netra_analysis.run.forks import end_with_parent
    from netra_analysis.run.stopping import Stopped, by_signal

    with by_signal(), ProcessPoolExecutor(asked.jobs, get_context("spawn"), end_with_parent) as pool:
        jobs = [pool.submit(_one_alone, path, asked) for path in asked.params]
        try:
            return [job.result() for job in jobs]
        except Stopped as stop:
            for job in jobs:
                job.cancel()
            for child in active_children():
                child.terminate()
            said = zip(asked.params, jobs, strict=True)
            return [_refused({"params": str(path)}, stop, 4) if job.cancelled() else job.result() for path, job in said]


def _one_alone(path: Path, asked: argparse.Namespace) -> tuple[dict[str, Any], int]:
    from netra_analysis.run.stopping import by_signal

    with by_signal():
        return _one(path, asked)


def _indexed(out: Path) -> int:
    """The index written anew; 4 when it cannot be, because an old one would show old states."""
    from netra_analysis.run.index import write_index

    try:
        write_index(out)
    except OSError as error:
        _say(f"netra-analysis: {out / 'index.html'} could not be written: {error.strerror or error}; make room there")
        return 4
    return 0


def _show(row: dict[str, Any]) -> None:
    note = f" (partial: only {', '.join(row['only'])})" if row["only"] else ""
    _out(f"{row['incident']}: {row['state']}{note}, verdict {row['verdict']}")
    if row["postmortem"]:
        path = Path(row["postmortem"])
        _out(f"  {path}\n  {path.resolve().as_uri()}")
        _out(f"  what only people know goes into {row['notes']}, which no run overwrites")
    else:
        _out(f"  {row['folder']}")


def _check(asked: argparse.Namespace) -> int:
    from netra_analysis import params, tables
    from netra_analysis.sources.scan import human, said_cost

    wanted = params.load(asked.params).resolved(datetime.now(UTC))
    began = _progress(time.monotonic())
    coverage = tables.looked_at(wanted, asked.params.parent, lambda name, n: began(f"{name}: {n:,} entries"), began)
    result = coverage.to_json()
    if coverage.scans:
        result["cost"]["queries"] = [{"name": scan["name"], "bytes": scan["estimate"]} for scan in coverage.scans]
    if asked.json:
        _out(json.dumps(result, indent=1))
        return 0
    lost = sum(result["quarantined"].values())
    _out(f"{wanted.incident}: {wanted.service}, {wanted.asked}, compared with {wanted.before}")
    _out(
        f"entries: {result['entries']:,} = {result['loaded']:,} loaded + {result['duplicates']:,} duplicates "
        f"+ {lost:,} quarantined"
    )
    for reason, number in result["quarantined"].items():
        _out(f"  quarantined, {reason}: {number:,}")
    for name, stream in result["streams"].items():
        _out(f"stream {name}: {stream['rows']:,} rows, {stream['first']} to {stream['last']}")
    _out("services: " + ", ".join(f"{name or '(none)'} {n:,}" for name, n in result["services"].items()))
    for spot in result["blind_spots"]:
        _out(f"blind spot: {spot}")
    for warning in result["warnings"]:
        _out(f"warning: {warning}")
    for query in result["cost"].get("queries", ()):
        _out(f"query: {query['name']}: {human(query['bytes'])}")
    _out(
        f"cost: {said_cost(coverage.cost['bytes'], wanted.budget.bytes)}"
        if coverage.scans
        else "cost: nothing is scanned"
    )
    return 0


def _sample(asked: argparse.Namespace) -> int:
    from netra_analysis import casebook

    if asked.name is None:
        rows = [{"name": one.name, "title": one.title} for one in casebook.INCIDENTS]
        _out(json.dumps(rows, indent=1) if asked.json else "\n".join(f"{r['name']}: {r['title']}" for r in rows))
        return 0
    written = casebook.write(asked.name, asked.out)
    _out(json.dumps({"params": str(written)}) if asked.json else f"{written}")
    return 0


def _score(asked: argparse.Namespace) -> int:
    from netra_analysis import casebook, score

    if asked.seeds < 1 or asked.jobs < 1:
        raise RequestError(f"--seeds is {asked.seeds} and --jobs {asked.jobs}; give 1 or more of each")
    known = (casebook.DRAWN, casebook.WHOLE, *casebook.STREAMS)
    if asked.records not in known:
        raise RequestError(f"--records is {asked.records!r}; there are {', '.join(known)}")
    began = _progress(time.monotonic())
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)

    def told(number: int, total: int) -> None:
        if number % 25 == 0 or number == total:
            began(f"{number} of {total} incidents")

    results = score.run(seeds, asked.only, asked.jobs, told, asked.records)
    found = score.summary(results)
    if asked.json:
        _out(json.dumps(found, indent=1))
        return 0
    _out("planted incidents; they show which mechanisms are told apart, not how it does on what nobody has planted")
    for name, value in found.items():
        if not isinstance(value, dict):
            _out(f"{name}: {value}")
    _out("with something missing: " + ", ".join(f"{name} {value}" for name, value in found["degraded"].items()))
    for band, row in found["calibration"].items():
        _out(f"score {band}: {row['n']} named, {row['right']} of them rightly")
    _out("cause, n, top1, top3")
    for cause, row in found["per_cause"].items():
        _out(f"  {cause}, {row['n']}, {row['top1']}, {row['top3']}")
    for name, share in found["twins"].items():
        _out(f"twins {name}: {share}, of whole records {found['twins_whole_record'][name]}")
    for cause, said in found["confusion"].items():
        _out(f"  {cause}: " + ", ".join(f"{verdict} {n}" for verdict, n in said.items()))
    for result in results:
        if not result.right:
            _out(f"  not right: {result.name} seed {result.seed}: {result.cause}, said {result.verdict}")
    return 0


def _verify(asked: argparse.Namespace) -> int:
    from netra_analysis.run.verify import verify

    differing = verify(asked.folder)
    if asked.json:
        _out(json.dumps({"folder": str(asked.folder), "differences": differing}, indent=1))  # \u for what no text holds
    elif differing:
        for line in differing:
            _say(f"netra-analysis: {line}")
        _out(f"{asked.folder}: {len(differing)} difference{'s' if len(differing) > 1 else ''}")
    else:
        _out(f"{asked.folder}: every claim was computed again from the capsule and is the same")
    return 5 if differing else 0


def _age(asked: argparse.Namespace) -> int:
    from netra_analysis.run import freshness

    state, reasons = (
        freshness.state_of(asked.folder),
        freshness.stale(asked.folder, asked.now or datetime.now(UTC), asked.max),
    )
    told = {name: state.get(name) for name in ("state", "finished", "data_until", "settled_until", "expires")}
    if asked.json:
        _out(json.dumps({"folder": str(asked.folder), "stale": reasons, **told}, indent=1))
    else:
        known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value)
        _out(f"{asked.folder}: {'stale: ' + '; '.join(reasons) if reasons else 'fresh'} ({known})")
    return 5 if reasons else 0


if __name__ == "__main__":
    main()
