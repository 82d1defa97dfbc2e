"""Signs of settings: what is refused, addresses that lead nowhere since a deploy, a deploy that changed settings alone,
and flags."""

from dataclasses import replace

import pandas as pd

from netra_analysis.finding import Verdict
from netra_analysis.logtext.trouble import CONFIG, EMPTY, NO_LOGIN, any_of
from netra_analysis.query import Query
from netra_analysis.reconstruct.specs import Change, changes
from netra_analysis.signs import calls
from netra_analysis.signs.scene import AT_ONSET, SOON, Scene, first
from netra_analysis.signs.sign import Sign, not_seen
from netra_analysis.signs.words import told

NOWHERE = any_of(  # no answer that a dependency gives: there is none of that name, or it is the service itself
    r"UnknownHostException|name or service not known|nodename nor servname|no such host|name does not resolve",
    r"getaddrinfo (?:failed|ENOTFOUND)|NXDOMAIN|\bENOTFOUND\b|could not resolve host",
    r"(?:refused|ECONNREFUSED|Errno 111).{0,80}(?:localhost|127\.0\.0\.1|\[?::1\]?)[:/ ]",
    r"(?:localhost|127\.0\.0\.1|\[?::1\]?)[:\d/ ]{0,12}.{0,60}refused",
)

FLAG = any_of(
    r"\b(?:flag|toggle|rollout|kill ?switch|experiment|remote config)s?\b.{0,80}"
    r"(?:->|=>|\x{2192}|changed|updated|enabled|disabled|set to|turned o|flipped|switched|now o)",
    r"\b(?:changed|updated|enabled|disabled|turned (?:on|off)|flipped|switched)\b.{0,40}\b(?:flag|toggle|rollout)\b",
)
JUST_BEFORE, JUST_AFTER = pd.Timedelta(minutes=5), pd.Timedelta(seconds=30)  # the onset, at which a flag was changed
ALONE = 0.95  # of the failures are of revisions that came with or after the deploy
SELDOM = 2  # other minutes in which flags change: who tells of them all the time tells nothing by it


def look(scene: Scene) -> list[Sign]:
    return [_config(scene), _nowhere(scene), _only_settings(scene), _flag(scene)]


def _config(scene: Scene) -> Sign:
    """Words of settings; where a database knows nobody of that name, a pool without a connection waits for it."""
    now, before = (_refused(scene, before=before) for before in (False, True))
    found = told(
        scene,
        "config_words",
        now,
        before=before,
        says="{n} lines speak of a refused, missing or wrong setting or secret",
        unknown="Whether a setting or secret was refused cannot be told from {n} lines.",
        method="words of authentication, secrets and settings, and calls that were answered 401 or 403; clearly more "
        "than in the baseline",
    )
    empty = scene.lines(EMPTY) if found.share is not None and len(scene.lines(NO_LOGIN)) else []
    return replace(found, share=scene.met(pd.concat([now, empty]))) if len(empty) else found


def _refused(scene: Scene, *, before: bool) -> pd.DataFrame:
    lines = [scene.lines(CONFIG, before=before), calls.answered(scene, calls.REFUSED, before=before)]
    return pd.concat(lines).drop_duplicates("id").sort_values(["time", "id"])


def _nowhere(scene: Scene) -> Sign:
    """Whether an address leads nowhere since a deploy, and for its revision alone: then it was given a wrong one."""
    name, says = "wrong_address", "Whether an address leads nowhere since a deploy cannot be told ({n} lines)."
    now, before = scene.lines(NOWHERE), scene.lines(NOWHERE, before=True)
    if not scene.has_logs or scene.deploys.empty:
        return not_seen(name, says, "stderr" if not scene.has_logs else "audit")
    revisions = sorted({str(one) for one in now["revision"] if one})
    began = _since(scene, revisions[0]) if len(revisions) == 1 else None
    older = scene.logs[(scene.logs["time"] < began) & (scene.logs["revision"] != revisions[0])] if began else []
    fired = began is not None and len(older) > 0 and len(before) == 0 and now["time"].min() - began <= SOON
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} lines of the revision {words:text} alone say that an address leads nowhere."
        if fired
        else "{n} lines say that an address leads nowhere, not of a new revision alone.",
        time=first(now) if fired else None,
        share=scene.met(now) if fired else None,
        evidence=scene.rows_of(now),
        n=len(now),
        words=revisions[0] if fired else None,
        unit="lines",
        method="names that do not resolve, and connections refused by the service itself, from a new revision on",
    )


