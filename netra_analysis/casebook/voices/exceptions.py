"""Exceptions as Python prints them."""

from dataclasses import dataclass

from netra_analysis.casebook.texts import Frame

HEAD = "Traceback (most recent call last):"
DIRECT = "The above exception was the direct cause of the following exception:"
DURING = "During handling of the above exception, another exception occurred:"


@dataclass(frozen=True, slots=True)
class Exc:
    """An exception: its type, message and frames, outermost first, and what it was raised from."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    cause: "Exc | None" = None
    link: str = DIRECT

    @property
    def last(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    @property
    def chain(self) -> tuple["Exc", ...]:
        """The first that was raised first."""
        return (*(self.cause.chain if self.cause else ()), self)

    def lines(self) -> list[str]:
        """One exception of the chain, without what it was raised from."""
        return [HEAD, *(line for frame in self.frames for line in plain(frame)), *self.last.split("\n")]

    def text(self) -> str:
        """The whole chain, as `traceback.print_exc` prints it."""
        out: list[str] = []
        for number, one in enumerate(self.chain):
            out += ["", one.link, ""] if number else []
            out += one.lines()
        return "\n".join(out)


def plain(frame: Frame) -> list[str]:
    """A frame as the interpreter prints it."""
    return [f'  File "{frame.file}", line {frame.line}, in {frame.function}', f"    {frame.source}"]
