"""Signs of change: a deploy before the onset, new exceptions, failures of one revision only, callers refused."""

from dataclasses import replace

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import CONFIG, LOST, OUT_OF_MEMORY, REFUSES, SLOW, TIMED_OUT, any_of
from netra_analysis.query import Query
from netra_analysis.reconstruct.fingerprints import members
from netra_analysis.reconstruct.frames import count, frame, moment, real_traffic
from netra_analysis.signs.scene import AT_ONSET, FAR_MORE, SOON, Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.told_requests import by_any_account, own_words
from netra_analysis.signs.words import told

PROGRAMMING = any_of(
    r"^(?:[\w.:\\]*[.:\\])?(?:TypeError|AttributeError|NameError|KeyError|IndexError|UnboundLocalError|ImportError|"
    r"ModuleNotFoundError|AssertionError|NotImplementedError|ValueError|RecursionError|ZeroDivisionError|LookupError|"
    r"ReferenceError|NullReferenceException|NoSuchMethodError|ArrayIndexOutOfBoundsException|NullPointerException|ClassCastException|IllegalStateException|IllegalArgumentException|"
    r"(?:Response)?ValidationError|SerializationError|ProgrammingError|UndefinedColumn\w*|UndefinedTable\w*|\w*IsolationError|"
    r"IllegalStateChangeError|RuntimeError|SyntaxError|"
    r"ArgumentNullException|ArgumentException|ArgumentOutOfRangeException|FormatException|KeyNotFoundException|"
    r"InvalidCastException|IndexOutOfRangeException|DivideByZeroException|NotImplementedException|JsonException|"
    r"NoMethodError|ArgumentError|FrozenError|NoMatchingPatternError|FunctionClauseError|MatchError|CaseClauseError|"
    r"NoSuchElementException|ConcurrentModificationException|UnsupportedOperationException|NumberFormatException|"
    r"ErrorException|ArgumentCountError|UnhandledMatchError|BadMethodCallException|DivisionByZeroError)$"
)
PANICS = ("panic: runtime error", "panicked: ")  # of Go's runtime, and of any thread of Rust
CODE = any_of(  # what only the service's own code can do wrong, in lines that give no stack
    r"\bNoMethodError\b|undefined method [`']|uninitialized constant|undefined local variable or method",
    r"\b(?:Type|Attribute|Name|UnboundLocal|Reference|NotImplemented)Error\b",
    r"\b(?:NullReference|NullPointer|ClassCast|InvalidCast|ArrayIndexOutOfBounds|IndexOutOfRange)Exception\b",
    r"nil pointer dereference|index out of range|slice bounds out of range|interface conversion:",
    r"Service panicked|panicked at |called `(?:Option|Result)::(?:unwrap|expect)",  # Rust
    r"Object reference not set|Cannot read propert(?:y|ies) of|is not a function\b",
    r"column \S+ does not exist|relation \S+ does not exist|Unknown column",
)
OTHERS = (LOST, SLOW, REFUSES, TIMED_OUT, OUT_OF_MEMORY, CONFIG)
PROBES = 2  # instances ended by a liveness probe: one may have hung
USUAL = 2.0  # times as many failures of a route as its baseline has are more than usual
STRAYS = 3  # failures of a route on earlier revisions that show how often it fails on any
SIDE = 20  # good answers of other revisions meanwhile
MOST = 0.5  # of the failed requests have to have met such a line


def look(scene: Scene) -> list[Sign]:
    newest = own_words(scene, new_revision_only(by_any_account(scene)))
    told_of = [_new_exception(scene, newest), _code_words(scene, newest)]
    return [_deploy(scene), *told_of, newest, _unwell(scene, newest), refused(scene)]


