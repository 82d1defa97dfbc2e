"""A kernel that is forked from a process with its imports done, instead of started: the same kernel, seconds earlier.

What jupyter_client does stays: the connection file, the environment, the working folder, the death that is noticed.
Only the step from "start this command" to a process is another. The fork is made before papermill begins, while its
process has no loop, no socket and no thread of its own that a child could inherit half.
"""

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from netra_analysis.run.forks import end_with_parent


@dataclass(slots=True)
class Forked:
    """A child process, with as much of `subprocess.Popen` as a kernel's provisioner asks for."""

    pid: int
    order: int  # the pipe on which the child waits for its command
    returncode: int | None = None
    stdin: None = None
    stdout: None = None
    stderr: None = None

    def begin(self, command: list[str], env: dict[str, str], cwd: str) -> None:
        """Lets the child become the kernel that `command` would start."""
        with os.fdopen(self.order, "w") as pipe:
            json.dump({"command": command, "env": env, "cwd": cwd}, pipe)

    def poll(self) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def forked() -> Forked:
    """A child that waits for its command; without one (its parent died or needs no kernel) it ends."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(read)
        return Forked(pid, write)
    os.close(write)
    end_with_parent()
    try:
        with os.fdopen(read) as pipe:
            order = pipe.read()
        if order:
            _become(**json.loads(order))
    finally:
        os._exit(0)  # what the parent had open is the parent's to end


def _become(command: list[str], env: dict[str, str], cwd: str) -> None:
    """What `python -m ipykernel_launcher ARGUMENTS` does, in this process."""
    from ipykernel.iostream import IOPubThread
    from ipykernel.kernelapp import IPKernelApp

    IOPubThread._setup_pipe_in = _without_port  # type: ignore[method-assign]
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = command[command.index("ipykernel_launcher") :]
    IPKernelApp.launch_instance()


def _without_port(outputs: Any) -> None:
    """What ipykernel does where it can have no port for what processes below a kernel print; no notebook starts any."""
    outputs._pipe_flag = False


class _Provisioner(LocalProvisioner):
    """Gives its manager the child that was forked for it."""

    child: Forked

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        env = {**kwargs["env"], "JPY_PARENT_PID": str(os.getpid())}
        self.child.begin(cmd, env, str(kwargs.get("cwd") or Path.cwd()))
        process: Any = self.child
        self.process, self.pid, self.pgid = process, process.pid, None  # the group is its parent's
        self.cwd = kwargs.get("cwd")
        return self.connection_info


def manager_of(child: Forked) -> type[AsyncKernelManager]:
    """The class of kernel managers whose one kernel is `child`."""

    class Manager(AsyncKernelManager):
        async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
            self.kernel_id = self.kernel_id or "forked"
            self.provisioner = _Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            self.provisioner.child = child
            return await super()._async_pre_start_kernel(**kwargs)

    return Manager
