"""What BigQuery refuses, by the reason it gives: one HTTP status stands for several, and asks for different acts."""

from typing import Any, Final

from netra_analysis.errors import SourceError
from netra_analysis.sources.cloud import importable

_TODO: Final = {
    "accessDenied": "ask for the roles BigQuery Data Viewer on the dataset and BigQuery Job User on the project",
    "notFound": "check the names in source: bigquery:PROJECT.DATASET, and that the sink has written to it",
    "quotaExceeded": "a quota of the project is used up; wait for it to renew, or ask for a shorter window",
    "bytesBilledLimitExceeded": "it would have cost more than is left of budget.bytes, and was stopped unbilled",
    "billingNotEnabled": "enable billing for the project",
    "responseTooLarge": "ask for a shorter window",
    "timeout": "ask for a shorter window",
    "invalidQuery": "please report it with the message: the query is this package's own",
}


def errors() -> tuple[type[Exception], ...]:
    """Everything that the client raises for an answer, or for none."""
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
        return str(error.errors[0]["reason"])
    except (AttributeError, IndexError, TypeError, KeyError):
        return _by_kind(type(error).__name__)


def _by_kind(kind: str) -> str:
    known = {
        "Forbidden": "accessDenied",
        "PermissionDenied": "accessDenied",
        "NotFound": "notFound",
        "TooManyRequests": "rateLimitExceeded",
        "InternalServerError": "internalError",
        "BadGateway": "badGateway",
        "ServiceUnavailable": "backendError",
    }
    return known.get(kind, "timeout" if "timeout" in kind.lower() else kind)


def forbidden(error: Any) -> bool:
    return reason(error) == "accessDenied"


def explained(error: Any, what: str) -> SourceError:
    """One sentence: what was asked, what BigQuery said, and what to do."""
    found = reason(error)
    said = " ".join(str(getattr(error, "message", None) or error).split())[:400]
    todo = _TODO.get(found, "try again later; nothing was published")
    return SourceError(f"bigquery: {what} was refused ({found}): {said}; {todo}")
