"""The platform's messages are known by their stable words, in every wording seen."""

import pytest

from netra_analysis.logtext.platform import PlatformEvent, read_event, read_request_failure

SEE = " Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits"
EVENTS = [
    (
        "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling factors",
        ("start", "AUTOSCALING"),
    ),
    ("Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started", ("start", "DEPLOYMENT_ROLLOUT")),
    ('Default STARTUP TCP probe succeeded after 1 attempt for container "w-1" on port 8080.', ("probe_ok", "STARTUP")),
    (
        'STARTUP HTTP probe succeeded after 3 attempts for container "w" on port 8080 path "/health".',
        ("probe_ok", "STARTUP"),
    ),
    (
        'Default STARTUP TCP probe failed 1 time consecutively for container "w-1" on port 8000. The instance was not'
        " started."
        "\nConnection failed with status CANCELLED.",
        ("probe_failed", "STARTUP: CANCELLED"),
    ),
    (
        'LIVENESS HTTP probe failed 3 times consecutively for container "w" on port 1 path "/p". The instance has been',
        ("probe_failed", "LIVENESS"),
    ),
    ("Container called exit(3).", ("exit", None, 3)),
    ("Container called exit(0).", ("exit", None, 0)),
    ("Container terminated on signal 9.", ("signal", None, 9)),
    ("Uncaught signal: 6, pid=1, tid=1, fault_addr=0.", ("signal", None, 6)),
    ("Memory limit of 1024 MiB exceeded with 1051 MiB used." + SEE, ("memory_limit", None, None, 1024.0, 1051.0)),
    ("Memory limit of 512M exceeded with 526M used." + SEE, ("memory_limit", None, None, 512.0, 526.0)),
    ("Memory limit of 2 GiB exceeded with 2.5 GiB used.", ("memory_limit", None, None, 2048.0, 2560.0)),
    ("Out-of-memory event detected in container", ("memory_limit",)),
    (
        "Task job-x-task0 failed with exit code: 0 and message: The configured memory limit was reached.",
        ("memory_limit", None, 0),
    ),
    ("Terminating task because it has reached the maximum timeout of 1800 seconds.", ("shutdown", "timeout")),
    ("Shutting down user disabled instance", ("shutdown",)),
    ("Application exec likely failed", ("exec_failed",)),
    (
        "terminated: Application failed to start: failed to load /x.sh: no such file or directory",
        ("exec_failed", "failed to load /x.sh: no such file or directory"),
    ),
    ('Invalid ENTRYPOINT. [name: "x" error: "Invalid command"]', ("exec_failed",)),
    ("Truncated response body. Usually implies that the request timed out", ("truncated_response",)),
    ('Cloud SQL instance "p:r:db\r" is not reachable. Deploy a new revision', ("sql_unreachable", "p:r:db")),
    ("Cloud SQL connection failed. Please see", ("sql_unreachable",)),
    (
        "Ready condition status changed to True for Revision r with message: The container failed to start",
        ("other",),
    ),
    ("", ("other",)),
    ("Container called exit(99999999999999999999).", ("exit",)),
]
FAILURES = [
    (
        "The request failed because either the HTTP response was malformed or connection to the instance had an error.",
        "malformed_response",
    ),
    (
        "The request failed because either the HTTP response was malformed or connection to the instance had an error."
        "\n"
        "While handling this request, the container instance was found to be using too much memory and was terminated.",
        "memory_exceeded",
    ),
    ("The request was aborted because there was no available instance.\nAdditional", "no_instance"),
    ("The request failed because the instance could not start successfully.", "could_not_start"),
    ("The request failed because the instance failed the readiness check.", "readiness_failed"),
    ("The request has been terminated because it has reached the maximum request timeout. To change", "timeout"),
    ("Truncated response body. Usually implies", "truncated"),
    ("The request was not authenticated. Either allow", "unauthenticated"),
    ("The request was not authorized to invoke this service.", "unauthenticated"),
    ("The request failed because billing is disabled for this project.", "billing"),
    ("something new", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "event"), EVENTS, ids=[text[:45] for text, _ in EVENTS])
def test_events(text: str, event: tuple[str, ...]) -> None:
    assert read_event(text) == PlatformEvent(*event)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "kind"), FAILURES)
def test_request_failures(text: str, kind: str | None) -> None:
    assert read_request_failure(text) == kind
