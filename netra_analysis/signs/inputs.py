"""One sign: whether failures follow certain inputs wherever they land, while the rest is served.

An input is seen as a route, or within routes as the exact paths that name one thing.
"""

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.reconstruct.frames import count, share
from netra_analysis.signs.scene import Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.told_requests import by_any_account, own_words

SERVED_BEFORE = 5  # good answers of the same route by the same revision
LUCK, FEW = 0.02, 0.1
LONG_S, ALIKE = 2.0, 0.1  # a wait that a time-out may end; how far the middle half of such waits lies apart
STRAYS = 0.02  # of the failures, the first and the last, may be of another matter
OTHERS_FAIL = 0.05  # more than this of all other requests failing is no matter of one route
AGAIN, ALWAYS = 2, 0.95  # times a path was asked for after its first failure, and the share of them that failed
MOST = 0.9  # of the failures are on such paths
OTHERS = 20  # good answers of the same routes to other paths meanwhile


def look(scene: Scene) -> list[Sign]:
    return [own_words(scene, _input(by_any_account(scene)))]


def _input(scene: Scene) -> Sign:
    """Whether failures keep to one route that serves other inputs meanwhile, and did before, by the same revision."""
    name, says = "follows_input", "Too few failures to see whether they follow an input ({n})."
    if scene.impact < 3 or scene.ill_served is not None:
        return not_seen(name, says, "requests")
    real = scene.real.assign(bad=scene.real["failed"])
    worst, bad, _ = _worst(real)
    rest = real[real["route"] != worst]
    if len(rest) < 20:
        return not_seen(name, "Too few requests to other routes to compare with ({n} failures).", "other routes")
    rest_share = share(rest, rest["bad"])
    own = scene.failed[scene.failed["route"] == worst]
    fine = real[(real["route"] == worst) & (real["status"] < 400).fillna(value=False)]
    fine = fine[fine["method"].isin(set(own["method"]))]
    parts = [(here, _meanwhile(fine, here)) for here in _by_revision(own)]
    meanwhile = max((count(good) for _, good in parts), default=0)
    few = _few_paths(scene, real)
    if few is not None:
        return few
    whole = bad / scene.impact >= 0.9 and rest_share <= OTHERS_FAIL and meanwhile >= 2
    if whole and not scene.has_logs:
        says = "Whether an input fails or what its route needs cannot be told without its own words ({n})."
        return not_seen(name, says, "stderr")
    if whole and own["latency_s"].isna().all():
        says = "How long those of one route waited is not told: an input fails, or what the route waits for ({n})."
        return not_seen(name, says, "durations")
    if whole and _wait_alike(own):
        says = "The failures of one route all end after the same wait: an input, or what the route waits for ({n})."
        return not_seen(name, says, "words of what the route waits for")
    if whole and not any(_served_before(scene, worst, here, count(good)) for here, good in parts):
        says = "The route that fails had not been served before by the revision that fails ({n} failures)."
        return not_seen(name, says, "the same revision before the failures")
    return Sign(
        name,
        Verdict.FIRED if whole else Verdict.CLEAR,
        "{n} of {total} failed requests are on {words:text}, on {a} instances; of all others {b:pct} failed.",
        time=first(own, "end_time") if whole else None,
        share=bad / scene.impact,
        n=bad,
        total=scene.impact,
        a=float(own["instance"].nunique()),
        b=rest_share,
        words=f"{worst} (where {meanwhile} requests succeeded meanwhile)",
        unit="requests",
        evidence=scene.shown(own),
        method="failed requests by route against all others, and the same route's successes in the same time",
    )


def _wait_alike(failed: pd.DataFrame) -> bool:
    """Whether failures end after one and the same long wait: an input may do that, or a dependency at its time-out."""
    low, middle, high = failed["latency_s"].astype(float).quantile([0.25, 0.5, 0.75])
    return bool(middle >= LONG_S and high - low <= ALIKE * middle)


