"""Settings that a deploy changed, and addresses that lead nowhere since."""

from pathlib import Path
from typing import Any

import pytest

from netra_analysis.finding import Verdict
from tests.entries import entry, opened, request, said
from tests.signs.looks import calm

OLD, NEW = "shop-00001-abc", "shop-00002-new"
NOWHERE = "java.net.UnknownHostException: rates.stg.internal: Name or service not known"
AWAY = "java.net.ConnectException: Connection timed out"


def deploy(seconds: float, digest: str, url: str, v2: bool = False) -> dict[str, Any]:
    container = {"image": f"docker.pkg.dev/p/shop{digest}", "env": [{"name": "RATES_URL", "value": url}]}
    spec = {"template": {"containers": [container]}}
    old = {"spec": {"template": {"spec": {"containers": [container]}}}}
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": f"google.cloud.run.{'v2.Services.UpdateService' if v2 else 'v1.Services.ReplaceService'}",
        "resourceName": "namespaces/p/services/shop",
        "request": {"service": spec if v2 else old},
    }
    log = "projects/p/logs/cloudaudit.googleapis.com%2Factivity"
    return entry(seconds, "", logName=log, severity="NOTICE", protoPayload=payload, instance="", revision="")


def incident(words: str, digest: str = "@sha256:aa", url: str = "https://rates.stg", v2: bool = False) -> list[Any]:
    """From the deploy at 590 on the new revision fails, with `words`."""
    failing = [request(600 + 5 * n, 500, revision=NEW) for n in range(60)]
    told = [said(600.03 + 5 * n, f"ERROR {words}", revision=NEW) for n in range(60)]
    deploys = [deploy(-3000, "@sha256:aa", "https://rates", v2), deploy(590, digest, url, v2)]
    return [*calm(600), *failing, *told, said(10, "INFO ready"), *deploys]


def signs(tmp_path: Path, entries: list[Any]) -> dict[str, Any]:
    return {one.id: one for one in opened(tmp_path, entries).signs}


@pytest.mark.parametrize("v2", [False, True])
def test_a_deploy_that_kept_the_image_and_changed_a_setting(tmp_path: Path, v2: bool) -> None:
    found = opened(tmp_path, incident(AWAY, v2=v2))
    seen = next(one for one in found.signs if one.id == "settings_changed")
    assert (seen.verdict, seen.words, seen.share) == (Verdict.FIRED, "RATES_URL", 1.0)
    assert found.verdict == "config_or_secret"


@pytest.mark.parametrize(
    ("digest", "verdict"), [("@sha256:bb", Verdict.CLEAR), (":latest", Verdict.CLEAR), ("@sha256:aa", Verdict.FIRED)]
)
def test_another_image_is_no_change_of_settings_alone(tmp_path: Path, digest: str, verdict: Verdict) -> None:
    assert signs(tmp_path, incident(AWAY, digest))["settings_changed"].verdict is verdict


@pytest.mark.parametrize("env", [5, "x", {"name": "A"}, [5, None, ["x"], {"name": 7}], True])
def test_a_specification_in_no_known_form_is_compared_all_the_same(tmp_path: Path, env: Any) -> None:
    odd = deploy(590, "@sha256:aa", "")
    odd["protoPayload"]["request"]["service"]["spec"]["template"]["spec"]["containers"][0]["env"] = env
    entries = [one for one in incident(AWAY) if "protoPayload" not in one]
    found = signs(tmp_path, [*entries, deploy(-3000, "@sha256:aa", "https://rates"), odd])
    assert found["settings_changed"].verdict is Verdict.FIRED


STEP = "instalments-at-quote: rollout off -> 25% (stream event, author=marketing-ops)"
BROKEN = "java.util.NoSuchElementException: Key DE_12M is missing in the map."


@pytest.mark.parametrize(("told_before", "verdict"), [(0, Verdict.FIRED), (20, Verdict.CLEAR)])
def test_a_flag_that_was_changed_just_before_the_failures(tmp_path: Path, told_before: int, verdict: Verdict) -> None:
    failing = [request(600 + 5 * n, 500) for n in range(60)]
    told = [said(600.03 + 5 * n, f"ERROR {BROKEN}") for n in range(60)]
    flags = [said(seconds, STEP) for seconds in (540, *(-120 * n for n in range(1, told_before)))]
    found = opened(tmp_path, [*calm(600), *failing, *told, *flags])
    assert next(one for one in found.signs if one.id == "flag_changed").verdict is verdict
    assert (found.verdict == "config_or_secret") is (verdict is Verdict.FIRED)


def test_a_tag_may_be_another_image_every_time(tmp_path: Path) -> None:
    entries = [one for one in incident(AWAY) if "protoPayload" not in one]
    tagged = [*entries, deploy(-3000, ":latest", "https://rates"), deploy(590, ":latest", "https://rates.stg")]
    assert signs(tmp_path, tagged)["settings_changed"].verdict is Verdict.NO_DATA


def test_without_a_deploy_before_the_failures_no_setting_was_changed(tmp_path: Path) -> None:
    failing = [request(600 + 5 * n, 500) for n in range(60)]
    assert signs(tmp_path, [*calm(600), *failing])["settings_changed"].verdict is Verdict.CLEAR


def test_an_address_that_leads_nowhere_for_the_new_revision_alone_was_given_wrong(tmp_path: Path) -> None:
    entries = [one for one in incident(NOWHERE) if "request" not in str(one.get("protoPayload"))]
    found = opened(tmp_path, entries)
    seen = next(one for one in found.signs if one.id == "wrong_address")
    assert (seen.verdict, seen.n) == (Verdict.FIRED, 60)
    assert found.verdict == "config_or_secret"


def test_one_that_the_older_revision_does_not_find_either_is_a_dependency(tmp_path: Path) -> None:
    entries = [one for one in incident(NOWHERE) if "request" not in str(one.get("protoPayload"))]
    both = [*entries, *(said(605 + 5 * n, f"ERROR {NOWHERE}", revision=OLD) for n in range(30))]
    found = opened(tmp_path, both)
    assert next(one for one in found.signs if one.id == "wrong_address").verdict is Verdict.CLEAR
    assert found.verdict == "dependency_failure"


def test_who_waits_for_a_pool_without_a_connection_waits_for_what_the_database_refuses(tmp_path: Path) -> None:
    """HikariCP's time-out says how many connections the pool holds: with none it is not full."""
    empty = "HikariPool-1 - Connection is not available, request timed out after 10025ms (total={}, active=0, idle=0)"
    failing = [request(600 + 5 * n, 500) for n in range(60)]
    why = said(600.02, 'ERROR FATAL: password authentication failed for user "app"')

    def weighed(total: int) -> dict[str, Any]:
        waits = [said(600.03 + 5 * n, f"ERROR {empty.format(total)}") for n in range(60)]
        return signs(tmp_path, [*calm(600), *failing, why, *waits, said(10, "INFO ready")])

    none, full = weighed(0), weighed(10)
    assert (none["config_words"].share, none["pool_timeouts"].verdict) == (1.0, Verdict.CLEAR)
    assert full["config_words"].share < 0.1
    assert full["pool_timeouts"].verdict is Verdict.FIRED