def _deploy(scene: Scene) -> Sign:
    onset = scene.onset
    if onset is None:
        return not_seen("deploy_before", "There is no onset that a deploy could come before ({n} deploys looked at).")
    changes = scene.deploys[scene.deploys["kind"].isin(["ready", "first_seen", "failed", "requested"])]
    revisions = {name for name in scene.tables.entries["revision"].unique().to_pylist() if name}
    if not scene.has("audit") and len(revisions) < 2:
        says = "Whether a deploy came before the onset cannot be told: no audit stream, one revision ({n} changes)."
        return not_seen("deploy_before", says, "audit")
    near = changes[(changes["time"] >= onset - SOON) & (changes["time"] <= onset + AT_ONSET)]
    return Sign(
        "deploy_before",
        Verdict.FIRED if len(near) else Verdict.CLEAR,
        "{n} changes of the service lie in the half hour before the onset, the last of {words:text} at {time:time}."
        if len(near)
        else "{n} changes of the service lie in the half hour before the onset.",
        time=moment(near["time"].max()) if len(near) else None,
        n=len(near),
        words=str(near["revision"].iloc[-1] or "the service") if len(near) else None,
        unit="changes",
        method="audit entries; else build labels; else the first sight of a revision",
        evidence=Query("SELECT * FROM deploys ORDER BY time"),
    )


def _new_exception(scene: Scene, newest: Sign) -> Sign:
    rows = frame(scene.findings["errors"].proof, column="first")
    if not scene.has_logs:
        return not_seen("new_exception", "Whether an exception is new cannot be told from {n} lines.", "stderr")
    told = rows[(rows["kind"] == "exception") & rows["state"].isin(["new", "grown", "unknown"])]
    kinds = {row["id"]: row["sample"].partition(": ")[0] for row in told.to_dict("records")}
    faults = {name for name, kind in kinds.items() if PROGRAMMING.search(kind)}
    faults |= set(told[told["sample"].str.startswith(PANICS)]["id"])
    if newest.fired:  # what only the newest revision raises is its own, whatever its type, unless it names another
        faults |= {row["id"] for row in told.to_dict("records") if not _names_another(row["sample"])}
    code = told[told["id"].isin(faults)]
    met = int(code["failed_requests"].sum())
    return Sign(
        "new_exception",
        Verdict.FIRED if len(code) else Verdict.CLEAR,
        "{n} failures of new kinds come from the service's own code, the most frequent “{words:text}”; "
        "{total} failed requests met one."
        if len(code)
        else "{n} failures of new kinds come from the service's own code.",
        time=first(code, "first"),
        share=_explains(scene, met, int(code["count"].sum())),
        n=int(code["count"].sum()),
        total=met,
        words=str(code.sort_values("count")["sample"].iloc[-1])[:160] if len(code) else None,
        unit="failures",
        method="fingerprints that the baseline does not have, of types that code raises and not a dependency; where "
        "only the newest revision fails, of any type whose words name no dependency, pool, memory or setting",
        evidence=Query("SELECT * FROM finding_errors WHERE kind = 'exception' ORDER BY count DESC, id"),
    )


def _names_another(sample: str) -> bool:
    """Whether an exception's words blame something else than the code. One by one: as one pattern they are too much."""
    return any(words.search(sample) for words in OTHERS)


def _explains(scene: Scene, met: int, told: int) -> float | None:
    """The share of the failed requests that met one; an exception does not explain what was only slow.

    Without a request log, as many as were told of the failures that the platform counted.
    """
    if scene.ill_served is not None:
        return 0.0
    if scene.impact:
        return min(1.0, met / scene.impact)  # one request may meet several
    counted = float(scene.counted_failures(scene.window)["value"].sum())
    return min(1.0, told / counted) if counted else None


def _code_words(scene: Scene, newest: Sign) -> Sign:
    """Lines without a stack that name a fault of the code: they count when most failed requests met one."""
    now, before = scene.lines(CODE), scene.lines(CODE, before=True)
    ours = _of_newest(by_any_account(scene), newest)
    now = pd.concat([now, ours[~ours["id"].isin(now["id"])]]).sort_values(["time", "id"])
    found = told(
        scene,
        "code_words",
        now,
        before=before,
        says="{n} lines name a fault of the service's own code",
        unknown="Whether lines name a fault of the code cannot be told from {n} lines.",
        method="words of faults that only code has, and what only the newest revision complains of while an older one "
        "serves the same routes; more than in the baseline, and met by most of the failed requests",
    )
    few = scene.ill_served is not None or (found.share or 0.0) < MOST
    return replace(found, verdict=Verdict.CLEAR) if found.fired and few else found


