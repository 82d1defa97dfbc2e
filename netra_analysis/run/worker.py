"""Executes one notebook through papermill, in a process of its own that is forked for it (see `forks`).

A process of its own, because a hung or killed kernel must not take the run with it, because the kernel
inherits this process's environment (which holds no credentials), and because a deadline can then be kept
by killing the group.
"""

import tempfile
import uuid
from pathlib import Path

import netra_analysis._fast_imports  # noqa: F401 (before papermill: saves over a second)
from netra_analysis.run.kernel import forked, manager_of


def execute(notebook: Path, output: Path, incident: str, cell_timeout: int) -> None:
    """The notebook executed into `output`, its kernel begun in the output's folder."""
    child = forked()  # first of all: a process that has done nothing yet is safe to fork
    import papermill
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="netra-kernel-") as sockets:
        # Unix sockets with a name of their own: TCP ports are picked, released and then raced for.
        channel = {"transport": "ipc", "ip": f"{sockets}/{uuid.uuid4().hex[:8]}"}
        client = {"kernel_manager_class": manager_of(child)}
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
            config=Config({"KernelManager": channel, "NotebookClient": client}),
        )
