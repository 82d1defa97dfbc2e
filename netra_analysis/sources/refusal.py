"""What Google's APIs refuse, by the reason they give: one HTTP status stands for several, each asks for another act."""

import random
from typing import Any, Final

from netra_analysis.errors import SourceError
from netra_analysis.sources.cloud import importable

_TODO: Final = {
    "notFound": "check the names in the parameters, and that there is something of that time",
    "quotaExceeded": "a quota of the project is used up; wait for it to renew, or ask for a shorter window",
    "rateLimitExceeded": "the project's read quota is used up by others; try again later",
    "bytesBilledLimitExceeded": "it would have cost more than is left of budget.bytes, and was stopped unbilled",
    "billingNotEnabled": "enable billing for the project",
    "responseTooLarge": "ask for a shorter window",
    "timeout": "ask for a shorter window",
    "invalidQuery": "please report it with the message: the query is this package's own",
}
_BY_KIND: Final = {
    "Forbidden": "accessDenied",
    "forbidden": "accessDenied",
    "badRequest": "invalidQuery",
    "PermissionDenied": "accessDenied",
    "NotFound": "notFound",
    "TooManyRequests": "rateLimitExceeded",
    "ResourceExhausted": "rateLimitExceeded",
    "BadRequest": "invalidQuery",
    "InvalidArgument": "invalidQuery",
    "InternalServerError": "internalError",
    "BadGateway": "badGateway",
    "ServiceUnavailable": "backendError",
}
_ACCESS: Final = {
    "bigquery": "the roles BigQuery Data Viewer on the dataset and BigQuery Job User on the project",
    "logging": "the role Logs Viewer on the project (Private Logs Viewer for audit logs of data access)",
    "monitoring": "the role Monitoring Viewer on the project",
}
# An answer of these reasons may be another one in a moment; every other reason stays what it is.
AGAIN: Final = frozenset({"rateLimitExceeded", "backendError", "internalError", "badGateway", "jobBackendError"})

LONGEST: Final = 60.0  # seconds between two tries


def errors() -> tuple[type[Exception], ...]:
    """Everything that a client raises for an answer, or for none."""
    return (
        importable("google.api_core.exceptions").GoogleAPIError,
        importable("google.auth.exceptions").GoogleAuthError,
        importable("requests.exceptions").RequestException,
        TimeoutError,
        ConnectionError,
    )


def reason(error: Any) -> str:
    """The reason in the answer; where there is none, what the kind of the error amounts to."""
    try:
        named = str(error.errors[0]["reason"])
    except (AttributeError, IndexError, TypeError, KeyError):
        named = type(error).__name__
    known = _BY_KIND.get(named, named)
    return "timeout" if "timeout" in known.lower() else known


def may_pass(error: Any) -> bool:
    return reason(error) in AGAIN


def lost(error: Any) -> bool:
    """Whether no answer came, or a gateway's instead of the server's: a reading that bills nothing may ask again."""
    requests = importable("requests.exceptions")
    transport = importable("google.auth.exceptions").TransportError
    kinds = (ConnectionError, requests.ConnectionError, requests.Timeout, requests.ChunkedEncodingError, transport)
    return isinstance(error, kinds) or getattr(error, "code", None) == 504


def patience(error: Any, attempt: int) -> float:
    """Seconds before asking again: as long as the answer says, else at random up to a bound that doubles."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("Retry-After", ""))
    longest = min(LONGEST, 2.0 ** (attempt + 1))
    return min(LONGEST, float(said)) if said.isdigit() else random.uniform(1.0, longest)  # noqa: S311 (no secret)


def forbidden(error: Any) -> bool:
    return reason(error) == "accessDenied"


def explained(error: Any, what: str, where: str = "bigquery") -> SourceError:
    """One sentence: what was asked of which API, what it said, and what to do."""
    found = reason(error)
    said = " ".join(str(getattr(error, "message", None) or error).split())[:400]
    todo = f"ask for {_ACCESS[where]}" if found == "accessDenied" else _TODO.get(found, "try again later")
    return SourceError(f"{where}: {what} was refused ({found}): {said}; {todo}")
