"""The log an entry was written to: from its name, or from its content where the export lost the name."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

REQUESTS: Final = "run.googleapis.com/requests"
SYSTEM: Final = "run.googleapis.com/varlog/system"
ACTIVITY: Final = "cloudaudit.googleapis.com/activity"
SYSTEM_EVENT: Final = "cloudaudit.googleapis.com/system_event"

# Sentences that only the platform writes; anchored, because applications quote them.
_SYSTEM_TEXT = re.compile(
    r"Container called exit\(|Container terminated on signal \d|Uncaught signal: \d"
    r"|Starting new instance\.|Shutting down user disabled instance"
    r"|Memory limit of [\d.]+ ?M|The configured memory limit was reached"
    r"|Out-of-memory event detected in container"
    r"|(?:Default )?(?:STARTUP|LIVENESS|READINESS) (?:TCP|HTTP|GRPC) probe "
    r"|Application exec likely failed|terminated: Application failed to start"
    r"|Truncated response body\. Usually|Response size was too large\. Please"
    r"|Cloud SQL instance \".*\" is not reachable|Container Sandbox: Unsupported syscall"
)
_REQUEST_TEXT = re.compile(
    r"The request was aborted because there was no available instance"
    r"|The request failed because (?:either the HTTP response was malformed|the instance )"
    r"|The request has been terminated because it has reached the maximum request timeout"
    r"|While handling this request, the container instance was found to be using too much memory"
)


@lru_cache(maxsize=1024)
def named(name: str) -> tuple[str, str | None]:
    """`projects/P/logs/run.googleapis.com%2Fstderr` → `run.googleapis.com/stderr`, `P`."""
    owner, _, log = name.rpartition("/logs/")
    return unquote(log), owner.removeprefix("projects/") if owner.startswith("projects/") else None


def inferred(text: str | None, request: Mapping[str, Any], audit: Mapping[str, Any]) -> str:
    """The log id that the content gives away, or '' where it is not certain."""
    if request:
        return REQUESTS
    if audit:
        return _audit_log(str(audit.get("methodName") or ""))
    if text and _SYSTEM_TEXT.match(text):
        return SYSTEM
    return REQUESTS if text and _REQUEST_TEXT.match(text) else ""


def _audit_log(method: str) -> str:
    """The platform's own events name an internal method, /Services.ReplaceService; people's have a full name."""
    if method.startswith("/"):
        return SYSTEM_EVENT
    verb = method.rpartition(".")[2]
    reads = verb.startswith(("Get", "List", "Search", "Test", "Watch"))
    return ACTIVITY if "." in method and not reads else ""
