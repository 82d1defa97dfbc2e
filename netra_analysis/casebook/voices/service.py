"""A service as a value: its names, its routes and clients, its libraries, its ordinary words."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from netra_analysis.casebook.engine.backends import Backend
from netra_analysis.casebook.engine.demand import Demand
from netra_analysis.casebook.incident import Target
from netra_analysis.casebook.routes import Client, Route
from netra_analysis.casebook.signals import Reply
from netra_analysis.casebook.texts import Frame
from netra_analysis.casebook.voices.exceptions import Exc
from netra_analysis.casebook.voices.faults import Names

Line = tuple[str, str, str]  # level, module:function:line, message


@dataclass(frozen=True, slots=True)
class Service:
    """One fictitious service (or the staging one), as far as logs and traffic show it.

    `parts` names the roles that cases give to its routes: which one writes, which one reads, which one is
    large, which one is a socket.
    """

    key: str
    target: Target
    root: str
    package: str
    names: Names
    server: str  # "uvicorn" or "gunicorn"
    dialects: tuple[str, ...]
    parts: dict[str, Route]
    backends: Callable[[], tuple[Backend, ...]]
    demand: Callable[[float], Demand]
    tester: Client
    partner: Client
    request_line: Callable[[Reply, Random], Line]
    remarks: dict[str, tuple[str, str, str]]
    chatter: tuple[Line, ...]
    boot: tuple[Line, ...]
    memory_limit_mib: float
    base_mib: float
    boot_s: tuple[float, float]
    max_connections: int
    access_lines: bool
    account: str

    def frames(self, route: Route) -> tuple[Frame, ...]:
        """The handler of `route`, as a traceback shows it."""
        return (own_frame(self.root, route.handler),)


def own_frame(root: str, handler: str, source: str = "") -> Frame:
    """A frame of the service's own code; its line is made of its name, so it is the same each time.

    A handler may bring its source line, after a bar.
    """
    handler, _, told = handler.partition("|")
    module, _, function = handler.partition(":")
    draw = Random(handler)
    sources = (
        "result = await self._run(request)",
        "return await service.handle(payload)",
        "row = await repo.load(key)",
    )
    path = module.replace(".", "/")
    return Frame(f"{root}/{path}.py", draw.randint(30, 420), function, source or told or draw.choice(sources))


def bug(root: str, handlers: tuple[str, ...], source: str, kind: str, message: str) -> Exc:
    """An exception of the service's own code, raised below `handlers`."""
    outer = tuple(own_frame(root, handler) for handler in handlers[:-1])
    return Exc(kind, message, (*outer, own_frame(root, handlers[-1], source)))


def where(handler: str) -> str:
    """`module:function` with the line that the function logs from."""
    return f"{handler}:{Random(handler + '!').randint(20, 400)}"
