"""Executes one notebook through papermill, in a process of its own: `python -m netra_analysis.run.worker`.

A process of its own, because a hung or killed kernel must not take the run with it, because the kernel
inherits this process's environment (which the parent has emptied of credentials), and because a deadline
can then be kept by killing the group.
"""

import argparse
import tempfile
import uuid
from pathlib import Path

import netra_analysis._fast_imports  # noqa: F401 (before papermill: saves over a second)


def main() -> None:
    """Runs the notebook named on the command line; the exit code is papermill's word, which is not trusted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--incident", required=True)
    parser.add_argument("--cell-timeout", type=int, required=True)
    asked = parser.parse_args()
    execute(asked.notebook, asked.output, asked.incident, asked.cell_timeout)


def execute(notebook: Path, output: Path, incident: str, cell_timeout: int) -> None:
    """The notebook executed into `output`, its kernel started in the output's folder."""
    import papermill
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="netra-kernel-") as sockets:
        # Unix sockets with a name of their own: TCP ports are picked, released and then raced for.
        channel = {"transport": "ipc", "ip": f"{sockets}/{uuid.uuid4().hex[:8]}"}
        papermill.execute_notebook(
            str(notebook),
            str(output),
            parameters={"incident": incident},
            kernel_name="python3",
            cwd=str(output.parent),
            progress_bar=False,
            log_output=False,
            start_timeout=120,
            execution_timeout=cell_timeout,
            raise_on_iopub_timeout=True,
            config=Config({"KernelManager": channel}),
        )


if __name__ == "__main__":
    main()
