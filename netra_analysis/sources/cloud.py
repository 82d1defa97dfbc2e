"""Clients of Google Cloud: imported where they are used, because an installation without `gcp` has none."""

from importlib import import_module
from os import environ
from typing import Any

from netra_analysis.errors import SourceError


def importable(name: str) -> Any:
    """The module, or what to install."""
    try:
        return import_module(name)
    except ImportError as error:
        raise SourceError(
            f"this source needs {name}, which is not installed; "
            "install the group gcp: pip install 'netra-analysis[gcp]'"
        ) from error


def bigquery(project: str) -> Any:
    """A BigQuery client for `project`. BIGQUERY_EMULATOR_HOST, the client's own variable, names another server."""
    module = importable("google.cloud.bigquery")
    emulated = "BIGQUERY_EMULATOR_HOST" in environ
    return _made(lambda credentials: module.Client(project=project, credentials=credentials), emulated)


def bigquery_storage() -> Any:
    """A client of the BigQuery Storage API; None where it is not installed or another server answers without it."""
    endpoint = environ.get("BIGQUERY_STORAGE_EMULATOR_HOST", "")
    if "BIGQUERY_EMULATOR_HOST" in environ and not endpoint:
        return None
    try:
        module = importable("google.cloud.bigquery_storage")
        read = importable("google.cloud.bigquery_storage_v1.services.big_query_read.transports")
    except SourceError:
        return None
    if endpoint:
        return module.BigQueryReadClient(transport=read.BigQueryReadGrpcTransport(channel=_channel(endpoint)))
    return _made(lambda _credentials: module.BigQueryReadClient(), anonymous=False)


def logging(project: str) -> Any:
    """The Logging API over REST; gcloud's variable for another endpoint counts here, too."""
    module = importable("google.cloud.logging")
    endpoint = environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING", "").rstrip("/")
    options = {"client_options": {"api_endpoint": endpoint}} if endpoint else {}
    made = _made(
        lambda credentials: module.Client(project=project, credentials=credentials, _use_grpc=False, **options),
        endpoint.startswith("http://"),
    )
    return made.logging_api


def monitoring() -> Any:
    """The Monitoring API, which is gRPC only; plain text where gcloud's variable names a local server."""
    module = importable("google.cloud.monitoring_v3")
    endpoint = environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING", "").rstrip("/")
    if endpoint.startswith("http://"):
        transports = importable("google.cloud.monitoring_v3.services.metric_service.transports")
        return module.MetricServiceClient(transport=transports.MetricServiceGrpcTransport(channel=_channel(endpoint)))
    options = {"client_options": {"api_endpoint": endpoint.removeprefix("https://")}} if endpoint else {}
    return _made(lambda _credentials: module.MetricServiceClient(**options), anonymous=False)


def _channel(endpoint: str) -> Any:
    """Plain text to a local server, which has no certificate; messages may be as large as a page is."""
    options = [("grpc.max_receive_message_length", -1)]
    return importable("grpc").insecure_channel(endpoint.removeprefix("http://"), options=options)


def _made(make: Any, anonymous: bool) -> Any:
    """`make(credentials)`: none of its own for an emulator, the environment's otherwise."""
    exceptions = importable("google.auth.exceptions")
    credentials = importable("google.auth.credentials").AnonymousCredentials() if anonymous else None
    try:
        return make(credentials)
    except exceptions.GoogleAuthError as error:
        raise SourceError(
            f"no credentials for Google Cloud: {error}; run: gcloud auth application-default login"
        ) from error
