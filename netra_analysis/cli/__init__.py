"""The command line: results on stdout, progress on stderr, one sentence and an exit code for a mistake."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from netra_analysis.cli.arguments import parser
from netra_analysis.cli.said import drop_stdout, flush, say
from netra_analysis.errors import NetraAnalysisError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits with its code (0, 2, 3, 4, 5 or 75; see `errors`)."""
    try:
        asked = _asked(arguments)
        code = asked.command(asked)
    except NetraAnalysisError as error:
        say(f"netra-analysis: {error}")
        code = error.exit_code
    except BrokenPipeError:
        drop_stdout()
        code = 0
    except MemoryError:
        say("netra-analysis: there was not enough memory; give it more, or ask for a shorter window")
        code = 4
    except KeyboardInterrupt:
        say("netra-analysis: stopped by the user; nothing was published")
        code = 130
    sys.exit(code)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, read. Help is written by argparse itself, which ends the process then."""
    try:
        return parser().parse_args(arguments)
    except SystemExit:
        flush()
        raise
