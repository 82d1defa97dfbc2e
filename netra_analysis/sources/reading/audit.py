"""Audit payloads: one shape for the API's, the BigQuery sink's and Log Analytics'."""

import re
from collections.abc import Mapping
from typing import Any

from netra_analysis.sources.reading.dialect import as_mapping
from netra_analysis.sources.reading.jsonvalue import decode_line
from netra_analysis.sources.reading.reason import Reason

# BigQuery writes bodies without a schema as JSON text, under other names.
BODIES = {
    "requestJson": "request",
    "responseJson": "response",
    "metadataJson": "metadata",
    "serviceDataJson": "serviceData",
}


def audit_payload(value: Any) -> Mapping[str, Any]:
    """`protoPayload` as the API writes it, without its type, which only the API names; {} where `value` is none."""
    payload = {key: item for key, item in as_mapping(value).items() if key != "@type"}
    nested = next((payload[key] for key in ("audit_log", "auditLog") if key in payload), None)
    if nested is not None:
        return {camel(key): _body(item) for key, item in as_mapping(nested).items() if item is not None}
    if not BODIES.keys() & payload.keys():
        return payload
    return {BODIES.get(key, key): _parsed(key, item) for key, item in payload.items() if item is not None}


def camel(key: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), key)


def _parsed(key: str, item: Any) -> Any:
    return _json(item) if key in BODIES else item


def _body(item: Any) -> Any:
    """Typed parts get the API's names; a body that is JSON text is read."""
    if isinstance(item, Mapping):
        return {camel(key): _body(inner) for key, inner in item.items() if inner is not None}
    return _json(item) if isinstance(item, str) and item.startswith("{") else item


def _json(item: Any) -> Any:
    if not isinstance(item, str):
        return item
    parsed = decode_line(item)
    return item if isinstance(parsed, Reason) else parsed