def _of_newest(scene: Scene, newest: Sign) -> pd.DataFrame:
    """New loud lines of the newest revision alone, whatever their words, while an older one serves the same routes.

    Side by side, neither traffic nor what both call tells the revisions apart: then such lines are of what is new.
    """
    none = scene.logs.head(0)
    if not newest.fired or not _side_by_side(scene, newest):
        return none
    rows = frame(scene.findings["errors"].proof, column="first")
    loud = rows[(rows["kind"] == "message") & rows["level"].isin(["ERROR", "CRITICAL"]) & (rows["state"] == "new")]
    kinds = [row["id"] for row in loud.to_dict("records") if not _names_another(row["sample"])]
    spans = scene.window, scene.settings.baseline
    own = scene.logs[scene.logs["id"].isin({one for kind in kinds for one in members(scene.tables, *spans, kind)})]
    return own if (own["revision"] == newest.words).all() else none


def _side_by_side(scene: Scene, newest: Sign) -> bool:
    """Whether revisions before the one that fails answered the same routes well between its failures."""
    failed = scene.failed[scene.failed["revision"] == newest.words]
    others = scene.requests[
        (scene.requests["revision"] != newest.words) & scene.requests["route"].isin(set(failed["route"]))
    ]
    between = others["end_time"].between(failed["end_time"].min(), failed["end_time"].max())
    return count(others[between & (others["status"] < 400).fillna(value=False)]) >= SIDE


def new_revision_only(scene: Scene) -> Sign:
    """Whether the failures keep to the newest revision while an older one served the same routes well."""
    name = "new_revision_only"
    if not scene.impact:
        return not_seen(name, "No failed request shows which revision fails ({n}).", "requests")
    failed = _unusual(scene, scene.failed[scene.failed["revision"] != ""])
    order = pd.concat([scene.before, scene.requests])
    seen = order[order["revision"] != ""].groupby("revision")["time"].min().sort_values()
    if failed.empty or len(seen) < 2:
        return not_seen(
            name, "Only one revision was seen with requests ({n} failures with a revision).", "a second revision"
        )
    newest = str(failed["revision"].mode().iloc[0])
    earlier = order[order["revision"].isin(seen.index[seen < seen[newest]])]
    own = _more_than(earlier, order[order["revision"] == newest], failed)
    older = earlier[earlier["route"].isin(set(own["route"]))]
    good = older[(older["status"] < 500).fillna(value=False) & ~older["client"].isin(["preflight"])]
    met = int((own["revision"] == newest).sum())
    bad_before = int(older["failed"].sum())
    fired = met >= 0.95 * len(own) and len(good) >= 3 and bad_before <= 0.02 * max(count(older), 1)
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} failed requests met {words:text}; the revisions before it answered {a} requests to the same "
        "routes without failing.",
        time=moment(seen[newest]) if fired else None,
        share=met / len(failed),
        n=met,
        total=len(failed),
        a=float(count(good)),
        words=newest,
        unit="requests",
        evidence=scene.shown(own),
        method="failed requests by revision, but for routes that fail as in the baseline, or as on earlier revisions; "
        "the same routes on earlier revisions",
    )


def _unusual(scene: Scene, failed: pd.DataFrame) -> pd.DataFrame:
    """`failed` without the routes that fail as often in the baseline: they fail on any revision."""
    scale = scene.window.duration / scene.settings.baseline.duration
    usual = scene.before[scene.before["failed"]].groupby("route").size() * scale
    counts = failed.groupby("route").size()
    more = counts > USUAL * usual.reindex(counts.index, fill_value=0.0)
    return failed[failed["route"].isin(set(counts.index[more]))] if more.any() else failed


def _more_than(earlier: pd.DataFrame, newest: pd.DataFrame, failed: pd.DataFrame) -> pd.DataFrame:
    """`failed` without the routes that fail about as often on the revisions before: not the newest one's doing."""
    bad, before = _by_route(earlier)
    _, now = _by_route(newest)
    alike = before.index[(bad >= STRAYS) & (now.reindex(before.index, fill_value=0.0) <= USUAL * before)]
    more = ~failed["route"].isin(alike)
    return failed[more] if more.any() else failed


