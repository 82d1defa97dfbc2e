"""One sign: whether the server inside an instance had no place left, by its own words.

The platform does not see it: an instance whose five workers are busy still takes eighty requests, and they queue.
"""

from netra_analysis.logtext.trouble import BUSY
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign
from netra_analysis.signs.words import told

LEAST = 3


def look(scene: Scene) -> list[Sign]:
    return [_workers(scene)]


def _workers(scene: Scene) -> Sign:
    now = scene.lines(BUSY, loud=False)
    return told(
        scene,
        "workers_busy",
        now,
        before=scene.lines(BUSY, before=True, loud=False),
        least=LEAST,
        says="{n} lines say that all workers of the server were busy",
        unknown="Whether the server's workers were all busy cannot be told from {n} lines.",
        method="the words of servers whose workers, threads or connections are all taken; clearly more than before",
    )
