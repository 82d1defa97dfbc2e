"""Audit log entries of a deploy: who asked for it, and when the platform called it ready."""

from typing import Any

from netra_analysis.casebook.signals import Event, Happening, Place
from netra_analysis.casebook.writer import ACTIVITY, SYSTEM_EVENT, LogWriter

_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
_RUN = "type.googleapis.com/google.cloud.run.v1"


def deploy_entries(writer: LogWriter, event: Event) -> None:
    """The request is one entry of a person's; readiness is told twice, of the revision and the service."""
    if event.kind is Happening.DEPLOY_REQUESTED:
        _write(writer, event.time, ACTIVITY, Place(""), "NOTICE", _requested(writer))
        return
    revision, service = event.place.revision, writer.target.service
    succeeded = f"Deploying revision succeeded in {event.number:.2f}s."
    ready = f"Ready condition status changed to True for Revision {revision} with message: {succeeded}"
    conditions = [{"message": succeeded, "status": "True", "type": "Ready"}]
    body = _body(writer, "Revision", revision, {"conditions": conditions}, spec=True)
    told = _event(writer, f"revisions/{revision}", ready, body)
    _write(writer, event.time, SYSTEM_EVENT, event.place, "INFO", told)
    status = {"latestReadyRevisionName": revision, "traffic": [{"percent": 100, "revisionName": revision}]}
    ready = f"Ready condition status changed to True for Service {service}."
    told = _event(writer, f"services/{service}", ready, _body(writer, "Service", service, status))
    _write(writer, event.time + 2.3, SYSTEM_EVENT, Place(""), "INFO", told)


def _write(writer: LogWriter, at: float, log: str, place: Place, severity: str, body: dict[str, Any]) -> None:
    name = f"{writer.rng.getrandbits(50):011x}"
    writer.write(at, log, place, {"protoPayload": body}, severity=severity, insert_id=name)


def _requested(writer: LogWriter) -> dict[str, Any]:
    project, service = writer.target.project, writer.target.service
    account = f"netra-staging-deploy@{project}.iam.gserviceaccount.com"
    name = f"namespaces/{project}/services/{service}"
    return {
        "@type": _TYPE,
        "authenticationInfo": {"principalEmail": account, "principalSubject": f"serviceAccount:{account}"},
        "authorizationInfo": [{"granted": True, "permission": "run.services.update", "resource": name}],
        "methodName": "google.cloud.run.v1.Services.ReplaceService",
        "request": {"@type": f"{_RUN}.ReplaceServiceRequest", "name": name, "service": {"spec": _spec(writer)}},
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


def _body(writer: LogWriter, kind: str, name: str, status: dict[str, Any], *, spec: bool = False) -> dict[str, Any]:
    body: dict[str, Any] = {
        "@type": f"{_RUN}.{kind}",
        "apiVersion": "serving.knative.dev/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": writer.target.project_number},
        "status": status,
    }
    return {**body, "spec": _spec(writer)["template"]["spec"]} if spec else body


def _spec(writer: LogWriter) -> dict[str, Any]:
    target = writer.target
    container = {
        "image": f"gcr.io/{target.project}/{target.service}:latest",
        "name": f"{target.service}-1",
        "ports": [{"containerPort": target.port, "name": "http1"}],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
    }
    return {
        "template": {
            "metadata": {"annotations": {"autoscaling.knative.dev/minScale": "1"}},
            "spec": {"containerConcurrency": 160, "containers": [container], "timeoutSeconds": 300},
        }
    }
