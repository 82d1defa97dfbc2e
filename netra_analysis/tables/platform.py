"""What the platform wrote: requests at the edge, the life of instances, and changes of the service."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from netra_analysis import schema
from netra_analysis.logtext.platform import read_event, read_request_failure
from netra_analysis.logtext.route import route_templates
from netra_analysis.logtext.user_agent import client_class
from netra_analysis.params import LONGEST_REQUEST
from netra_analysis.query import Bound
from netra_analysis.sources.engine import Engine
from netra_analysis.sources.questions import question


def _routes(paths: pa.ChunkedArray) -> pa.Array:
    """The route of each path, each distinct path looked at once."""
    encoded = paths.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    routes = route_templates(distinct)
    values = pa.array([routes[path] for path in distinct], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, values).cast(pa.string())


NO_INSTANCE = 429  # the status with which the platform turns a request away for want of an instance


def requests(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    timeout = int(LONGEST_REQUEST.total_seconds() * 1_000_000)
    rows = engine.run(question("requests", **scope, timeout_us=timeout))
    rows = rows.append_column("route", _routes(rows["path"]))
    pairs = list(zip(rows["method"].to_pylist(), rows["user_agent"].to_pylist(), strict=True))
    classes = {(m, a): client_class(m, a or "") for m, a in set(pairs)}
    rows = rows.append_column("client", pa.array([classes[pair] for pair in pairs], pa.string()))
    return schema.REQUESTS.conform(rows.append_column("failed", failed(rows)))


def failed(requests: pa.Table) -> pa.Array:
    """Which of `requests` failed, from their status and the platform's words: never a fact of its own."""
    answers = zip(requests["status"].to_pylist(), requests["platform_text"].to_pylist(), strict=True)
    return pa.array([_failed(status, text) for status, text in answers], pa.bool_())


def _failed(status: int | None, text: str | None) -> bool:
    """Whether the caller got nothing through a fault of the service: a 5xx, or no instance to answer."""
    if status is None:
        return False
    return status >= 500 or (status == NO_INSTANCE and read_request_failure(text or "") == "no_instance")


def lifecycle(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    rows = engine.run(question("system", **scope))
    events = [read_event(text) for text in rows["text"].to_pylist()]
    for name in ("event", "reason", "code", "limit_mib", "used_mib"):
        kind = schema.LIFECYCLE.arrow.field(name).type
        rows = rows.append_column(name, pa.array([getattr(event, name) for event in events], kind))
    return schema.LIFECYCLE.conform(rows)


def deploys(engine: Engine, scope: Mapping[str, Bound]) -> pa.Table:
    """Changes of the service, each by the best evidence there is.

    Audit entries are proof. For a revision without one, the first entry with a new build label, and for one
    without a label, the first entry of the revision. What is there when the data begin is no change.
    """
    found = [row for row in map(_deploy, engine.run(question("audit", **scope)).to_pylist()) if row]
    for name, kind in (("labels", "label"), ("first_seen", "first_seen")):
        named = {row["revision"] for row in found}
        for row in engine.run(question(name, **scope)).to_pylist()[1:]:
            if row["revision"] not in named and row.get("build", "") is not None:
                found.append(_first(row, kind))
    return schema.DEPLOYS.conform(pa.Table.from_pylist(found, schema=schema.DEPLOYS.loose))


def _first(row: Mapping[str, Any], evidence: str) -> dict[str, Any]:
    what = f"labelled {row['build']}" if evidence == "label" else f"of revision {row['revision']}"
    return {
        **{name: row[name] for name in ("time", "id", "revision")},
        "kind": "first_seen",
        "evidence": evidence,
        "text": f"first entry {what}",
    }


def _deploy(row: Mapping[str, Any]) -> dict[str, Any] | None:
    resource = row["resource_name"].rsplit("/", 1)
    is_revision = resource[0].endswith("revisions")
    revision = resource[1] if is_revision else row["revision"] or row["created_revision"]
    if row["log"].endswith("/activity"):
        changes = (
            "ReplaceService",
            "CreateService",
            "UpdateService",
            "DeleteService",
            "ReplaceInternalService",
        )
        if not row["method_name"].endswith(changes):
            return None
        kind = "requested"
    else:
        failed = row["severity"] == "ERROR" or bool(row["status_code"])
        kind = "failed" if failed else "ready"
        if not is_revision and not failed:
            return None  # the service's own Ready follows its revision's and would count the deploy twice
    text = row["status_text"] or row["method_name"]
    return {
        "time": row["time"],
        "id": row["id"],
        "revision": revision,
        "kind": kind,
        "evidence": "audit",
        "text": text,
    }
