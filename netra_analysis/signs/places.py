"""One sign: whether the server inside an instance had no place left, by its own words.

The platform does not see it: an instance whose five workers are busy still takes eighty requests, and they queue.
"""

from netra_analysis.logtext.trouble import any_of
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign
from netra_analysis.signs.words import EXAMPLE, told

WORDS = any_of(
    r"reached pm\.max_children|seems busy \(you may need to increase pm\.",  # PHP-FPM
    r"reached (?:MaxRequestWorkers|MaxClients)|worker_connections are not enough",  # Apache, nginx
    r"listen queue of socket .{0,80}full",  # uWSGI
    r"all threads \(\d+\) are (?:currently )?busy",  # Tomcat
    r"task queue depth is [1-9]\d|exceeded concurrency limit",  # waitress, uvicorn
    r"thread ?pool (?:is |was |has been )?(?:exhausted|starv\w+)|RejectedExecutionException|TaskRejectedException",
    r"no (?:free|idle|available) (?:worker|thread)s?\b|all (?:workers|threads) (?:are )?busy",
    r"(?:worker|thread|process) pool (?:is |was )?(?:full|exhausted|saturated)",
)
LEAST = 3


def look(scene: Scene) -> list[Sign]:
    return [_workers(scene)]


def _workers(scene: Scene) -> Sign:
    now, says = scene.lines(WORDS, loud=False), "{n} lines say that all workers of the server were busy"
    return told(
        scene,
        "workers_busy",
        now,
        before=scene.lines(WORDS, before=True, loud=False),
        least=LEAST,
        says=says + EXAMPLE if len(now) else says + ".",
        unknown="Whether the server's workers were all busy cannot be told from {n} lines.",
        method="the words of servers whose workers, threads or connections are all taken; clearly more than before",
    )
