"""The platform's own messages: what happened to an instance, and why a request failed before the service.

The wording has drifted over the years, so messages are known by their stable words. Rules are data.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from netra_analysis.logtext.encodable import encodable

_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """An event of `schema.LIFECYCLE`; `code` is an exit code or a signal number."""

    event: str
    reason: str | None = None
    code: int | None = None
    limit_mib: float | None = None
    used_mib: float | None = None


_SIZE = r"(?P<{0}>\d+(?:\.\d+)?) ?(?P<{0}_unit>[KMGT]?)(?:i?B)?\b"
_EVENTS: Final = (
    # A revision that became ready may still quote an old failure: its text is no evidence of one.
    ("other", r"^Ready condition status changed to True"),
    ("start", r"^Starting new instance\.(?: Reason: (?P<reason>[A-Z_]+))?"),
    ("probe_ok", r"(?P<reason>STARTUP|LIVENESS|READINESS) \w+ probe succeeded"),
    (
        "probe_failed",
        r"(?P<reason>STARTUP|LIVENESS|READINESS) \w+ probe failed(?:[\s\S]*?failed with status (?P<status>[A-Z_]+))?",
    ),
    ("memory_limit", r"Memory limit of " + _SIZE.format("limit") + r" exceeded with " + _SIZE.format("used") + " used"),
    ("memory_limit", r"exit code: (?P<code>\d+) and message: The configured memory limit was reached"),
    ("memory_limit", r"Out-of-memory event detected in container|configured memory limit was reached"),
    ("exit", r"Container called exit\((?P<code>-?\d+)\)|failed with exit code: (?P<task>\d+)"),
    ("signal", r"(?:terminated on|Uncaught) signal:? (?P<code>\d+)"),
    ("shutdown", r"^Shutting down (?:user disabled )?instance"),
    ("shutdown", r"^Terminating task because it has reached the maximum (?P<reason>timeout)"),
    (
        "exec_failed",
        r"Application failed to start: (?P<reason>[^\n]{1,300})|Application exec likely failed|^Invalid ENTRYPOINT",
    ),
    ("truncated_response", r"^Truncated response body"),
    ("sql_unreachable", r'^Cloud SQL instance "(?P<reason>[^"]*)" is not reachable|^Cloud SQL connection failed'),
    ("probe_failed", r"container failed to start and listen|Container failed to (?:become healthy|start)"),
)

_FAILURES: Final = (
    ("memory_exceeded", r"using too much memory and was terminated|[Mm]emory limit of \d+ ?\w+ exceeded"),
    ("malformed_response", r"HTTP response was malformed or connection to the instance had an error"),
    ("no_instance", r"aborted because there was no available instance"),
    ("could_not_start", r"instance could not start successfully"),
    ("readiness_failed", r"failed the readiness check"),
    ("timeout", r"reached the maximum request timeout"),
    ("truncated", r"^Truncated response body|[Rr]esponse size was too large"),
    ("unauthenticated", r"request was not (?:authenticated|authorized)"),
    ("billing", r"billing is disabled"),
)

_EVENT_RULES: Final = tuple((event, re2.compile(pattern)) for event, pattern in _EVENTS)
_FAILURE_RULES: Final = tuple((kind, re2.compile(pattern)) for kind, pattern in _FAILURES)
# Older messages write M where they mean MiB.
_MIB: Final = {"K": 1 / 1024, "M": 1.0, "G": 1024.0, "T": 1024.0 * 1024, "": 1 / (1024 * 1024)}


def read_event(text: str) -> PlatformEvent:
    """The event that a system message tells of; `other` when it is none of those that are known."""
    text = encodable(text[:_LONGEST]).strip()
    for event, pattern in _EVENT_RULES:
        match = pattern.search(text)
        if match:
            return _event(event, match.groupdict())
    return PlatformEvent("other")


def _event(event: str, said: dict[str, Any]) -> PlatformEvent:
    reason, status = said.get("reason"), said.get("status")
    code = said.get("code") or said.get("task")
    return PlatformEvent(
        event,
        f"{reason}: {status}" if status else (reason.strip() if reason else None),
        int(code) if code and len(code) < 10 else None,
        _mib(said, "limit"),
        _mib(said, "used"),
    )


def _mib(said: dict[str, Any], name: str) -> float | None:
    amount = said.get(name)
    return float(amount) * _MIB[said.get(f"{name}_unit") or ""] if amount and len(amount) < 20 else None


@lru_cache(maxsize=4096)
def read_request_failure(text: str) -> str | None:
    """Why the platform failed a request itself; None when the text names no reason that is known."""
    text = encodable(text[:_LONGEST]).strip()
    return next((kind for kind, pattern in _FAILURE_RULES if pattern.search(text)), None)