def _since(scene: Scene, revision: str) -> pd.Timestamp | None:
    """When a revision that came inside of the data was deployed."""
    own = scene.deploys[(scene.deploys["revision"] == revision) & scene.deploys["kind"].isin(["ready", "first_seen"])]
    return own["time"].min() if len(own) else None


def _only_settings(scene: Scene) -> Sign:
    """Whether the deploy before the onset changed settings and no code, and only its revision fails."""
    name, says = "settings_changed", "Whether a deploy changed settings alone cannot be told ({n} deploys to compare)."
    onset, known, at = scene.onset, changes(scene.tables), scene.deploys["time"]
    if onset is None or not ((at >= onset - SOON) & (at <= onset + AT_ONSET)).any():  # a new setting is a new revision
        return Sign(name, Verdict.CLEAR, "No deploy came before the failures ({n} looked at).", n=len(scene.deploys))
    near = [one for one in known if onset - SOON <= one.time <= onset + AT_ONSET]
    if not near or near[-1].same_image is None:
        return not_seen(name, says, "audit")
    last = near[-1]
    share = _failing_since(scene, last)
    fired = bool(last.same_image and last.settings) and share >= ALONE
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "The deploy before the failures kept the image and changed {n} settings: {words:text}."
        if last.same_image
        else "The deploy before the failures brought another image; {n} settings changed with it.",
        time=last.time if fired else None,
        share=share if fired else None,
        n=len(last.settings),
        words=", ".join(last.settings)[:160] if last.same_image else None,
        unit="settings",
        method="what the deploy asked for by the audit log, beside the deploy before it; images by their digest",
        evidence=Query("SELECT * FROM deploys ORDER BY time"),
    )


def _flag(scene: Scene) -> Sign:
    """Whether a feature flag was changed just before the failures, and hardly at any other time before."""
    name, says = "flag_changed", "Whether a feature flag was changed before the failures cannot be told ({n} lines)."
    if not scene.has_logs or scene.onset is None:
        return not_seen(name, says, "stderr")
    onset = pd.Timestamp(scene.onset)
    lines = pd.concat([scene.lines(FLAG, before=True, loud=False), scene.lines(FLAG, loud=False)])
    near = lines[(lines["time"] >= onset - JUST_BEFORE) & (lines["time"] <= onset + JUST_AFTER)]
    others = lines[lines["time"] < onset - JUST_BEFORE]["time"].dt.floor("min").nunique() if len(lines) else 0
    fired = len(near) > 0 and others <= SELDOM
    return Sign(
        name,
        Verdict.FIRED if fired else Verdict.CLEAR,
        "{n} lines tell of a feature flag that was changed just before the failures, as in {total} other minutes; for "
        "example “{words:text}”."
        if len(near)
        else "{n} lines tell of a feature flag that was changed just before the failures.",
        time=first(near) if fired else None,
        evidence=scene.rows_of(near if len(near) else lines),
        n=len(near),
        total=int(others) if len(near) else None,
        words=str(near["message"].iloc[0])[:160] if len(near) else None,
        unit="lines",
        method="words of flags, toggles and roll-outs that change, within five minutes before the onset",
    )


def _failing_since(scene: Scene, change: Change) -> float:
    """The share of the failed requests that are of a revision first seen after `change`."""
    order = pd.concat([scene.before, scene.requests])
    seen = order[order["revision"] != ""].groupby("revision")["time"].min()
    failed = scene.failed[scene.failed["revision"] != ""]
    return float(failed["revision"].isin(seen.index[seen >= change.time]).mean()) if len(failed) else 0.0
