"""Audit log entries of a deploy: who asked for it, and when the platform called it ready."""

from dataclasses import dataclass
from typing import Any, Final

from netra_analysis.casebook.signals import Event, Happening, Place
from netra_analysis.casebook.writer import ACTIVITY, SYSTEM_EVENT, LogWriter

_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
_RUN = "type.googleapis.com/google.cloud.run.v1"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a deploy asks for: the container, its limits, who asks."""

    memory: str = "1Gi"
    cpu: str = "2"
    concurrency: int = 160
    min_scale: int = 1
    max_scale: int | None = None
    timeout_s: int = 300
    account: str = "netra-staging-deploy"


_SHAPE: Final = Shape()
_NOT_LISTENING = (
    "The user-provided container failed to start and listen on the port defined provided by the PORT={port} "
    "environment variable within the allocated timeout. This can happen when the container port is misconfigured or if "
    "the timeout is too short. The health check timeout can be extended. Logs for this revision might contain more "
    "information."
)


def deploy_entries(writer: LogWriter, event: Event, shape: Shape = _SHAPE) -> None:
    """The request is one entry of a person's; readiness is told twice, of the revision and the service."""
    if event.kind is Happening.DEPLOY_REQUESTED:
        _write(writer, event.time, ACTIVITY, Place(""), "NOTICE", _requested(writer, shape))
        return
    if event.kind is Happening.DEPLOY_FAILED:
        _failed(writer, event, shape)
        return
    revision, service = event.place.revision, writer.target.service
    succeeded = f"Deploying revision succeeded in {event.number:.2f}s."
    ready = f"Ready condition status changed to True for Revision {revision} with message: {succeeded}"
    conditions = [{"message": succeeded, "status": "True", "type": "Ready"}]
    body = _body(writer, "Revision", revision, {"conditions": conditions}, shape)
    told = _event(writer, f"revisions/{revision}", ready, body)
    _write(writer, event.time, SYSTEM_EVENT, event.place, "INFO", told)
    status = {"latestReadyRevisionName": revision, "traffic": [{"percent": 100, "revisionName": revision}]}
    ready = f"Ready condition status changed to True for Service {service}."
    told = _event(writer, f"services/{service}", ready, _body(writer, "Service", service, status))
    _write(writer, event.time + 2.3, SYSTEM_EVENT, Place(""), "INFO", told)


def _write(writer: LogWriter, at: float, log: str, place: Place, severity: str, body: dict[str, Any]) -> None:
    name = f"{writer.rng.getrandbits(50):011x}"
    writer.write(at, log, place, {"protoPayload": body}, severity=severity, insert_id=name)


def _failed(writer: LogWriter, event: Event, shape: Shape) -> None:
    """A revision that never listened: it is told once, and no traffic moves."""
    revision, why = event.place.revision, _NOT_LISTENING.format(port=writer.target.port)
    message = f"Ready condition status changed to False for Revision {revision} with message: {why}"
    conditions = [{"message": why, "status": "False", "type": "Ready"}]
    told = _event(
        writer, f"revisions/{revision}", message, _body(writer, "Revision", revision, {"conditions": conditions})
    )
    told["status"]["code"] = 9
    _write(writer, event.time, SYSTEM_EVENT, event.place, "ERROR", told)


def _requested(writer: LogWriter, shape: Shape) -> dict[str, Any]:
    project, service = writer.target.project, writer.target.service
    account = f"{shape.account}@{project}.iam.gserviceaccount.com"
    name = f"namespaces/{project}/services/{service}"
    return {
        "@type": _TYPE,
        "authenticationInfo": {"principalEmail": account, "principalSubject": f"serviceAccount:{account}"},
        "authorizationInfo": [{"granted": True, "permission": "run.services.update", "resource": name}],
        "methodName": "google.cloud.run.v1.Services.ReplaceService",
        "request": {"@type": f"{_RUN}.ReplaceServiceRequest", "name": name, "service": {"spec": _spec(writer, shape)}},
        "requestMetadata": {"callerIp": "198.51.100.50", "callerSuppliedUserAgent": "google-cloud-sdk"},
        "resourceLocation": {"currentLocations": [writer.target.region]},
        "resourceName": name,
        "serviceName": "run.googleapis.com",
    }


def _event(writer: LogWriter, name: str, message: str, response: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": _TYPE,
        "methodName": "/Services.ReplaceService",
        "resourceName": f"namespaces/{writer.target.project}/{name}",
        "response": response,
        "serviceName": "run.googleapis.com",
        "status": {"message": message},
    }


def _body(
    writer: LogWriter, kind: str, name: str, status: dict[str, Any], shape: Shape | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "@type": f"{_RUN}.{kind}",
        "apiVersion": "serving.knative.dev/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": writer.target.project_number},
        "status": status,
    }
    return {**body, "spec": _spec(writer, shape)["template"]["spec"]} if shape else body


def _spec(writer: LogWriter, shape: Shape) -> dict[str, Any]:
    target = writer.target
    container = {
        "image": f"gcr.io/{target.project}/{target.service}:latest",
        "name": f"{target.service}-1",
        "ports": [{"containerPort": target.port, "name": "http1"}],
        "resources": {"limits": {"cpu": shape.cpu, "memory": shape.memory}},
    }
    scale = {"autoscaling.knative.dev/minScale": str(shape.min_scale)}
    if shape.max_scale is not None:
        scale["autoscaling.knative.dev/maxScale"] = str(shape.max_scale)
    limits = {"containerConcurrency": shape.concurrency, "timeoutSeconds": shape.timeout_s}
    return {"template": {"metadata": {"annotations": scale}, "spec": {"containers": [container], **limits}}}
