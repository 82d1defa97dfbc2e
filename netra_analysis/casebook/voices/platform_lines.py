"""What the platform writes to its system log about the life of an instance."""

from dataclasses import dataclass

from netra_analysis.casebook import texts
from netra_analysis.casebook.signals import Event, Happening
from netra_analysis.casebook.writer import SYSTEM, LogWriter


@dataclass(slots=True, eq=False)
class PlatformLines:
    """Writes the platform's sentences; `health` is the liveness probe's path."""

    writer: LogWriter
    limit_mib: float
    health: str

    def event(self, event: Event) -> None:
        """The platform's line about `event`, where it has one."""
        match event.kind:
            case Happening.STARTING:
                reason = f"{event.reason} - {texts.SCALING[event.reason]}"
                self._write(event, "INFO", f"Starting new instance. Reason: {reason}", scaling_reason=event.reason)
            case Happening.READY:
                self._write(
                    event, "INFO", f"Default STARTUP TCP probe succeeded after 1 attempt for {self._container}."
                )
            case Happening.OUT_OF_MEMORY:
                used = f"{self.limit_mib:.0f} MiB exceeded with {event.number:.0f} MiB used."
                self._write(event, "ERROR", f"Memory limit of {used} {texts.LIMIT_ADVICE}")
            case Happening.SIGNALLED:
                self._signalled(event)
            case Happening.EXITED:
                self._write(event, "WARNING", f"Container called exit({event.reason}).", container_name=self._name)
            case Happening.PROBE_FAILED:
                self._probe(event)
            case Happening.SHUT_DOWN:
                self._write(event, "INFO", "Shutting down user disabled instance")
            case _:
                pass

    @property
    def _name(self) -> str:
        return f"{self.writer.target.service}-1"

    @property
    def _container(self) -> str:
        return f'container "{self._name}" on port {self.writer.target.port}'

    def _signalled(self, event: Event) -> None:
        if event.reason != "9":
            text = f"Uncaught signal: {event.reason}, pid=1, tid={self.writer.rng.randint(2, 40)}, fault_addr=0."
            self._write(event, "ERROR", text)
        text = f"Container terminated on signal {event.reason}."
        self._write(event, "WARNING", text, container_name=self._name)

    def _probe(self, event: Event) -> None:
        if event.reason == "LIVENESS":
            what = f'LIVENESS HTTP probe failed 3 times consecutively for {self._container} path "{self.health}".'
            self._write(event, "ERROR", f"{what} The instance has been shut down.")
            return
        status = event.reason.split(" ")[1]
        what = f"Default STARTUP TCP probe failed 1 time consecutively for {self._container}."
        self._write(event, "ERROR", f"{what} The instance was not started.\nConnection failed with status {status}.")

    def _write(self, event: Event, severity: str, text: str, **labels: str) -> None:
        self.writer.write(event.time, SYSTEM, event.place, {"textPayload": text}, severity=severity, labels=labels)