def _by_route(requests: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Of each route how many requests failed, and which share."""
    sums = requests.assign(bad=requests["failed"] * requests["weight"]).groupby("route")[["bad", "weight"]].sum()
    return sums["bad"], sums["bad"] / sums["weight"]


def _unwell(scene: Scene, newest: Sign) -> Sign:
    """Whether liveness probes end instances of the newest revision alone, which is the one that fails."""
    name = "unwell_since_deploy"
    if not scene.has("system") or newest.verdict is Verdict.NO_DATA:
        return not_seen(name, "Whether probes end the newest revision alone cannot be told ({n} deaths).", "system")
    rows = scene.deaths[scene.deaths["kind"] == "probe"]
    own = rows[rows["revision"] == newest.words]
    fired = newest.fired and len(own) >= PROBES and len(own) == len(rows)
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} instances that a liveness probe ended were of {words:text}.",
        time=first(own, "start_time") if fired else None,
        share=newest.share if fired else None,
        n=len(own),
        total=len(rows),
        words=newest.words,
        unit="instances",
        method="deaths by a liveness probe, by revision, where the failures keep to the newest one",
        evidence=Query("SELECT * FROM finding_crashes WHERE kind = 'probe' ORDER BY start_time"),
    )


def refused(scene: Scene) -> Sign:
    """401 and 403 among real traffic, beyond the baseline, with a reason that lies with the service.

    Clients without a credential are refused on any day. It is the service's affair when it says itself that it
    cannot verify, or when routes that used to answer now refuse.
    """
    if not scene.has("requests"):
        return not_seen("auth_refused", "Whether callers were refused cannot be told from {n} requests.", "requests")
    now = _refusals(scene)
    before = scene.before[scene.before["status"].isin([401, 403])]
    share = count(now) / count(scene.real) if len(scene.real) else 0.0
    usual = count(before) / count(scene.before) if len(scene.before) else 0.0
    many = count(now) >= 10 and share >= 0.05 and share >= 3 * usual
    words = round(scene.during(now, scene.lines(CONFIG)) * count(now) / len(now)) if many else 0
    lost = _used_to_answer(scene, now) if many else 0
    fired = many and max(words, lost) * 2 >= count(now)
    return Sign(
        "auth_refused",
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} of {total} requests of real traffic were refused as not authorised ({part:pct}); {a:pct} in the baseline; "
        "{b} of them with words of a failed verification, or where callers used to be let in.",
        time=first(now, "end_time") if fired else None,
        n=count(now),
        total=count(scene.real),
        a=usual,
        b=float(max(words, lost)),
        unit="requests",
        method="status of the request log, preflights and uptime checks apart; the application's lines meanwhile",
    )


def turned_away(scene: Scene) -> pd.DataFrame:
    """The requests that were refused all at once, where they are far more than those that failed; else none."""
    now = _refusals(scene)
    return now if count(now) >= FAR_MORE * scene.impact and refused(scene).fired else now.head(0)


def _refusals(scene: Scene) -> pd.DataFrame:
    return scene.real[scene.real["status"].isin([401, 403])]


def _used_to_answer(scene: Scene, now: pd.DataFrame) -> int:
    """Refusals on routes that answered most of their requests in the baseline and refuse most of them now."""
    known = real_traffic(scene.before)
    was = _shares(known, (known["status"] < 400).fillna(value=False))
    seen = known.groupby("route")["weight"].sum()
    refusing = _shares(scene.real, scene.real["status"].isin([401, 403]))
    lost = {name for name in was.index if was[name] >= 0.8 and seen[name] >= 5 and refusing.get(name, 0.0) >= 0.5}
    return count(now[now["route"].isin(lost)])


def _shares(requests: pd.DataFrame, mark: pd.Series) -> pd.Series:
    """The share of each route's requests that is marked; of those with a status."""
    known = requests["status"].notna()
    weights = requests["weight"][known]
    sums = pd.DataFrame({"marked": weights * mark[known].astype(int), "all": weights})
    grouped = sums.groupby(requests["route"][known]).sum()
    return (grouped["marked"] / grouped["all"]).astype(float)
