"""Opening an incident: its source is read while all that can be asked of it is imported, which takes a second."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from netra_analysis import capsule, params
from netra_analysis.errors import RequestError
from netra_analysis.tables import Tables, from_params

if TYPE_CHECKING:
    from netra_analysis.incident import Incident, Keep


def open_incident(where: str | Path, keep: "Keep | None" = None) -> "Incident":
    """The incident at `where`: a params file (its source is read now) or a capsule's folder (read as frozen).

    `keep` writes a pin: an incident writes nothing itself.
    """
    with _seldom_collected(), ThreadPoolExecutor(1) as beside:
        imported = beside.submit(import_module, "netra_analysis.incident")
        asked, held = _read(Path(where))
        opened: Incident = imported.result().Incident(asked, held, keep)
    return opened


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Reading makes millions of small values and no cycle; looking for cycles took some hundredths of its time."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _read(path: Path) -> tuple[params.Params, Tables]:
    if capsule.is_capsule(path):
        frozen = capsule.read(path)
        return frozen.params, frozen.tables
    if path.is_dir():
        raise RequestError(f"{path} is a folder without a capsule; give a params file, or the capsule/ of a report")
    asked = params.load(path)
    if asked.window is not None:
        raise RequestError(
            f"{path.name} asks for a relative window ({asked.window}), which only `netra-analysis run` resolves; "
            "give start and end, or open the capsule of a run"
        )
    return asked, from_params(asked, path.parent)
