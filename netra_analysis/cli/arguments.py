"""The command line as it is written: commands, their options, times and lengths of time."""

import argparse
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from netra_analysis.cli import batch, looking, planting
from netra_analysis.errors import RequestError
from netra_analysis.window import utc


def parser() -> argparse.ArgumentParser:
    """Reads a command line into a namespace whose `command` is the function to call with it."""
    made = argparse.ArgumentParser(
        prog="netra-analysis",
        description="Investigates incidents of Cloud Run services, with evidence for every sentence.",
        epilog="Exit codes: 0 done, 2 the request is wrong, 3 the source cannot be read or refuses, 4 a notebook or "
        "the report failed, 5 verify found a difference, 75 another run of this incident holds its lock; of several "
        "incidents the worst: 4, 2, 3, 75, 0.",
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for adds in (_run, _check, _sample, _score, _verify, _age):
        adds(commands)
    return made


def _command(
    commands: Any, name: str, does: Callable[[argparse.Namespace], int], help_: str, *examples: str
) -> argparse.ArgumentParser:
    shown = "\n".join(f"  netra-analysis {name} {example}" for example in examples)
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=f"example:\n{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="print the result as JSON")
    made.set_defaults(command=does)
    return made


def _run(commands: Any) -> None:
    run = _command(
        commands,
        "run",
        batch.run,
        "loads, freezes, runs the notebooks and publishes the report",
        "params/staging-2025-09-02.yaml --out reports",
        "params --jobs 2 --keep 14 --now day --resume --notify 'sh notify.sh'",
    )
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


def _check(commands: Any) -> None:
    check = _command(
        commands,
        "check",
        looking.check,
        "validates parameters, reaches the source, prints coverage and cost",
        "params/staging-2025-09-02.yaml --json",
    )
    check.add_argument("params", type=Path, metavar="PARAMS.yaml")


def _sample(commands: Any) -> None:
    sample = _command(
        commands,
        "sample",
        planting.sample,
        "lists the casebook's planted incidents, or writes one",
        "staging-2025-09-02 --out sample",
    )
    sample.add_argument("name", nargs="?", metavar="NAME", help="without a name the incidents are listed")
    sample.add_argument("--out", type=Path, default=Path("sample"), metavar="DIR", help="default: sample/")


def _score(commands: Any) -> None:
    score = _command(
        commands,
        "score",
        planting.score,
        "plants the casebook's incidents and prints the suite's own accuracy",
        "--seeds 5 --json",
        "--seeds 4 --records whole",
    )
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


def _verify(commands: Any) -> None:
    verify = _command(
        commands,
        "verify",
        looking.verify,
        "computes every claim of a report again, offline",
        "reports/staging-2025-09-02",
    )
    verify.add_argument("folder", type=Path, metavar="DIR/INCIDENT")


def _age(commands: Any) -> None:
    age = _command(
        commands,
        "age",
        looking.age,
        "says whether a report is fresh; exit code 5 when it is stale",
        "reports/staging-2025-09-02 --max 26h",
    )
    age.add_argument("folder", type=Path, metavar="DIR/INCIDENT")
    age.add_argument("--max", type=_duration, metavar="26h", help="stale, too, when its window ended longer ago")
    age.add_argument("--now", type=_moment, metavar="TIME", help="as of this time (default: now)")


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
