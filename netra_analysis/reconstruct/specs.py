"""What a deploy changed: the specification that its audit entry asks for, beside that of the deploy before.

Both shapes of the Cloud Run API are read: v1 (`spec.template.spec.containers`, as Knative has it) and v2
(`template.containers`). Values of settings were redacted at load where they are secrets; equal ones still are equal.
An image that is named by a tag may be another one every time, so only a digest shows that it is the same.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import pyarrow.compute as pc

from netra_analysis.reconstruct.once import once
from netra_analysis.tables import Tables

DEEPEST: Final = 8  # levels of a request that are looked into
_SETTINGS: Final = ("env", "command", "args", "volumeMounts")
_ACCOUNTS: Final = ("serviceAccountName", "serviceAccount", "volumes", "vpcAccess")


@dataclass(frozen=True, slots=True)
class Change:
    """One deploy against the one before it. `same_image` is None where tags do not tell; `settings` are names."""

    time: datetime
    id: str
    same_image: bool | None
    settings: tuple[str, ...]


@once
def changes(tables: Tables) -> tuple[Change, ...]:
    """Each deploy that was asked for, in order, but for the first: nothing is known of what was before it."""
    asked = tables.deploys.filter(pc.equal(tables.deploys["kind"], "requested")).select(["time", "id"]).to_pylist()
    entries = tables.entries.filter(pc.is_in(tables.entries["id"], tables.deploys["id"].combine_chunks()))
    audits = dict(zip(entries["id"].to_pylist(), entries["audit"].to_pylist(), strict=True))
    known = [(row, spec) for row in asked if (spec := _spec(audits.get(row["id"])))]
    return tuple(
        Change(row["time"], row["id"], _same_image(before, now), _settings(before, now))
        for (_, before), (row, now) in pairwise(known)
    )


def _spec(audit: str | None) -> Mapping[str, Any] | None:
    """The part of an audit entry's request that holds the containers."""
    payload = json.loads(audit) if audit else None
    request = payload.get("request") if isinstance(payload, Mapping) else None
    return next(_holding(request, "containers", DEEPEST), None)


def _holding(value: Any, name: str, deep: int) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, Mapping) or not deep:
        return
    if isinstance(value.get(name), list):
        yield value
    for inner in value.values():
        yield from _holding(inner, name, deep - 1)


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in spec["containers"] if isinstance(one, Mapping)]


def _same_image(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool | None:
    was, is_ = ([str(one.get("image", "")) for one in _containers(spec)] for spec in (before, now))
    if was != is_:
        return False
    return True if all("@sha256:" in image for image in is_) else None


def _settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    was, is_ = _flat(before), _flat(now)
    return tuple(sorted(name for name in was.keys() | is_.keys() if was.get(name) != is_.get(name)))


def _flat(spec: Mapping[str, Any]) -> dict[str, str]:
    """Each setting by its name, as text that can be compared; a variable by its own name."""
    found = {name: json.dumps(spec[name], sort_keys=True) for name in _ACCOUNTS if name in spec}
    for container in _containers(spec):
        for name in _SETTINGS:
            given = container.get(name)
            rows = given if isinstance(given, list) else [given] if given else []
            named = [row for row in rows if isinstance(row, Mapping) and isinstance(row.get("name"), str)]
            found |= {row["name"]: json.dumps(row, sort_keys=True) for row in named}
            if rest := [row for row in rows if row not in named]:
                found[name] = json.dumps(rest, sort_keys=True)
    return found
