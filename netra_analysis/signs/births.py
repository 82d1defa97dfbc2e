"""One sign: whether of one revision only the instances fail that started after some moment.

Code, inputs and load are the same for all of them. What an instance reads when it starts is not: a secret's newest
version, a setting, a file.
"""

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import LOST, OUT_OF_MEMORY, REFUSES, TIMED_OUT
from netra_analysis.query import Query
from netra_analysis.reconstruct.frames import moment
from netra_analysis.signs.scene import Scene
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.told_requests import by_any_account, own_words

ALWAYS, NEVER = 0.9, 0.05  # of an instance's requests to what fails
LEAST_BAD, LEAST_GOOD = 3, 10  # requests of an instance that show which it is
FEW = 0.1  # of the failures: a route with fewer of them may have had them on any day
MOST = 0.8  # of the failures are on such instances
EACH = 5  # lines of an instance that show which it is
OTHERS = 0.5  # of the failures may meet words that blame something else
_BY_INSTANCE = """
SELECT instance, revision, SUM(weight) AS requests, SUM(IF(failed, weight, 0)) AS failed, MIN(time) AS first
FROM requests WHERE end_time >= @start AND end_time < @end AND route IN UNNEST(@routes)
GROUP BY instance, revision ORDER BY first, instance"""


def look(scene: Scene) -> list[Sign]:
    return [own_words(scene, _born_since(by_any_account(scene)))]


def _born_since(scene: Scene) -> Sign:
    name = "born_since"
    failed = scene.failed[scene.failed["instance"] != ""]
    if len(failed) < LEAST_BAD or scene.ill_served is not None:
        says = "Too few failures of known instances to see which of them fail ({n})."
        return not_seen(name, says, "requests with an instance")
    revision = failed["revision"].mode().iloc[0]
    own = failed[failed["revision"] == revision]
    shares = own["route"].value_counts(normalize=True)
    routes = tuple(sorted(shares.index[shares >= FEW]))
    asked = scene.real[scene.real["route"].isin(routes) & (scene.real["revision"] == revision)]
    asked = asked[(asked["instance"] != "") & asked["end_time"].between(own["end_time"].min(), own["end_time"].max())]
    each = asked.groupby("instance")["failed"].agg(["mean", "size"])
    born = _born(scene)
    bad = born.reindex(each.index[(each["mean"] >= ALWAYS) & (each["size"] >= LEAST_BAD)])
    good = born.reindex(each.index[(each["mean"] <= NEVER) & (each["size"] >= LEAST_GOOD)])
    share = len(own[own["instance"].isin(bad.index)]) / scene.impact
    since = moment(bad.min()) if len(bad) else None
    apart = len(bad) > 0 and len(good) > 0 and bool(good.max() < bad.min())
    blamed = scene.during(own, scene.lines(LOST, REFUSES, TIMED_OUT, OUT_OF_MEMORY)) if apart else 0
    fired = apart and share >= MOST and blamed <= OTHERS * len(own)
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} instances of one revision, all that started from {time:time} on, fail what the older ones "
        "serve: {a:pct} of the failures are theirs."
        if fired
        else "It is not so that of one revision only instances that started late fail ({n} of {total} always do).",
        time=since if fired else None,
        share=share if fired else None,
        n=len(bad),
        total=len(each),
        a=share,
        unit="instances",
        method="requests to the routes that fail, by instance of the revision that fails most, while they fail; an "
        "instance starts when it is first seen; no words of what is called, of pools or of memory",
        evidence=scene.shown(asked.groupby("instance").head(EACH))
        or Query(_BY_INSTANCE.strip(), {"start": scene.window.start, "end": scene.window.end, "routes": routes}),
    )


def _born(scene: Scene) -> pd.Series:
    """When each instance was first seen, by any entry of it."""
    seen = (scene.before, scene.requests, scene.logs_before, scene.logs, scene.events)
    both = pd.concat([one[["instance", "time"]] for one in seen if len(one)])
    return both[both["instance"] != ""].groupby("instance")["time"].min()
