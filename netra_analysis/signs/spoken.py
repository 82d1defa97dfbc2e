"""Memory as the application's own lines tell of it, by instance: for where no metric is, or none of each instance."""

import pandas as pd

from netra_analysis.logtext.resident import MEMORY, MEMORY_JSON, told
from netra_analysis.reconstruct.once import once
from netra_analysis.reconstruct.payloads import payloads
from netra_analysis.signs.scene import Scene


@once
def by_instance(scene: Scene) -> pd.DataFrame:
    """What each instance says of its memory, by minute: `time`, `instance`, `share` of the limit or of its heap.

    Of the baseline, too: a life that ends in the window began before it.
    """
    limit = scene.settings.limits.memory_mib
    if not limit:
        known = scene.all_deaths["limit_mib"].dropna()
        limit = float(known.max()) if len(known) else None
    fields = {name: said for name, text in payloads(scene.tables, MEMORY_JSON) if (said := told(text))}
    found = []
    parts = [scene.lines(MEMORY, before=before, loud=False) for before in (True, False)]
    parts += [logs[logs["id"].isin(fields)] for logs in (scene.logs_before, scene.logs)]
    logs = pd.concat(parts).drop_duplicates("id").sort_values(["time", "id"])
    for time, instance, name, message in zip(logs["time"], logs["instance"], logs["id"], logs["message"], strict=True):
        said = told(message) or fields.get(name)
        most = said and (said.most_mib or limit)
        share = said.share if said and said.share is not None else said.mib / most if said and most else None
        if share is not None and 0.0 < share < 2.0:
            found.append((time.floor("min"), instance, share))
    return pd.DataFrame(found, columns=["time", "instance", "share"])