def _by_revision(failed: pd.DataFrame) -> list[pd.DataFrame]:
    """The failures of each revision that has more than strays of them."""
    groups = [rows for _, rows in failed.groupby("revision")]
    return [rows for rows in groups if len(rows) >= max(2, FEW * len(failed))]


def _meanwhile(fine: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Good answers of the same revision between its failures, strays before and after them aside."""
    own, ends = fine[fine["revision"] == here["revision"].iloc[0]], here["end_time"].sort_values(ignore_index=True)
    strays = int(STRAYS * len(ends))
    return own[own["end_time"].between(ends.iloc[strays], ends.iloc[-1 - strays])]


def _served_before(scene: Scene, route: str, here: pd.DataFrame, meanwhile: int) -> bool:
    """Whether the revision that fails had answered the route well before, more often than luck would let it.

    Then the code is not what changed. With the share of the route's requests that fail since, so many good answers
    in a row would come by chance in fewer than one of fifty such times.
    """
    failing = len(here) / (len(here) + meanwhile)
    seen = pd.concat([scene.before, scene.requests])
    earlier = seen[(seen["route"] == route) & (seen["end_time"] < here["end_time"].min())]
    earlier = earlier[earlier["method"].isin(set(here["method"])) & (earlier["revision"] == here["revision"].iloc[0])]
    good = count(earlier[(earlier["status"] < 400).fillna(value=False)])
    return good >= SERVED_BEFORE and (1.0 - failing) ** good < LUCK


def _worst(real: pd.DataFrame) -> tuple[str, int, int]:
    summed = real.groupby("route")[["bad", "weight"]].sum()
    grouped = summed.rename(columns={"bad": "sum", "weight": "count"}).sort_values(
        ["sum", "count"], ascending=[False, True]
    )
    return str(grouped.index[0]), int(grouped["sum"].iloc[0]), int(grouped["count"].iloc[0])


def _few_paths(scene: Scene, real: pd.DataFrame) -> Sign | None:
    """FIRED when a few exact paths fail always, once they do, and their routes' other paths hardly ever; else None."""
    named = real[real["path"] != real["route"]]
    if not named["bad"].any():
        return None
    since = named["path"].map(named[named["bad"]].groupby("path")["end_time"].min())
    tried = named[named["end_time"] > since]
    tried = tried.groupby("path")[["bad", "weight"]].sum().rename(columns={"bad": "sum", "weight": "size"})
    bad_paths = tried[(tried["size"] >= AGAIN) & (tried["sum"] >= ALWAYS * tried["size"])].index
    own = named[named["bad"] & named["path"].isin(bad_paths)]
    if own.empty or len(own) < MOST * scene.impact:
        return None
    others = named[named["route"].isin(set(own["route"])) & ~named["path"].isin(bad_paths)]
    others = others[others["method"].isin(set(own["method"]))]
    fine = others[(others["status"] < 400).fillna(value=False)]
    meanwhile = sum(count(_meanwhile(fine, here)) for here in _by_revision(own))
    if (
        meanwhile < OTHERS
        or share(others, others["bad"]) > OTHERS_FAIL
        or len(bad_paths) > FEW * others["path"].nunique()
    ):
        return None
    if not any(_served_before(scene, here["route"].mode().iloc[0], here, 0) for here in _by_revision(own)):
        return None
    return Sign(
        "follows_input",
        Verdict.FIRED,
        "{n} of {total} failed requests are for {a} exact paths that hardly ever succeeded after their first failure, "
        "such as {words:text}; of the requests to other paths of the same routes {b:pct} failed.",
        time=first(own, "end_time"),
        share=len(own) / scene.impact,
        n=len(own),
        total=scene.impact,
        a=float(len(bad_paths)),
        b=share(others, others["bad"]),
        words=str(own["path"].mode().iloc[0]),
        unit="requests",
        evidence=scene.shown(own),
        method="failed requests by exact path within routes that hold an identifier, against their other paths",
    )
